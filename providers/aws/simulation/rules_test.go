package simulation

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"moult/providers/aws/awssim"
	"moult/reconcile"
)

// rules watches a world and writes down every breach of the twelve rules of
// DESIGN ("What always holds"), by number.
type rules struct {
	w *world

	mu       sync.Mutex
	read     int               // writes looked at so far
	floating map[string]bool   // groups that a person set to a symbol
	versions map[string]string // (template, base, image) to the token that made it
	rolled   []rolled
	breaches []string
}

// rolled is a Roll that an agent began.
type rolled struct {
	at     time.Time
	action reconcile.Action
}

func newRules(w *world) *rules {
	return &rules{w: w, floating: map[string]bool{}, versions: map[string]string{}}
}

// breach writes one down, once.
func (r *rules) breach(rule int, format string, args ...any) {
	text := fmt.Sprintf("rule %d: ", rule) + fmt.Sprintf(format, args...)
	if !slices.Contains(r.breaches, text) {
		r.breaches = append(r.breaches, text)
		r.w.tell("BREACH of %s", text)
	}
}

// onApply sees each action as an agent begins it.
//
// Rule 7: it serves the newest commit that the agent has seen. Rule 10: no
// commit with a mistake.
func (r *rules) onApply(a *agent, action reconcile.Action) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.w.tell("%s: %s %s %s", a.name, action.Verb, action.Group.Group, short(action.Image))
	commit := a.clone.newestObeyed()
	want := r.w.repo.image(commit, action.Group.Group)
	switch {
	case action.Image != want && r.w.repo.onlyByMistake(action.Group.Group, action.Image):
		r.breach(10, "%s %s of %s, which only a commit with a mistake declares", action.Verb, action.Image, action.Group)
	case action.Image != want:
		r.breach(7, "%s %s of %s while the newest commit seen declares %s", action.Verb, action.Image, action.Group, want)
	}
	if action.Verb == reconcile.Roll {
		r.rolled = append(r.rolled, rolled{time.Now(), action})
	}
}

// onReport sees what an agent says of the fleet.
//
// Rule 4: what it calls converged is. Rule 12: a hold says why, since when,
// and what ends it.
func (r *rules) onReport(a *agent, report reconcile.Report) {
	for _, answer := range report.Plan.Answers {
		if answer.State == reconcile.StateHeld || answer.State == reconcile.StateDrifted {
			r.checkHold(answer)
		}
	}
	r.checkWrites()
}

func (r *rules) checkHold(a reconcile.Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.Reason == "" || a.Ends == "" || a.Since.IsZero() {
		r.breach(12, "%s is held with reason %q since %s until %q", a.Group, a.Reason, a.Since, a.Ends)
	}
}

// allowed are the writes that Moult may ever make.
var allowed = []string{"CreateLaunchTemplateVersion", "StartInstanceRefresh", "CancelInstanceRefresh", "RollbackInstanceRefresh", "UpdateAutoScalingGroup"}

// checkWrites looks at what was written to AWS since it last did.
func (r *rules) checkWrites() {
	writes := r.w.server.Writes()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, write := range writes[r.read:] {
		if strings.Contains(write.UserAgent, "moult/") {
			r.checkWrite(write)
		} else {
			r.note(write)
		}
	}
	r.read = len(writes)
}

// note remembers what a person did that gives an agent leave to do something.
func (r *rules) note(write awssim.Write) {
	if write.Action == "UpdateAutoScalingGroup" && write.Error == "" {
		r.floating[write.Members["AutoScalingGroupName"]] = strings.HasPrefix(version(write), "$")
	}
}

// version is the template version that a write names, plain or mixed.
func version(write awssim.Write) string {
	for name, value := range write.Members {
		if strings.HasSuffix(name, "LaunchTemplate.Version") || strings.HasSuffix(name, "LaunchTemplateSpecification.Version") {
			return value
		}
	}
	return ""
}

var number = regexp.MustCompile(`^[0-9]+$`)

func (r *rules) checkWrite(write awssim.Write) {
	group := write.Members["AutoScalingGroupName"]
	if !slices.Contains(allowed, write.Action) {
		r.breach(1, "an agent called %s", write.Action)
	}
	for name := range write.Members {
		if strings.Contains(name, "Capacity") && !strings.Contains(name, "MixedInstancesPolicy") || name == "MinSize" || name == "MaxSize" {
			r.breach(2, "%s of %s wrote %s", write.Action, group, name)
		}
	}
	r.checkCommit(write)
	if strings.HasPrefix(group, foreign) {
		r.breach(11, "%s of a group that nobody declares", write.Action)
	}
	switch write.Action {
	case "StartInstanceRefresh":
		r.checkStart(write)
	case "UpdateAutoScalingGroup":
		r.checkUpdate(write, group)
	case "CreateLaunchTemplateVersion":
		r.checkVersion(write)
	}
}

