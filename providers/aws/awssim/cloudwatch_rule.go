package awssim

import (
	"regexp"
	"strings"
	"time"
)

type putCompositeAlarmInput struct {
	AlarmName, AlarmRule, AlarmDescription string
	ActionsEnabled                         *bool
}

// putCompositeAlarm makes an alarm that follows from others.
func putCompositeAlarm(r *region, c *call) (any, *failure) {
	var in putCompositeAlarmInput
	if f := c.input(&in); f != nil {
		return nil, f
	}
	if in.AlarmName == "" || len(in.AlarmRule) > 10240 {
		return nil, monitoringInvalid("1 validation error detected: an alarm must have a name, and a rule of up to 10240 characters")
	}
	if _, ok := r.evaluate(in.AlarmRule); !ok {
		return nil, monitoringInvalid("AlarmRule must be a valid rule expression: %s", in.AlarmRule)
	}
	a := &alarm{name: in.AlarmName, composite: true, rule: in.AlarmRule, updated: r.now}
	a.settings = metricAlarmSettings{AlarmDescription: in.AlarmDescription, ActionsEnabled: in.ActionsEnabled}
	a.set(alarmNoData, "", r.now)
	r.alarms[a.name] = a
	return nil, nil
}

// current is the alarm's state and when it came to be so. A composite alarm is
// worked out whenever it is looked at; one whose rule is false is OK.
func (r *region) current(a *alarm) (state string, since time.Time) {
	if !a.composite || a.looking {
		return a.state, a.changed
	}
	a.looking = true // a rule may lead back to its own alarm
	defer func() { a.looking = false }()
	state = alarmOK
	if firing, _ := r.evaluate(a.rule); firing {
		state = alarmFiring
	}
	if state != a.state {
		a.set(state, a.rule, r.now)
	}
	return state, a.changed
}

// ruleWords are the parts of a rule: a condition on an alarm, an operator, a
// constant, a parenthesis.
var ruleWords = regexp.MustCompile(`^\s*(?:(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"([^"]+)"|([^\s()]+))\s*\)|(AND|OR|NOT|TRUE|FALSE)\b|([()]))`)

// ruleReader evaluates a rule as it reads it. NOT binds tightest, OR least
// ("Composite alarm rule expression", PutCompositeAlarm).
type ruleReader struct {
	rest  string
	word  []string // the next word as matched, nil at the end or at what is no word
	state func(alarm string) string
	bad   bool
}

// evaluate is whether a rule is true now; ok is false for one that cannot be
// read.
func (r *region) evaluate(rule string) (firing, ok bool) {
	reader := &ruleReader{rest: rule, state: r.alarmState}
	reader.advance()
	firing = reader.or()
	return firing, !reader.bad && reader.word == nil && strings.TrimSpace(reader.rest) == ""
}

func (r *ruleReader) advance() {
	r.word = ruleWords.FindStringSubmatch(r.rest)
	if r.word != nil {
		r.rest = r.rest[len(r.word[0]):]
	}
}

// take moves past a word if it is the next one.
func (r *ruleReader) take(word string) bool {
	if r.word == nil || r.word[4] != word && r.word[5] != word {
		return false
	}
	r.advance()
	return true
}

func (r *ruleReader) or() bool {
	v := r.and()
	for r.take("OR") {
		right := r.and()
		v = v || right
	}
	return v
}

func (r *ruleReader) and() bool {
	v := r.not()
	for r.take("AND") {
		right := r.not()
		v = v && right
	}
	return v
}

func (r *ruleReader) not() bool {
	switch {
	case r.take("NOT"):
		return !r.not()
	case r.take("TRUE"):
		return true
	case r.take("FALSE"):
		return false
	case r.take("("):
		v := r.or()
		r.bad = r.bad || !r.take(")")
		return v
	case r.word == nil || r.word[1] == "":
		r.bad = true
		return false
	}
	wanted, name := r.word[1], r.word[2]+r.word[3]
	r.advance()
	return r.state(name[strings.LastIndex(name, ":")+1:]) == wanted // a name, or the alarm's ARN
}
