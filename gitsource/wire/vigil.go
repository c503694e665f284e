package wire

import (
	"context"
	"errors"
	"io"
	"time"
)

// errStalled: nothing has arrived for too long.
var errStalled = errors.New("nothing arrives")

// vigil ends a context when nothing arrives for too long. A deadline alone
// cannot tell a slow server from a dead one.
type vigil struct {
	ctx      context.Context // ends with errStalled
	outer    context.Context // does not
	patience time.Duration
	timer    *time.Timer
}

func watchOver(outer context.Context, patience time.Duration) (v *vigil, stop func()) {
	ctx, cancel := context.WithCancelCause(outer)
	timer := time.AfterFunc(patience, func() { cancel(errStalled) })
	v = &vigil{ctx: ctx, outer: outer, patience: patience, timer: timer}
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
func (v *vigil) sign() { v.timer.Reset(v.patience) }
