package wire

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
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
