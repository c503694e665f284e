package awssim

import (
	"fmt"
	"os"

	"github.com/hashicorp/hcl/v2/hclsimple"
)

// Fleet is what there is in the simulated AWS to begin with. Tests fill it in;
// people write it as an HCL file (see [LoadFleet]), where the names are those
// that AWS uses for the same thing.
type Fleet struct {
	// Region and Account are where everything goes that does not say so
	// itself. Empty means us-east-1 and [DefaultAccount].
	Region  string `hcl:"region,optional"`
	Account string `hcl:"account,optional"`

	Images               []Image               `hcl:"image,block"`
	Parameters           []Parameter           `hcl:"parameter,block"`
	Templates            []Template            `hcl:"template,block"`
	LaunchConfigurations []LaunchConfiguration `hcl:"launch_configuration,block"`
	Alarms               []Alarm               `hcl:"alarm,block"`
	Groups               []Group               `hcl:"group,block"`
	Roles                []Role                `hcl:"role,block"`
}

// Place is where a thing is, if not where the fleet is.
type Place struct {
	Region  string `hcl:"region,optional"`
	Account string `hcl:"account,optional"`
}

// Image is an AMI.
type Image struct {
	ID           string            `hcl:"id,label"`
	Name         string            `hcl:"name,optional"`         // default: the id
	Architecture string            `hcl:"architecture,optional"` // x86_64 or arm64; default x86_64
	State        string            `hcl:"state,optional"`        // available, pending, disabled or deregistered; default available
	Behaviour    string            `hcl:"behaviour,optional"`    // healthy, unhealthy, crash=120s, slow=300s or fail=REASON
	Deprecated   string            `hcl:"deprecated,optional"`   // since then by the clock, RFC 3339
	SharedWith   []string          `hcl:"shared_with,optional"`  // account ids, or "all"
	Tags         map[string]string `hcl:"tags,optional"`
	Place        *Place            `hcl:"place,block"`
}

// Parameter is an SSM parameter, such as one that holds an AMI id.
type Parameter struct {
	Name  string `hcl:"name,label"`
	Value string `hcl:"value"`
	Place *Place `hcl:"place,block"`
}

// Template is a launch template with its version 1, and more versions laid
// over it one after the other.
type Template struct {
	// Name may contain a verb such as %05d when Count is given.
	Name         string            `hcl:"name,label"`
	Count        int               `hcl:"count,optional"`
	ImageID      string            `hcl:"image_id,optional"` // an AMI, or resolve:ssm:PARAMETER
	InstanceType string            `hcl:"instance_type,optional"`
	UserData     string            `hcl:"user_data,optional"`     // plain text
	InstanceTags map[string]string `hcl:"instance_tags,optional"` // of what is launched
	Members      map[string]string `hcl:"members,optional"`       // anything else, by EC2's request names, such as "KeyName"
	Versions     []Version         `hcl:"version,block"`
	Default      int64             `hcl:"default_version,optional"` // default 1
	Place        *Place            `hcl:"place,block"`
}

// Version is a further version of a template. What it leaves out is as in the
// version before.
type Version struct {
	ImageID      string `hcl:"image_id,optional"`
	InstanceType string `hcl:"instance_type,optional"`
	Description  string `hcl:"description,optional"`
}

// LaunchConfiguration is the predecessor of a launch template.
type LaunchConfiguration struct {
	Name         string `hcl:"name,label"`
	ImageID      string `hcl:"image_id"`
	InstanceType string `hcl:"instance_type"`
	Place        *Place `hcl:"place,block"`
}

// Alarm is a CloudWatch alarm in some state.
type Alarm struct {
	Name  string `hcl:"name,label"`
	State string `hcl:"state,optional"` // OK, ALARM or INSUFFICIENT_DATA; default OK
	Place *Place `hcl:"place,block"`
}

// Role is what the trust policy of an IAM role says. A role that no fleet
// speaks of allows everything.
type Role struct {
	Name           string `hcl:"name,label"`
	Account        string `hcl:"account,optional"`         // default: the fleet's
	SourceIdentity string `hcl:"source_identity,optional"` // allowed, refused (no sts:SetSourceIdentity) or required; default allowed
}

