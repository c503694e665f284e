package awssim

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// autoScalingOperations are the actions of EC2 Auto Scaling that are
// simulated.
var autoScalingOperations = map[string]operation{
	"autoscaling:CreateAutoScalingGroup":              createGroup,
	"autoscaling:UpdateAutoScalingGroup":              onGroup(updateGroup),
	"autoscaling:DeleteAutoScalingGroup":              onGroup(deleteGroup),
	"autoscaling:DescribeAutoScalingGroups":           describeGroups,
	"autoscaling:DescribeAutoScalingInstances":        describeInstances,
	"autoscaling:DescribeScalingActivities":           describeActivities,
	"autoscaling:DescribeAccountLimits":               describeAccountLimits,
	"autoscaling:DescribeTerminationPolicyTypes":      describeTerminationPolicyTypes,
	"autoscaling:DescribeScalingProcessTypes":         describeScalingProcessTypes,
	"autoscaling:StartInstanceRefresh":                onGroup(startRefresh),
	"autoscaling:CancelInstanceRefresh":               onGroup(cancelRefresh),
	"autoscaling:RollbackInstanceRefresh":             onGroup(rollbackRefresh),
	"autoscaling:DescribeInstanceRefreshes":           describeRefreshes,
	"autoscaling:SetDesiredCapacity":                  onGroup(setDesiredCapacity),
	"autoscaling:SuspendProcesses":                    onGroup(suspendProcesses),
	"autoscaling:ResumeProcesses":                     onGroup(resumeProcesses),
	"autoscaling:SetInstanceProtection":               onGroup(setInstanceProtection),
	"autoscaling:SetInstanceHealth":                   setInstanceHealth,
	"autoscaling:EnterStandby":                        onGroup(enterStandby),
	"autoscaling:ExitStandby":                         onGroup(exitStandby),
	"autoscaling:AttachInstances":                     onGroup(attachInstances),
	"autoscaling:DetachInstances":                     onGroup(detachInstances),
	"autoscaling:TerminateInstanceInAutoScalingGroup": terminateInstance,
	"autoscaling:PutLifecycleHook":                    onGroup(putHook),
	"autoscaling:DeleteLifecycleHook":                 onGroup(deleteHook),
	"autoscaling:DescribeLifecycleHooks":              describeHooks,
	"autoscaling:CompleteLifecycleAction":             onGroup(completeLifecycleAction),
	"autoscaling:RecordLifecycleActionHeartbeat":      onGroup(recordHeartbeat),
	"autoscaling:PutWarmPool":                         onGroup(putWarmPool),
	"autoscaling:DeleteWarmPool":                      onGroup(deleteWarmPool),
	"autoscaling:DescribeWarmPool":                    describeWarmPool,
	"autoscaling:CreateOrUpdateTags":                  createOrUpdateTags,
	"autoscaling:DeleteTags":                          deleteTags,
	"autoscaling:DescribeTags":                        describeTags,
	"autoscaling:CreateLaunchConfiguration":           createLaunchConfiguration,
	"autoscaling:DeleteLaunchConfiguration":           deleteLaunchConfiguration,
	"autoscaling:DescribeLaunchConfigurations":        describeLaunchConfigurations,
}

// invalid is Auto Scaling's refusal of a request that makes no sense.
func invalid(message string) *failure {
	return &failure{http.StatusBadRequest, "ValidationError", message}
}

// onGroup is an operation that changes one group, or something of it. What it
// changes takes effect at once.
func onGroup(act func(g *group, c *call) (any, *failure)) operation {
	return func(r *region, c *call) (any, *failure) {
		g, f := r.groupOf(c)
		if f == nil {
			f = g.refuseStrangers(c)
		}
		if f != nil {
			return nil, f
		}
		result, f := act(g, c)
		if f == nil && r.groups[g.name] == g {
			r.touch(g)
		}
		return result, f
	}
}

// groupOf is the group that a call is about.
func (r *region) groupOf(c *call) (*group, *failure) {
	name := c.form.Get("AutoScalingGroupName")
	if name == "" {
		return nil, missing("autoScalingGroupName")
	}
	g := r.groups[name]
	if g == nil {
		return nil, noGroup(name)
	}
	return g, nil
}

func missing(member string) *failure {
	return invalid("1 validation error detected: Value null at '" + member + "' failed to satisfy constraint: Member must not be null")
}

func noGroup(name string) *failure {
	return invalid("AutoScalingGroup name not found - AutoScalingGroup " + name + " not found")
}

// refuseStrangers lets only the AWS service that operates a group change it.
// UNCONFIRMED: the code and the words.
func (g *group) refuseStrangers(c *call) *failure {
	if g.operator == "" || c.principal == g.operator {
		return nil
	}
	return &failure{http.StatusForbidden, "AccessDenied", "The Auto Scaling group " + g.name + " is managed by " + g.operator + " and cannot be changed by " + c.principal}
}

// pageOf cuts a page out of all results. Unlike EC2's, a token of Auto Scaling
// names the key at which the next page starts.
func pageOf[T any](c *call, all []T, key func(T) string, most int) (part []T, next string, f *failure) {
	size := min(50, most)
	if n := c.form.number("MaxRecords"); n != nil {
		if *n < 1 || *n > most {
			return nil, "", invalidRange("maxRecords", *n, 1, most)
		}
		size = *n
	}
	if f := c.form.malformed(); f != nil {
		return nil, "", f
	}
	if token := c.form.Get("NextToken"); token != "" {
		start, ok := fromToken(token)
		n := slices.IndexFunc(all, func(v T) bool { return key(v) == start })
		if !ok || n < 0 {
			return nil, "", &failure{http.StatusBadRequest, "InvalidNextToken", "The token '" + token + "' is invalid"}
		}
		all = all[n:]
	}
	if len(all) <= size {
		return all, "", nil
	}
	return all[:size], toToken(key(all[size])), nil
}

func toToken(key string) string { return base64.StdEncoding.EncodeToString([]byte("next:" + key)) }

func fromToken(token string) (key string, ok bool) {
	text, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return "", false
	}
	return strings.CutPrefix(string(text), "next:")
}
