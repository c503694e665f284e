package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/rogpeppe/go-internal/testscript"
)

// gitBare makes a bare repository, and a work tree beside it by the file that
// git itself uses for that (gitrepository-layout(5), "gitfile").
func gitBare(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "git-bare BARE DIR")
	main := plumbing.NewBranchReferenceName("main")
	_, err := git.PlainInitWithOptions(ts.MkAbs(args[0]), &git.PlainInitOptions{Bare: true, InitOptions: git.InitOptions{DefaultBranch: main}})
	ts.Check(err)
	ts.Check(os.MkdirAll(ts.MkAbs(args[1]), 0o755))
	ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[1]), ".git"), []byte("gitdir: "+ts.MkAbs(args[0])+"\n"), 0o644))
}

func gitHead(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "git-head VARIABLE DIR")
	repository, err := git.PlainOpen(ts.MkAbs(args[1]))
	ts.Check(err)
	head, err := repository.Head()
	ts.Check(err)
	ts.Setenv(args[0], head.Hash().String())
}

func gitCommit(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "git-commit DIR MESSAGE")
	ts.Check(commitAll(ts.MkAbs(args[0]), args[1], time.Now()))
}

func gitRevert(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "git-revert DIR")
	dir := ts.MkAbs(args[0])
	repository, err := openRepository(dir)
	ts.Check(err)
	head, err := repository.Head()
	ts.Check(err)
	newest, err := repository.CommitObject(head.Hash())
	ts.Check(err)
	before, err := newest.Parent(0)
	ts.Check(err)
	files, err := before.Files()
	ts.Check(err)
	ts.Check(files.ForEach(func(f *object.File) error { return restore(dir, f) }))
	ts.Check(commitAll(dir, "Revert \""+newest.Message+"\"", time.Now()))
}

// openRepository opens the repository in a directory, or makes one with the
// branch main.
func openRepository(dir string) (*git.Repository, error) {
	repository, err := git.PlainOpen(dir)
	if !errors.Is(err, git.ErrRepositoryNotExists) {
		return repository, err
	}
	main := plumbing.NewBranchReferenceName("main")
	return git.PlainInitWithOptions(dir, &git.PlainInitOptions{InitOptions: git.InitOptions{DefaultBranch: main}})
}

// commitAll commits everything in a directory, signed when there is somebody to
// sign.
func commitAll(dir, message string, when time.Time, signers ...git.Signer) error {
	repository, err := openRepository(dir)
	if err != nil {
		return err
	}
	tree, err := repository.Worktree()
	if err != nil {
		return err
	}
	if err := tree.AddWithOptions(&git.AddOptions{All: true}); err != nil {
		return err
	}
	author := &object.Signature{Name: "Ada Lovelace", Email: "ada@example.com", When: when}
	options := git.CommitOptions{Author: author, AllowEmptyCommits: true}
	for _, signer := range signers {
		options.Signer = signer
	}
	_, err = tree.Commit(message, &options)
	return err
}

func restore(dir string, f *object.File) error {
	from, err := f.Reader()
	if err != nil {
		return err
	}
	defer from.Close()
	content, err := io.ReadAll(from)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, filepath.FromSlash(f.Name)), content, 0o644)
}
