package gitsource

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
)

// TestEverythingAtOnce is for the race detector: polling, reading and asking
// go on together, through a rewritten history and a damaged mirror.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	base := f.commit("begin", files{"a.hcl": "one", "env/b.hcl": "two"})
	r := repository(t, f.dir)
	fetch(t, r)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() { readUntil(ctx, t, r) })
	}
	for i := range 25 {
		switch i {
		case 8:
			f.point("main", f.commitTree("anew", f.tree(files{"z.hcl": "new"})))
		case 12:
			zero(t, anyPack(t, r))
		case 16:
			f.point("main", f.head("main"))
		default:
			f.commit("c", files{"a.hcl": fmt.Sprint(i), "env/b.hcl": "two"})
		}
		fetch(t, r)
	}
	stop()
	readers.Wait()
	if got := history(t, r, base, ""); len(got) == 0 {
		t.Error("nothing can be read in the end")
	}
}

// readUntil reads whole histories. Errors are in order while the mirror is
// being replaced; wrong content is not.
func readUntil(ctx context.Context, t *testing.T, r *Repository) {
	for ctx.Err() == nil {
		_ = r.Head()
		for rev, err := range r.Revisions(ctx, "", "") {
			if err != nil {
				break
			}
			for _, file := range rev.Files {
				content, err := r.Read(file.Blob)
				if err == nil && int64(len(content)) != file.Size {
					t.Errorf("%s has %d bytes, want %d", file.Path, len(content), file.Size)
				}
			}
		}
	}
}

func anyPack(t *testing.T, r *Repository) string {
	t.Helper()
	return value[[]string](t)(filepath.Glob(filepath.Join(r.StateDir, "mirror", "objects", "pack", "*.pack")))[0]
}
