package awssim

import (
	"sort"
	"time"
)

// timeline is how simulated time and the clock's go together. Between two skips
// both run evenly; a skip is simulated time that takes none of the clock's. So
// nothing that has happened lies in the clock's future, and what happened
// earlier is never later by the clock. It has to be begun before it is asked.
type timeline struct {
	speed float64 // simulated seconds in one of the clock
	legs  []leg   // oldest first; the first also reaches back
}

// leg is a stretch of even time, from a moment on.
type leg struct{ simulated, clock time.Time }

// skip lets simulated time jump ahead at a moment of the clock.
func (l *timeline) skip(d time.Duration, wall time.Time) {
	l.legs = append(l.legs, leg{l.simulated(wall).Add(d), wall})
}

// simulated is the simulated moment at a moment of the clock; at that of a
// skip, where the skip led to.
func (l *timeline) simulated(clock time.Time) time.Time {
	from := l.legs[l.last(func(one leg) bool { return !one.clock.After(clock) })]
	d := clock.Sub(from.clock)
	if l.speed == 1 {
		return from.simulated.Add(d).UTC()
	}
	return plus(from.simulated, float64(d)*l.speed)
}

// clock is the moment of the clock at which a simulated moment is; for those
// within a skip, when it was skipped.
func (l *timeline) clock(simulated time.Time) time.Time {
	n := l.last(func(one leg) bool { return !one.simulated.After(simulated) })
	from := l.legs[n]
	at := from.clock.Add(simulated.Sub(from.simulated)).UTC()
	if l.speed != 1 {
		// What the clock said of a moment comes back as it was, though the
		// arithmetic is off by some nanoseconds.
		at = plus(from.clock, nanoseconds(from.simulated, simulated)/l.speed).Round(time.Microsecond)
	}
	if n+1 < len(l.legs) && at.After(l.legs[n+1].clock) {
		return l.legs[n+1].clock.UTC()
	}
	return at
}

// last is the index of the last leg that is reached, 0 for none.
func (l *timeline) last(reached func(leg) bool) int {
	beyond := sort.Search(len(l.legs), func(n int) bool { return !reached(l.legs[n]) })
	return max(beyond-1, 0)
}

// Simulated spans can be longer than a time.Duration: ten years at sixty times
// the speed are six hundred, and it ends at 292.

func nanoseconds(from, to time.Time) float64 {
	return float64(to.Unix()-from.Unix())*1e9 + float64(to.Nanosecond()-from.Nanosecond())
}

func plus(t time.Time, nanoseconds float64) time.Time {
	seconds := int64(nanoseconds / 1e9)
	return time.Unix(t.Unix()+seconds, int64(t.Nanosecond())+int64(nanoseconds-float64(seconds)*1e9)).UTC()
}
