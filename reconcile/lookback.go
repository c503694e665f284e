package reconcile

import (
	"context"
	"slices"
	"time"
)

// lookBack asks whether the images that were declared before could still be
// launched, so that whoever needs a revert does not learn then that it cannot
// be had. It warns and changes nothing.
func (ln *lane) lookBack(ctx context.Context, all []Declaration) {
	checker, ok := ln.loop.Provider.(ImageChecker)
	images := earlierImages(all)
	if !ok || len(images) == 0 {
		return
	}
	problems, err := checker.CheckImages(ctx, ln.place, images)
	if err != nil {
		if ctx.Err() == nil {
			ln.loop.log().Warn("earlier images could not be checked", "region", ln.place.Region, "error", err)
		}
		return
	}
	ln.proven = time.Now()
	closed := closedWays(all, problems, ln.proven)
	for _, r := range ln.loop.board.replaceReverts(ln.place, closed) {
		ln.loop.log().Warn("a revert would be held", "group", r.Group.String(), "commit", r.Commit.Hash, "ami", r.Image, "reason", r.Problem)
	}
	ln.loop.publish()
}

// earlierImages are the images of the past, each once, in order.
func earlierImages(all []Declaration) []string {
	var images []string
	for _, d := range all {
		for _, e := range d.Earlier {
			images = append(images, e.Image)
		}
	}
	slices.Sort(images)
	return slices.Compact(images)
}

// closedWays are the earlier images with a problem, group by group.
func closedWays(all []Declaration, problems map[string]string, now time.Time) []Revert {
	var closed []Revert
	for _, d := range all {
		for _, e := range d.Earlier {
			if problem := problems[e.Image]; problem != "" {
				closed = append(closed, Revert{Group: d.ID, Image: e.Image, Commit: e.Commit, Problem: problem, Checked: now})
			}
		}
	}
	return closed
}

func (r Revert) before(o Revert) bool {
	if r.Group != o.Group {
		return r.Group.Less(o.Group)
	}
	return r.Image < o.Image
}

// replaceReverts writes down which ways back of a place are closed, and
// returns those that were open before.
func (b *board) replaceReverts(place Place, closed []Revert) (fresh []Revert) {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := map[Revert]bool{}
	for _, r := range b.reverts[place] {
		r.Checked = time.Time{}
		known[r] = true
	}
	for _, r := range closed {
		bare := r
		bare.Checked = time.Time{}
		if !known[bare] {
			fresh = append(fresh, r)
		}
	}
	if b.reverts == nil {
		b.reverts = map[Place][]Revert{}
	}
	b.reverts[place] = closed
	return fresh
}
