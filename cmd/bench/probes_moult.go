package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"time"

	"moult/gitsource"
	"moult/gitsource/ledger"
	"moult/reconcile"
	"moult/reconcile/declare"
)

// probes are all that can be measured, by name.
var probes = map[string]func(context.Context, probe) (reading, error){
	"moult poll": pollOurs, "go-git List": listGoGit, "go-git Fetch": pollGoGit,
	"moult first": firstOurs, "go-git first": cloneGoGit,
	"moult commit": commitOurs, "go-git commit": fetchGoGit,
	"moult fold": foldOurs, "go-git blame": blameGoGit,
	"moult note": noteOurs, "go-git note": noteGoGit,
}

func ours(p probe) *gitsource.Repository {
	return &gitsource.Repository{URL: p.url, StateDir: p.dir, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

// pollOurs asks an unchanged branch, as a running agent does.
func pollOurs(ctx context.Context, p probe) (reading, error) {
	r := ours(p)
	defer r.Close()
	if _, err := r.Fetch(ctx); err != nil {
		return reading{}, err
	}
	m := newMeter()
	for range p.times {
		if got, err := r.Fetch(ctx); err != nil || got.Changed {
			return reading{}, fmt.Errorf("poll: %+v: %w", got, err)
		}
	}
	return m.read(p.times), nil
}

// firstOurs is a first start: until the declarations are read, and until the
// whole history is there.
func firstOurs(ctx context.Context, p probe) (reading, error) {
	r := ours(p)
	defer r.Close()
	m := newMeter()
	debug.SetGCPercent(hurriedGC)
	got, err := r.Fetch(ctx)
	if err != nil {
		return reading{}, err
	}
	fetched, timeline, reads := m.read(1), new(declare.Timeline), timed{of: r}
	if err := fold(ctx, r, timeline, got.Head, reads.read); err != nil {
		return reading{}, err
	}
	soon := m.read(1)
	groups := len(timeline.Declared().Groups)
	debug.SetGCPercent(deepeningGC)
	for whole := false; !whole; {
		if whole, err = r.Deepen(ctx); err != nil {
			return reading{}, err
		}
	}
	all := m.read(1)
	all.Files, all.Soon, all.Count = fetched.Wall+float64(reads.took.Microseconds())/1000, soon.Wall, groups
	return all, nil
}

// What the agent sets while it reads the first declarations, and while it fills
// history in.
const hurriedGC, deepeningGC = 200, 25

// timed reads declarations, and tells how long that alone took: parsing goes on
// meanwhile.
type timed struct {
	of   *gitsource.Repository
	took time.Duration
}

func (t *timed) read(blob string) ([]byte, error) {
	began := time.Now()
	defer func() { t.took += time.Since(began) }()
	return t.of.Read(blob)
}

// fold reads what is declared, from a commit on.
func fold(ctx context.Context, r *gitsource.Repository, timeline *declare.Timeline, after string, read func(string) ([]byte, error)) error {
	for revision, err := range r.Revisions(ctx, after, "") {
		if err != nil {
			return err
		}
		if err := timeline.Advance(revision, read); err != nil {
			return err
		}
	}
	return nil
}

// commitOurs finds one new commit, as a running agent does, and reads what it
// declares.
func commitOurs(ctx context.Context, p probe) (reading, error) {
	r := ours(p)
	defer r.Close()
	if _, err := r.Fetch(ctx); err != nil {
		return reading{}, err
	}
	timeline := new(declare.Timeline)
	if err := fold(ctx, r, timeline, r.Head(), r.Read); err != nil {
		return reading{}, err
	}
	return p.eachCommit(func() error {
		before := r.Head()
		got, err := r.Fetch(ctx)
		if err != nil || !got.Changed {
			return fmt.Errorf("fetch one commit: %+v: %w", got, err)
		}
		return fold(ctx, r, timeline, before, r.Read)
	})
}

// foldOurs finds which commit set each image, and who wrote it, over the whole
// history.
func foldOurs(ctx context.Context, p probe) (reading, error) {
	r := ours(p)
	defer r.Close()
	commits := 0
	m := newMeter()
	debug.SetGCPercent(deepeningGC)
	timeline := new(declare.Timeline)
	for revision, err := range r.Changes(ctx, "", "") {
		if err == nil {
			err = timeline.Advance(revision, r.Read)
		}
		if err == nil {
			err = timeline.Trace(ancestry{r, ctx})
		}
		if err != nil {
			return reading{}, err
		}
		commits++
	}
	all := m.read(1)
	all.Count = commits
	return all, nil
}

// ancestry is a repository as a timeline looks for who wrote an image.
type ancestry struct {
	*gitsource.Repository
	ctx context.Context
}

func (a ancestry) Differences(commit, base string) (reconcile.Revision, error) {
	return a.Repository.Differences(a.ctx, commit, base)
}

// noteOurs writes one outcome down and sends it.
func noteOurs(ctx context.Context, p probe) (reading, error) {
	l := &ledger.Ledger{Dir: filepath.Join(p.dir, "ledger"), Remote: ledger.Remote{URL: p.url}, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	defer l.Close()
	r := ours(p)
	defer r.Close()
	head := r.Head()
	if _, err := l.Fetch(ctx, time.Now()); err != nil {
		return reading{}, err
	}
	m := newMeter()
	entry := ledger.Entry{
		Environment: "production", Group: "web", Outcome: ledger.Succeeded, Commit: head, Author: "Ada <ada@example.com>",
		Verb: reconcile.Roll, From: imageOld, To: imageNew, Template: "lt-0123456789abcdef0", TemplateVersion: 7,
		RefreshID: "08b91cf7-8fa6-48af-b6a6-d227f40f1b9b", InstancesPlanned: 10, InstancesReplaced: 10,
	}
	if err := l.Append(ctx, time.Now(), entry); err != nil {
		return reading{}, err
	}
	if s, err := l.Push(ctx, time.Now()); err != nil || s.Unsent > 0 {
		return reading{}, fmt.Errorf("push: %+v: %w", s, err)
	}
	return m.read(1), nil
}
