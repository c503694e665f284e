package reconcile

import (
	"strings"
)

// Desired is a declaration with what only the cloud knows filled in.
type Desired struct {
	Declaration
	// ImageProblem says why the declared image cannot be launched in this
	// place now ("does not exist in eu-west-1"); empty when it can.
	ImageProblem string `json:"ami_problem,omitempty"`
	ImageName    string `json:"ami_name,omitempty"`
	Architecture string `json:"architecture,omitempty"` // of the image: "x86_64", "arm64"
	Deprecated   bool   `json:"deprecated,omitempty"`
}

// Shape is how a group says what it launches.
type Shape string

const (
	ShapePlain      Shape = "launch_template"
	ShapeMixed      Shape = "mixed_instances_policy"
	ShapeAttributes Shape = "instance_requirements" // selects instance types by attributes
	ShapeOld        Shape = "launch_configuration"
	ShapeNone       Shape = "none" // made from an instance, or unreadable
)

// Version is one numbered version of a launch template. What a version holds
// never changes, so these values may be kept for ever.
type Version struct {
	Template string `json:"template"`          // lt-...
	Number   int64  `json:"version,omitempty"` // 0: none
	// Image is the AMI that it launches; an SSM alias ("resolve:ssm:...") as
	// it stands; empty when it could not be learnt.
	Image string `json:"ami,omitempty"`
	// Base is the version that Moult laid its image over; the own Number of a
	// version that Moult did not make. Two versions of one template with the
	// same Base differ in nothing but the image.
	Base int64 `json:"base,omitempty"`
	// Commit is the commit that Moult made it for; empty when somebody else
	// made it.
	Commit string `json:"commit,omitempty"`
}

// Alias reports whether the version names its image through an SSM parameter,
// so that one version can launch different images on different days.
func (v Version) Alias() bool { return strings.HasPrefix(v.Image, "resolve:ssm:") }

// Saved is what a group would launch on its own, outside any refresh.
type Saved struct {
	Version
	// Floating is "$Latest" or "$Default" when the group follows a symbol
	// rather than a number; Version is then what the symbol means now.
	Floating string `json:"floating,omitempty"`
	// Overrides are the overrides of a mixed instances policy that carry a
	// template or an image of their own.
	Overrides []Override `json:"overrides,omitempty"`
}

// Override is one override of a mixed instances policy that decides for
// itself what is launched.
type Override struct {
	InstanceType string  `json:"instance_type,omitempty"`
	Version      Version `json:"version,omitzero"`   // its own template, if it has one
	Floating     string  `json:"floating,omitempty"` // "$Latest" or "$Default" of that template
	Image        string  `json:"ami,omitempty"`      // its own image, if it has one; beats the template's
}

// launches is the image that the override launches, or "" when it leaves that
// to the group's template.
func (o Override) launches() string {
	if o.Image != "" {
		return o.Image
	}
	return o.Version.Image
}

// Pins reports whether everything that the group may launch is the image,
// through a numbered version and a literal id.
func (s Saved) Pins(image string) bool {
	if s.Floats() || s.Image != image {
		return false
	}
	for _, o := range s.Overrides {
		if o.launches() != image {
			return false
		}
	}
	return true
}

// Floats reports whether the group, or one of its overrides, follows
// $Latest, $Default or an SSM alias, so that what it launches can change
// without anybody changing the group.
func (s Saved) Floats() bool {
	if s.Floating != "" || s.Alias() {
		return true
	}
	for _, o := range s.Overrides {
		if o.Floating != "" || o.Version.Alias() || strings.HasPrefix(o.Image, "resolve:ssm:") {
			return true
		}
	}
	return false
}

// Instance is one machine of a group.
type Instance struct {
	ID        string `json:"id"`
	Type      string `json:"type,omitempty"`
	Image     string `json:"ami,omitempty"` // empty when it could not be learnt
	Version   int64  `json:"version,omitempty"`
	Template  string `json:"template,omitempty"`
	Base      int64  `json:"base,omitempty"` // of that version; see [Version]
	Lifecycle string `json:"lifecycle"`      // AWS's word: InService, Pending, Standby, Terminating:Retained ...
	Healthy   bool   `json:"healthy"`
	Protected bool   `json:"protected,omitempty"` // from scale-in
	Warm      bool   `json:"warm,omitempty"`      // waits in the warm pool
}

// InService reports whether the instance counts towards the group's capacity.
func (i Instance) InService() bool { return i.Lifecycle == "InService" }

// Standby reports whether a person took the instance out of service to look
// at it.
func (i Instance) Standby() bool {
	return i.Lifecycle == "Standby" || i.Lifecycle == "EnteringStandby"
}

// Leaving reports whether the instance is on its way out, or is kept after
// its end for somebody to examine: it is no part of the group any more.
func (i Instance) Leaving() bool {
	return strings.HasPrefix(i.Lifecycle, "Terminat") || strings.HasPrefix(i.Lifecycle, "Detach") ||
		strings.HasPrefix(i.Lifecycle, "Warmed:Terminat")
}

// Observed is what the cloud says a group is.
type Observed struct {
	ID ID `json:"id"`
	// Problem says why the group could not be observed; everything below is
	// then empty.
	Problem *Problem `json:"problem,omitempty"`
	// Exists is false when the place has no Auto Scaling group of that name.
	Exists   bool   `json:"exists"`
	ARN      string `json:"arn,omitempty"`
	Shape    Shape  `json:"shape,omitempty"`
	Operator string `json:"operator,omitempty"` // the AWS service that alone may change the group
	Deleting bool   `json:"deleting,omitempty"`

	Saved Saved `json:"saved"`
	// Capacity is the desired capacity, in instances or in weighted units.
	Capacity  int        `json:"capacity"`
	Min       int        `json:"min"`
	Max       int        `json:"max"`
	Weighted  bool       `json:"weighted,omitempty"`
	Instances []Instance `json:"instances,omitempty"`
	Suspended []string   `json:"suspended,omitempty"` // names of suspended processes, sorted

	// Maintenance is the group's own instance maintenance policy, which
	// speaks where the declaration is silent.
	Maintenance *Maintenance `json:"maintenance,omitempty"`
	// Warmup is the group's default instance warm-up and Grace its health
	// check grace period.
	Warmup *Span `json:"warmup,omitempty"`
	Grace  Span  `json:"grace,omitempty"`

	// Refreshes are the group's instance refreshes, newest first. They are
	// read only for a group that is not converged.
	Refreshes []Refresh `json:"refreshes,omitempty"`
	// Alarms are the states of the declared alarms: "OK", "ALARM",
	// "INSUFFICIENT_DATA", or "" for one that does not exist. Read only when
	// a refresh may start.
	Alarms map[string]string `json:"alarms,omitempty"`
	// Architectures maps each instance type that the group may launch to the
	// architectures it runs; read only when a refresh may start.
	Architectures map[string][]string `json:"architectures,omitempty"`
	// TemplateVersions is how many versions the launch template has; 0 when
	// nobody counted.
	TemplateVersions int64 `json:"template_versions,omitempty"`
}

// Maintenance is an instance maintenance policy, in percent of desired
// capacity.
type Maintenance struct {
	MinHealthyPercentage int `json:"min_healthy_percentage"`
	MaxHealthyPercentage int `json:"max_healthy_percentage"`
}

// Problem is an error that flows as a value.
type Problem struct {
	Class   Class  `json:"class"`
	Message string `json:"message"`
}
