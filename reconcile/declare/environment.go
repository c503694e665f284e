package declare

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"moult/reconcile"
)

// environment is one environment block, with every default laid under its
// groups.
type environment struct {
	name   string
	head   mark // its header
	groups []group
	good   bool // nothing in its own file is wrong with it
}

// group is one group block.
type group struct {
	declaration reconcile.Declaration // without position and commits
	line        int
	imageLine   int // where its image stands; 0 when it has none
	// claim is the Auto Scaling group that it declares, and at where; the
	// zero claim when that is not known.
	claim claim
	at    mark
}

// claim names one Auto Scaling group in the world. Account is empty when no
// role says which it is: the agent's own.
type claim struct{ account, region, name string }

// readEnvironment reads one environment block.
func (r *reader) readEnvironment(b *hclsyntax.Block) {
	r.environment = ""
	if len(b.Labels) > 0 && nameShape.MatchString(b.Labels[0]) {
		r.environment = b.Labels[0]
	}
	name, ok := r.label(b, "an environment")
	if !ok {
		return
	}
	where := fmt.Sprintf("environment %q", name)
	body := r.read(inEnvironment, b.Body, where, b.DefRange())
	e := &environment{name: name, head: markAt(r.src, b.LabelRanges[0])}
	r.file.environments = append(r.file.environments, e)

	defaults := groupDefaults{
		place:   r.readPlace(body, where, b),
		drift:   cmp.Or(reconcile.DriftPolicy(body.word("drift", driftWords...)), reconcile.Heal),
		rollout: r.readRollout(body, where),
	}
	defaults.rollout.rollout() // for its mistakes; the values are read again under each group
	e.groups = r.readGroups(body.blocks["group"], defaults)
}

var driftWords = []string{string(reconcile.Heal), string(reconcile.ReportOnly)}

// groupDefaults is what a group has from its environment.
type groupDefaults struct {
	place   reconcile.Place
	drift   reconcile.DriftPolicy
	rollout settings
}

// label is the one label of a block.
func (r *report) label(b *hclsyntax.Block, what string) (string, bool) {
	if len(b.Labels) == 0 {
		r.add(b.TypeRange, problem{
			summary: fmt.Sprintf("%s without a name", what),
			hint:    fmt.Sprintf("Write its name in quotes: %s", blockForm(b.Type)),
		})
		return "", false
	}
	if p := checkName(what)(b.Labels[0]); p != nil {
		r.add(b.LabelRanges[0], *p)
		return "", false
	}
	if len(b.Labels) > 1 {
		r.add(b.LabelRanges[1], problem{
			summary: fmt.Sprintf("%s with two names", what),
			hint:    fmt.Sprintf("Write one name in quotes: %s", blockForm(b.Type)),
		})
	}
	return b.Labels[0], true
}

// readPlace reads the aws block. The place is empty when it cannot be relied
// on.
func (r *reader) readPlace(body block, where string, header *hclsyntax.Block) reconcile.Place {
	b := body.only("aws", where)
	if b == nil {
		if !meant("aws", inEnvironment, header.Body) {
			r.add(header.DefRange(), problem{
				summary: fmt.Sprintf("%s has no aws block", where),
				detail:  "It says in which region, and through which role, the groups are reached.",
				hint:    `Add: aws { region = "eu-west-1" }`,
			})
		}
		return reconcile.Place{}
	}
	s := r.read(inAWS, b.Body, "the aws block", b.DefRange())
	place := reconcile.Place{
		Region:     s.text("region", checkRegion),
		RoleARN:    s.text("role_arn", checkRole),
		ExternalID: s.text("external_id", checkExternalID),
	}
	if s.has("external_id") && !s.has("role_arn") {
		r.add(s.attributes["external_id"].NameRange, problem{
			summary: "external_id without role_arn",
			detail:  "An external id is shown when a role is assumed; without a role it has no use.",
			hint:    "Add role_arn, or leave external_id out.",
		})
	}
	if s.has("role_arn") && place.RoleARN == "" {
		return reconcile.Place{}
	}
	return place
}

// readRollout reads a rollout block as far as its attributes; none when there
// is no block.
func (r *reader) readRollout(body block, where string) settings {
	b := body.only("rollout", where)
	if b == nil {
		return settings{report: r.report}
	}
	return r.read(inRollout, b.Body, "the rollout block", b.DefRange()).settings
}

// readGroups reads the group blocks of an environment, and sorts them by name.
func (r *reader) readGroups(blocks []*hclsyntax.Block, defaults groupDefaults) []group {
	if len(blocks) > MaxGroups {
		r.add(blocks[MaxGroups].TypeRange, problem{
			summary: fmt.Sprintf("environment %q has %d groups", r.environment, len(blocks)),
			detail:  fmt.Sprintf("It may have at most %d.", MaxGroups),
			hint:    "Split it into several environments.",
		})
		return nil
	}
	first := make(map[string]int, len(blocks))
	groups := make([]group, 0, len(blocks))
	for _, b := range blocks {
		name, ok := r.label(b, "a group")
		if !ok {
			continue
		}
		if line := first[name]; line != 0 {
			r.add(b.LabelRanges[0], problem{
				summary: fmt.Sprintf("the group %q is declared twice in environment %q", name, r.environment),
				detail:  fmt.Sprintf("The first is on line %d.", line),
				hint:    "Give one of them another name, or remove one.",
			})
			continue
		}
		first[name] = b.TypeRange.Start.Line
		groups = append(groups, r.readGroup(b, name, defaults))
	}
	slices.SortFunc(groups, func(a, b group) int { return cmp.Compare(a.declaration.ID.Group, b.declaration.ID.Group) })
	return groups
}

// readGroup reads one group block.
func (r *reader) readGroup(b *hclsyntax.Block, name string, defaults groupDefaults) group {
	where := fmt.Sprintf("group %q", name)
	body := r.read(inGroup, b.Body, where, b.DefRange())
	own := r.readRollout(body, where)
	rollout := own.over(defaults.rollout)
	g := group{line: b.TypeRange.Start.Line, declaration: reconcile.Declaration{
		ID:               reconcile.ID{Environment: r.environment, Group: name},
		Place:            defaults.place,
		AutoScalingGroup: body.text("auto_scaling_group", checkGroupName),
		Image:            body.text("ami", checkImage),
		Rollout:          rollout.rollout(),
		Drift:            cmp.Or(reconcile.DriftPolicy(body.word("drift", driftWords...)), defaults.drift),
		Stateful:         isTrue(body.flag("stateful")),
	}}
	rollout.agree(g.declaration.Rollout, own)
	if body.has("ami") {
		g.imageLine = body.at("ami").Start.Line
	}
	if d := g.declaration; d.AutoScalingGroup != "" && d.Place.Region != "" {
		g.claim = claim{accountOf(d.Place.RoleARN), d.Place.Region, d.AutoScalingGroup}
		g.at = markAt(r.src, body.at("auto_scaling_group"))
	}
	return g
}

func isTrue(flag *bool) bool { return flag != nil && *flag }