func (r *rules) checkStart(write awssim.Write) {
	if write.Members["Strategy"] != "Rolling" {
		r.breach(1, "a refresh with strategy %q", write.Members["Strategy"])
	}
	if !number.MatchString(version(write)) {
		r.breach(3, "a refresh towards version %q", version(write))
	}
	if write.Members["Preferences.SkipMatching"] != "true" {
		r.breach(9, "a refresh that would replace instances that are right: %v", write.Members)
	}
}

// checkUpdate holds rule 3: the saved template is touched only to pin a group
// that follows a symbol.
func (r *rules) checkUpdate(write awssim.Write, group string) {
	if !r.floating[group] {
		r.breach(3, "the saved template of %s was written", group)
	}
	if !number.MatchString(version(write)) {
		r.breach(3, "%s was pinned to %q", group, version(write))
	}
	if write.Error == "" {
		r.floating[group] = false
	}
}

var namedCommit = regexp.MustCompile(` commit/([0-9a-f]{40})( |$)`)

// checkCommit holds rule 8: a write names its commit in the user agent and,
// where a role is assumed, in the name of the session and the source identity.
func (r *rules) checkCommit(write awssim.Write) {
	m := namedCommit.FindStringSubmatch(write.UserAgent)
	if m == nil || !r.w.repo.has(m[1]) {
		r.breach(8, "%s does not name its commit: %s", write.Action, write.UserAgent)
		return
	}
	_, session, assumed := strings.Cut(write.Principal, ":assumed-role/moult/")
	want := "moult-" + m[1]
	if assumed != (r.w.role != "") || assumed && (session != want || write.SourceIdentity != want) {
		r.breach(8, "%s is by %s with source identity %q, and comes from %s", write.Action, write.Principal, write.SourceIdentity, m[1])
	}
	if write.Action == "CreateLaunchTemplateVersion" {
		r.checkLabels(write, m[1])
	}
}

var lineage = regexp.MustCompile(`commit=([0-9a-f]{40}).*ami=(\S+).*base=([0-9]+)`)

// checkLabels holds rule 8 for what a version says of itself, and puts on what
// it launches.
func (r *rules) checkLabels(write awssim.Write, commit string) {
	if m := lineage.FindStringSubmatch(write.Members["VersionDescription"]); m == nil || m[1] != commit {
		r.breach(8, "a version for %s that says %q", commit, write.Members["VersionDescription"])
	}
	tags := instanceTags(write.Members)
	if tags["moult:commit"] != commit || tags["moult:ami"] != write.Members["LaunchTemplateData.ImageId"] {
		r.breach(8, "a version for %s whose instances are tagged %v", commit, tags)
	}
}

// instanceTags are the tags that a version puts on instances.
func instanceTags(members map[string]string) map[string]string {
	tags := map[string]string{}
	for name, key := range members {
		specification, rest, ok := strings.Cut(name, ".Tag.")
		tag, isKey := strings.CutSuffix(rest, ".Key")
		if ok && isKey && members[specification+".ResourceType"] == "instance" {
			tags[key] = members[specification+".Tag."+tag+".Value"]
		}
	}
	return tags
}

// checkVersion holds rule 5: a version is made once for what it holds.
func (r *rules) checkVersion(write awssim.Write) {
	m := lineage.FindStringSubmatch(write.Members["VersionDescription"])
	if m == nil || write.Error != "" {
		return
	}
	key := write.Members["LaunchTemplateId"] + " " + m[3] + " " + m[2]
	token := write.Members["ClientToken"]
	if made, ok := r.versions[key]; ok && made != token {
		r.breach(5, "a second version for (template, base, image) %s", key)
	}
	r.versions[key] = token
}

// checkHistory holds rule 6 over the whole story: no image that failed in a
// group was tried there again before git changed the group.
func (r *rules) checkHistory() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.w.fleet {
		for _, refresh := range r.w.person.refreshes(r.w.ctx, m.asg()) {
			if broke(refresh) {
				r.checkRetries(m, refresh)
			}
		}
	}
}

