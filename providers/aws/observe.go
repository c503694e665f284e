package aws

import (
	"context"
	"fmt"
	"slices"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"moult/reconcile"
)

// look is one observation of the groups of one place. Each step asks for what
// the steps before could not tell, for all groups at once.
type look struct {
	*site
	desired  []reconcile.Desired
	observed []reconcile.Observed
	types    [][]string // of each group: the instance types that it may launch
	warm     []bool     // of each group: it has instances in a warm pool
	typeless []bool     // of each group: it leaves instance types to its template
	words    words
	scope    scope
	down     outage
}

// groupsPage is the most names that one call takes: "The maximum value is 100"
// (MaxRecords of DescribeAutoScalingGroups).
const groupsPage = 100

func (s *site) observe(ctx context.Context, desired []reconcile.Desired) ([]reconcile.Observed, error) {
	l := &look{
		site: s, desired: desired, words: words{},
		observed: make([]reconcile.Observed, len(desired)),
		types:    make([][]string, len(desired)),
		warm:     make([]bool, len(desired)), typeless: make([]bool, len(desired)),
	}
	for i, d := range desired {
		l.observed[i].ID = d.ID
	}
	if err := l.readGroups(ctx); err != nil {
		return nil, err
	}
	l.readWarmPools(ctx)
	l.readSymbols(ctx)
	l.readVersions(ctx)
	l.readInstanceImages(ctx)
	l.rememberRestless()
	l.readRefreshes(ctx)
	l.prepare(ctx)
	return l.observed, ctx.Err()
}

// readGroups reads every group, 100 a call. It fails when no group could be
// read.
func (l *look) readGroups(ctx context.Context) error {
	places := map[string][]int{} // where a name stands in desired
	var names []string
	for i, d := range l.desired {
		if places[d.AutoScalingGroup] == nil {
			names = append(names, d.AutoScalingGroup)
		}
		places[d.AutoScalingGroup] = append(places[d.AutoScalingGroup], i)
	}
	lost, first := 0, error(nil)
	lose := func(name string, err error) error {
		if lost++; first == nil {
			first = err
		}
		for _, i := range places[name] {
			l.fail(i, err)
		}
		return nil
	}
	for batch := range slices.Chunk(names, groupsPage) {
		read := func(part []string) error { return l.readPage(ctx, part, places) }
		err := l.down.unless(func() error { return bisect(batch, groupsPage, read, lose) })
		if err != nil {
			for _, name := range batch {
				lose(name, err)
			}
		}
	}
	if lost > 0 && lost >= len(names) {
		return first
	}
	return nil
}

// readPage reads at most 100 groups. AWS may spread them over several replies.
func (l *look) readPage(ctx context.Context, names []string, places map[string][]int) error {
	input := &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: names, MaxRecords: awssdk.Int32(groupsPage)}
	for {
		out, err := l.groups.DescribeAutoScalingGroups(ctx, input)
		if err != nil {
			return failed("describe Auto Scaling groups", err)
		}
		for n := range out.AutoScalingGroups {
			g := &out.AutoScalingGroups[n]
			for _, i := range places[awssdk.ToString(g.AutoScalingGroupName)] {
				l.take(i, g)
			}
		}
		if input.NextToken = out.NextToken; awssdk.ToString(out.NextToken) == "" {
			return nil
		}
	}
}

// take keeps what matters of a group, so that the page can be let go.
func (l *look) take(i int, g *astypes.AutoScalingGroup) {
	o := observedOf(g, l.words)
	o.ID = l.desired[i].ID
	l.observed[i] = o
	l.types[i] = typesOf(g, l.words)
	l.warm[i], l.typeless[i] = number(g.WarmPoolSize) > 0, typeless(g)
	if l.scope == "" {
		l.scope = scopeOf(o.ARN)
	}
}

// fail makes an error a group's own problem, which hinders no other.
func (l *look) fail(i int, err error) {
	problem := fmt.Errorf("observe %s: %w", l.desired[i].ID, err)
	l.observed[i] = reconcile.Observed{ID: l.desired[i].ID, Problem: &reconcile.Problem{
		Class: reconcile.ClassOf(err), Message: problem.Error(),
	}}
}

// visible reports whether the group was read and launches from a template.
func (l *look) visible(i int) bool {
	o := &l.observed[i]
	return o.Problem == nil && o.Exists && o.Saved.Template != ""
}

