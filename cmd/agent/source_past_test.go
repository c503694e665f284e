package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"moult/gitsource"
	"moult/reconcile"
	"moult/reconcile/declare"
)

// shallowPast is a history that arrives by and by: at first only what is from
// a commit on, and more with each Deepen.
type shallowPast struct {
	*pastCommits
	mu       sync.Mutex
	from     int   // the oldest commit that is there
	slice    int   // how many commits a Deepen brings
	broken   error // Deepen fails
	deepened int
	onDeepen func()
}

func (p *shallowPast) oldest() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.from
}

func (p *shallowPast) Revisions(ctx context.Context, after, upto string) iter.Seq2[reconcile.Revision, error] {
	return func(yield func(reconcile.Revision, error) bool) {
		from := p.oldest()
		for rev, err := range p.pastCommits.Revisions(ctx, after, upto) {
			if err == nil && rev.Commit.Hash < hashOf(from) {
				continue
			}
			rev.Partial = err == nil && from > 0 && rev.Commit.Hash == hashOf(from)
			if !yield(rev, err) {
				return
			}
		}
	}
}

func (p *shallowPast) Changes(ctx context.Context, after, upto string) iter.Seq2[reconcile.Revision, error] {
	return p.Revisions(ctx, after, upto)
}

func (p *shallowPast) Leads(ctx context.Context, commit, to string) (bool, error) {
	if commit < hashOf(p.oldest()) {
		return false, nil
	}
	return p.pastCommits.Leads(ctx, commit, to)
}

func (p *shallowPast) Deepen(ctx context.Context) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deepened++
	if p.onDeepen != nil {
		p.onDeepen()
	}
	if p.broken != nil {
		return false, p.broken
	}
	p.from = max(0, p.from-p.slice)
	return p.from == 0, ctx.Err()
}

// tenCommits are commits of which the third set the image, and the others
// something else.
func tenCommits() *pastCommits {
	past := &pastCommits{}
	for n := range 10 {
		image := imageA
		if n >= 2 {
			image = imageB
		}
		past.texts = append(past.texts, declaring(image)+fmt.Sprintf("# %d\n", n))
	}
	return past
}

func wantSetBy(t *testing.T, d reconcile.Declared, n int) {
	t.Helper()
	if len(d.Groups) != 1 || d.Partial {
		t.Fatalf("declared is %+v, want one group, and all of history", d)
	}
	if g := d.Groups[0]; g.Unattributed || g.Commit.Hash != hashOf(n) {
		t.Errorf("the image is ascribed to %s (unattributed: %v), want %s", g.Commit.Hash, g.Unattributed, hashOf(n))
	}
}

func wantUnattributed(t *testing.T, d reconcile.Declared) {
	t.Helper()
	wantImage(t, d, imageB)
	if !d.Partial || !d.Groups[0].Unattributed {
		t.Errorf("declared is %+v, want it to say that history is not there yet", d)
	}
}

// deepening runs the reading of history in the bubble until the test ends; woken
// gets a value when there is more to know.
func deepening(t *testing.T, s *source) (woken bell) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	woken = make(bell, 1)
	go func() { defer close(done); s.deepen(ctx, woken.ring) }()
	t.Cleanup(func() { cancel(); <-done })
	return woken
}

func TestSourceServesTheNewestCommitAndReadsTheRestMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		past := &shallowPast{pastCommits: tenCommits(), from: 9, slice: 2}
		s := &source{history: past}
		wantUnattributed(t, mustRead(t, s))
		wantUnattributed(t, mustRead(t, s))
		woken := deepening(t, s)
		<-woken
		synctest.Wait()
		first := mustRead(t, s)
		wantSetBy(t, first, 2)
		if again := mustRead(t, s); &again.Groups[0] != &first.Groups[0] {
			t.Error("without news another slice of groups is handed out")
		}
		// What comes later is folded on top, and history is not walked again.
		past.texts = append(past.texts, declaring(imageA))
		wantSetBy(t, mustRead(t, s), 10)
		if last := past.asked[len(past.asked)-1]; last != hashOf(9) {
			t.Errorf("history was asked for after %q, want after the commit before", last)
		}
		if past.deepened != 5 {
			t.Errorf("history was deepened %d times, want 5", past.deepened)
		}
	})
}

