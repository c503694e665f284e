package reconcile

import "time"

// Plan is what a pass makes of everything that is declared: one answer for
// each group, sorted by ID. It is a value: print it, store it, compare it.
type Plan struct {
	Head    Commit   `json:"head"`
	Answers []Answer `json:"groups"`
}

// State is where a group stands, in one word.
type State string

const (
	// StateConverged: every in-service instance runs the declared image and
	// the group's saved template pins it.
	StateConverged State = "converged"
	// StateRolling: a refresh towards the declared image runs, or starts now.
	StateRolling State = "rolling"
	// StateRollingBack: a refresh is being undone.
	StateRollingBack State = "rolling_back"
	// StateWaiting: something that ends by itself is in the way.
	StateWaiting State = "waiting"
	// StateHeld: it needs a new commit or a person.
	StateHeld State = "held"
	// StateDrifted: seen to differ from git, and not permitted to heal.
	StateDrifted State = "drifted"
	// StateUnknown: could not be observed.
	StateUnknown State = "unknown"
)

// Verb is what an action does. There are four, and none changes a running
// instance or a capacity.
type Verb string

const (
	// Pin moves a group that follows $Latest, $Default or an SSM alias to the
	// numbered version and literal image that it means now. No instance is
	// replaced.
	Pin Verb = "pin"
	// Roll finds or makes the template version that holds the declared image
	// and starts an instance refresh towards it.
	Roll Verb = "roll"
	// Cancel stops a refresh so that another can start.
	Cancel Verb = "cancel"
	// RollBack undoes a refresh in flight, back to what the group has saved.
	RollBack Verb = "roll_back"
)

// Action is one step to take in the cloud.
type Action struct {
	Verb             Verb   `json:"verb"`
	Group            ID     `json:"group"`
	Place            Place  `json:"place"`
	AutoScalingGroup string `json:"auto_scaling_group"`
	// Commit is the commit that the action comes from: the one that last set
	// the group's image. Every write names it.
	Commit Commit `json:"commit"`
	Image  string `json:"ami"` // what the group shall run in the end
	// Saved is what the group had saved when the action was planned. If that
	// has changed by the time it is carried out, the answer is ErrConflict.
	Saved       Saved       `json:"saved"`
	Shape       Shape       `json:"shape"`
	RefreshID   string      `json:"refresh_id,omitempty"` // to cancel or roll back
	Preferences Preferences `json:"preferences,omitzero"` // of a Roll
}

// Preferences are those of the instance refresh to start, nothing left to
// defaults that differ between AWS's console, its API and its guides. Skip
// matching is always on and the strategy always Rolling, so they are no
// fields.
type Preferences struct {
	MinHealthyPercentage      *int     `json:"min_healthy_percentage,omitempty"` // nil: the group's maintenance policy decides
	MaxHealthyPercentage      *int     `json:"max_healthy_percentage,omitempty"`
	InstanceWarmup            *Span    `json:"instance_warmup,omitempty"` // nil: the group's default
	CheckpointPercentages     []int    `json:"checkpoint_percentages,omitempty"`
	CheckpointDelay           *Span    `json:"checkpoint_delay,omitempty"`
	BakeTime                  *Span    `json:"bake_time,omitempty"`
	Alarms                    []string `json:"alarms,omitempty"`
	AutoRollback              bool     `json:"auto_rollback"`
	ScaleInProtectedInstances string   `json:"scale_in_protected_instances"`
	StandbyInstances          string   `json:"standby_instances"`
	// SkipMatching is false only where AWS refuses it: groups that select
	// instance types by attributes.
	SkipMatching bool `json:"skip_matching"`
}

// Answer is what a pass makes of one group: where it stands and, when there
// is something to do now, the action.
type Answer struct {
	Group  ID     `json:"group"`
	State  State  `json:"state"`
	Reason string `json:"reason"` // one sentence, for people
	// Since is when the hold or wait began, when that is known, and Ends is
	// what ends it. A hold always has Ends.
	Since time.Time `json:"since,omitzero"`
	Ends  string    `json:"ends,omitempty"`

	Action *Action `json:"action,omitempty"`

	AutoScalingGroup string `json:"auto_scaling_group"`
	Place            Place  `json:"place"`
	Position         string `json:"position,omitempty"`
	Commit           Commit `json:"commit"`         // the newest that set the image; zero while that is not known
	From             string `json:"from,omitempty"` // the image that most instances run now
	To               string `json:"to"`             // the image that is declared
	// Instances counts those that make up the capacity, and Current those of
	// them that run the declared image already.
	Instances int `json:"instances"`
	Current   int `json:"current"`
	// RefreshID and Percent are of the refresh in flight, or of the one that
	// the group is held for: Ended is then how it ended.
	RefreshID string `json:"refresh_id,omitempty"`
	Percent   int    `json:"percent,omitempty"`
	Ended     Status `json:"ended,omitempty"`
	// Estimate is what a Roll would replace.
	Estimate *Estimate `json:"estimate,omitempty"`
	// Findings are what the doctor says about starting a refresh here.
	Findings []Finding `json:"findings,omitempty"`
}

// Hold is an action that is deliberately not taken.
type Hold struct {
	Group  ID        `json:"group"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since,omitzero"`
	Ends   string    `json:"ends"`
}

// Actions are the actions of the plan, in order.
func (p Plan) Actions() []Action {
	var actions []Action
	for _, a := range p.Answers {
		if a.Action != nil {
			actions = append(actions, *a.Action)
		}
	}
	return actions
}

// Holds are what the plan deliberately does not do, in order.
func (p Plan) Holds() []Hold {
	var holds []Hold
	for _, a := range p.Answers {
		if a.State == StateHeld || a.State == StateDrifted {
			holds = append(holds, Hold{Group: a.Group, Reason: a.Reason, Since: a.Since, Ends: a.Ends})
		}
	}
	return holds
}

// Converged reports whether every group of the plan is converged.
func (p Plan) Converged() bool {
	for _, a := range p.Answers {
		if a.State != StateConverged {
			return false
		}
	}
	return true
}
