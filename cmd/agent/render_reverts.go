package main

import (
	"io"

	"moult/reconcile"
)

// renderReverts warns of the ways back that are closed: images that were
// declared before and cannot be launched any more.
func renderReverts(w io.Writer, reverts []reconcile.Revert, v view) {
	for _, r := range reverts {
		v.line(w, 2, "%s %s cannot go back to %s of commit %s: it %s",
			v.paint.yellow("!"), v.paint.bold(r.Group.String()), r.Image, r.Commit.Short(), r.Problem)
	}
}
