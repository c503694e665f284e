package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"moult/reconcile"
	"moult/reconcile/declare"
)

// origin is the repository that people merge to. It is written with go-git, so
// that the demo needs no git binary.
type origin struct {
	dir  string
	repo *git.Repository
	// merged are the commits of the story, oldest first.
	merged []reconcile.Commit
}

func newOrigin(dir, from string) (*origin, error) {
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		return nil, err
	}
	repo, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{InitOptions: git.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName("main")}})
	if err != nil {
		return nil, err
	}
	o := &origin{dir: dir, repo: repo}
	return o, o.commit("Ada Lovelace", "Declare the fleet as it runs")
}

// commit records everything that stands in the work tree.
func (o *origin) commit(author, subject string) error {
	tree, err := o.repo.Worktree()
	if err != nil {
		return err
	}
	if err := tree.AddGlob("."); err != nil {
		return fmt.Errorf("add files: %w", err)
	}
	email := strings.ToLower(strings.Fields(author)[0]) + "@example.com"
	who := object.Signature{Name: author, Email: email, When: time.Now()}
	hash, err := tree.Commit(subject, &git.CommitOptions{Author: &who})
	if err != nil {
		return fmt.Errorf("commit %q: %w", subject, err)
	}
	o.merged = append(o.merged, reconcile.Commit{Hash: hash.String(), Author: author, Time: who.When, Subject: strings.SplitN(subject, "\n", 2)[0]})
	return nil
}

func (o *origin) newest() reconcile.Commit { return o.merged[len(o.merged)-1] }

var anyImage = regexp.MustCompile(`(ami\s*=\s*)"(ami-[0-9a-f]+)"([^\n]*)`)

// groups is how many groups are declared.
func (o *origin) groups() (int, error) {
	var texts []declare.Text
	err := fs.WalkDir(os.DirFS(o.dir), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".hcl" {
			return err
		}
		content, err := os.ReadFile(filepath.Join(o.dir, path))
		texts = append(texts, declare.Text{Path: path, Content: content})
		return err
	})
	environments, _ := declare.Parse(texts)
	n := 0
	for _, e := range environments {
		n += len(e.Groups)
	}
	return n, err
}

// setImage gives the group of an environment another AMI. It returns the one
// line that a pull request changes, before and after.
func (o *origin) setImage(file, group, image, comment string) (before, after string, err error) {
	path := filepath.Join(o.dir, file)
	text, err := os.ReadFile(path)
	if err != nil {
		return "", "", err
	}
	at := strings.Index(string(text), fmt.Sprintf("group %q", group))
	if at < 0 {
		return "", "", fmt.Errorf("set the image of %s: %s does not declare it", group, file)
	}
	head, tail := string(text[:at]), string(text[at:])
	loc := anyImage.FindStringSubmatchIndex(tail)
	if loc == nil {
		return "", "", fmt.Errorf("set the image of %s: %s gives it none", group, file)
	}
	before, after = tail[loc[0]:loc[1]], tail[loc[2]:loc[3]]+`"`+image+`" # `+comment
	return before, after, os.WriteFile(path, []byte(head+tail[:loc[0]]+after+tail[loc[1]:]), 0o644)
}

// revert restores the work tree of the commit before the newest, as
// `git revert` does.
func (o *origin) revert(author string) error {
	head := o.newest()
	commit, err := o.repo.CommitObject(plumbing.NewHash(head.Hash))
	if err != nil {
		return err
	}
	parent, err := commit.Parent(0)
	if err != nil {
		return err
	}
	files, err := parent.Files()
	if err != nil {
		return err
	}
	err = files.ForEach(func(f *object.File) error {
		text, err := f.Contents()
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(o.dir, f.Name), []byte(text), 0o644)
	})
	if err != nil {
		return fmt.Errorf("revert %s: %w", head.Short(), err)
	}
	return o.commit(author, fmt.Sprintf("Revert %q\n\nThis reverts commit %s.", head.Subject, head.Hash))
}
