package reconcile

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestEachReasonToBeStaleIsLoggedWhenItBegins(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := &Loop{Log: slog.New(slog.NewTextHandler(&out, nil))}
	held := Stale{Held: true, Reason: "not signed"}
	both := held
	both.Also = &Stale{Reason: "access denied"}
	at := func(s *Stale) Declared { return Declared{Head: Commit{Hash: "c1"}, Stale: s} }
	steps := []struct {
		now  *Stale
		want []string
	}{
		{&held, []string{"newest commit held"}},
		{&both, []string{"repository not reachable"}},
		{&both, nil},
		{&held, []string{"repository reachable again"}},
		{nil, []string{"commit held no more"}},
	}
	var before *Stale
	for n, step := range steps {
		out.Reset()
		l.logNews(at(before), at(step.now))
		before = step.now
		if lines := strings.Count(out.String(), "\n"); lines != len(step.want) {
			t.Errorf("step %d logs\n%s", n, out.String())
		}
		for _, want := range step.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("step %d logs\n%s\nwithout %q", n, out.String(), want)
			}
		}
	}
}
