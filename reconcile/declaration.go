package reconcile

// ID names a group: the environment that declares it and its name there.
type ID struct {
	Environment string `json:"environment"`
	Group       string `json:"group"`
}

// String is the form that people write and read: "production/web".
func (id ID) String() string { return id.Environment + "/" + id.Group }

// Less orders ids by environment, then by group.
func (id ID) Less(other ID) bool {
	if id.Environment != other.Environment {
		return id.Environment < other.Environment
	}
	return id.Group < other.Group
}

// Place is where a group lives and how it is reached: one place has one set of
// credentials, one rate limit and one lane of the loop, so that a place in
// trouble delays no other.
type Place struct {
	Region     string `json:"region"`
	RoleARN    string `json:"role_arn,omitempty"`
	ExternalID string `json:"-"`
}

// DriftPolicy is what to do about a change that did not come from git.
type DriftPolicy string

const (
	// Heal puts the group back to what git declares. The default.
	Heal DriftPolicy = "heal"
	// ReportOnly shows the drift and leaves the group alone.
	ReportOnly DriftPolicy = "report"
)

// Declaration is what a person wrote about one group, with the defaults of its
// environment laid under it. Optional values are nil where nobody wrote one.
type Declaration struct {
	ID               ID          `json:"id"`
	Place            Place       `json:"place"`
	AutoScalingGroup string      `json:"auto_scaling_group"`
	Image            string      `json:"ami"`
	Rollout          Rollout     `json:"rollout"`
	Drift            DriftPolicy `json:"drift"`
	Stateful         bool        `json:"stateful,omitempty"`

	// Position is where it stands: "environments/production.hcl:19".
	Position string `json:"position"`
	// Commit is the newest commit that changed Image, and Changed the newest
	// that changed anything declared for the group (its own lines or a default
	// it inherits). A hold ends when Changed moves.
	Commit  Commit `json:"commit"`
	Changed Commit `json:"changed"`
	// Written is the commit that wrote Image, where that is not Commit: Commit is
	// the one on the branch itself that put it in force, often a merge, and
	// Written the one on the merged branch. Commit is what `git blame
	// --first-parent` says of the line, and Written what `git blame` says.
	Written Commit `json:"written,omitzero"`
	// Unattributed says that Commit and Changed are not known yet: what set them
	// lies before the oldest commit that is there so far, which they name. Nothing is
	// done for the group meanwhile.
	Unattributed bool `json:"unattributed,omitempty"`
	// Earlier are the images that the group was declared to run before, newest
	// first, each once, at most [EarlierKept]: where a revert may go.
	Earlier []Earlier `json:"earlier,omitempty"`
}

// Earlier is an image that a group was declared to run once.
type Earlier struct {
	Image  string `json:"ami"`
	Commit Commit `json:"commit"` // the one that declared it
}

// EarlierKept is how many declared images of a group are kept in mind.
const EarlierKept = 3

// Rollout is how instances are replaced. The names and ranges are those of
// the preferences of an instance refresh; see the Auto Scaling API reference,
// RefreshPreferences.
type Rollout struct {
	MinHealthyPercentage *int `json:"min_healthy_percentage,omitempty"` // percent of desired capacity, 0 to 100
	MaxHealthyPercentage *int `json:"max_healthy_percentage,omitempty"` // percent of desired capacity, 100 to 200
	// InstanceWarmup is counted after an instance is in service.
	InstanceWarmup        *Span    `json:"instance_warmup,omitempty"`
	CheckpointPercentages []int    `json:"checkpoint_percentages,omitempty"` // ascending, the last is 100
	CheckpointDelay       *Span    `json:"checkpoint_delay,omitempty"`       // 0 to 48 hours
	BakeTime              *Span    `json:"bake_time,omitempty"`              // 0 to 48 hours
	Alarms                []string `json:"alarms,omitempty"`                 // at most 10 names
	AutoRollback          *bool    `json:"auto_rollback,omitempty"`
	// ScaleInProtectedInstances is "refresh", "ignore" or "wait".
	ScaleInProtectedInstances string `json:"scale_in_protected_instances,omitempty"`
	// StandbyInstances is "terminate", "ignore" or "wait".
	StandbyInstances string `json:"standby_instances,omitempty"`
}
