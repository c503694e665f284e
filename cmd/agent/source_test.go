package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"moult/gitsource"
	"moult/reconcile"
)

// pastCommits is a history for tests: commits in memory, each with one file.
// What cannot be reached, or read, is set.
type pastCommits struct {
	texts      []string // the file at each commit
	broken     error    // Fetch fails
	unreadable map[int]error
	damaged    int // so many Revisions fail first
	rewritten  bool
	asked      []string // the after of each Revisions
}

func (p *pastCommits) Fetch(context.Context) (gitsource.Fetched, error) {
	rewritten := p.rewritten
	p.rewritten = false
	return gitsource.Fetched{Head: p.Head(), Rewritten: rewritten}, p.broken
}

func (p *pastCommits) Head() string {
	if len(p.texts) == 0 {
		return ""
	}
	return hashOf(len(p.texts) - 1)
}

func hashOf(n int) string { return fmt.Sprintf("%040d", n+1) }

func (p *pastCommits) Revisions(_ context.Context, after, upto string) iter.Seq2[reconcile.Revision, error] {
	return func(yield func(reconcile.Revision, error) bool) {
		p.asked = append(p.asked, after)
		if p.damaged > 0 {
			p.damaged--
			yield(reconcile.Revision{}, gitsource.ErrDamaged)
			return
		}
		for n := range p.texts {
			hash := hashOf(n)
			file := reconcile.File{Path: "production.hcl", Blob: fmt.Sprint(n), Size: int64(len(p.texts[n]))}
			revision := reconcile.Revision{Commit: reconcile.Commit{Hash: hash, Subject: fmt.Sprint(n)}, Files: []reconcile.File{file}}
			if hash > after && !yield(revision, nil) || hash == upto {
				return
			}
		}
	}
}

func (p *pastCommits) Changes(ctx context.Context, after, upto string) iter.Seq2[reconcile.Revision, error] {
	return p.Revisions(ctx, after, upto)
}

func (p *pastCommits) Revision(ctx context.Context, commit string) (reconcile.Revision, error) {
	for revision, err := range p.Revisions(ctx, "", commit) {
		if err != nil || revision.Commit.Hash == commit {
			return revision, err
		}
	}
	return reconcile.Revision{}, gitsource.ErrUnknown
}

func (p *pastCommits) Leads(_ context.Context, commit, to string) (bool, error) {
	return commit != "" && commit <= to, nil
}

// Parents are none: nobody merges here.
func (p *pastCommits) Parents(string) ([]string, error) { return nil, nil }

func (p *pastCommits) Commit(hash string) (reconcile.Commit, error) {
	return reconcile.Commit{Hash: hash}, nil
}

func (p *pastCommits) File(string, string) (reconcile.File, bool, error) {
	return reconcile.File{}, false, nil
}

func (p *pastCommits) Differences(context.Context, string, string) (reconcile.Revision, error) {
	return reconcile.Revision{}, nil
}

func (p *pastCommits) Deepen(context.Context) (bool, error) { return true, nil }

func (p *pastCommits) Read(blob string) ([]byte, error) {
	var n int
	fmt.Sscan(blob, &n)
	return []byte(p.texts[n]), p.unreadable[n]
}

// declaring is a file that declares one group with an image.
func declaring(image string) string {
	return fmt.Sprintf(`environment "production" {
  aws {
    region = "eu-west-1"
  }

  group "web" {
    auto_scaling_group = "web-production"
    ami                = %q
  }
}
`, image)
}

const (
	imageA = "ami-0a4f1c2d3e5b60718"
	imageB = "ami-0f3c9d5e6a7b8c9d0"
)

func mustRead(t *testing.T, s *source) reconcile.Declared {
	t.Helper()
	declared, err := s.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return declared
}

func wantImage(t *testing.T, d reconcile.Declared, image string) {
	t.Helper()
	if len(d.Groups) != 1 || d.Groups[0].Image != image {
		t.Fatalf("declared is %+v, want one group on %s", d.Groups, image)
	}
}

func TestSourceFoldsOnlyWhatIsNew(t *testing.T) {
	t.Parallel()
	past := &pastCommits{texts: []string{declaring(imageA), declaring(imageA) + "# a comment\n"}}
	s := &source{history: past}
	first := mustRead(t, s)
	wantImage(t, first, imageA)
	if got := first.Groups[0].Commit.Hash; got != hashOf(0) {
		t.Errorf("the image is ascribed to commit %s, want the first", got)
	}
	if again := mustRead(t, s); &again.Groups[0] != &first.Groups[0] {
		t.Error("without news another slice of groups is handed out")
	}
	past.texts = append(past.texts, declaring(imageB))
	wantImage(t, mustRead(t, s), imageB)
	if want := []string{"", hashOf(1)}; strings.Join(past.asked, " ") != strings.Join(want, " ") {
		t.Errorf("history was asked for after %q, want %q", past.asked, want)
	}
}

