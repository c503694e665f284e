package declare

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"moult/reconcile"
)

// maxAlarms is AWS's: an alarm specification has at most 10 names.
const maxAlarms = 10

// rollout reads the attributes of a rollout block, each by itself.
func (s settings) rollout() reconcile.Rollout {
	return reconcile.Rollout{
		MinHealthyPercentage:      s.percentage("min_healthy_percentage", 0, 100),
		MaxHealthyPercentage:      s.percentage("max_healthy_percentage", 100, 200),
		InstanceWarmup:            s.duration("instance_warmup", longestWarmup),
		CheckpointPercentages:     s.checkpoints(),
		CheckpointDelay:           s.duration("checkpoint_delay", longestDelay),
		BakeTime:                  s.duration("bake_time", longestDelay),
		Alarms:                    s.alarms(),
		AutoRollback:              s.flag("auto_rollback"),
		ScaleInProtectedInstances: s.word("scale_in_protected_instances", "refresh", "ignore", "wait"),
		StandbyInstances:          s.word("standby_instances", "terminate", "ignore", "wait"),
	}
}

// over lays the group's own settings over its environment's, attribute by
// attribute.
func (s settings) over(defaults settings) settings {
	both := settings{s.report, make(map[string]*hclsyntax.Attribute, len(s.attributes)+len(defaults.attributes))}
	for name, a := range defaults.attributes {
		both.attributes[name] = a
	}
	for name, a := range s.attributes {
		both.attributes[name] = a
	}
	if !s.has("checkpoint_delay") && s.has("checkpoint_percentages") && emptyList(s.attributes["checkpoint_percentages"].Expr) {
		// A group that takes back its environment's checkpoints takes back
		// the delay between them too.
		delete(both.attributes, "checkpoint_delay")
	}
	return both
}

func emptyList(expr hclsyntax.Expression) bool {
	list, ok := expr.(*hclsyntax.TupleConsExpr)
	return ok && len(list.Exprs) == 0
}

// agree reports attributes that are well-formed and do not go together. It
// points at one that the group wrote itself, if there is one: own says which.
func (s settings) agree(r reconcile.Rollout, own settings) {
	low, high := r.MinHealthyPercentage, r.MaxHealthyPercentage
	if high != nil && !s.has("min_healthy_percentage") {
		s.add(s.at("max_healthy_percentage"), problem{
			summary: "max_healthy_percentage without min_healthy_percentage",
			detail:  "AWS takes the maximum only together with a minimum.",
			hint:    "Add min_healthy_percentage, for example 100 to launch new instances before old ones end.",
		})
	}
	if low != nil && high != nil && *high-*low > 100 {
		s.add(s.ownOf(own, "min_healthy_percentage", "max_healthy_percentage"), problem{
			summary: fmt.Sprintf("min_healthy_percentage %d and max_healthy_percentage %d are more than 100 apart", *low, *high),
			detail:  fmt.Sprintf("They stand on lines %d and %d; AWS takes a difference of at most 100.", s.at("min_healthy_percentage").Start.Line, s.at("max_healthy_percentage").Start.Line),
			hint:    fmt.Sprintf("Raise the minimum to %d or lower the maximum to %d.", *high-100, *low+100),
		})
	}
	if r.CheckpointDelay != nil && !s.hasCheckpoints() {
		s.add(s.ownOf(own, "checkpoint_delay", "checkpoint_delay"), problem{
			summary: "checkpoint_delay without checkpoint_percentages",
			detail:  "The delay is the pause at each checkpoint; without checkpoints there is none.",
			hint:    "Add checkpoint_percentages, for example [50, 100], or leave checkpoint_delay out. To wait at the end there is bake_time.",
		})
	}
}

func (s settings) hasCheckpoints() bool {
	return s.has("checkpoint_percentages") && !emptyList(s.attributes["checkpoint_percentages"].Expr)
}

// ownOf is where the first of two attributes stands that the group wrote
// itself, or else the second.
func (s settings) ownOf(own settings, first, second string) hcl.Range {
	if own.has(first) {
		return s.at(first)
	}
	return s.at(second)
}

// checkpoints are percentages of the instances replaced: whole, ascending, the
// last 100. AWS does not say what becomes of a list that ends below 100, so
// that is refused.
func (s settings) checkpoints() []int {
	const name = "checkpoint_percentages"
	items := s.list(name)
	var list []int
	for _, item := range items {
		if n, ok := s.checkpoint(item, list); ok {
			list = append(list, n)
		}
	}
	if len(list) < len(items) {
		return nil
	}
	if n := len(list); n > 0 && list[n-1] != 100 {
		s.add(s.at(name), problem{
			summary: fmt.Sprintf("the last checkpoint is %d, not 100", list[n-1]),
			detail:  "A list that ends below 100 would leave instances on the old image.",
			hint:    "Add 100 at the end of the list.",
		})
		return nil
	}
	return list
}

// checkpoint is one item of the list, after those before it.
func (s settings) checkpoint(item hclsyntax.Expression, before []int) (int, bool) {
	v := s.literal(item)
	if v == nil {
		return 0, false
	}
	n, p := wholeNumber("a checkpoint", v, 1, 100)
	if last := len(before) - 1; p == nil && last >= 0 && n <= before[last] {
		p = &problem{
			summary: fmt.Sprintf("checkpoint %d does not rise above the one before it, %d", n, before[last]),
			detail:  "Checkpoints are percentages of the instances replaced so far.",
			hint:    "Write them in rising order, each once.",
		}
	}
	if p != nil {
		s.add(item.Range(), *p)
	}
	return n, p == nil
}

// alarms are the names of CloudWatch alarms that stop a rollout.
func (s settings) alarms() []string {
	items := s.list("alarms")
	if len(items) > maxAlarms {
		s.add(s.at("alarms"), problem{
			summary: fmt.Sprintf("%d alarms", len(items)),
			detail:  fmt.Sprintf("AWS takes at most %d.", maxAlarms),
			hint:    "Join several into a composite alarm, and name that.",
		})
		return nil
	}
	var names []string
	for _, item := range items {
		if name := s.alarm(item, names); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// alarm is the name of one alarm, "" when it is none. The others are those
// before it in the list.
func (s settings) alarm(item hclsyntax.Expression, others []string) string {
	v := s.literal(item)
	if v == nil {
		return ""
	}
	name, ok := v.(string)
	p := checkAlarm(name)
	if !ok {
		p = &problem{
			summary: fmt.Sprintf("an alarm is %s where a name is needed", kindOf(v)),
			hint:    "Write the alarm's name in double quotes.",
		}
	}
	for _, other := range others {
		if other == name {
			p = &problem{summary: fmt.Sprintf("the alarm %s stands in the list twice", quote(name)), hint: "Leave one of them out."}
		}
	}
	if p != nil {
		s.add(item.Range(), *p)
		return ""
	}
	return name
}
