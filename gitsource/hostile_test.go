package gitsource

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"

	"moult/gitsource/packs"
)

// script is a server of version 2 that says what a test wants. Nil parts
// behave.
type script struct {
	tip      string
	greeting http.HandlerFunc
	refs     http.HandlerFunc
	pack     http.HandlerFunc
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	kind, part, usual := replyType, s.pack, ""
	switch {
	case strings.HasSuffix(r.URL.Path, "/info/refs"):
		kind, part = greetingType, s.greeting
		usual = lines("version 2", "ls-refs", "fetch=shallow") + "0000"
	case bytes.Contains(body, []byte("command=ls-refs")):
		part = s.refs
		usual = lines(s.tip+" refs/heads/main") + "0000"
	}
	w.Header().Set("Content-Type", kind)
	if part != nil {
		part(w, r)
		return
	}
	io.WriteString(w, usual)
}

func lines(all ...string) string {
	var b bytes.Buffer
	for _, line := range all {
		fmt.Fprintf(&b, "%04x%s\n", len(line)+5, line)
	}
	return b.String()
}

// says is a part of a script that writes something.
func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }
}

// stalls is a part of a script that says a little and then nothing, until the
// client goes away.
func stalls(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, text)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
}

// packReply wraps a pack as fetch does.
func packReply(pack []byte) string {
	var b strings.Builder
	b.WriteString(lines("packfile"))
	for len(pack) > 0 {
		n := min(len(pack), 60000)
		fmt.Fprintf(&b, "%04x\x01%s", n+5, pack[:n])
		pack = pack[n:]
	}
	return b.String() + "0000"
}

// packed is one object of a hand-made pack.
type packed struct {
	kind    plumbing.ObjectType
	size    int // that its header claims
	between []byte
	content []byte
}

func makePack(count int, objects ...packed) []byte { return paddedPack(0, count, objects...) }

// paddedPack is a pack with so many empty blocks in front of each object.
func paddedPack(blocks, count int, objects ...packed) []byte {
	b := packs.Header(uint32(count))
	for _, o := range objects {
		b = append(b, packs.ObjectHeader(o.kind, o.size)...)
		b = append(b, o.between...)
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		w.Write(o.content)
		w.Close()
		deflated := z.Bytes()
		b = slices.Concat(b, deflated[:2], bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, blocks), deflated[2:])
	}
	sum := sha1.Sum(b)
	return append(b, sum[:]...)
}

const someTip = "0123456789012345678901234567890123456789"

// against polls a scripted server with short timeouts.
func against(t *testing.T, s *script) *Repository {
	t.Helper()
	url, _ := serve(t, s)
	if s.tip == "" {
		s.tip = someTip
	}
	r := repository(t, url+"/fleet.git")
	r.PollTimeout, r.CloneTimeout = 5*time.Second, 5*time.Second
	return r
}

func TestStallingServerMeetsTheDeadline(t *testing.T) {
	t.Parallel()
	pack := packReply(makePack(1, packed{plumbing.BlobObject, 3, nil, []byte("one")}))
	for name, s := range map[string]*script{
		"greeting":           {greeting: stalls("")},
		"half a greeting":    {greeting: stalls(lines("version 2"))},
		"refs":               {refs: stalls("")},
		"half a line":        {refs: stalls("003d0123")},
		"no pack":            {pack: stalls("")},
		"half a pack":        {pack: stalls(pack[:40])},
		"progress and waits": {pack: stalls(lines("packfile") + "000a\x02wait.")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := against(t, s)
			r.PollTimeout, r.CloneTimeout = 100*time.Millisecond, 100*time.Millisecond
			refused(t, r, ErrUnreachable, "no answer within 100ms")
		})
	}
}

func TestEndOfTheCallersContextIsNotTheServersFault(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	stall := stalls(lines("packfile"))
	r := against(t, &script{pack: func(w http.ResponseWriter, r *http.Request) { cancel(); stall(w, r) }})
	if _, err := r.Fetch(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnreachable) {
		t.Errorf("error is %v", err)
	}
}

func TestGarbageIsRefused(t *testing.T) {
	t.Parallel()
	good := makePack(1, packed{plumbing.BlobObject, 3, nil, []byte("one")})
	torn := bytes.Clone(good)
	torn[len(torn)-1] ^= 1
	for name, s := range map[string]*script{
		"greeting":             {greeting: says("<html>")},
		"empty greeting":       {greeting: says("")},
		"refs":                 {refs: says("zzzz")},
		"refs without end":     {refs: says(lines(someTip + " refs/heads/main"))},
		"hash":                 {tip: "not-a-hash"},
		"long line":            {refs: says("fffff")},
		"pack":                 {pack: says(packReply([]byte("no pack, but long enough to be one")))},
		"truncated pack":       {pack: says(packReply(good[:len(good)-25]))},
		"cut-off pack":         {pack: says(packReply(good)[:30])},
		"wrong checksum":       {pack: says(packReply(torn))},
		"bytes after the pack": {pack: says(packReply(append(bytes.Clone(good), "more"...)))},
		"empty pack":           {pack: says(packReply(makePack(0)))},
		"other objects":        {pack: says(packReply(good))},
		"object type":          {pack: says(packReply(makePack(1, packed{5, 3, nil, []byte("one")})))},
		"longer object":        {pack: says(packReply(makePack(1, packed{plumbing.BlobObject, 2, nil, []byte("one")})))},
		"thin pack": {pack: says(packReply(makePack(1,
			packed{plumbing.REFDeltaObject, 4, make([]byte, 20), []byte{3, 1, 1, 'x'}})))},
		"endless progress": {pack: says(lines("packfile") + strings.Repeat("000a\x02wait.", 1000) + "0000")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := against(t, s)
			refused(t, r, ErrUnreachable, "")
			if r.Head() != "" || exists(filepath.Join(r.StateDir, "mirror.next")) {
				t.Error("something of it was kept")
			}
		})
	}
}

func TestWhatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	const much = 1 << 20
	zeros := packed{plumbing.BlobObject, much, nil, make([]byte, much)}
	huge := binary.AppendUvarint(binary.AppendUvarint(nil, 3), much*4)
	for name, pack := range map[string][]byte{
		"pack":            makePack(1, packed{plumbing.BlobObject, len(noise(much)), nil, noise(much)}),
		"count":           makePack(1 << 30),
		"object":          makePack(1, packed{plumbing.BlobObject, much * 2, nil, make([]byte, much*2)}),
		"objects":         makePack(4, zeros, zeros, zeros, zeros),
		"claimed object":  makePack(1, packed{plumbing.BlobObject, 1 << 40, nil, nil}),
		"delta's outcome": makePack(1, packed{plumbing.REFDeltaObject, len(huge), make([]byte, 20), huge}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := against(t, &script{pack: says(packReply(pack))})
			r.Limits = Limits{PackBytes: much / 2, Objects: 1000, ObjectBytes: much + much/2, Unpacked: 3 * much}
			refused(t, r, ErrTooLarge, "")
		})
	}
}

// noise does not compress.
func noise(n int) []byte {
	b := make([]byte, 0, n+sha1.Size)
	for sum := sha1.Sum(nil); len(b) < n; sum = sha1.Sum(sum[:]) {
		b = append(b, sum[:]...)
	}
	return b[:n]
}

func TestServersOwnWordsAreShownTame(t *testing.T) {
	t.Parallel()
	r := against(t, &script{refs: says("001aERR \x1b[31mno\nmore today")})
	refused(t, r, ErrUnreachable, "the server says: [31mno more today;")
}

func TestSHA256IsNotSupported(t *testing.T) {
	t.Parallel()
	r := against(t, &script{greeting: says(lines("version 2", "ls-refs", "object-format=sha256") + "0000")})
	refused(t, r, ErrUnsupported, "object format sha256")

	dir := filepath.Join(t.TempDir(), "new.git")
	git(t, t.TempDir(), "init", "-q", "--bare", "--object-format=sha256", dir)
	refused(t, repository(t, dir), ErrUnsupported, "object format sha256")
}

func TestAnswersOfTheWebAreExplained(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]error{
		http.StatusUnauthorized: ErrDenied, http.StatusForbidden: ErrDenied, http.StatusNotFound: ErrNotFound,
		http.StatusTooManyRequests: ErrUnreachable, http.StatusBadGateway: ErrUnreachable,
	} {
		r := against(t, &script{greeting: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }})
		refused(t, r, kind, fmt.Sprint(status))
	}
	page := func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/html") }
	refused(t, against(t, &script{greeting: page}), ErrNotFound, `"text/html" and not git's`)
}

// TestIncompletePackDoesNotHarmTheMirror: the server pretends to know what
// the mirror has, and leaves out an object.
func TestIncompletePackDoesNotHarmTheMirror(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	head := f.commit("begin", files{"a.hcl": "one"})
	h := httpBackend(t, filepath.Dir(f.dir))
	var evil http.Handler
	url, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if evil != nil {
			evil.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	}))
	r := repository(t, url+"/fleet.git")
	fetch(t, r)

	commit := f.commitTree("half", f.tree(files{"a.hcl": "two"}), f.head("main"))
	o := value[plumbing.EncodedObject](t)(f.store.EncodedObject(plumbing.CommitObject, commit))
	content := value[[]byte](t)(io.ReadAll(value[io.ReadCloser](t)(o.Reader())))
	pack := makePack(1, packed{plumbing.CommitObject, len(content), nil, content})
	evil = &script{tip: commit.String(), pack: says(packReply(pack))}
	refused(t, r, ErrUnreachable, "what was sent is incomplete")
	if r.Head() != head {
		t.Errorf("head is %q, want %s", r.Head(), head)
	}
	if diff := cmp.Diff([]string{"begin: a.hcl=one"}, history(t, r, "", "")); diff != "" {
		t.Error(diff)
	}
	evil = nil
	f.point("main", commit)
	fetch(t, r)
	if diff := cmp.Diff([]string{"half: a.hcl=two"}, history(t, r, head, "")); diff != "" {
		t.Error(diff)
	}
}

