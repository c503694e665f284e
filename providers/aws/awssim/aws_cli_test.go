package awssim

import (
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// awsCLI runs the real aws CLI against a server and returns what it prints;
// what it refuses comes back as the error text.
func awsCLI(t *testing.T, s *Server) func(args ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("the aws CLI takes its time; the tests without -short use it")
	}
	program, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("the aws CLI is not installed")
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, append(args, "--output", "text")...)
		cmd.Env = append(cmd.Environ(),
			"AWS_ENDPOINT_URL="+server.URL, "AWS_DEFAULT_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=AKIATEST", "AWS_SECRET_ACCESS_KEY=secret",
			"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=")
		out, _ := cmd.CombinedOutput() // a refusal ends with a non-zero exit, and its text is what the tests look at
		return strings.TrimSpace(string(out))
	}
}

// TestCLIRollsAFleet is a refresh's whole life with the aws CLI alone: images,
// template and group are made, refreshes are started, watched, cancelled,
// rolled back and completed.
func TestCLIRollsAFleet(t *testing.T) {
	t.Parallel()
	s := &Server{Speed: 1e-9} // time moves when the test says so
	aws := awsCLI(t, s)
	expect := func(want string, args ...string) {
		t.Helper()
		if diff := cmp.Diff(want, aws(args...)); diff != "" {
			t.Fatalf("aws %s (-want +got):\n%s", strings.Join(args, " "), diff)
		}
	}
	register := func(name string) string {
		return aws("ec2", "register-image", "--name", name, "--architecture", "x86_64", "--root-device-name", "/dev/xvda", "--query", "ImageId")
	}
	first, second := register("webapp-1"), register("webapp-2")
	aws("ec2", "create-launch-template", "--launch-template-name", "web", "--launch-template-data", `{"InstanceType":"m5.large","ImageId":"`+first+`"}`)
	aws("ec2", "create-launch-template-version", "--launch-template-name", "web", "--source-version", "1", "--launch-template-data", `{"ImageId":"`+second+`"}`)
	expect("", "autoscaling", "create-auto-scaling-group", "--auto-scaling-group-name", "web", "--min-size", "2", "--max-size", "4",
		"--availability-zones", "eu-west-1a", "eu-west-1b", "--launch-template", "LaunchTemplateName=web,Version=1", "--tags", "Key=env,Value=dev,PropagateAtLaunch=true")
	s.Skip(time.Minute)
	group := func(want string) {
		t.Helper()
		expect(want, "autoscaling", "describe-auto-scaling-groups", "--auto-scaling-group-names", "web", "--query",
			"AutoScalingGroups[].[LaunchTemplate.Version,Instances[].[LifecycleState,LaunchTemplate.Version]]")
	}
	group("1\nInService\t1\nInService\t1")

	start := func() {
		t.Helper()
		id := aws("autoscaling", "start-instance-refresh", "--auto-scaling-group-name", "web", "--strategy", "Rolling",
			"--desired-configuration", `{"LaunchTemplate":{"LaunchTemplateName":"web","Version":"2"}}`,
			"--preferences", `{"MinHealthyPercentage":100,"MaxHealthyPercentage":150,"InstanceWarmup":30,"SkipMatching":true,"AutoRollback":true}`)
		if len(id) != 36 {
			t.Fatalf("start a refresh: %s", id)
		}
	}
	status := func(want string) {
		t.Helper()
		expect(want, "autoscaling", "describe-instance-refreshes", "--auto-scaling-group-name", "web", "--query",
			"InstanceRefreshes[].[Status,PercentageComplete,InstancesToUpdate]")
	}
	start()
	s.Skip(70 * time.Second)
	status("InProgress\t50\t0")
	aws("autoscaling", "cancel-instance-refresh", "--auto-scaling-group-name", "web")
	s.Skip(2 * time.Minute)
	start()
	s.Skip(20 * time.Second)
	aws("autoscaling", "rollback-instance-refresh", "--auto-scaling-group-name", "web")
	s.Skip(10 * time.Minute)
	start()
	s.Skip(10 * time.Minute)
	status("Successful\t100\t0\nRollbackSuccessful\t0\t0\nCancelled\t50\t0")
	group("2\nInService\t2\nInService\t2")
	if got := aws("autoscaling", "rollback-instance-refresh", "--auto-scaling-group-name", "web"); !strings.Contains(got, "(ActiveInstanceRefreshNotFound)") {
		t.Errorf("a rollback of nothing is refused with: %s", got)
	}
}
