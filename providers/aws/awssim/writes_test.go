package awssim

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

func TestWritesHaveTheMembersOfDocuments(t *testing.T) {
	t.Parallel()
	s := &Server{}
	cfg := sdk(s, DefaultAccount, "eu-west-1")
	put := &ssm.PutParameterInput{Name: aws.String("/db"), Value: aws.String("hunter2"), Type: ssmtypes.ParameterTypeSecureString, Overwrite: aws.Bool(true)}
	must[*ssm.PutParameterOutput](t)(ssm.NewFromConfig(cfg).PutParameter(t.Context(), put))
	alarms := cloudwatch.NewFromConfig(cfg)
	must[*cloudwatch.PutCompositeAlarmOutput](t)(alarms.PutCompositeAlarm(t.Context(), &cloudwatch.PutCompositeAlarmInput{AlarmName: aws.String("any"), AlarmRule: aws.String("TRUE"), ActionsEnabled: aws.Bool(false)}))
	must[*cloudwatch.SetAlarmStateOutput](t)(alarms.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("any"), StateValue: cwtypes.StateValueOk, StateReason: aws.String("test")}))
	must[*cloudwatch.DeleteAlarmsOutput](t)(alarms.DeleteAlarms(t.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"any"}}))
	var got []map[string]string
	for _, w := range s.Writes() {
		got = append(got, w.Members)
	}
	want := []map[string]string{
		{"Name": "/db", "Type": "SecureString", "Overwrite": "true"},
		{"AlarmName": "any", "AlarmRule": "TRUE", "ActionsEnabled": "false"},
		{"AlarmName": "any", "StateValue": "OK", "StateReason": "test"},
		{"AlarmNames": `["any"]`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

func TestOnlyTheNewestWritesAreKeptAndAllAreTold(t *testing.T) {
	t.Parallel()
	var told []string
	s := &Server{KeepWrites: 2, OnWrite: func(w Write) { told = append(told, w.Members["Name"]) }}
	c := ec2.NewFromConfig(sdk(s, DefaultAccount, "eu-west-1"))
	names := []string{"webapp-1", "webapp-2", "webapp-3", "webapp-4"}
	for _, name := range names {
		newImage(t, c, name)
	}
	if diff := cmp.Diff(names, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	var kept []string
	for _, w := range s.Writes() {
		kept = append(kept, w.Members["Name"])
	}
	if diff := cmp.Diff(names[2:], kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}