// git stores and serves an object that is deflated with a thousand empty blocks in
// front as it stands, and takes it for sound. So whatever is received can be read:
// else the mirror would pass for damaged at each poll.
func TestObjectsThatAreDeflatedForLongAreRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	commit := f.commitTree("long", f.tree(files{"a.hcl": "one"}))
	var all []packed
	for _, h := range []plumbing.Hash{commit, f.tree(files{"a.hcl": "one"}), f.blob("one")} {
		o := value[plumbing.EncodedObject](t)(f.store.EncodedObject(plumbing.AnyObject, h))
		content := value[[]byte](t)(io.ReadAll(value[io.ReadCloser](t)(o.Reader())))
		all = append(all, packed{kind: o.Type(), size: len(content), content: content})
	}
	r := against(t, &script{tip: commit.String(), pack: says(packReply(paddedPack(10_000, len(all), all...)))})
	for range 2 {
		fetch(t, r)
		if diff := cmp.Diff([]string{"long: a.hcl=one"}, history(t, r, "", "")); diff != "" {
			t.Error(diff)
		}
		r = again(t, r)
	}
}

func TestHandMadeTrees(t *testing.T) {
	fromAll(t, func(t *testing.T, f *fixture, r *Repository) {
		one := f.blob("one")
		inside := f.rawTree(raw{"100644", "b.hcl", one})
		f.commitOn("main", "odd", f.rawTree(
			raw{"40000", "..", inside},
			raw{"100644", "../../etc/cron.hcl", one},
			raw{"40000", ".git", inside},
			raw{"100755", "a.hcl", one},
			raw{"100644", "bad\nname.hcl", one},
			raw{"100644", "bad\\name.hcl", one},
			raw{"100644", "bad\xffname.hcl", one},
			raw{"40000", "folder.hcl", inside},
			raw{"120000", "link.hcl", f.blob("/etc/passwd")},
			raw{"160000", "module.hcl", plumbing.NewHash(someTip)},
			raw{"100644", "notes.txt", f.blob("not a declaration")},
		))
		fetch(t, r)
		if diff := cmp.Diff([]string{"odd: a.hcl=one folder.hcl/b.hcl=one"}, history(t, r, r.Head(), "")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLimitsOfOneCommit(t *testing.T) {
	fromAll(t, func(t *testing.T, f *fixture, r *Repository) {
		r.Limits = Limits{Files: 3, Depth: 2, FileBytes: 10}
		f.commit("many", files{"a.hcl": "1", "b.hcl": "2", "c.hcl": "3", "d/e.hcl": "4"})
		f.commit("deep", files{"a/b/c/d.hcl": "1"})
		f.commit("long", files{"a.hcl": "longer than ten bytes"})
		fetch(t, r)
		var subjects []string
		for rev, err := range r.Revisions(context.Background(), "", "") {
			must(t, err)
			subjects = append(subjects, rev.Commit.Subject)
			if _, err := r.Read(rev.Files[0].Blob); rev.Files[0].Size == 21 && !errors.Is(err, ErrTooLarge) {
				t.Errorf("reading 21 bytes: %v", err)
			}
		}
		if diff := cmp.Diff([]string{"begin", "long"}, subjects); diff != "" {
			t.Errorf("commits past the limits are not left out: %s", diff)
		}
		f.commit("many again", files{"a.hcl": "1", "b.hcl": "2", "c.hcl": "3", "d/e.hcl": "4"})
		fetch(t, r)
		for _, err := range r.Revisions(context.Background(), r.Head(), "") {
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("error is %v", err)
			}
		}
		f.commit("fixed", files{"a.hcl": "1"})
		fetch(t, r)
		if diff := cmp.Diff([]string{"fixed: a.hcl=1"}, history(t, r, r.Head(), "")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestMalformedCommitIsLeftOut(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.commit("begin", files{"a.hcl": "one"})
	twice := f.rawTree(raw{"100644", "a.hcl", f.blob("x")}, raw{"100644", "a.hcl", f.blob("y")})
	f.commitOn("main", "twice", twice)
	f.commitOn("main", "short", f.object(plumbing.TreeObject, []byte("100644 a.hcl")))
	f.commit("end", files{"a.hcl": "two"})
	r := repository(t, f.dir)
	fetch(t, r)
	if diff := cmp.Diff([]string{"end: a.hcl=two"}, history(t, r, first, "")); diff != "" {
		t.Error(diff)
	}
	f.commitOn("main", "twice", twice)
	fetch(t, r)
	for _, err := range r.Revisions(context.Background(), "", "") {
		if err != nil && (!errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), `has "a.hcl" twice`)) {
			t.Errorf("error is %v", err)
		}
	}
	if _, err := os.Stat(filepath.Join(r.StateDir, "mirror")); err != nil || r.Head() == "" {
		t.Errorf("the mirror is gone: %v", err)
	}
}
