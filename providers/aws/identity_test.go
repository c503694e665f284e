package aws

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moult/providers/aws/awssim"
	"moult/providers/providertest"
	"moult/reconcile"
)

// stand is a world with one group, whose role says what it thinks of source
// identities, a second image to roll to, and the agent's log.
func (w *world) stand(t *testing.T, p *Provider, policy string) (declared reconcile.Declaration, log *bytes.Buffer) {
	t.Helper()
	must(t, w.Apply(awssim.Fleet{Roles: []awssim.Role{{Name: "moult", SourceIdentity: policy}}}))
	one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
	w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 1, Max: 4})
	log = &bytes.Buffer{}
	p.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return w.declares("web", two), log
}

func TestEveryWriteCarriesItsCommitAsSourceIdentity(t *testing.T) {
	for _, policy := range []string{"allowed", "required"} {
		t.Run(policy, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *Provider, w *world) {
				d, log := w.stand(t, p, policy)
				calls := w.during(func() { w.roll(t, p, d) })
				if len(w.byMoult()) != 2 {
					t.Errorf("%d writes, want a version and a refresh", len(w.byMoult()))
				}
				for _, write := range w.byMoult() {
					checkWrite(t, write)
				}
				if calls["sts:AssumeRole"] != 2 || log.Len() > 0 {
					t.Errorf("%d sessions, want one that reads and one that writes; log: %s", calls["sts:AssumeRole"], log)
				}
			})
		})
	}
}

// A role without sts:SetSourceIdentity is asked once and warned about once,
// and works as it did before.
func TestARoleThatRefusesSourceIdentitiesIsUsedWithout(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		d, log := w.stand(t, p, "refused")
		calls := w.during(func() { w.see(t, p, d) })
		if calls["sts:AssumeRole"] != 2 || log.Len() > 0 {
			t.Errorf("%d tries for a session that reads, want 2 and no warning yet: %s", calls["sts:AssumeRole"], log)
		}
		calls = w.during(func() { w.roll(t, p, d) })
		if calls["sts:AssumeRole"] != 1 {
			t.Errorf("%d tries for a session that writes, want the one that works", calls["sts:AssumeRole"])
		}
		w.settles(t, p, d)
		next := w.declares("web", w.MakeImage(t, "three", false))
		next.Commit.Hash = strings.Repeat("b", 40)
		w.roll(t, p, next)
		w.Wait(2 * time.Hour) // sessions expire, and are asked for as before
		calls = w.during(func() { w.see(t, p, next) })
		if calls["sts:AssumeRole"] != 1 {
			t.Errorf("%d tries for a new session, want the one that works", calls["sts:AssumeRole"])
		}
		writes := w.byMoult()
		for _, write := range writes {
			if _, commit, _ := strings.Cut(write.UserAgent, " commit/"); !strings.HasSuffix(write.Principal, "/moult-"+commit[:40]) || write.SourceIdentity != "" {
				t.Errorf("%s by %s with source identity %q", write.Action, write.Principal, write.SourceIdentity)
			}
		}
		if n := strings.Count(log.String(), "level=WARN"); n != 1 || len(writes) != 4 || !strings.Contains(log.String(), "sts:SetSourceIdentity") || !strings.Contains(log.String(), "role="+role) {
			t.Errorf("%d writes and %d warnings, want 4 and one that names permission and role:\n%s", len(writes), n, log)
		}
	})
}

// A role that trusts nobody is no role that refuses source identities: both
// ways are tried again as soon as it may have changed its mind.
func TestARoleThatRefusesEverythingIsNotRemembered(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		d, log := w.stand(t, p, "allowed")
		w.Inject(awssim.Fault{Service: "sts", Action: "AssumeRole", Kind: awssim.Refuse, Code: "AccessDenied", Status: 403, Times: 2})
		observe := func() error {
			_, err := p.Observe(t.Context(), w.Place(), []reconcile.Desired{{Declaration: d}})
			return err
		}
		var err error
		calls := w.during(func() { err = observe() })
		if !errors.Is(err, reconcile.ErrDenied) || calls["sts:AssumeRole"] != 2 {
			t.Errorf("%d tries and %v, want 2 and a refusal", calls["sts:AssumeRole"], err)
		}
		must(t, observe())
		w.roll(t, p, d)
		for _, write := range w.byMoult() {
			checkWrite(t, write)
		}
		if log.Len() > 0 {
			t.Errorf("warned: %s", log)
		}
	})
}

func TestASessionNameFitsWhateverTheHash(t *testing.T) {
	t.Parallel()
	sha1, sha256 := strings.Repeat("a", 40), strings.Repeat("b", 64)
	got := []string{sessionOf(reconcile.Commit{Hash: sha1}), sessionOf(reconcile.Commit{Hash: sha256})}
	if diff := cmp.Diff([]string{"moult-" + sha1, "moult-" + sha256[:58]}, got); diff != "" {
		t.Errorf("sessions (-want +got):\n%s", diff)
	}
}
