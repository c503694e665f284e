package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
)

// What go-git does when it is called as its documentation shows.

func remoteOf(url string) *git.Remote {
	return git.NewRemote(memory.NewStorage(), &config.RemoteConfig{Name: "origin", URLs: []string{url}})
}

func listGoGit(ctx context.Context, p probe) (reading, error) {
	r := remoteOf(p.url)
	m := newMeter()
	for range p.times {
		if _, err := r.ListContext(ctx, &git.ListOptions{}); err != nil {
			return reading{}, err
		}
	}
	return m.read(p.times), nil
}

// headOf is the commit that a repository is at.
func headOf(r *git.Repository) (*object.Commit, error) {
	head, err := r.Head()
	if err != nil {
		return nil, err
	}
	return r.CommitObject(head.Hash())
}

func cloneGoGit(ctx context.Context, p probe) (reading, error) {
	m := newMeter()
	r, err := git.PlainCloneContext(ctx, p.dir, true, &git.CloneOptions{
		URL: p.url, SingleBranch: true, ReferenceName: "refs/heads/main", Tags: git.NoTags,
	})
	if err != nil {
		return reading{}, err
	}
	commit, err := headOf(r)
	if err != nil {
		return reading{}, err
	}
	files, err := commit.Files()
	if err != nil {
		return reading{}, err
	}
	err = files.ForEach(func(f *object.File) error {
		_, err := f.Contents()
		return err
	})
	all := m.read(1)
	all.Files = all.Wall
	return all, err
}

var oneBranch = &git.FetchOptions{
	RefSpecs: []config.RefSpec{"+refs/heads/main:refs/heads/main"}, Tags: git.NoTags,
}

func fetchGoGit(ctx context.Context, p probe) (reading, error) {
	r, err := git.PlainOpen(p.dir)
	if err != nil {
		return reading{}, err
	}
	if err := r.FetchContext(ctx, oneBranch); !errors.Is(err, git.NoErrAlreadyUpToDate) && err != nil {
		return reading{}, err
	}
	return p.eachCommit(func() error {
		if err := r.FetchContext(ctx, oneBranch); err != nil {
			return fmt.Errorf("fetch one commit: %w", err)
		}
		return nil
	})
}

func pollGoGit(ctx context.Context, p probe) (reading, error) {
	r, err := git.PlainOpen(p.dir)
	if err != nil {
		return reading{}, err
	}
	m := newMeter()
	for range p.times {
		if err := r.FetchContext(ctx, oneBranch); !errors.Is(err, git.NoErrAlreadyUpToDate) {
			return reading{}, fmt.Errorf("fetch what is up to date: %w", err)
		}
	}
	return m.read(p.times), nil
}

// blameGoGit is go-git's blame, of as many files as times says.
func blameGoGit(_ context.Context, p probe) (reading, error) {
	r, err := git.PlainOpen(p.dir)
	if err != nil {
		return reading{}, err
	}
	commit, err := headOf(r)
	if err != nil {
		return reading{}, err
	}
	var paths []string
	files, err := commit.Files()
	if err != nil {
		return reading{}, err
	}
	err = files.ForEach(func(f *object.File) error {
		if strings.HasSuffix(f.Name, ".hcl") && len(paths) < p.times {
			paths = append(paths, f.Name)
		}
		return nil
	})
	if err != nil {
		return reading{}, err
	}
	m := newMeter()
	for _, path := range paths {
		if _, err := git.Blame(commit, path); err != nil {
			return reading{}, err
		}
	}
	return m.read(len(paths)), nil
}

// noteGoGit makes one note in a full clone and sends it with Remote.Push.
func noteGoGit(ctx context.Context, p probe) (reading, error) {
	r, err := git.PlainOpen(p.dir)
	if err != nil {
		return reading{}, err
	}
	head, err := r.Head()
	if err != nil {
		return reading{}, err
	}
	m := newMeter()
	note, err := store(r, plumbing.BlobObject, []byte("succeeded\n"))
	if err != nil {
		return reading{}, err
	}
	tree := object.Tree{Entries: []object.TreeEntry{{Name: head.Hash().String(), Mode: filemode.Regular, Hash: note}}}
	who := object.Signature{Name: "Bench", Email: "bench@example.com", When: time.Now()}
	commit := object.Commit{Author: who, Committer: who, Message: "note\n"}
	if commit.TreeHash, err = encode(r, &tree); err != nil {
		return reading{}, err
	}
	at, err := encode(r, &commit)
	if err != nil {
		return reading{}, err
	}
	if err := r.Storer.SetReference(plumbing.NewHashReference("refs/notes/gogit", at)); err != nil {
		return reading{}, err
	}
	err = r.PushContext(ctx, &git.PushOptions{RefSpecs: []config.RefSpec{"refs/notes/gogit:refs/notes/gogit"}})
	return m.read(1), err
}

func store(r *git.Repository, kind plumbing.ObjectType, content []byte) (plumbing.Hash, error) {
	o := r.Storer.NewEncodedObject()
	o.SetType(kind)
	w, err := o.Writer()
	if err != nil {
		return plumbing.ZeroHash, err
	}
	if _, err := w.Write(content); err != nil {
		return plumbing.ZeroHash, err
	}
	return r.Storer.SetEncodedObject(o)
}

func encode(r *git.Repository, o interface {
	Encode(plumbing.EncodedObject) error
}) (plumbing.Hash, error) {
	e := r.Storer.NewEncodedObject()
	if err := o.Encode(e); err != nil {
		return plumbing.ZeroHash, err
	}
	return r.Storer.SetEncodedObject(e)
}
