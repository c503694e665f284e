package aws

import (
	"context"
	"slices"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"moult/reconcile"
)

// prepare reads what is to be known before a refresh starts, of the groups
// where one may: the declared alarms, what the instance types can run, and how
// many versions the template has.
func (l *look) prepare(ctx context.Context) {
	var ready []int
	for i := range l.observed {
		if l.visible(i) && l.observed[i].Operator == "" && !atRest(&l.observed[i], l.desired[i].Image) && !active(l.observed[i].Refreshes) {
			ready = append(ready, i)
		}
	}
	if len(ready) == 0 {
		return
	}
	l.readAlarms(ctx, ready)
	l.readArchitectures(ctx, ready)
	l.countVersions(ctx, ready)
}

func active(refreshes []reconcile.Refresh) bool {
	return slices.ContainsFunc(refreshes, func(r reconcile.Refresh) bool { return r.Status.Active() })
}

// alarmsPage is the most names that one call takes: "Maximum number of 100
// items" (AlarmNames of DescribeAlarms).
const alarmsPage = 100

// readAlarms reads the states of the declared alarms. AWS refuses to start a
// refresh while one of them is firing, so a group whose alarms cannot be read
// is not observed well enough to act on.
func (l *look) readAlarms(ctx context.Context, ready []int) {
	names := map[string]bool{}
	for _, i := range ready {
		for _, name := range l.desired[i].Rollout.Alarms {
			names[name] = true
		}
	}
	states := map[string]string{}
	var failure error
	for batch := range slices.Chunk(sortedKeys(names), alarmsPage) {
		if failure = l.down.unless(func() error { return l.readAlarmStates(ctx, batch, states) }); failure != nil {
			break
		}
	}
	for _, i := range ready {
		declared := l.desired[i].Rollout.Alarms
		if len(declared) == 0 {
			continue
		}
		if failure != nil {
			l.fail(i, failure)
			continue
		}
		own := make(map[string]string, len(declared))
		for _, name := range declared {
			own[name] = states[name]
		}
		l.observed[i].Alarms = own
	}
}

// readAlarmStates asks for both types: metric alarms alone are the default.
func (l *look) readAlarmStates(ctx context.Context, names []string, states map[string]string) error {
	input := &cloudwatch.DescribeAlarmsInput{
		AlarmNames: names, AlarmTypes: []cwtypes.AlarmType{cwtypes.AlarmTypeMetricAlarm, cwtypes.AlarmTypeCompositeAlarm},
		MaxRecords: awssdk.Int32(alarmsPage),
	}
	for {
		out, err := l.alarms.DescribeAlarms(ctx, input)
		if err != nil {
			return failed("describe alarms", err)
		}
		for _, a := range out.MetricAlarms {
			states[awssdk.ToString(a.AlarmName)] = string(a.StateValue)
		}
		for _, a := range out.CompositeAlarms {
			states[awssdk.ToString(a.AlarmName)] = string(a.StateValue)
		}
		if input.NextToken = out.NextToken; awssdk.ToString(out.NextToken) == "" {
			return nil
		}
	}
}

// typesPage is the most types that one call answers for: "between 5 and 100"
// (MaxResults of DescribeInstanceTypes).
const typesPage = 100

// readArchitectures learns what the instance types can run, each type once
// for ever. It only warns people of an image that cannot boot there, so that a
// refusal is logged and no more.
func (l *look) readArchitectures(ctx context.Context, ready []int) {
	known := l.rememberedArchitectures()
	unknown := map[string]bool{}
	for _, i := range ready {
		for _, t := range l.types[i] {
			if known[t] == nil {
				unknown[t] = true
			}
		}
	}
	for batch := range slices.Chunk(sortedKeys(unknown), typesPage) {
		err := l.down.unless(func() error { return l.readTypes(ctx, batch, known) })
		if err != nil {
			l.log.Warn("instance types unreadable", "error", err)
			break
		}
	}
	for _, i := range ready {
		own := map[string][]string{}
		for _, t := range l.types[i] {
			if len(known[t]) > 0 {
				own[t] = known[t]
			}
		}
		l.observed[i].Architectures = own
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.memory.architectures = known
}

func (l *look) rememberedArchitectures() map[string][]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := make(map[string][]string, len(l.memory.architectures))
	for t, architectures := range l.memory.architectures {
		known[t] = architectures
	}
	return known
}

// readTypes asks by filter: a type that the region does not have is left out
// of the answer then, and does not spoil it.
func (l *look) readTypes(ctx context.Context, types []string, known map[string][]string) error {
	input := &ec2.DescribeInstanceTypesInput{
		Filters:    []ec2types.Filter{{Name: awssdk.String("instance-type"), Values: types}},
		MaxResults: awssdk.Int32(typesPage),
	}
	for {
		out, err := l.compute.DescribeInstanceTypes(ctx, input)
		if err != nil {
			return failed("describe instance types", err)
		}
		for _, t := range out.InstanceTypes {
			known[string(t.InstanceType)] = architecturesOf(t.ProcessorInfo)
		}
		if input.NextToken = out.NextToken; awssdk.ToString(out.NextToken) == "" {
			break
		}
	}
	for _, t := range types {
		if known[t] == nil {
			known[t] = []string{} // asked, and not known here
		}
	}
	return nil
}

func architecturesOf(p *ec2types.ProcessorInfo) []string {
	architectures := []string{}
	if p != nil {
		for _, a := range p.SupportedArchitectures {
			architectures = append(architectures, string(a))
		}
	}
	return architectures
}

// countVersions reads how many versions the templates have had: AWS allows
// 10,000 of one. Versions that were deleted are counted too, since only the
// number of the newest is cheap to learn.
func (l *look) countVersions(ctx context.Context, ready []int) {
	templates := map[string]bool{}
	for _, i := range ready {
		templates[l.observed[i].Saved.Template] = true
	}
	delete(templates, "")
	var meaning map[string]symbols
	err := l.down.unless(func() error {
		var err error
		meaning, err = l.symbolsOf(ctx, sortedKeys(templates))
		return err
	})
	if err != nil {
		l.log.Warn("template versions not counted", "error", err)
	}
	for _, i := range ready {
		l.observed[i].TemplateVersions = meaning[l.observed[i].Saved.Template].latest
	}
}
