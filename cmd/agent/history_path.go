package main

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"moult/gitsource"
	"moult/reconcile"
)

// undeclaredThen says that no declaration file lay in the folder at the moment,
// and when one did: the folder may have come later, or be gone.
type undeclaredThen struct {
	Path   string            `json:"path,omitempty"` // "": the whole repository
	Before *reconcile.Commit `json:"before,omitempty"`
	After  *reconcile.Commit `json:"after,omitempty"`
}

// undeclared looks whether there is anything to read at a commit; nil: there
// is. A folder that never held anything is an error, for nobody can have meant
// it.
func (a *archive) undeclared(ctx context.Context, clone *gitsource.Clone, commit string) (*undeclaredThen, error) {
	files, err := clone.Files(ctx, commit)
	if err != nil || len(files) > 0 {
		return nil, err
	}
	near, err := clone.Nearest(ctx, commit)
	if err != nil {
		return nil, err
	}
	if near.Before == "" && near.After == "" {
		return nil, a.nowhere(ctx, clone.Ref, commit, near.Cut)
	}
	then := &undeclaredThen{Path: a.path}
	if then.Before, err = commitNamed(clone, near.Before); err == nil {
		then.After, err = commitNamed(clone, near.After)
	}
	return then, err
}

func commitNamed(clone *gitsource.Clone, name string) (*reconcile.Commit, error) {
	if name == "" {
		return nil, nil
	}
	commit, err := clone.Commit(name)
	return &commit, err
}

// checkPath looks whether a folder that was named holds declarations now, or
// did once.
func (a *archive) checkPath(ctx context.Context) error {
	clone, err := gitsource.OpenClone(ctx, a.clone, a.branch, a.path)
	if err != nil {
		return err
	}
	defer clone.Close()
	_, err = a.undeclared(ctx, clone, clone.Head)
	return err
}

// nowhere is the error for a folder in which nothing was ever declared, with
// where else to look.
func (a *archive) nowhere(ctx context.Context, ref, commit string, cut bool) error {
	has, where, hints := tame(shortRef(ref)), "", []string{"check --repo, --branch and --path"}
	if a.path != "" {
		where = fmt.Sprintf(" in folder %q", a.path)
	}
	if folders := a.elsewhere(ctx, commit); folders != "" {
		hints = []string{"at that commit they lie in " + folders + "; correct --path, or path in agent.hcl"}
	}
	if cut {
		has += " that this shallow clone has"
		hints = append(hints, "or fetch the rest: git fetch --unshallow")
	}
	return advise(fmt.Errorf("find declarations at commit %s: no commit of %s holds a .hcl file%s", shortHash(commit), has, where), "%s", strings.Join(hints, "; "))
}

// mostFolders is how many folders are named to somebody who named a wrong one.
const mostFolders = 3

// elsewhere says in which folders of a commit declarations lie; "" when there
// are none, or they cannot be read.
func (a *archive) elsewhere(ctx context.Context, commit string) string {
	clone, err := gitsource.OpenClone(ctx, a.clone, a.branch, "")
	if err != nil {
		return ""
	}
	defer clone.Close()
	files, err := clone.Files(ctx, commit)
	if err != nil {
		return ""
	}
	var folders []string
	for _, f := range files {
		folder := tame(path.Dir(f.Path))
		if folder == "." {
			folder = "the top folder (no --path)"
		}
		if len(folders) <= mostFolders && !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	if len(folders) > mostFolders {
		folders[mostFolders] = "others"
	}
	return strings.Join(folders, ", ")
}
