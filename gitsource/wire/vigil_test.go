package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"moult/gitsource/fault"
)

func TestSlowIsNotDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, stop := watchOver(t.Context(), time.Minute)
		defer stop()
		out, in := io.Pipe()
		go func() {
			for range 100 {
				time.Sleep(50 * time.Second) // virtual
				in.Write([]byte("x"))
			}
		}()
		r := v.over(out)
		for range 100 {
			if _, err := r.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
		if v.ctx.Err() != nil {
			t.Error("a slow server was given up")
		}
		<-v.ctx.Done()
		if !errors.Is(context.Cause(v.ctx), errStalled) || v.outer.Err() != nil {
			t.Errorf("the end came by %v", context.Cause(v.ctx))
		}
	})
}

// pausing is a server's answer, with a pause in front of each part of it.
type pausing struct {
	ctx   context.Context
	parts []string
	pause time.Duration
	rest  string
}

func (p *pausing) Read(b []byte) (int, error) {
	if p.rest == "" && len(p.parts) == 0 {
		return 0, io.EOF
	}
	if p.rest == "" {
		select {
		case <-p.ctx.Done():
			return 0, p.ctx.Err()
		case <-time.After(p.pause): // virtual
		}
		p.rest, p.parts = p.parts[0], p.parts[1:]
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// TestAServerMayWorkForMinutes before it sends a pack, as git does for a large
// repository, and not for ever.
func TestAServerMayWorkForMinutes(t *testing.T) {
	t.Parallel()
	for minutes, want := range map[int]string{4: "", 6: "the server says that it is at work, and sent nothing for 5m0s"} {
		synctest.Test(t, func(t *testing.T) {
			v, stop := watchOver(t.Context(), time.Minute)
			defer stop()
			parts := slices.Repeat([]string{"0005\x01"}, minutes*60/5)
			parts = append(parts, "0008\x01PAC", "0006\x01K", "0000")
			pack := &sideband{packets: &packets{r: &pausing{ctx: v.ctx, parts: parts, pause: 5 * time.Second}}, word: v.word}
			got, err := io.ReadAll(v.over(pack))
			err = new(Server).stalled(v, err)
			switch {
			case want == "" && (err != nil || string(got) != "PACK"):
				t.Errorf("after %d minutes came %q, %v", minutes, got, err)
			case want != "" && (!errors.Is(err, fault.ErrUnreachable) || !strings.Contains(fmt.Sprint(err), want)):
				t.Errorf("error is %v", err)
			}
		})
	}
}

// TestAPackThatHasArrivedIsNotLate: what is wrong with it is said, however long
// it took to find.
func TestAPackThatHasArrivedIsNotLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, stop := watchOver(t.Context(), time.Minute)
		defer stop()
		<-v.ctx.Done()
		if err := new(Server).stalled(v, fault.TooLarge("object of 7 bytes")); !errors.Is(err, fault.ErrTooLarge) {
			t.Errorf("error is %v", err)
		}
	})
}