// readSymbols finds what $Latest and $Default mean now, for groups that follow
// them. Such a group is pinned before anything else, so this is rare.
func (l *look) readSymbols(ctx context.Context) {
	templates := map[string]bool{}
	for i := range l.observed {
		floats(&l.observed[i].Saved, func(v *reconcile.Version, _ string) { templates[v.Template] = true })
	}
	if len(templates) == 0 {
		return
	}
	meaning, err := l.symbolsOf(ctx, sortedKeys(templates))
	for i := range l.observed {
		follows := false
		floats(&l.observed[i].Saved, func(v *reconcile.Version, symbol string) {
			v.Number, follows = meaning[v.Template].number(symbol), true
		})
		if follows && err != nil {
			l.fail(i, err)
		}
	}
}

// floats calls do for each version of a configuration that follows a symbol.
func floats(saved *reconcile.Saved, do func(v *reconcile.Version, symbol string)) {
	if saved.Floating != "" {
		do(&saved.Version, saved.Floating)
	}
	for i := range saved.Overrides {
		if o := &saved.Overrides[i]; o.Floating != "" {
			do(&o.Version, o.Floating)
		}
	}
}

// readVersions learns which image each version launches, of the groups and of
// the instances.
func (l *look) readVersions(ctx context.Context) {
	wanted := map[versionRef]bool{}
	for i := range l.observed {
		l.wants(&l.observed[i], func(ref versionRef) { wanted[ref] = true })
	}
	failures := l.learn(ctx, l.scope, wanted)
	for i := range l.observed {
		var failure error
		l.wants(&l.observed[i], func(ref versionRef) {
			if err := failures[ref.template]; err != nil {
				failure = err
			}
		})
		if failure != nil {
			l.fail(i, failure)
			continue
		}
		l.fill(i)
	}
}

// wants names every version that decides what the group runs or launches.
func (l *look) wants(o *reconcile.Observed, want func(versionRef)) {
	wantSaved(&o.Saved, want)
	for n := range o.Instances {
		if i := &o.Instances[n]; i.Image == "" && i.Version > 0 && !i.Leaving() {
			want(versionRef{i.Template, i.Version})
		}
	}
}

func wantSaved(saved *reconcile.Saved, want func(versionRef)) {
	if saved.Number > 0 {
		want(versionRef{saved.Template, saved.Number})
	}
	for n := range saved.Overrides {
		if v := &saved.Overrides[n].Version; v.Number > 0 {
			want(versionRef{v.Template, v.Number})
		}
	}
}

// fill puts what is known of versions into a group. Instances of a version
// that names its image by an alias stay without one: the version does not
// tell what they run.
func (l *look) fill(group int) {
	o := &l.observed[group]
	if attributes := l.fillSaved(&o.Saved); attributes && l.typeless[group] {
		// UNCONFIRMED that AWS takes the attributes of the template itself as it
		// takes those of an override; the path for groups by attributes is safe
		// for either.
		o.Shape = reconcile.ShapeAttributes
	}
	for n := range o.Instances {
		i := &o.Instances[n]
		k, ok := l.known.get(l.scope, versionRef{i.Template, i.Version})
		if !ok {
			continue
		}
		if i.Base = k.Base; i.Image == "" && !k.Alias() {
			i.Image = k.Image
		}
	}
}

// fillSaved completes the versions of a configuration and reports whether its
// template selects instance types by attributes.
func (l *look) fillSaved(saved *reconcile.Saved) (attributes bool) {
	if k, ok := l.known.get(l.scope, versionRef{saved.Template, saved.Number}); ok {
		saved.Version, attributes = k.Version, k.Attributes
	}
	for n := range saved.Overrides {
		v := &saved.Overrides[n].Version
		if k, ok := l.known.get(l.scope, versionRef{v.Template, v.Number}); ok {
			*v = k.Version
		}
	}
	return attributes
}

// atRest reports whether nothing about the group differs from the image, so
// that no more calls are spent on it.
func atRest(o *reconcile.Observed, image string) bool {
	if !o.Saved.Pins(image) {
		return false
	}
	for n := range o.Instances {
		if i := &o.Instances[n]; i.Image != image && !i.Leaving() {
			return false
		}
	}
	return true
}

// rememberRestless notes which groups are not converged, and on which image:
// those images are worth looking at again.
func (l *look) rememberRestless() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.memory.restless == nil {
		l.memory.restless = map[string]string{}
	}
	for i, d := range l.desired {
		delete(l.memory.restless, d.AutoScalingGroup)
		if l.observed[i].Problem == nil && l.observed[i].Exists && !atRest(&l.observed[i], d.Image) {
			l.memory.restless[d.AutoScalingGroup] = d.Image
		}
	}
}
