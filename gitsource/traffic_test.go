package gitsource

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// TestUnchangedPollCostsNothing holds the aim of the second issue: at most two
// requests and 1.3 KB, headers included, and no objects, whatever the number
// of refs.
func TestUnchangedPollCostsNothing(t *testing.T) {
	t.Parallel()
	for _, refs := range []int{10, 1000} {
		t.Run(fmt.Sprint(refs, " refs"), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.commit("begin", files{"a.hcl": "one"})
			f.packRefs(refs)
			url, seen := serve(t, httpBackend(t, filepath.Dir(f.dir)))
			r := repository(t, url+"/fleet.git")
			fetch(t, r)
			again := repository(t, r.URL) // whose first poll greets
			again.StateDir = r.StateDir
			must(t, r.Close())
			for _, poll := range []struct {
				name            string
				requests, bytes int64
			}{{"first", 2, 1300}, {"second", 1, 750}, {"third", 1, 750}} {
				seen.reset()
				if fetch(t, again).Changed {
					t.Error("an unchanged poll found a change")
				}
				n, bytes := seen.requests.Load(), seen.up.Load()+seen.down.Load()
				t.Logf("%s poll: %d requests, %d bytes up, %d down", poll.name, n, seen.up.Load(), seen.down.Load())
				if n > poll.requests || bytes > poll.bytes {
					t.Errorf("%s poll took %d requests and %d bytes, at most %d and %d are allowed",
						poll.name, n, bytes, poll.requests, poll.bytes)
				}
			}
		})
	}
}

// packRefs adds many branches at once.
func (f *fixture) packRefs(n int) {
	f.t.Helper()
	for i := range n {
		ref := plumbing.NewHashReference(plumbing.ReferenceName(fmt.Sprintf("refs/tags/v%06d", i)), f.head("main"))
		must(f.t, f.store.SetReference(ref))
	}
	must(f.t, f.store.PackRefs())
}

// TestOneCommitCostsLittle: the poll and the pack of one commit in a
// repository of 300 files take at most 4 KB.
func TestOneCommitCostsLittle(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	all := files{}
	for i := range 300 {
		all[fmt.Sprintf("environments/region-%02d/group-%03d.hcl", i%20, i)] = fmt.Sprintf("group %d", i)
	}
	f.commit("begin", all)
	url, seen := serve(t, httpBackend(t, filepath.Dir(f.dir)))
	r := repository(t, url+"/fleet.git")
	fetch(t, r)
	for i := range 3 {
		all["environments/region-01/group-001.hcl"] = fmt.Sprint("ami-", i)
		f.commit("bump", all)
		seen.reset()
		fetch(t, r)
		bytes := seen.up.Load() + seen.down.Load()
		t.Logf("%d requests, %d bytes", seen.requests.Load(), bytes)
		if bytes > 4096 {
			t.Errorf("one commit took %d bytes", bytes)
		}
	}
}

func TestServerThatComesAndGoes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	head := f.commit("begin", files{"a.hcl": "one"})
	h := httpBackend(t, filepath.Dir(f.dir))
	s := httptest.NewServer(h)
	r := repository(t, s.URL+"/fleet.git")
	fetch(t, r)
	address := s.Listener.Addr().String()
	s.CloseClientConnections()
	s.Close()
	refused(t, r, ErrUnreachable, "connection refused")
	if r.Head() != head {
		t.Errorf("head is %q", r.Head())
	}
	next := f.commit("next", files{"a.hcl": "two"})
	back := httptest.NewUnstartedServer(h)
	back.Listener.Close()
	back.Listener = value[net.Listener](t)(net.Listen("tcp", address))
	back.Start()
	defer back.Close()
	if got := fetch(t, r); got.Head != next {
		t.Errorf("got %+v", got)
	}
}

// TestServerThatIsReplaced: one that forgets what it could do is greeted anew.
func TestServerThatIsReplaced(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	h := httpBackend(t, filepath.Dir(f.dir))
	url, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	r := repository(t, url+"/fleet.git")
	fetch(t, r)
	h = oldServer(h)
	next := f.commit("next", files{"a.hcl": "two"})
	if got := fetch(t, r); got.Head != next {
		t.Errorf("got %+v", got)
	}
	h = httpBackend(t, filepath.Dir(f.dir))
	next = f.commit("last", files{"a.hcl": "three"})
	if got := fetch(t, r); got.Head != next {
		t.Errorf("got %+v", got)
	}
}
