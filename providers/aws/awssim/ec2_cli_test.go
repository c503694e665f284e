package awssim

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCLIMakesImagesAndTemplates(t *testing.T) {
	t.Parallel()
	aws := awsCLI(t, &Server{})
	image := aws("ec2", "register-image", "--name", "webapp-1", "--architecture", "x86_64", "--root-device-name", "/dev/xvda",
		"--tag-specifications", "ResourceType=image,Tags=[{Key=awssim:behaviour,Value=crash=120s}]", "--query", "ImageId")
	aws("ec2", "create-launch-template", "--launch-template-name", "web", "--launch-template-data", `{"InstanceType":"m5.large","ImageId":"ami-0123456789abcdef0"}`)
	aws("ec2", "create-launch-template-version", "--launch-template-name", "web", "--source-version", "1", "--launch-template-data", `{"ImageId":"`+image+`"}`)
	got := aws("ec2", "describe-launch-template-versions", "--launch-template-name", "web",
		"--query", "LaunchTemplateVersions[].[VersionNumber,LaunchTemplateData.ImageId,LaunchTemplateData.InstanceType]")
	want := "2\t" + image + "\tm5.large\n1\tami-0123456789abcdef0\tm5.large"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if got := aws("ec2", "describe-images", "--owners", "self", "--query", "Images[].[ImageId,State,Tags[0].Value]"); got != image+"\tavailable\tcrash=120s" {
		t.Errorf("images: %s", got)
	}
	if got := aws("ec2", "deregister-image", "--image-id", "ami-0123456789abcdef0"); !strings.Contains(got, "(InvalidAMIID.NotFound)") {
		t.Errorf("an unknown image is refused with: %s", got)
	}
}

func TestCLISpeaksToTheOtherServices(t *testing.T) {
	t.Parallel()
	aws := awsCLI(t, &Server{})
	if got, want := aws("sts", "assume-role", "--role-arn", "arn:aws:iam::444455556666:role/moult", "--role-session-name", "cli", "--query", "AssumedRoleUser.Arn"), "arn:aws:sts::444455556666:assumed-role/moult/cli"; got != want {
		t.Errorf("assumed %s, want %s", got, want)
	}
	aws("ssm", "put-parameter", "--name", "/golden/web", "--type", "String", "--value", "blue")
	if got := aws("ssm", "get-parameter", "--name", "/golden/web", "--query", "Parameter.[Value,Version]"); got != "blue\t1" {
		t.Errorf("parameter: %s", got)
	}
	aws("cloudwatch", "put-metric-alarm", "--alarm-name", "web-5xx", "--namespace", "AWS/ApplicationELB", "--metric-name", "HTTPCode_Target_5XX_Count",
		"--statistic", "Sum", "--period", "60", "--evaluation-periods", "3", "--threshold", "12.5", "--comparison-operator", "GreaterThanThreshold")
	aws("cloudwatch", "set-alarm-state", "--alarm-name", "web-5xx", "--state-value", "ALARM", "--state-reason", "test")
	if got := aws("cloudwatch", "describe-alarms", "--query", "MetricAlarms[].[AlarmName,StateValue,Threshold]"); got != "web-5xx\tALARM\t12.5" {
		t.Errorf("alarms: %s", got)
	}
	if got := aws("cloudwatch", "set-alarm-state", "--alarm-name", "none", "--state-value", "OK", "--state-reason", "test"); !strings.Contains(got, "(ResourceNotFound)") {
		t.Errorf("an unknown alarm is refused with: %s", got)
	}
}
