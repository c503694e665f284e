package awssim

import (
	"encoding/xml"
	"reflect"
	"time"
)

// Operations think in simulated time. Callers compare what they are told with
// their own clocks, so whatever leaves over a wire is put on the clock first:
// by onClock for results that are encoded by reflection, by [xmlText.time] for
// those that write themselves.

// wireFormat is a timestamp as EC2 and Auto Scaling write it.
const wireFormat = "2006-01-02T15:04:05.000Z"

func ec2Time(t time.Time) string { return t.UTC().Format(wireFormat) }

// stamp is a moment in a result, written as EC2 does; the zero time is left out.
type stamp struct{ time.Time }

// MarshalXML writes the moment, which onClock has put on the clock.
func (s stamp) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	if s.IsZero() {
		return nil
	}
	return e.EncodeElement(ec2Time(s.Time), start)
}

// onClock is a copy of a result in which every moment is the clock's.
func onClock(result any, clock func(time.Time) time.Time) any {
	if result == nil {
		return nil
	}
	out := reflect.New(reflect.TypeOf(result)).Elem()
	out.Set(reflect.ValueOf(result))
	putOnClock(out, clock)
	return out.Interface()
}

// putOnClock changes a value in place, and copies what it only refers to.
// Fields that are not exported are not encoded either.
func putOnClock(v reflect.Value, clock func(time.Time) time.Time) {
	switch {
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
		for _, field := range v.Fields() {
			putOnClock(field, clock)
		}
	case !v.CanSet() || v.IsZero():
	case v.Kind() == reflect.Struct:
		v.Set(reflect.ValueOf(clock(v.Interface().(time.Time))))
	case v.Kind() == reflect.Slice:
		copied := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(copied, v)
		v.Set(copied)
		for n := range v.Len() {
			putOnClock(v.Index(n), clock)
		}
	case v.Kind() == reflect.Pointer:
		copied := reflect.New(v.Type().Elem())
		copied.Elem().Set(v.Elem())
		v.Set(copied)
		putOnClock(copied.Elem(), clock)
	}
}

// time is an element with a simulated moment in it, as the clock has it;
// nothing for the zero time.
func (b *xmlText) time(name string, t time.Time) {
	if t.IsZero() {
		return
	}
	b.open(name)
	b.bytes = b.clock(t).AppendFormat(b.bytes, wireFormat)
	b.close(name)
}
