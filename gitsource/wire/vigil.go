package wire

import (
	"context"
	"errors"
	"io"
	"time"

	"moult/gitsource/fault"
)

// errStalled: nothing has arrived for too long.
var errStalled = errors.New("nothing arrives")

// borne is how many times longer than silence it is borne that a server says
// that it is at work, and sends nothing. Of a very large repository git counts
// and compresses for minutes before the pack begins, and says so every five
// seconds (uploadpack.keepAlive in git-config(1)). A server that never does
// anything else shall not take all the time that there is for a clone.
const borne = 5

// vigil ends a context when nothing arrives for too long. A deadline alone
// cannot tell a slow server from a dead one.
type vigil struct {
	ctx      context.Context // ends with errStalled
	outer    context.Context // does not
	patience time.Duration
	timer    *time.Timer
	last     time.Time // when something arrived
	words    int       // that came since, and nothing else
}

func watchOver(outer context.Context, patience time.Duration) (v *vigil, stop func()) {
	ctx, cancel := context.WithCancelCause(outer)
	timer := time.AfterFunc(patience, func() { cancel(errStalled) })
	v = &vigil{ctx: ctx, outer: outer, patience: patience, timer: timer, last: time.Now()}
	return v, func() { timer.Stop(); cancel(nil) }
}

// over is a reader whose bytes show that something arrives.
func (v *vigil) over(r io.Reader) io.Reader { return arriving{r, v} }

type arriving struct {
	io.Reader
	vigil *vigil
}

func (a arriving) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	if n > 0 {
		a.vigil.sign()
	}
	return n, err
}

// sign says that something has arrived.
func (v *vigil) sign() {
	v.timer.Reset(v.patience)
	v.last, v.words = time.Now(), 0
}

// word says that the server is at work.
func (v *vigil) word() {
	v.words++
	if left := v.patience*borne - time.Since(v.last); left > 0 {
		v.timer.Reset(min(v.patience, left))
	}
}

// why is what the server did when it was given up.
func (v *vigil) why() error {
	if v.words == 0 {
		return fault.New(fault.ErrUnreachable, "it is tried again at the next poll", "no answer within %s", v.patience)
	}
	return fault.New(fault.ErrUnreachable, "it is tried again at the next poll; git gc on the server makes it faster",
		"the server says that it is at work, and sent nothing for %s", time.Since(v.last).Round(time.Second))
}
