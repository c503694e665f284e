package reconcile

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// Severity says whether a finding stops a refresh from starting.
type Severity string

const (
	Blocks Severity = "blocks" // a refresh started now would stall, fail or harm
	Warns  Severity = "warns"  // it will work, and not as one may expect
)

// Finding is one thing that the doctor has to say before a refresh starts.
type Finding struct {
	Severity Severity `json:"severity"`
	Message  string   `json:"message"` // what is so, and what will happen
	Remedy   string   `json:"remedy"`  // what to do about it
}

// Examine is the doctor: what would go wrong if a refresh of the group towards
// its declared image started now, in a fixed order. It reads what was observed
// and asks nobody.
func Examine(d Desired, o Observed) []Finding {
	s := subject{Desired: d, Observed: o}
	var findings []Finding
	for _, check := range checks() {
		findings = append(findings, check(s)...)
	}
	return findings
}

// Doctor is the guard that lets no refresh start that [Examine] says would
// stall, fail or harm, and that leaves its findings with every start.
func Doctor(desired []Desired, observed []Observed) Guard {
	findings := map[ID][]Finding{}
	return func(plan Plan) Plan {
		for i, d := range desired {
			findings[d.ID] = Examine(d, observed[i])
		}
		plan = annotate(plan, findings)
		return withhold(plan, func(a Answer) (string, string, bool) {
			if a.Action.Verb != Roll {
				return "", "", false
			}
			for _, f := range a.Findings {
				if f.Severity == Blocks {
					return f.Message, f.Remedy, true
				}
			}
			return "", "", false
		})
	}
}

// annotate puts the findings beside each start.
func annotate(plan Plan, findings map[ID][]Finding) Plan {
	plan.Answers = slices.Clone(plan.Answers)
	for i, a := range plan.Answers {
		if a.Action != nil && a.Action.Verb == Roll {
			plan.Answers[i].Findings = findings[a.Group]
		}
	}
	return plan
}

type check func(subject) []Finding

func checks() []check {
	return []check{suspended, waitsForPeople, alarms, architecture, headroom, warmup, deprecated, versionQuota, attributes, weights}
}

func blocks(remedy, format string, args ...any) []Finding {
	return []Finding{{Severity: Blocks, Message: fmt.Sprintf(format, args...), Remedy: remedy}}
}

func warns(remedy, format string, args ...any) []Finding {
	return []Finding{{Severity: Warns, Message: fmt.Sprintf(format, args...), Remedy: remedy}}
}

// suspended: with Launch or Terminate suspended a refresh replaces nothing,
// with InstanceRefresh it pauses, and with AddToLoadBalancer new instances are
// never registered, so that a refresh would empty the target group (EC2 Auto
// Scaling user guide, suspend and resume processes).
func suspended(s subject) []Finding {
	harm := map[string]string{
		"Launch":            "a refresh would replace nothing and fail after an hour",
		"Terminate":         "a refresh would replace nothing and fail after an hour",
		"InstanceRefresh":   "a refresh would be accepted and not move",
		"AddToLoadBalancer": "new instances would never get traffic, and a refresh would empty the load balancer",
	}
	var findings []Finding
	for _, name := range s.Observed.Suspended {
		if what, ok := harm[name]; ok {
			findings = append(findings, blocks("resume "+name, "the %s process is suspended: %s", name, what)...)
		} else if name == "HealthCheck" || name == "ReplaceUnhealthy" {
			findings = append(findings, warns("resume "+name, "the %s process is suspended: a broken image may pass for a good one", name)...)
		}
	}
	return findings
}

// waitsForPeople: with the policy "wait" a refresh waits an hour for somebody
// to remove protection or end standby, then fails.
func waitsForPeople(s subject) []Finding {
	p := s.preferences()
	var protected, standby []string
	for _, i := range s.Observed.Instances {
		switch {
		case !s.stale(i):
		case i.Standby() && p.StandbyInstances == "wait":
			standby = append(standby, i.ID)
		case i.Protected && i.InService() && p.ScaleInProtectedInstances == "wait":
			protected = append(protected, i.ID)
		}
	}
	return slices.Concat(
		waits(protected, "protected from scale-in", "remove the protection, or set scale_in_protected_instances to refresh or ignore"),
		waits(standby, "in standby", "end the standby, or set standby_instances to terminate or ignore"))
}

func waits(ids []string, what, remedy string) []Finding {
	if len(ids) == 0 {
		return nil
	}
	sort.Strings(ids)
	return blocks(remedy, "%s (%s): a refresh would wait an hour for a person and then fail", strings.Join(ids, ", "), what)
}

