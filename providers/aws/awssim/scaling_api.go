package awssim

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

func setDesiredCapacity(g *group, c *call) (any, *failure) {
	n := c.form.number("DesiredCapacity")
	switch {
	case n == nil:
		return nil, firstFailure(c.form.malformed(), missing("desiredCapacity"))
	case *n < g.min:
		return nil, invalid(fmt.Sprintf("New SetDesiredCapacity value %d is below min value %d for the AutoScalingGroup.", *n, g.min))
	case *n > g.max:
		return nil, invalid(fmt.Sprintf("New SetDesiredCapacity value %d is above max value %d for the AutoScalingGroup.", *n, g.max))
	}
	g.desired = *n
	return nil, nil
}

// processes are those that can be suspended.
var processes = []string{"Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh", "ReplaceUnhealthy", "ScheduledActions"}

// processesAsked is those of a request, all when it names none.
func processesAsked(c *call) ([]string, *failure) {
	asked := c.list("ScalingProcesses")
	for _, p := range asked {
		if !slices.Contains(processes, p) {
			return nil, invalid("The process " + p + " is not a valid scaling process.")
		}
	}
	if len(asked) == 0 {
		return processes, nil
	}
	return asked, nil
}

func suspendProcesses(g *group, c *call) (any, *failure) {
	asked, f := processesAsked(c)
	for _, p := range asked {
		g.suspend(p, c.now)
	}
	return nil, f
}

func (g *group) suspend(process string, now time.Time) {
	if g.isSuspended(process) {
		return
	}
	g.suspended = append(g.suspended, suspension{process, now})
	slices.SortFunc(g.suspended, func(a, b suspension) int { return cmp.Compare(a.process, b.process) })
}

func resumeProcesses(g *group, c *call) (any, *failure) {
	asked, f := processesAsked(c)
	if f == nil {
		g.suspended = slices.DeleteFunc(g.suspended, func(s suspension) bool { return slices.Contains(asked, s.process) })
	}
	return nil, f
}

type processType struct {
	Name string `xml:"ProcessName"`
}

type processTypes struct {
	Processes []processType `xml:"Processes>member"`
}

func describeScalingProcessTypes(_ *region, _ *call) (any, *failure) {
	var out processTypes
	for _, p := range slices.Sorted(slices.Values(processes)) {
		out.Processes = append(out.Processes, processType{p})
	}
	return out, nil
}

type terminationPolicyTypes struct {
	Types []string `xml:"TerminationPolicyTypes>member"`
}

func describeTerminationPolicyTypes(_ *region, _ *call) (any, *failure) {
	return terminationPolicyTypes{[]string{"AllocationStrategy", "ClosestToNextInstanceHour", "Default", "NewestInstance", "OldestInstance", "OldestLaunchConfiguration", "OldestLaunchTemplate"}}, nil
}

// Quotas of Auto Scaling. UNCONFIRMED: AWS's pages say 200 and 500 groups; the
// simulation lets more be made, since a fleet file may describe thousands.
const (
	maxGroups               = 500
	maxLaunchConfigurations = 200
)

type accountLimits struct {
	MaxGroups                    int `xml:"MaxNumberOfAutoScalingGroups"`
	Groups                       int `xml:"NumberOfAutoScalingGroups"`
	MaxLaunchConfigurations      int `xml:"MaxNumberOfLaunchConfigurations"`
	NumberOfLaunchConfigurations int `xml:"NumberOfLaunchConfigurations"`
}

func describeAccountLimits(r *region, _ *call) (any, *failure) {
	return accountLimits{max(maxGroups, len(r.groups)), len(r.groups), maxLaunchConfigurations, len(r.launchConfigs)}, nil
}

// activityView is a scaling activity in a reply.
type activityView struct {
	ID          string `xml:"ActivityId"`
	Group       string `xml:"AutoScalingGroupName"`
	ARN         string `xml:"AutoScalingGroupARN"`
	Description string `xml:"Description"`
	Cause       cause  `xml:"Cause"`
	StartTime   stamp  `xml:"StartTime"`
	EndTime     stamp  `xml:"EndTime"`
	Status      string `xml:"StatusCode"`
	Message     string `xml:"StatusMessage,omitempty"`
	Progress    int    `xml:"Progress"`
	Details     string `xml:"Details"`
}

func (g *group) view(a *activity) activityView {
	return activityView{
		ID: a.id, Group: g.name, ARN: g.arn, Description: a.description, Cause: cause{a.start, a.cause},
		StartTime: stamp{a.start}, EndTime: stamp{a.end}, Status: a.status, Message: a.message,
		Progress: a.progress(), Details: a.details,
	}
}

// cause is why there was an activity. It begins with when.
type cause struct {
	At  time.Time
	Why string
}

// MarshalXML writes the cause as a text.
func (w cause) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return e.EncodeElement("At "+w.At.Format(time.RFC3339)+" "+w.Why+".", start)
}

type activityPage struct {
	Activities []activityView `xml:"Activities>member"`
	NextToken  string         `xml:"NextToken,omitempty"`
}

// describeActivities lists the newest first, of one group or of all.
func describeActivities(r *region, c *call) (any, *failure) {
	names := r.names
	if name := c.form.Get("AutoScalingGroupName"); name != "" {
		if r.groups[name] == nil {
			return nil, noGroup(name)
		}
		names = []string{name}
	}
	matches, f := activityFilter(c)
	if f != nil {
		return nil, f
	}
	var all []activityView
	for _, name := range names {
		g := r.groups[name]
		g.forget(r.now)
		for _, a := range slices.Backward(g.activities) {
			if matches(a) {
				all = append(all, g.view(a))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b activityView) int { return b.StartTime.Compare(a.StartTime.Time) })
	page, next, f := pageOf(c, all, func(a activityView) string { return a.ID }, 100)
	return activityPage{page, next}, f
}

// activityFilter is the ids and filters of a request.
func activityFilter(c *call) (func(*activity) bool, *failure) {
	ids := c.list("ActivityIds")
	tests := []func(*activity) bool{func(a *activity) bool { return len(ids) == 0 || slices.Contains(ids, a.id) }}
	for _, f := range c.structs("Filters") {
		values := f.list("Values")
		switch f.Get("Name") {
		case "Status":
			tests = append(tests, func(a *activity) bool { return slices.Contains(values, a.status) })
		case "StartTimeLowerBound", "StartTimeUpperBound":
			test, refused := startBound(c, f.Get("Name"), values)
			if refused != nil {
				return nil, refused
			}
			tests = append(tests, test)
		default:
			return nil, &failure{http.StatusBadRequest, "ValidationError", "Filter type " + f.Get("Name") + " is not correct."}
		}
	}
	return func(a *activity) bool {
		for _, test := range tests {
			if !test(a) {
				return false
			}
		}
		return true
	}, nil
}

// startBound compares as the caller sees the start times: on the clock, in
// milliseconds.
func startBound(c *call, name string, values []string) (func(*activity) bool, *failure) {
	bound, err := time.Parse(time.RFC3339, strings.Join(values, " "))
	if err != nil {
		return nil, invalid("The value of the filter " + name + " must be one time, as in 2006-01-02T15:04:05Z.")
	}
	wrongSide := -1 // earlier than the lower bound
	if name == "StartTimeUpperBound" {
		wrongSide = 1
	}
	return func(a *activity) bool {
		return c.clock(a.start).Truncate(time.Millisecond).Compare(bound) != wrongSide
	}, nil
}
