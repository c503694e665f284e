package wire

import (
	"bytes"
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
		a.vigil.timer.Reset(a.vigil.patience)
	}
	return n, err
}

// watched is a conversation in which whatever arrives counts: while a server is
// busy it sends empty lines to show that it lives (git-config(1),
// uploadpack.keepAlive).
type watched struct {
	conversation
	vigil *vigil
}

func (w watched) greeting(ctx context.Context) (io.Reader, error) {
	said, err := w.conversation.greeting(ctx)
	if err != nil {
		return nil, err
	}
	return w.vigil.over(said), nil
}

func (w watched) ask(ctx context.Context, request *bytes.Buffer) (io.Reader, error) {
	reply, err := w.conversation.ask(ctx, request)
	if err != nil {
		return nil, err
	}
	return w.vigil.over(reply), nil
}
