package gitsource

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/wire"

	"moult/gitsource/packs"
)

// large is a fixture with a long history in one pack: folders of 15 files, of
// which each commit changes one line in one.
type large struct {
	*fixture
	packed  *packs.Writer
	folders [][]raw
	root    []raw
	last    plumbing.Hash
}

func newLarge(b *testing.B, commits, files int) *large {
	b.Helper()
	l := &large{fixture: newFixture(b)}
	dir := filepath.Join(l.dir, "objects", "pack")
	f := value[*os.File](b)(os.CreateTemp(dir, "tmp"))
	l.packed = value[*packs.Writer](b)(packs.NewWriter(f))
	for i := range (files + 14) / 15 {
		l.folders = append(l.folders, nil)
		for j := range 15 {
			l.folders[i] = append(l.folders[i], raw{"100644", fmt.Sprintf("group-%02d.hcl", j), l.text(i, j, 0)})
		}
		l.root = append(l.root, raw{"40000", fmt.Sprintf("env-%03d", i), l.dirTree(l.folders[i])})
	}
	for n := range commits {
		l.bump(n)
	}
	index := value[*idxfile.MemoryIndex](b)(l.packed.Finish())
	name := filepath.Join(dir, "pack-"+plumbing.Hash(index.PackfileChecksum).String())
	must(b, f.Close())
	must(b, os.Rename(f.Name(), name+".pack"))
	out := value[*os.File](b)(os.Create(name + ".idx"))
	value[int](b)(idxfile.NewEncoder(out).Encode(index))
	must(b, out.Close())
	l.point("main", l.last)
	l.packed = nil
	return l
}

// add writes an object: into the pack while there is one.
func (l *large) add(kind plumbing.ObjectType, content []byte) plumbing.Hash {
	if l.packed == nil {
		return l.object(kind, content)
	}
	h := plumbing.ComputeHash(kind, content)
	must(l.t, l.packed.Add(kind, h, content))
	return h
}

func (l *large) text(folder, file, version int) plumbing.Hash {
	return l.add(plumbing.BlobObject, fmt.Appendf(nil, "environment %q {\n  group %q {\n    ami = \"ami-%017d\"\n  }\n}\n",
		fmt.Sprint("env-", folder), fmt.Sprint("group-", file), version))
}

func (l *large) dirTree(entries []raw) plumbing.Hash {
	var b bytes.Buffer
	for _, e := range entries {
		fmt.Fprintf(&b, "%s %s\x00%s", e.mode, e.name, e.hash[:])
	}
	return l.add(plumbing.TreeObject, b.Bytes())
}

// bump is one more commit.
func (l *large) bump(n int) {
	i := n % len(l.folders)
	j := n / len(l.folders) % 15
	l.folders[i][j].hash = l.text(i, j, n+1)
	l.root[i].hash = l.dirTree(l.folders[i])
	parent := ""
	if !l.last.IsZero() {
		parent = "parent " + l.last.String() + "\n"
	}
	l.last = l.add(plumbing.CommitObject, fmt.Appendf(nil, "tree %s\n%sauthor A <a@x> %d +0000\ncommitter A <a@x> %d +0000\n\nbump %d\n",
		l.dirTree(l.root), parent, 1_600_000_000+n, 1_600_000_000+n, n))
}

// sizes are the two repositories of the measurements: S and a tenth of L.
var sizes = []struct {
	name           string
	commits, files int
}{{"2000x300", 2000, 300}, {"5000x3000", 5000, 3000}}

func eachSize(b *testing.B, run func(b *testing.B, l *large)) {
	for _, s := range sizes {
		b.Run(s.name, func(b *testing.B) { run(b, newLarge(b, s.commits, s.files)) })
	}
}

func BenchmarkPollHTTP(b *testing.B) {
	url, _ := serve(b, &script{tip: someTip})
	r := &remote{&wire.Server{At: value[wire.Location](b)(wire.ParseLocation(url + "/fleet.git"))}}
	for b.Loop() {
		value[plumbing.Hash](b)(r.tip(context.Background(), "main"))
	}
}

func BenchmarkPollLocal(b *testing.B) {
	f := newFixture(b)
	f.commit("begin", files{"a.hcl": "one"})
	r := repository(b, f.dir)
	fetch(b, r)
	for b.Loop() {
		fetch(b, r)
	}
}

func BenchmarkCloneLocal(b *testing.B) {
	eachSize(b, func(b *testing.B, l *large) {
		for b.Loop() {
			fetch(b, repository(b, l.dir))
		}
	})
}

func BenchmarkCloneHTTP(b *testing.B) {
	eachSize(b, func(b *testing.B, l *large) {
		url, _ := serve(b, httpBackend(b, filepath.Dir(l.dir)))
		for b.Loop() {
			fetch(b, repository(b, url+"/fleet.git"))
		}
	})
}

// BenchmarkOneCommit is a commit, the fetch that finds it and the reading of
// what it changed.
func BenchmarkOneCommitLocal(b *testing.B) {
	eachSize(b, func(b *testing.B, l *large) { oneCommit(b, l, l.dir) })
}

func BenchmarkOneCommitHTTP(b *testing.B) {
	eachSize(b, func(b *testing.B, l *large) {
		url, _ := serve(b, httpBackend(b, filepath.Dir(l.dir)))
		oneCommit(b, l, url+"/fleet.git")
	})
}

func oneCommit(b *testing.B, l *large, url string) {
	r := repository(b, url)
	fetch(b, r)
	for n := 100_000; b.Loop(); n++ {
		b.StopTimer()
		before := l.last.String()
		l.bump(n)
		l.point("main", l.last)
		b.StartTimer()
		fetch(b, r)
		for rev, err := range r.Revisions(context.Background(), before, "") {
			must(b, err)
			value[[]byte](b)(r.Read(rev.Files[0].Blob))
		}
	}
}

// BenchmarkRestart is opening the mirror, and reading all files of the head.
func BenchmarkRestart(b *testing.B) {
	eachSize(b, func(b *testing.B, l *large) {
		r := repository(b, l.dir)
		fetch(b, r)
		for b.Loop() {
			must(b, r.Close())
			for rev, err := range r.Revisions(context.Background(), r.Head(), "") {
				must(b, err)
				for _, f := range rev.Files {
					value[[]byte](b)(r.Read(f.Blob))
				}
			}
		}
	})
}

// BenchmarkHistory is listing the newest 2,000 revisions after a restart.
func BenchmarkHistory(b *testing.B) {
	eachSize(b, func(b *testing.B, l *large) {
		r := repository(b, l.dir)
		r.first = everything
		fetch(b, r)
		for b.Loop() {
			must(b, r.Close())
			n := 0
			for _, err := range r.Revisions(context.Background(), "", "") {
				must(b, err)
				n++
			}
			if n != 2000 {
				b.Fatalf("%d revisions", n)
			}
		}
	})
}
