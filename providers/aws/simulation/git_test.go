package simulation

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"moult/reconcile"
	"moult/reconcile/declare"
)

// repository is a git without git: a line of commits, each with its files.
type repository struct {
	role      string // ARN that the environment is reached by, "" for none
	mu        sync.Mutex
	down      bool
	revisions []reconcile.Revision
	declared  []map[string]string // image by group, for each commit; nil where the commit is broken
	mistaken  map[string]bool     // "group image" that only broken commits declare
	blobs     map[string][]byte
}

const environmentFile = "environments/production.hcl"

// commit declares an image for each group.
func (r *repository) commit(subject string, fleet []member, images map[string]string) {
	r.land(subject, r.declaration(fleet, images), maps.Clone(images))
}

// breakIt lands a commit whose file cannot be read: it declares images that
// nobody may act upon.
func (r *repository) breakIt(fleet []member, images map[string]string) {
	r.land("a mistake", r.declaration(fleet, images)+mistakeText, nil)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mistaken == nil {
		r.mistaken = map[string]bool{}
	}
	for group, image := range images {
		r.mistaken[group+" "+image] = true
	}
}

// mistakeText is what makes a file unreadable.
const mistakeText = "\nenvironment \"production\" {\n"

// onlyByMistake reports whether an image was declared for a group by broken
// commits and by no other.
func (r *repository) onlyByMistake(group, image string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, images := range r.declared {
		if images[group] == image {
			return false
		}
	}
	return r.mistaken[group+" "+image]
}

// land adds a commit. No images means that nobody may act upon it.
func (r *repository) land(subject, text string, images map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.blobs == nil {
		r.blobs = map[string][]byte{}
	}
	blob := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
	r.blobs[blob] = []byte(text)
	hash := fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%d %s", len(r.revisions), text)))[:40]
	r.revisions = append(r.revisions, reconcile.Revision{
		Commit: reconcile.Commit{Hash: hash, Author: "Ada <ada@example.com>", Time: time.Now().UTC().Truncate(time.Second), Subject: subject},
		Files:  []reconcile.File{{Path: environmentFile, Blob: blob, Size: int64(len(text))}},
	})
	r.declared = append(r.declared, images)
}

// has reports whether there is a commit with a hash.
func (r *repository) has(hash string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.revisions, func(rev reconcile.Revision) bool { return rev.Commit.Hash == hash })
}

func (r *repository) setDown(down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = down
}

// newest is the number of the newest commit that can be obeyed.
func (r *repository) newest() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := len(r.declared) - 1; n >= 0; n-- {
		if r.declared[n] != nil {
			return n
		}
	}
	return -1
}

// readable reports whether a commit may be acted upon.
func (r *repository) readable(n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.declared[n] != nil
}

// image is what a commit declares for a group.
func (r *repository) image(commit int, group string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.declared[commit][group]
}

func (r *repository) since(n int) []reconcile.Revision {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.revisions[n:])
}

func (r *repository) read(blob string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.blobs[blob], nil
}

// clone is one agent's view of the repository: what it has seen.
type clone struct {
	origin *repository

	mu       sync.Mutex
	timeline declare.Timeline
	seen     int // commits read
	obeyed   int // the newest of them that can be obeyed
	stale    *reconcile.Stale
	// spoil, when set, changes what the agent is told that git declares.
	spoil func(*clone, reconcile.Declared) reconcile.Declared
	// blind, when set, changes what it reads.
	blind func([]byte) []byte
}

var errNothingRead = errors.New("read the repository: it is down, and nothing was ever read")

// Read folds what is new into the timeline, as the agent does.
func (c *clone) Read(context.Context) (reconcile.Declared, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.origin.mu.Lock()
	down := c.origin.down
	c.origin.mu.Unlock()
	if down {
		return c.stay()
	}
	c.stale = nil
	for _, rev := range c.origin.since(c.seen) {
		if err := c.timeline.Advance(rev, c.content); err != nil {
			return reconcile.Declared{}, err
		}
		if c.origin.readable(c.seen) {
			c.obeyed = c.seen
		}
		c.seen++
	}
	if c.spoil != nil {
		return c.spoil(c, c.timeline.Declared()), nil
	}
	return c.timeline.Declared(), nil
}

func (c *clone) content(blob string) ([]byte, error) {
	text, err := c.origin.read(blob)
	if c.blind != nil {
		text = c.blind(text)
	}
	return text, err
}

func (c *clone) stay() (reconcile.Declared, error) {
	if c.seen == 0 {
		return reconcile.Declared{}, errNothingRead
	}
	if c.stale == nil {
		c.stale = &reconcile.Stale{Since: time.Now(), Reason: "the repository is down"}
	}
	declared := c.timeline.Declared()
	declared.Stale = c.stale
	return declared, nil
}

// newestObeyed is the number of the newest commit that this agent knows and
// may obey.
func (c *clone) newestObeyed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.obeyed
}

// declaration is the file of a commit.
func (r *repository) declaration(fleet []member, images map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "environment \"production\" {\n  aws {\n    region = %q\n", region)
	if r.role != "" {
		fmt.Fprintf(&b, "    role_arn = %q\n", r.role)
	}
	b.WriteString("  }\n")
	for _, m := range fleet {
		image, ok := images[m.name]
		if !ok {
			continue
		}
		fmt.Fprintf(&b, "\n  group %q {\n    auto_scaling_group = %q\n    ami = %q\n", m.name, m.name+"-asg", image)
		fmt.Fprintf(&b, "    rollout {\n%s    }\n  }\n", m.rollout)
	}
	b.WriteString("}\n")
	return b.String()
}
