package awssim

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

var cloudWatchOperations = map[string]operation{
	"monitoring:PutMetricAlarm":    putMetricAlarm,
	"monitoring:PutCompositeAlarm": putCompositeAlarm,
	"monitoring:DescribeAlarms":    describeAlarms,
	"monitoring:SetAlarmState":     setAlarmState,
	"monitoring:DeleteAlarms":      deleteAlarms,
}

// alarm is a CloudWatch alarm. Metrics are not simulated: an alarm begins as
// INSUFFICIENT_DATA, and stays as it is set to be. (The real SetAlarmState lasts
// until the next evaluation only.)
type alarm struct {
	name      string
	composite bool
	rule      string // of a composite alarm
	settings  metricAlarmSettings
	state     string
	reason    string
	updated   time.Time // configuration
	changed   time.Time // state
	looking   bool      // a composite alarm's rule is being evaluated
}

// Names of alarm states, as CloudWatch has them.
const (
	alarmOK     = "OK"
	alarmFiring = "ALARM"
	alarmNoData = "INSUFFICIENT_DATA"
)

func alarmStateName(s string) bool { return s == alarmOK || s == alarmFiring || s == alarmNoData }

// metricAlarmSettings is what PutMetricAlarm is told and DescribeAlarms repeats.
type metricAlarmSettings struct {
	AlarmDescription        string      `xml:",omitempty"`
	ActionsEnabled          *bool       `xml:",omitempty"`
	OKActions               []string    `xml:"OKActions>member"`
	AlarmActions            []string    `xml:"AlarmActions>member"`
	InsufficientDataActions []string    `xml:"InsufficientDataActions>member"`
	MetricName              string      `xml:",omitempty"`
	Namespace               string      `xml:",omitempty"`
	Statistic               string      `xml:",omitempty"`
	ExtendedStatistic       string      `xml:",omitempty"`
	Dimensions              []dimension `xml:"Dimensions>member"`
	Period                  int         `xml:",omitempty"`
	Unit                    string      `xml:",omitempty"`
	EvaluationPeriods       int         `xml:",omitempty"`
	DatapointsToAlarm       int         `xml:",omitempty"`
	Threshold               *float64    `xml:",omitempty"`
	ComparisonOperator      string      `xml:",omitempty"`
	TreatMissingData        string      `xml:",omitempty"`
}

type dimension struct{ Name, Value string }

// addAlarm makes an alarm in a state, or puts an existing one into it.
func (r *region) addAlarm(name, state string) *alarm {
	a := r.alarms[name]
	if a == nil {
		a = &alarm{name: name, updated: r.now}
		r.alarms[name] = a
	}
	a.set(state, "Set by the simulation.", r.now)
	return a
}

func (a *alarm) set(state, reason string, now time.Time) {
	a.state, a.reason, a.changed = state, reason, now
}

// alarmState is the state of an alarm: OK, ALARM or INSUFFICIENT_DATA, "" when
// there is no alarm of that name.
func (r *region) alarmState(name string) string {
	a := r.alarms[name]
	if a == nil {
		return ""
	}
	state, _ := r.current(a)
	return state
}

type putMetricAlarmInput struct {
	AlarmName string
	Metrics   []metricQuery
	metricAlarmSettings
}

// metricQuery is one row of metric math. It is accepted and not kept.
type metricQuery struct{ Id string }

func putMetricAlarm(r *region, c *call) (any, *failure) {
	var in putMetricAlarmInput
	if f := c.input(&in); f != nil {
		return nil, f
	}
	if f := in.invalid(); f != nil {
		return nil, f
	}
	a := r.alarms[in.AlarmName]
	if a == nil {
		a = &alarm{name: in.AlarmName}
		a.set(alarmNoData, "Unchecked: Initial alarm creation", r.now)
		r.alarms[a.name] = a
	}
	a.settings, a.updated = in.metricAlarmSettings, r.now // the state stays as it was
	return nil, nil
}

// invalid is the part of CloudWatch's validation that a hand-written request
// meets: what every alarm must say, and what one on a single metric must.
func (in putMetricAlarmInput) invalid() *failure {
	required := map[string]bool{
		"alarmName":          in.AlarmName != "",
		"comparisonOperator": in.ComparisonOperator != "",
		"evaluationPeriods":  in.EvaluationPeriods > 0,
	}
	if len(in.Metrics) == 0 {
		required["metricName"] = in.MetricName != ""
		required["namespace"] = in.Namespace != ""
		required["period"] = in.Period > 0
		required["statistic"] = in.Statistic != "" || in.ExtendedStatistic != ""
		required["threshold"] = in.Threshold != nil
	}
	for _, name := range slices.Sorted(maps.Keys(required)) {
		if !required[name] {
			return monitoringInvalid("1 validation error detected: Value at '%s' failed to satisfy constraint: Member must not be null", name)
		}
	}
	return nil
}

func monitoringInvalid(format string, args ...any) *failure {
	return &failure{http.StatusBadRequest, "ValidationError", fmt.Sprintf(format, args...)}
}

type setAlarmStateInput struct{ AlarmName, StateValue, StateReason string }

func setAlarmState(r *region, c *call) (any, *failure) {
	var in setAlarmStateInput
	if f := c.input(&in); f != nil {
		return nil, f
	}
	a := r.alarms[in.AlarmName]
	switch {
	case !alarmStateName(in.StateValue):
		return nil, monitoringInvalid("1 validation error detected: Value '%s' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]", in.StateValue)
	case a == nil:
		return nil, &failure{http.StatusNotFound, "ResourceNotFound", "Alarm " + in.AlarmName + " does not exist"}
	}
	a.set(in.StateValue, in.StateReason, r.now)
	return nil, nil
}

// deleteAlarms deletes all of them or, when one does not exist, none.
func deleteAlarms(r *region, c *call) (any, *failure) {
	var in struct {
		AlarmNames []string `xml:"AlarmNames>member"`
	}
	if f := c.input(&in); f != nil {
		return nil, f
	}
	for _, name := range in.AlarmNames {
		if r.alarms[name] == nil {
			return nil, &failure{http.StatusNotFound, "ResourceNotFound", "Alarm " + name + " does not exist"}
		}
	}
	for _, name := range in.AlarmNames {
		delete(r.alarms, name)
	}
	return nil, nil
}
