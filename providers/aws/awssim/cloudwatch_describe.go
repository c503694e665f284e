package awssim

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

type alarmView struct {
	AlarmName                          string
	AlarmArn                           string
	AlarmRule                          string `xml:",omitempty"`
	StateValue                         string
	StateReason                        string
	StateUpdatedTimestamp              time.Time
	StateTransitionedTimestamp         time.Time
	AlarmConfigurationUpdatedTimestamp time.Time
	metricAlarmSettings
}

func (r *region) alarmView(a *alarm) alarmView {
	state, since := r.current(a)
	return alarmView{
		AlarmName: a.name, AlarmArn: "arn:aws:cloudwatch:" + r.place.region + ":" + r.place.account + ":alarm:" + a.name,
		AlarmRule: a.rule, StateValue: state, StateReason: a.reason, StateUpdatedTimestamp: since,
		StateTransitionedTimestamp: since, AlarmConfigurationUpdatedTimestamp: a.updated, metricAlarmSettings: a.settings,
	}
}

type describeAlarmsInput struct {
	AlarmNames      []string
	AlarmTypes      []string
	AlarmNamePrefix string
	StateValue      string
	MaxRecords      int
	NextToken       string
}

type describeAlarmsResult struct {
	MetricAlarms    []alarmView `xml:"MetricAlarms>member"`
	CompositeAlarms []alarmView `xml:"CompositeAlarms>member"`
	NextToken       string      `xml:",omitempty"`
}

// Alarm types, as DescribeAlarms is asked for them.
const (
	metricAlarm    = "MetricAlarm"
	compositeAlarm = "CompositeAlarm"
)

// describeAlarms goes by name. Composite alarms are told only when they are
// asked for. A name that does not exist is left out.
func describeAlarms(r *region, c *call) (any, *failure) {
	in := describeAlarmsInput{MaxRecords: 50}
	if f := c.input(&in); f != nil {
		return nil, f
	}
	switch {
	case in.MaxRecords < 1 || in.MaxRecords > 100:
		return nil, monitoringInvalid("1 validation error detected: Value '%d' at 'maxRecords' failed to satisfy constraint: Member must have value between 1 and 100", in.MaxRecords)
	case len(in.AlarmNames) > 100:
		return nil, monitoringInvalid("1 validation error detected: Value at 'alarmNames' failed to satisfy constraint: Member must have length less than or equal to 100")
	case len(in.AlarmNames) > 0 && in.AlarmNamePrefix != "":
		return nil, &failure{http.StatusBadRequest, "InvalidParameterCombination", "AlarmNamePrefix cannot be used with AlarmNames."}
	}
	after := ""
	if in.NextToken != "" {
		var ok bool
		if after, ok = readToken(c, in.NextToken); !ok {
			return nil, &failure{http.StatusBadRequest, "InvalidNextToken", "The next token specified is invalid."}
		}
	}
	return r.alarmPage(c, in, after), nil
}

func (r *region) alarmPage(c *call, in describeAlarmsInput, after string) describeAlarmsResult {
	out := describeAlarmsResult{}
	last := ""
	for _, name := range slices.Sorted(maps.Keys(r.alarms)) {
		a := r.alarms[name]
		if name <= after || !in.wants(a, r.alarmState(name)) {
			continue
		}
		if len(out.MetricAlarms)+len(out.CompositeAlarms) == in.MaxRecords {
			out.NextToken = makeToken(c, last)
			break
		}
		last = name
		if a.composite {
			out.CompositeAlarms = append(out.CompositeAlarms, r.alarmView(a))
		} else {
			out.MetricAlarms = append(out.MetricAlarms, r.alarmView(a))
		}
	}
	return out
}

func (in describeAlarmsInput) wants(a *alarm, state string) bool {
	kind := metricAlarm
	if a.composite {
		kind = compositeAlarm
	}
	types := in.AlarmTypes
	if len(types) == 0 {
		types = []string{metricAlarm}
	}
	return slices.Contains(types, kind) &&
		(len(in.AlarmNames) == 0 || slices.Contains(in.AlarmNames, a.name)) &&
		strings.HasPrefix(a.name, in.AlarmNamePrefix) &&
		cmp.Or(in.StateValue, state) == state
}
