package main

import (
	"runtime/debug"
	"slices"
	"sync"
)

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
// the whole program.
func garbage(percent int) (back func()) { return collector.let(percent) }

var collector = collecting{set: debug.SetGCPercent}

// collecting is how much garbage lies by the wish of several, of whom each comes
// and goes when it likes: the newest of those that are there counts. History is
// asked for before the first declarations are read to their end.
type collecting struct {
	set func(percent int) (before int)

	mu     sync.Mutex
	wishes []*int
	own    int // what it was before anybody wished
}

func (c *collecting) let(percent int) (back func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wish := &percent
	before := c.set(percent)
	if len(c.wishes) == 0 {
		c.own = before
	}
	c.wishes = append(c.wishes, wish)
	return func() { c.forget(wish) }
}

func (c *collecting) forget(wish *int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wishes = slices.DeleteFunc(c.wishes, func(w *int) bool { return w == wish })
	if n := len(c.wishes); n > 0 {
		c.set(*c.wishes[n-1])
		return
	}
	c.set(c.own)
}