// Group is an Auto Scaling group whose instances are in service already.
type Group struct {
	// Name may contain a verb such as %05d when Count is given; the same verb
	// in Template then takes the same number.
	Name  string `hcl:"name,label"`
	Count int    `hcl:"count,optional"`

	// One of Template, Mixed and LaunchConfiguration.
	Template            string `hcl:"template,optional"`
	Version             string `hcl:"version,optional"` // default 1; $Latest and $Default too
	Mixed               *Mixed `hcl:"mixed_instances_policy,block"`
	LaunchConfiguration string `hcl:"launch_configuration,optional"`

	MinSize     int  `hcl:"min_size,optional"`         // default: the desired capacity
	MaxSize     int  `hcl:"max_size,optional"`         // default: twice the desired capacity
	Desired     *int `hcl:"desired_capacity,optional"` // default 1
	GracePeriod int  `hcl:"health_check_grace_period,optional"`
	Warmup      *int `hcl:"default_instance_warmup,optional"`

	HealthCheckType      string            `hcl:"health_check_type,optional"` // default EC2
	Zones                []string          `hcl:"availability_zones,optional"`
	TargetGroups         []string          `hcl:"target_group_arns,optional"`
	TerminationPolicies  []string          `hcl:"termination_policies,optional"`
	MinHealthyPercentage *int              `hcl:"min_healthy_percentage,optional"` // of the maintenance policy
	MaxHealthyPercentage *int              `hcl:"max_healthy_percentage,optional"`
	Suspended            []string          `hcl:"suspended_processes,optional"`
	Protected            int               `hcl:"protected,optional"` // how many instances are protected from scale-in
	Standby              int               `hcl:"standby,optional"`   // how many instances, beyond the desired ones, are in standby
	Operator             string            `hcl:"operator,optional"`  // the AWS service that operates the group
	Tags                 map[string]string `hcl:"tags,optional"`      // propagated to instances
	WarmPool             *WarmPool         `hcl:"warm_pool,block"`
	Hooks                []Hook            `hcl:"lifecycle_hook,block"`
	Place                *Place            `hcl:"place,block"`
}

// Mixed is a mixed instances policy; Group's Template and Version are its base.
type Mixed struct {
	Overrides []Override `hcl:"override,block"`
}

// Override is one row of a mixed instances policy.
type Override struct {
	InstanceType string            `hcl:"instance_type,optional"`
	Weight       string            `hcl:"weighted_capacity,optional"`
	Template     string            `hcl:"template,optional"`
	Version      string            `hcl:"version,optional"`
	ImageID      string            `hcl:"image_id,optional"`
	Requirements map[string]string `hcl:"instance_requirements,optional"` // by request name: "VCpuCount.Min" = "2"
}

// WarmPool is a group's warm pool; its instances are ready to begin with.
type WarmPool struct {
	MinSize     int    `hcl:"min_size,optional"`
	MaxPrepared *int   `hcl:"max_group_prepared_capacity,optional"`
	State       string `hcl:"pool_state,optional"` // Stopped, Running or Hibernated; default Stopped
}

// Hook is a lifecycle hook.
type Hook struct {
	Name       string `hcl:"name,label"`
	Transition string `hcl:"lifecycle_transition"` // autoscaling:EC2_INSTANCE_LAUNCHING or _TERMINATING
	Heartbeat  int    `hcl:"heartbeat_timeout,optional"`
	Result     string `hcl:"default_result,optional"` // CONTINUE or ABANDON; default ABANDON
}

// LoadFleet reads a fleet file. An error names the file, the line and the
// column.
func LoadFleet(path string) (Fleet, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return Fleet{}, fmt.Errorf("read fleet: %w", err)
	}
	return ParseFleet(path, src)
}

// ParseFleet reads a fleet from the text of a file. The name is for errors.
func ParseFleet(name string, src []byte) (Fleet, error) {
	var f Fleet
	if err := hclsimple.Decode(hclName(name), src, nil, &f); err != nil {
		return Fleet{}, fmt.Errorf("read fleet: %w", err)
	}
	return f, nil
}

// hclName makes hclsimple take a file for HCL whatever it is called.
func hclName(name string) string {
	if len(name) > 4 && name[len(name)-4:] == ".hcl" {
		return name
	}
	return name + ".hcl"
}