func TestSourceFoldsWhatComesWhileHistoryIsRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		past := &shallowPast{pastCommits: tenCommits(), from: 9, slice: 9}
		s := &source{history: past}
		mustRead(t, s)
		past.onDeepen = func() { past.texts = append(past.texts, declaring(imageB)+"# new\n") }
		<-deepening(t, s)
		synctest.Wait()
		wantSetBy(t, mustRead(t, s), 2)
		if s.head != hashOf(10) {
			t.Errorf("in force is %s, want the newest commit", s.head)
		}
	})
}

func TestSourceReadsARewrittenHistoryAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		past := &shallowPast{pastCommits: tenCommits(), from: 9, slice: 9}
		s := &source{history: past}
		mustRead(t, s)
		woken := deepening(t, s)
		<-woken
		synctest.Wait()
		past.texts = past.texts[:5] // what was read is of commits that are gone
		past.rewritten, past.from = true, 4
		wantUnattributed(t, mustRead(t, s))
		<-woken
		synctest.Wait()
		wantSetBy(t, mustRead(t, s), 2)
	})
}

// TestSourceTriesHistoryEverMoreRarely, and says so once.
func TestSourceTriesHistoryEverMoreRarely(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		past := &shallowPast{pastCommits: tenCommits(), from: 9, slice: 9, broken: errors.New("connection refused")}
		s := &source{history: past, Log: slog.New(slog.NewTextHandler(&log, nil))}
		mustRead(t, s)
		woken := deepening(t, s)
		time.Sleep(time.Hour)
		wantUnattributed(t, mustRead(t, s))
		synctest.Wait()
		told := log.String()
		past.mu.Lock()
		tries := past.deepened
		past.broken = nil
		past.mu.Unlock()
		if tries < 10 || tries > 20 {
			t.Errorf("%d tries in an hour", tries)
		}
		if n := strings.Count(told, "connection refused"); n != 1 {
			t.Errorf("it is told %d times:\n%s", n, told)
		}
		<-woken
		synctest.Wait()
		wantSetBy(t, mustRead(t, s), 2)
	})
}

func TestSourceThatMustBeExactWaitsForHistory(t *testing.T) {
	t.Parallel()
	past := &shallowPast{pastCommits: tenCommits(), from: 9, slice: 2}
	wantSetBy(t, mustRead(t, &source{history: past, Whole: true}), 2)
	past = &shallowPast{pastCommits: tenCommits(), from: 9, slice: 2, broken: errors.New("connection refused")}
	d := mustRead(t, &source{history: past, Whole: true})
	wantUnattributed(t, d)
	if d.Stale == nil || !strings.Contains(d.Stale.Reason, "connection refused") {
		t.Errorf("stale is %+v, want the reason", d.Stale)
	}
}

// manyCommits are enough that it is worth keeping what they say.
func manyCommits() *pastCommits {
	past := tenCommits()
	for n := len(past.texts); n < keptAfter+20; n++ {
		past.texts = append(past.texts, declaring(imageB)+fmt.Sprintf("# %d\n", n))
	}
	return past
}

func TestSourceTakesUpWhatItKept(t *testing.T) {
	t.Parallel()
	kept := checkpoint{File: filepath.Join(t.TempDir(), "history.json"), Of: "fleet main"}
	past := manyCommits()
	first := mustRead(t, &source{history: past, Checkpoint: kept})
	wantSetBy(t, first, 2)
	snapshot, ok := kept.read()
	if !ok {
		t.Fatal("nothing was kept")
	}
	past.texts = append(past.texts, declaring(imageB)+"# one more\n")
	past.asked = nil
	// The mirror was lost, and has only the newest commits again.
	shallow := &shallowPast{pastCommits: past, from: len(past.texts) - 2, slice: 1}
	wantSetBy(t, mustRead(t, &source{history: shallow, Checkpoint: kept, Whole: true}), 2)
	if past.asked[0] != snapshot.Commit && past.asked[1] != snapshot.Commit {
		t.Errorf("history was asked for after %q, want after what was kept, %s", past.asked, snapshot.Commit)
	}
}

