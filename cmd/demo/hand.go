package main

import (
	"context"
	"fmt"
	"slices"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

const webGroup = "web-staging"

// console is what somebody with the AWS console has.
func (s *stage) console() *autoscaling.Client {
	return autoscaling.New(autoscaling.Options{
		Region: "eu-west-1", BaseEndpoint: &s.aws,
		Credentials: credentials.NewStaticCredentialsProvider("simulated", "simulated", ""),
	})
}

// look is the group as AWS has it.
func (s *stage) look(ctx context.Context) (types.AutoScalingGroup, error) {
	out, err := s.console().DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{webGroup}})
	if err != nil {
		return types.AutoScalingGroup{}, err
	}
	if len(out.AutoScalingGroups) != 1 {
		return types.AutoScalingGroup{}, fmt.Errorf("look at %s: there is no such group", webGroup)
	}
	return out.AutoScalingGroups[0], nil
}

// meddle sets the group's template back to the first version and terminates an
// instance, so that the group replaces it with the old image.
func (s *stage) meddle(ctx context.Context) (what string, err error) {
	g, err := s.look(ctx)
	if err != nil {
		return "", err
	}
	_, err = s.console().UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: g.AutoScalingGroupName,
		LaunchTemplate:       &types.LaunchTemplateSpecification{LaunchTemplateId: g.LaunchTemplate.LaunchTemplateId, Version: awssdk.String("1")},
	})
	if err != nil {
		return "", err
	}
	_, err = s.console().TerminateInstanceInAutoScalingGroup(ctx, &autoscaling.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: g.Instances[0].InstanceId, ShouldDecrementDesiredCapacity: awssdk.Bool(false),
	})
	return fmt.Sprintf("somebody sets %s back to template version 1 and terminates %s: AWS replaces it with the old image", webGroup, *g.Instances[0].InstanceId), err
}

// checkSame makes sure that the group has the instances that it had before.
func (s *stage) checkSame(ctx context.Context, before types.AutoScalingGroup) error {
	now, err := s.look(ctx)
	if err != nil {
		return err
	}
	for _, was := range before.Instances {
		if !slices.ContainsFunc(now.Instances, func(i types.Instance) bool { return *i.InstanceId == *was.InstanceId }) {
			return fmt.Errorf("look at %s: %s was replaced", webGroup, *was.InstanceId)
		}
	}
	return nil
}

// checkTemplate makes sure that the saved template is what it was before
// somebody meddled.
func (s *stage) checkTemplate(ctx context.Context) error {
	g, err := s.look(ctx)
	if err != nil {
		return err
	}
	if version := awssdk.ToString(g.LaunchTemplate.Version); version != "2" {
		return fmt.Errorf("look at %s: template version %s is saved, not 2", webGroup, version)
	}
	return nil
}