func TestSourceKeepsWhatIsInForceWhileTheRepositoryIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		past := &pastCommits{texts: []string{declaring(imageA)}}
		s := &source{history: past}
		mustRead(t, s)
		gone := time.Now().Add(time.Minute)
		for _, reason := range []string{"connection refused", "no route to host"} {
			time.Sleep(time.Minute)
			past.broken = errors.New(reason)
			d := mustRead(t, s)
			wantImage(t, d, imageA)
			if d.Stale == nil || d.Stale.Reason != reason || !d.Stale.Since.Equal(gone) {
				t.Errorf("stale is %+v, want %q since %v", d.Stale, reason, gone)
			}
		}
		past.broken = nil
		if d := mustRead(t, s); d.Stale != nil {
			t.Errorf("stale is still %+v after the repository is back", d.Stale)
		}
	})
}

func TestSourceReadsTheMirrorOfAnEarlierRun(t *testing.T) {
	t.Parallel()
	s := &source{history: &pastCommits{texts: []string{declaring(imageA)}, broken: errors.New("connection refused")}}
	d := mustRead(t, s)
	wantImage(t, d, imageA)
	if d.Stale == nil {
		t.Error("what may be old is not said to be stale")
	}
}

func TestSourceWithoutAnythingToReadIsAnError(t *testing.T) {
	t.Parallel()
	s := &source{history: &pastCommits{broken: errors.New("connection refused")}}
	if d, err := s.Read(t.Context()); err == nil {
		t.Errorf("got %+v, want an error", d)
	}
}

func TestSourceTakesAnEmptyRepositoryForNothingDeclared(t *testing.T) {
	t.Parallel()
	d := mustRead(t, &source{history: &pastCommits{broken: gitsource.ErrEmpty}})
	if len(d.Groups) != 0 || d.Stale == nil {
		t.Errorf("declared is %+v, want no group, and that it is said why", d)
	}
}

func TestSourceBeginsAnewWhenHistoryWasRewritten(t *testing.T) {
	t.Parallel()
	past := &pastCommits{texts: []string{declaring(imageA), declaring(imageB)}}
	s := &source{history: past}
	mustRead(t, s)
	past.texts = []string{declaring(imageB), declaring(imageB), declaring(imageA)}
	past.rewritten = true
	wantImage(t, mustRead(t, s), imageA)
	if last := past.asked[len(past.asked)-1]; last != "" {
		t.Errorf("a rewritten history was read after %s, want from its beginning", last)
	}
}

func TestSourceRemembersARewriteThatItCouldNotReadYet(t *testing.T) {
	t.Parallel()
	past := &pastCommits{texts: []string{declaring(imageA)}}
	s := &source{history: past}
	mustRead(t, s)
	past.texts = []string{declaring(imageB), declaring(imageB)}
	past.rewritten, past.unreadable = true, map[int]error{1: errors.New("i/o error")}
	wantImage(t, mustRead(t, s), imageA)
	past.unreadable = nil
	d := mustRead(t, s)
	wantImage(t, d, imageB)
	if got := d.Groups[0].Commit.Hash; got != hashOf(0) {
		t.Errorf("the image is ascribed to commit %s, want the first of the new history", got)
	}
}

func TestSourceFetchesADamagedMirrorAgainAtOnce(t *testing.T) {
	t.Parallel()
	d := mustRead(t, &source{history: &pastCommits{texts: []string{declaring(imageA)}, damaged: 1}})
	wantImage(t, d, imageA)
	if d.Stale != nil {
		t.Errorf("stale is %+v although the mirror could be copied again", d.Stale)
	}
}

func TestSourcePassesOverAnOldCommitThatNeverCouldBeRead(t *testing.T) {
	t.Parallel()
	past := &pastCommits{texts: []string{declaring(imageA), "too large", declaring(imageB)}, unreadable: map[int]error{1: gitsource.ErrTooLarge}}
	wantImage(t, mustRead(t, &source{history: past}), imageB)
}

func TestSourceStaysAsItIsWhenTheNewestCommitCannotBeRead(t *testing.T) {
	t.Parallel()
	past := &pastCommits{texts: []string{declaring(imageA)}}
	s := &source{history: past}
	mustRead(t, s)
	past.texts = append(past.texts, "too large")
	past.unreadable = map[int]error{1: gitsource.ErrTooLarge}
	d := mustRead(t, s)
	wantImage(t, d, imageA)
	if d.Stale == nil || !strings.Contains(d.Stale.Reason, hashOf(1)[:8]) {
		t.Errorf("stale is %+v, want it to name the commit", d.Stale)
	}
}

func TestSourceSaysNothingWhenItIsInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &source{history: &pastCommits{texts: []string{declaring(imageA)}}}
	if _, err := s.Read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want that of the context", err)
	}
}
