package main

import "runtime/debug"

// How much garbage may lie in memory before it is collected, in percent of what
// is in use. Go's own 100 doubles the memory of a program.
const (
	// restPercent is for an agent, which waits for most of its life: on its machine
	// memory is worth more than time.
	restPercent = 50
	// leanPercent is for history, which is read behind everything else.
	leanPercent = 25
	// hurriedPercent is for what somebody waits for: the first declarations, and an
	// answer from the record. It takes a fifth of the time off.
	hurriedPercent = 200
)

// garbage lets so much of it lie, until back is called. It is one setting for
// the whole program, so one use ends before the next one begins, or holds it
// inside.
func garbage(percent int) (back func()) {
	before := debug.SetGCPercent(percent)
	return func() { debug.SetGCPercent(before) }
}
