package awssim

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Moments of the two times at which the timelines here begin.
var (
	simulatedBegin = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	clockBegin     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func begun(speed float64) *timeline {
	return &timeline{speed, []leg{{simulatedBegin, clockBegin}}}
}

func TestSkippedTimeTakesNoneOfTheClock(t *testing.T) {
	t.Parallel()
	l := begun(60)
	l.skip(time.Hour, clockBegin.Add(10*time.Second)) // simulated minutes 10 to 70
	l.skip(time.Hour, clockBegin.Add(10*time.Second)) // and to 130
	for _, test := range []struct{ simulated, clock time.Duration }{
		{-10 * time.Minute, -10 * time.Second},
		{0, 0},
		{5 * time.Minute, 5 * time.Second},
		{10 * time.Minute, 10 * time.Second},
		{40 * time.Minute, 10 * time.Second},
		{100 * time.Minute, 10 * time.Second},
		{130 * time.Minute, 10 * time.Second},
		{131 * time.Minute, 11 * time.Second},
	} {
		if got := l.clock(simulatedBegin.Add(test.simulated)).Sub(clockBegin); got != test.clock {
			t.Errorf("simulated %v is %v on the clock, want %v", test.simulated, got, test.clock)
		}
	}
	if got := l.simulated(clockBegin.Add(10 * time.Second)).Sub(simulatedBegin); got != 130*time.Minute {
		t.Errorf("the skips led to %v, want 130m", got)
	}
}

func TestTimelineKeepsOrderAndNow(t *testing.T) {
	t.Parallel()
	for _, speed := range []float64{1e-9, 0.5, 1, 7, 60, 3600} {
		dice := rand.New(rand.NewPCG(1, 2))
		l, wall := begun(speed), clockBegin
		last, lastClock := simulatedBegin, clockBegin
		for range 200 {
			wall = wall.Add(time.Duration(dice.Int64N(int64(time.Minute))))
			if dice.IntN(4) == 0 {
				l.skip(time.Duration(dice.Int64N(int64(time.Hour))), wall)
			}
			now := l.simulated(wall)
			at := l.clock(now)
			if now.Before(last) || at.Before(lastClock) || at.After(wall.Add(time.Microsecond)) {
				t.Fatalf("at speed %v %v (clock %v) follows %v (clock %v) at %v", speed, now, at, last, lastClock, wall)
			}
			last, lastClock = now, at
		}
	}
}

func TestTimelineAtSpeedOneIsTheClock(t *testing.T) {
	t.Parallel()
	l := &timeline{1, []leg{{clockBegin, clockBegin}}}
	for _, d := range []time.Duration{-1000 * 24 * time.Hour, -1, 0, 1, 999_999, 4000*24*time.Hour + 999_999} {
		at := clockBegin.Add(d)
		if got := l.clock(at); !got.Equal(at) {
			t.Errorf("%v is %v on the clock", at, got)
		}
		if got := l.simulated(at); !got.Equal(at) {
			t.Errorf("%v of the clock is %v", at, got)
		}
	}
}

func TestClockDatesComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	for _, speed := range []float64{0.3, 1, 7, 60, 3600} {
		l := begun(speed)
		for minutes := range 100 {
			at := clockBegin.AddDate(minutes/10, 0, 0).Add(time.Duration(minutes) * time.Minute)
			if got := l.clock(l.simulated(at)); !got.Equal(at) {
				t.Errorf("at speed %v %v comes back as %v", speed, at, got)
			}
		}
	}
}
