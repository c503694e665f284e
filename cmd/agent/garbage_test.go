package main

import "testing"

// TestWhoGoesFirstDoesNotSettleHowMuchGarbageLies: while the first declarations
// are read, history is asked for, and read when they have long been.
func TestWhoGoesFirstDoesNotSettleHowMuchGarbageLies(t *testing.T) {
	t.Parallel()
	now := 100
	c := collecting{set: func(percent int) int {
		before := now
		now = percent
		return before
	}}
	want := func(what string, percent int) {
		t.Helper()
		if now != percent {
			t.Errorf("%s: %d percent, not %d", what, now, percent)
		}
	}
	atRest := c.let(restPercent)
	first := c.let(hurriedPercent)
	want("the first declarations", hurriedPercent)
	history := c.let(leanPercent)
	first()
	want("history behind them", leanPercent)
	history()
	want("at rest", restPercent)
	atRest()
	want("at the end", 100)
}
