package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"moult/gitsource"
	"moult/reconcile"
	"moult/reconcile/declare"
)

// declaredPast is what was in force in one environment at a moment.
type declaredPast struct {
	head     reconcile.Commit // where the branch was
	groups   []reconcile.Declaration
	mistakes []reconcile.Mistake // why the head did not move the environment
	// environments are all that were declared, by name.
	environments []string
	undeclared   *undeclaredThen // nothing was, anywhere
}

// mostFolded is how many commits before the moment are gone through for what an
// environment was before a mistake.
const mostFolded = 500

// declaredIn is what a branch declared at a moment. Where its head then was
// without a mistake, that is what the head says. Where it was not, environments
// stay on their last good commit, as they did for the agent: then the newest
// mostFolded commits are folded as the agent folds them.
func declaredIn(ctx context.Context, clone *gitsource.Clone, moment time.Time, environment string) (declaredPast, error) {
	head, err := clone.At(ctx, moment)
	if err != nil {
		return declaredPast{}, err
	}
	return declaredBy(ctx, clone, head, environment)
}

// declaredBy is declaredIn where the head is known.
func declaredBy(ctx context.Context, clone *gitsource.Clone, head reconcile.Commit, environment string) (declaredPast, error) {
	past := declaredPast{head: head}
	declared, err := foldLine(ctx, clone, []string{head.Hash})
	if err == nil && len(declared.Mistakes) > 0 {
		var line []string
		if line, err = clone.Line(ctx, head.Hash, mostFolded); err == nil {
			declared, err = foldLine(ctx, clone, line)
		}
	}
	if err != nil {
		return past, fmt.Errorf("read what was declared by commit %s: %w", head.Short(), err)
	}
	from := head.Hash
	for _, m := range declared.Mistakes {
		if m.Environment == environment || m.Environment == "" {
			past.mistakes = append(past.mistakes, m)
		}
		if m.Environment == environment {
			from = or(m.InForce.Hash, from)
		}
	}
	for _, g := range declared.Groups {
		if !slices.Contains(past.environments, g.ID.Environment) {
			past.environments = append(past.environments, g.ID.Environment)
		}
		if g.ID.Environment == environment {
			past.groups = append(past.groups, g)
		}
	}
	err = attribute(ctx, clone, from, past.groups)
	return past, err
}

// foldLine takes commits, the newest first, into a timeline.
func foldLine(ctx context.Context, clone *gitsource.Clone, line []string) (reconcile.Declared, error) {
	var timeline declare.Timeline
	var before []reconcile.File
	for i, name := range slices.Backward(line) {
		files, err := clone.Files(ctx, name)
		if err != nil {
			return reconcile.Declared{}, err
		}
		if i > 0 && slices.Equal(files, before) {
			continue
		}
		before = files
		commit, err := clone.Commit(name)
		if err != nil {
			return reconcile.Declared{}, err
		}
		if err := timeline.Advance(reconcile.Revision{Commit: commit, Files: files}, clone.Read); err != nil {
			return reconcile.Declared{}, err
		}
	}
	return timeline.Declared(), nil
}

// attribute finds for each group of one environment, as a commit declares them,
// the commit that had set its AMI: it follows the file in which the environment
// is, from change to change, until each group had another AMI or was not there.
// A version with a mistake moved nothing, and is passed over.
func attribute(ctx context.Context, clone *gitsource.Clone, from string, groups []reconcile.Declaration) error {
	pending := map[string]*reconcile.Declaration{}
	for i := range groups {
		pending[groups[i].ID.Group] = &groups[i]
	}
	if len(groups) == 0 {
		return nil
	}
	t := trace{clone: clone, environment: groups[0].ID.Environment, path: fileOf(groups[0].Position)}
	good := true // of the version that is in force
	for from != "" && len(pending) > 0 {
		change, err := clone.LastChange(ctx, from, t.path)
		if err != nil {
			return err
		}
		if good {
			commit, err := clone.Commit(change.Commit)
			if err != nil {
				return err
			}
			for _, g := range pending {
				g.Commit = commit
			}
		}
		if change.Cut {
			for _, g := range pending {
				g.Unattributed = true
			}
			return nil
		}
		images, known, err := t.before(ctx, change)
		if err != nil {
			return err
		}
		if good = known; known {
			for name, g := range pending {
				if images[name] != g.Image {
					delete(pending, name)
				}
			}
		}
		from = change.Parent
	}
	return nil
}

// fileOf is the file of a position: "environments/production.hcl:19".
func fileOf(position string) string { return position[:strings.LastIndexByte(position, ':')] }

// trace follows an environment through history.
type trace struct {
	clone       *gitsource.Clone
	environment string
	path        string // the file that it is in
}

// before are the images of the environment before a change, by group; known is
// false where a mistake hides them. Where the file did not declare it, it may
// have come from another.
func (t *trace) before(ctx context.Context, change gitsource.Change) (images map[string]string, known bool, err error) {
	if change.Before != "" {
		images, seen, _, err := t.imagesIn(change.Before)
		if err != nil || seen {
			return images, images != nil, err
		}
	}
	if change.Parent == "" {
		return nil, true, nil
	}
	return t.elsewhere(ctx, change.Parent)
}

// elsewhere looks for the environment in all files of a commit, and follows it
// there. What only a file with a mistake may declare is not known.
func (t *trace) elsewhere(ctx context.Context, commit string) (images map[string]string, known bool, err error) {
	files, err := t.clone.Files(ctx, commit)
	if err != nil {
		return nil, false, err
	}
	var suspects []string
	for _, file := range files {
		images, seen, whole, err := t.imagesIn(file.Blob)
		switch {
		case err != nil:
			return nil, false, err
		case seen:
			t.path = file.Path
			return images, images != nil, nil
		case !whole:
			suspects = append(suspects, file.Path)
		}
	}
	if len(suspects) > 0 && !slices.Contains(suspects, t.path) {
		t.path = suspects[0]
	}
	return nil, len(suspects) == 0, nil
}

// imagesIn are the images of the environment in a file; seen says whether it is
// there, with images nil if it has a mistake, and whole is false where a mistake
// may hide it.
func (t *trace) imagesIn(blob string) (images map[string]string, seen, whole bool, err error) {
	content, err := t.clone.Read(blob)
	if err != nil || !bytes.Contains(content, []byte(t.environment)) {
		return nil, false, true, err
	}
	environments, mistakes := declare.Parse([]declare.Text{{Path: t.path, Content: content}})
	for _, e := range environments {
		if e.Name != t.environment {
			continue
		}
		if !e.Good {
			return nil, true, false, nil
		}
		images = map[string]string{}
		for _, g := range e.Groups {
			images[g.ID.Group] = g.Image
		}
		return images, true, true, nil
	}
	return nil, false, len(mistakes) == 0, nil
}
