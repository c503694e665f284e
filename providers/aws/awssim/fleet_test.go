package awssim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// everyKind is a fleet with everything that a fleet file can say.
const everyKind = `
region  = "eu-west-1"
account = "444455556666"

image "ami-00000000000000001" {
  name       = "webapp 1"
  deprecated = "1999-06-01T00:00:00Z"
  tags       = { commit = "4f2a91c" }
}
image "ami-00000000000000002" {
  architecture = "arm64"
  behaviour    = "crash=2m"
  shared_with  = ["777788889999"]
}
image "ami-00000000000000003" { state = "deregistered" }
image "ami-00000000000000004" { state = "disabled" }
image "ami-00000000000000005" { state = "pending" }

parameter "/golden/web" { value = "ami-00000000000000001" }
alarm "web-5xx" { state = "INSUFFICIENT_DATA" }
role "moult" { source_identity = "refused" }
launch_configuration "old" {
  image_id      = "ami-00000000000000001"
  instance_type = "m5.large"
}

template "web" {
  image_id        = "ami-00000000000000001"
  instance_type   = "m5.large"
  user_data       = "#!/bin/sh"
  instance_tags   = { Name = "web" }
  members         = { KeyName = "ops" }
  default_version = 2
  version {
    image_id    = "resolve:ssm:/golden/web"
    description = "by alias"
  }
}

group "plain" {
  template                  = "web"
  desired_capacity          = 2
  min_size                  = 1
  max_size                  = 4
  health_check_grace_period = 60
  default_instance_warmup   = 30
  health_check_type         = "ELB"
  availability_zones        = ["eu-west-1a"]
  target_group_arns         = ["arn:aws:elasticloadbalancing:eu-west-1:444455556666:targetgroup/web/1"]
  termination_policies      = ["OldestInstance"]
  min_healthy_percentage    = 90
  max_healthy_percentage    = 110
  suspended_processes       = ["Launch"]
  protected                 = 1
  standby                   = 1
  tags                      = { env = "dev" }
  lifecycle_hook "drain" {
    lifecycle_transition = "autoscaling:EC2_INSTANCE_TERMINATING"
    heartbeat_timeout    = 300
  }
}
group "latest" {
  template = "web"
  version  = "$Latest"
}
group "mixed" {
  template         = "web"
  desired_capacity = 6
  mixed_instances_policy {
    override {
      instance_type     = "m5.large"
      weighted_capacity = "2"
    }
    override {
      instance_type = "m5.xlarge"
      template      = "web"
      version       = "2"
    }
  }
}
group "attributes" {
  template = "web"
  mixed_instances_policy {
    override {
      instance_requirements = { "VCpuCount.Min" = "2", "MemoryMiB.Min" = "1024" }
    }
  }
}
group "configured" { launch_configuration = "old" }
group "operated" {
  template = "web"
  operator = "eks.amazonaws.com"
}
group "warm" {
  template         = "web"
  max_size         = 3
  warm_pool { pool_state = "Running" }
}
group "many-%02d" {
  count            = 3
  template         = "web"
  desired_capacity = 0
}
group "elsewhere" {
  template = "away"
  place { region = "us-east-1" }
}
template "away" {
  image_id      = "ami-00000000000000009"
  instance_type = "m5.large"
  place { region = "us-east-1" }
}
image "ami-00000000000000009" {
  place { region = "us-east-1" }
}
`

func TestFleetFileMakesEverythingItSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, err := ParseFleet("every.hcl", []byte(everyKind))
		if err != nil {
			t.Fatal(err)
		}
		s := &Server{}
		if err := s.Apply(f); err != nil {
			t.Fatal(err)
		}
		r := s.regions[place{"444455556666", "eu-west-1"}]
		var story strings.Builder
		for _, name := range r.names {
			story.WriteString(name + ": " + r.groups[name].tell() + "\n")
		}
		story.WriteString("elsewhere: " + s.regions[place{"444455556666", "us-east-1"}].groups["elsewhere"].tell() + "\n")
		golden(t, "fleet.txt", story.String())
		time.Sleep(24 * time.Hour)
		for _, g := range s.Groups() {
			for _, i := range g.Instances {
				if !i.Healthy {
					t.Errorf("%s: %s became unhealthy by itself", g.Name, i.ID)
				}
			}
		}
		c := ec2.NewFromConfig(sdk(s, "444455556666", "eu-west-1"))
		out := must[*ec2.DescribeLaunchTemplateVersionsOutput](t)(c.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateName: aws.String("web"), Versions: []string{"$Default"}}))
		v := out.LaunchTemplateVersions[0]
		if *v.VersionNumber != 2 || *v.LaunchTemplateData.KeyName != "ops" || *v.LaunchTemplateData.ImageId != "resolve:ssm:/golden/web" || *v.VersionDescription != "by alias" {
			t.Errorf("got version %+v", v)
		}
	})
}

func TestFleetMistakesAreNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`group "web" {`:    "fleet.hcl:1,13",
		`groop "web" {}`:   "groop",
		`image "ami-1" {}`: `make image "ami-1"`,
		`image "ami-00000001" { state = "gone" }`:          `state "gone"`,
		`image "ami-00000001" { behaviour = "odd" }`:       "make image ami-00000001",
		`group "web" { template = "none" }`:                "make group web",
		`alarm "a" { state = "RED" }`:                      "make alarm a",
		`template "web" { default_version = 7 }`:           "there is no version 7",
		`template "x" {}`:                                  `make template "x"`,
		"group \"a\" {\n launch_configuration = \"lc\"\n}": "Launch configuration lc not found",
	} {
		f, err := ParseFleet("fleet", []byte(text))
		if err == nil {
			err = (&Server{}).Apply(f)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want it to say %q", text, err, want)
		}
	}
}

func TestLoadFleetReadsAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "fleet.hcl")
	if err := os.WriteFile(path, []byte(everyKind), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := LoadFleet(path)
	if err != nil || len(f.Groups) != 9 {
		t.Errorf("got %d groups, %v", len(f.Groups), err)
	}
	if _, err := LoadFleet(path + ".none"); err == nil {
		t.Error("a file that does not exist was read")
	}
}

func TestAccountsAndRegionsAreSeparate(t *testing.T) {
	t.Parallel()
	s := &Server{}
	f, err := ParseFleet("every.hcl", []byte(everyKind))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(f); err != nil {
		t.Fatal(err)
	}
	for where, want := range map[place]int{{"444455556666", "eu-west-1"}: 10, {"444455556666", "us-east-1"}: 1, {DefaultAccount, "eu-west-1"}: 0} {
		c := autoscaling.NewFromConfig(sdk(s, where.account, where.region))
		out := must[*autoscaling.DescribeAutoScalingGroupsOutput](t)(c.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{}))
		if got := len(out.AutoScalingGroups); got != want {
			t.Errorf("%v has %d groups, want %d", where, got, want)
		}
	}
}
