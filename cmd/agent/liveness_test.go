package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"moult/reconcile"
)

const (
	slow = 10 * time.Minute
	rest = time.Minute
)

func TestLoopLivesWhileItsCallsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &liveness{}
		for range 10 {
			end := l.begin("reading the repository")
			time.Sleep(slow - time.Second)
			end()
			time.Sleep(rest)
			if !l.lives(slow, rest, time.Now()) {
				t.Fatal("a loop that goes round counts as hanging")
			}
		}
	})
}

func TestLoopHangsWhenOneOfItsCallsDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &liveness{}
		end := l.begin("observing %s", "eu-west-1")
		for range 11 {
			time.Sleep(time.Minute)
			l.begin("reading the repository")() // the rest of the loop goes round
		}
		if l.lives(slow, rest, time.Now()) {
			t.Error("a call that has not returned for 11 minutes counts as alive")
		}
		if c, busy := l.oldest(); !busy || c.what != "observing eu-west-1" {
			t.Errorf("the oldest call is %+v, want the one that hangs", c)
		}
		end()
		if !l.lives(slow, rest, time.Now()) {
			t.Error("it counts as hanging after the call has returned")
		}
	})
}

func TestLoopHangsWhenItCallsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &liveness{}
		l.begin("reading the repository")()
		time.Sleep(slow + rest + time.Second)
		if l.lives(slow, rest, time.Now()) {
			t.Error("a loop that has stopped calling counts as alive")
		}
	})
}

// silent is a source and a provider whose calls notice what is under way.
type silent struct {
	liveness *liveness
	seen     *[]string
}

func (s silent) note() error {
	c, _ := s.liveness.oldest()
	*s.seen = append(*s.seen, c.what)
	return errors.New("no")
}

func (s silent) Read(context.Context) (reconcile.Declared, error) {
	return reconcile.Declared{}, s.note()
}

func (s silent) Resolve(context.Context, reconcile.Place, []reconcile.Declaration) ([]reconcile.Desired, error) {
	return nil, s.note()
}

func (s silent) Observe(context.Context, reconcile.Place, []reconcile.Desired) ([]reconcile.Observed, error) {
	return nil, s.note()
}

func (s silent) Apply(context.Context, reconcile.Action) (reconcile.Receipt, error) {
	return reconcile.Receipt{}, s.note()
}

func (s silent) CheckImages(context.Context, reconcile.Place, []string) (map[string]string, error) {
	return nil, s.note()
}

func TestEveryCallIsSeen(t *testing.T) {
	t.Parallel()
	l := &liveness{}
	var seen []string
	s := silent{l, &seen}
	place := reconcile.Place{Region: "eu-west-1"}
	_, _ = l.source(s).Read(t.Context())
	provider := l.provider(s)
	_, _ = provider.Resolve(t.Context(), place, nil)
	_, _ = provider.Observe(t.Context(), place, make([]reconcile.Desired, 2))
	for _, verb := range []reconcile.Verb{reconcile.Roll, reconcile.Cancel, reconcile.RollBack, reconcile.Pin} {
		_, _ = provider.Apply(t.Context(), reconcile.Action{Verb: verb, Group: reconcile.ID{Environment: "production", Group: "web"}})
	}
	_, _ = provider.(reconcile.ImageChecker).CheckImages(t.Context(), place, nil)
	want := []string{
		"reading the repository", "looking up images in eu-west-1", "observing 2 groups in eu-west-1",
		"starting the refresh of production/web", "cancelling the refresh of production/web",
		"rolling back the refresh of production/web", "pinning the launch template of production/web",
		"checking earlier images in eu-west-1",
	}
	sameLines(t, seen, want)
	if c, busy := l.oldest(); busy {
		t.Errorf("%q still counts as under way", c.what)
	}
}

func TestNoAbilityIsClaimedThatTheProviderLacks(t *testing.T) {
	t.Parallel()
	plain := struct{ reconcile.Provider }{}
	if _, ok := (&liveness{}).provider(plain).(reconcile.ImageChecker); ok {
		t.Error("a provider that cannot check images seems to")
	}
}