// alarms: AWS refuses to start while a named alarm is in ALARM or has no data.
func alarms(s subject) []Finding {
	var findings []Finding
	for _, name := range s.Rollout.Alarms {
		state, read := s.Observed.Alarms[name]
		switch {
		case !read || state == "OK":
		case state == "":
			findings = append(findings, blocks("create the alarm, or correct alarms at "+s.Position, "there is no alarm %s: AWS would refuse the refresh", name)...)
		case state == "ALARM":
			findings = append(findings, blocks("wait until it is OK, or look at why it fires", "alarm %s is firing: AWS would refuse the refresh", name)...)
		default:
			findings = append(findings, blocks("give the alarm data, or tell it to treat missing data as not breaching", "alarm %s has no data: AWS would refuse the refresh", name)...)
		}
	}
	return findings
}

// architecture: an image runs on one architecture, and a group may name
// instance types of several.
func architecture(s subject) []Finding {
	if s.Architecture == "" {
		return nil
	}
	var wrong []string
	for kind, runs := range s.Observed.Architectures {
		if len(runs) > 0 && !slices.Contains(runs, s.Architecture) {
			wrong = append(wrong, kind)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	sort.Strings(wrong)
	return blocks("declare an image for "+strings.Join(s.Observed.Architectures[wrong[0]], " or "),
		"%s is built for %s and %s cannot run it: no instance would launch", s.Image, s.Architecture, strings.Join(wrong, ", "))
}

// headroom: what the percentages mean at this size.
func headroom(s subject) []Finding {
	low, high := s.healthy(s.preferences())
	o := s.Observed
	switch {
	case o.Capacity == 1 && low < 100 && high <= 100:
		return warns("set min_healthy_percentage = 100", "the group has one instance and may go below it: there will be nothing in service while it is replaced")
	case o.Capacity > 0 && o.Capacity >= o.Max && low == 100:
		// UNCONFIRMED: whether a refresh may launch beyond the maximum size.
		return warns("raise the group's maximum size by one", "the group is at its maximum of %d and min_healthy_percentage is 100: the refresh needs room to launch first, and may find none", o.Max)
	}
	return nil
}

// warmup: an instance counts as replaced once it is in service and its warm-up
// is over. Health checks are put off for the group's grace period, so with a
// shorter warm-up a broken instance counts before anybody has looked at it.
func warmup(s subject) []Finding {
	w := s.warmup(s.preferences())
	switch {
	case w == 0:
		return warns("set instance_warmup at "+s.Position, "no warm-up is set: an instance counts as replaced the moment it is in service, and a broken image may pass for a good one")
	case w < time.Duration(s.Observed.Grace):
		return warns("set instance_warmup to more than "+s.Observed.Grace.String()+" at "+s.Position,
			"the warm-up of %s is shorter than the health check grace period of %s: an instance counts as replaced before its health is looked at, and a broken image may pass for a good one", Span(w), s.Observed.Grace)
	}
	return nil
}

func deprecated(s subject) []Finding {
	if !s.Deprecated {
		return nil
	}
	return warns("declare a newer image", "%s is deprecated by its owner: it still launches, and may be gone when you need it again", s.Image)
}

// A launch template has at most 10,000 versions (EC2 user guide, launch
// template restrictions); the quota can be raised.
const (
	versionsAllowed = 10000
	versionsWarned  = 9500
)

func versionQuota(s subject) []Finding {
	n := s.Observed.TemplateVersions
	if n < versionsWarned {
		return nil
	}
	return warns("delete versions that no group and no instance uses", "launch template %s has %d versions, and AWS allows %d unless the quota was raised", s.Observed.Saved.Template, n, versionsAllowed)
}

func attributes(s subject) []Finding {
	if s.Observed.Shape != ShapeAttributes {
		return nil
	}
	return warns("name instance types in the group to get rollback",
		"the group selects instance types by attributes: AWS can neither roll it back nor skip instances that are right already, so every instance is replaced")
}

// weights: an instance that weighs as much as the whole desired capacity
// makes AWS replace all at once (EC2 Auto Scaling user guide, instance
// refresh considerations).
func weights(s subject) []Finding {
	instances, _ := s.count()
	if !s.Observed.Weighted || instances != 1 || s.Observed.Capacity < 1 {
		return nil
	}
	return warns("raise the desired capacity, or lower the weights", "one instance carries the whole weighted capacity of %d: AWS may replace everything at once", s.Observed.Capacity)
}