func TestSourceDoesNotTakeUpWhatIsOfAnotherBranch(t *testing.T) {
	t.Parallel()
	kept := checkpoint{File: filepath.Join(t.TempDir(), "history.json"), Of: "fleet main"}
	mustRead(t, &source{history: manyCommits(), Checkpoint: kept})
	past := tenCommits() // never had the commit
	wantSetBy(t, mustRead(t, &source{history: past, Checkpoint: kept}), 2)
	kept.Of = "fleet other"
	if s, ok := kept.read(); ok {
		t.Errorf("what is kept of another branch is read: %+v", s)
	}
}

// TestWhoOnlyLooksKeepsNothing: a plan leaves no trace.
func TestWhoOnlyLooksKeepsNothing(t *testing.T) {
	t.Parallel()
	kept := checkpoint{File: filepath.Join(t.TempDir(), "history.json")}
	s := &source{history: manyCommits(), Checkpoint: kept, fold: fold{timeline: new(declare.Timeline)}}
	if err := s.fold.take(t.Context(), s.history, s.history.Head()); err != nil {
		t.Fatal(err)
	}
	s.gate = &gate{}
	s.keep(&s.fold, 1)
	if _, ok := kept.read(); ok {
		t.Error("something was kept")
	}
	s.gate.Keep = true
	s.keep(&s.fold, 1)
	if _, ok := kept.read(); !ok {
		t.Error("nothing was kept")
	}
}

// TestOldCommitThatCannotBeReadHoldsUpNoOther: what comes after it is then told
// whole.
func TestOldCommitThatCannotBeReadHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	past := tenCommits()
	past.unreadable = map[int]error{4: gitsource.ErrTooLarge}
	brief := briefPast{past}
	wantSetBy(t, mustRead(t, &source{history: brief, Whole: true}), 2)
}

// briefPast tells its revisions by what they change.
type briefPast struct{ *pastCommits }

func (p briefPast) Changes(ctx context.Context, after, upto string) iter.Seq2[reconcile.Revision, error] {
	return func(yield func(reconcile.Revision, error) bool) {
		base := ""
		for rev, err := range p.Revisions(ctx, after, upto) {
			rev.Base = base
			base = rev.Commit.Hash
			if !yield(rev, err) {
				return
			}
		}
	}
}

// unusable is a checkpoint that leads to the head and does not fit what is there.
func unusable(t *testing.T) checkpoint {
	t.Helper()
	kept := checkpoint{File: filepath.Join(t.TempDir(), "history.json"), Of: "fleet main"}
	must(t, kept.write(declare.Snapshot{Commit: hashOf(9), Commits: []reconcile.Commit{{}}})) // knows no group
	return kept
}

func TestACheckpointThatDoesNotFitKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		past := &shallowPast{pastCommits: tenCommits(), from: 9, slice: 2}
		s := &source{history: past, Checkpoint: unusable(t)}
		wantUnattributed(t, mustRead(t, s))
		woken := deepening(t, s)
		for range 5 {
			select {
			case <-woken:
			case <-time.After(time.Minute):
			}
			synctest.Wait()
			mustRead(t, s)
		}
		wantSetBy(t, mustRead(t, s), 2)
	})
	past := &shallowPast{pastCommits: tenCommits(), from: 9, slice: 2}
	wantSetBy(t, mustRead(t, &source{history: past, Checkpoint: unusable(t), Whole: true}), 2)
}

// TestHistoryThatCannotBeHadIsSaid: groups wait for it, and somebody must be able
// to find out why that does not end.
func TestHistoryThatCannotBeHadIsSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		past := &shallowPast{pastCommits: tenCommits(), from: 9, slice: 20, broken: errors.New("pack is larger than the limit")}
		s := &source{history: past}
		mustRead(t, s)
		woken := deepening(t, s)
		synctest.Wait()
		if d := mustRead(t, s); d.Stale == nil || d.Stale.Held || !strings.Contains(d.Stale.Reason, "pack is larger than the limit") || len(d.Groups) == 0 {
			t.Errorf("it says %+v", d.Stale)
		}
		past.mu.Lock()
		past.broken = nil
		past.mu.Unlock()
		<-woken
		synctest.Wait()
		if d := mustRead(t, s); d.Stale != nil {
			t.Errorf("now it says %+v", d.Stale)
		}
	})
}