func broke(refresh astypes.InstanceRefresh) bool {
	switch refresh.Status {
	case astypes.InstanceRefreshStatusFailed, astypes.InstanceRefreshStatusRollbackSuccessful, astypes.InstanceRefreshStatusRollbackFailed:
		return true
	}
	return false
}

func (r *rules) checkRetries(m member, broken astypes.InstanceRefresh) {
	image := r.w.target(broken)
	for _, try := range r.rolled {
		if try.action.Group.Group != m.name || try.action.Image != image || !try.at.After(*broken.EndTime) {
			continue
		}
		if !r.w.repo.changedBetween(m.name, *broken.StartTime, try.at) && !r.w.succeededBetween(m, image, *broken.EndTime, try.at) {
			r.breach(6, "%s was tried again in %s after it failed there, and git had not changed", image, m.name)
		}
	}
}

// target is the image that a refresh was towards.
func (w *world) target(refresh astypes.InstanceRefresh) string {
	c := refresh.DesiredConfiguration
	if c == nil {
		return ""
	}
	spec := c.LaunchTemplate
	if c.MixedInstancesPolicy != nil {
		spec = c.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification
	}
	return w.person.imageOf(w.ctx, awssdk.ToString(spec.LaunchTemplateId), awssdk.ToString(spec.Version))
}

// succeededBetween reports whether somebody got the image to work meanwhile.
func (w *world) succeededBetween(m member, image string, from, to time.Time) bool {
	for _, r := range w.person.refreshes(w.ctx, m.asg()) {
		if r.Status == astypes.InstanceRefreshStatusSuccessful && r.EndTime.After(from) && r.EndTime.Before(to) && w.target(r) == image {
			return true
		}
	}
	return false
}

// changedBetween reports whether a commit changed what is declared for a
// group.
func (r *repository) changedBetween(group string, from, to time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := ""
	for n, rev := range r.revisions {
		if r.declared[n] == nil {
			continue
		}
		image := r.declared[n][group]
		// Commits are dated to the second, refreshes may be dated finer.
		at := rev.Commit.Time
		if image != last && at.After(from.Add(-time.Second)) && !at.After(to) {
			return true
		}
		last = image
	}
	return false
}

// checkHealthy: while nobody but git touches anything, no group has fewer
// healthy instances than its declaration allows.
func (r *rules) checkHealthy() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.w.fleet {
		g, ok := r.w.person.look(r.w.ctx, m.asg())
		if !ok {
			continue
		}
		healthy := 0
		for _, i := range g.Instances {
			if i.LifecycleState == astypes.LifecycleStateInService && awssdk.ToString(i.HealthStatus) == "Healthy" {
				healthy++
			}
		}
		if floor := (int(*g.DesiredCapacity)*m.low + 99) / 100; healthy < floor {
			r.breach(9, "%s has %d healthy instances, and %d%% of %d are promised", m.name, healthy, m.low, *g.DesiredCapacity)
		}
	}
}

// checkEnd: after a quiet night every group is on the newest commit, or says
// why not.
func (r *rules) checkEnd() {
	for _, m := range r.w.fleet {
		answer, ok := r.w.answer(m.name)
		r.mu.Lock()
		switch {
		case !ok:
			r.breach(10, "nothing is known of %s at the end", m.name)
		case answer.State == reconcile.StateConverged:
			r.checkConverged(m)
			r.w.cover.converged++
		case answer.State == reconcile.StateHeld:
			r.w.cover.held++
		default:
			r.breach(9, "%s is %s at the end: %s", m.name, answer.State, answer.Reason)
		}
		r.mu.Unlock()
	}
}

// checkConverged holds rules 4 and 10: what is called converged runs what the
// newest readable commit declares, and nothing else.
func (r *rules) checkConverged(m member) {
	want := r.w.repo.image(r.w.repo.newest(), m.name)
	g, _ := r.w.person.look(r.w.ctx, m.asg())
	s := spec(g)
	if got := r.w.person.imageOf(r.w.ctx, *s.LaunchTemplateId, *s.Version); got != want {
		r.breach(4, "%s is called converged and would launch %s, not %s", m.name, got, want)
	}
	for _, i := range g.Instances {
		if i.LifecycleState != astypes.LifecycleStateInService || i.LaunchTemplate == nil {
			continue
		}
		if got := r.w.person.imageOf(r.w.ctx, *i.LaunchTemplate.LaunchTemplateId, *i.LaunchTemplate.Version); got != want {
			r.breach(4, "%s is called converged and %s runs %s, not %s", m.name, *i.InstanceId, got, want)
		}
	}
}
