package gitsource

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/packs"
)

// endless is a server of version 2 without a network, for tests on virtual time.
// The part of the exchange that a test names goes on for ever: text comes again
// and again, with a pause in front of each.
type endless struct {
	greeting, refs, pack *stream // nil: as usual, and for pack the usual begin
	old                  bool    // speaks version 0
}

type stream struct {
	begin, again string
	pause        time.Duration
}

func (e endless) RoundTrip(r *http.Request) (*http.Response, error) {
	kind, usual, odd := replyType, lines("packfile"), e.pack
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/info/refs"):
		kind, odd = greetingType, e.greeting
		usual = lines("version 2", "ls-refs", "fetch=shallow") + "0000"
		if e.old {
			usual = lines(someTip+" refs/heads/main\x00side-band-64k") + "0000"
		}
	case bytes.Contains(body, []byte("command=ls-refs")):
		odd, usual = e.refs, lines(someTip+" refs/heads/main")+"0000"
	}
	var text io.Reader = strings.NewReader(usual)
	if odd != nil {
		text = io.MultiReader(strings.NewReader(odd.begin), &dripping{ctx: r.Context(), stream: *odd})
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(text), Request: r,
	}, nil
}

type dripping struct {
	ctx context.Context
	stream
	rest string
}

func (d *dripping) Read(p []byte) (int, error) {
	if d.rest == "" {
		select {
		case <-d.ctx.Done():
			return 0, d.ctx.Err()
		case <-time.After(d.pause):
		}
		d.rest = d.again
	}
	n := copy(p, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

// TestAServerThatNeverEndsMeetsTheDeadline: with the usual deadlines, however it
// keeps the connection busy.
func TestAServerThatNeverEndsMeetsTheDeadline(t *testing.T) {
	t.Parallel()
	const almost = 59 * time.Second // just within what a silent server is given
	// A pack whose one object is stored as it is, so that any byte will do.
	begin := slices.Concat([]byte{1}, packs.Header(1), packs.ObjectHeader(plumbing.BlobObject, 0xffff), []byte{0x78, 1, 1, 0xff, 0xff, 0, 0})
	for name, c := range map[string]struct {
		server endless
		within time.Duration
	}{
		"one byte of a greeting at a time": {endless{greeting: &stream{again: "0", pause: almost}}, time.Minute},
		"one byte of the refs at a time":   {endless{refs: &stream{again: "0", pause: almost}}, time.Minute},
		"one byte of a pack at a time": {endless{pack: &stream{
			begin: lines("packfile") + fmt.Sprintf("%04x%s", len(begin)+4, begin), again: "0006\x01x", pause: almost,
		}}, 10 * time.Minute},
		"garbage, and then a byte at a time": {endless{pack: &stream{begin: lines("packfile") + "0009\x01junk", again: "0006\x01x", pause: almost}}, 0},
		"progress without end":               {endless{pack: &stream{begin: lines("packfile"), again: "000a\x02wait.", pause: time.Second}}, time.Minute},
		"sections without end":               {endless{pack: &stream{again: "0001", pause: time.Second}}, time.Minute},
		"signs of life without end":          {endless{pack: &stream{begin: lines("packfile"), again: "0005\x01", pause: time.Second}}, 5 * time.Minute},
		"signs of life in a pack": {endless{pack: &stream{
			begin: lines("packfile") + fmt.Sprintf("%04x%s", len(begin)+4, begin), again: "0005\x01", pause: 5 * time.Second,
		}}, 5 * time.Minute},
		"NAKs without end":       {endless{old: true, pack: &stream{again: "0008NAK\n", pause: time.Second}}, time.Minute},
		"boundaries without end": {endless{pack: &stream{begin: lines("shallow-info"), again: lines("shallow " + someTip), pause: time.Second}}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := repository(t, "https://git.example.com/fleet.git")
				r.Transport = c.server
				start := time.Now()
				text := refused(t, r, ErrUnreachable, "")
				if took := time.Since(start); took > c.within+time.Second {
					t.Errorf("it took %s to say %s", took, text)
				}
				must(t, r.Close())
			})
		})
	}
}

func TestAServerWithTooManyAbilitiesIsRefused(t *testing.T) {
	t.Parallel()
	for n, kind := range map[int]error{999: ErrUnreachable, 1001: ErrTooLarge} { // the first fails later: it has no pack
		said := lines("version 2")
		for i := range n {
			said += lines(fmt.Sprint("ability-", i))
		}
		refused(t, against(t, &script{greeting: says(said + "0000"), pack: says("")}), kind, "")
	}
}

// TestAServerThatSaysTooMuchIsCutOff: without a pause, so that only a limit can
// end it.
func TestAServerThatSaysTooMuchIsCutOff(t *testing.T) {
	t.Parallel()
	some := func(line string) string { return strings.Repeat(line, 1000) }
	for name, s := range map[string]endless{
		"refs":          {refs: &stream{again: some(lines(someTip + " refs/heads/" + strings.Repeat("x", 60000)))}},
		"old refs":      {old: true, greeting: &stream{begin: lines(someTip + " refs/heads/a\x00side-band-64k"), again: some(lines(someTip + " refs/heads/" + strings.Repeat("x", 60000)))}},
		"preambles":     {greeting: &stream{again: some(lines("version 1"))}},
		"shallow":       {pack: &stream{begin: lines("shallow-info"), again: some(lines("shallow " + someTip))}},
		"unshallow":     {pack: &stream{begin: lines("shallow-info"), again: some(lines("unshallow " + someTip))}},
		"progress":      {pack: &stream{begin: lines("packfile"), again: some("000a\x02wait.")}},
		"signs of life": {pack: &stream{begin: lines("packfile"), again: some("0005\x01")}},
		"old shallow":   {old: true, greeting: &stream{begin: lines(someTip + " refs/heads/main\x00side-band-64k"), again: some(lines("shallow " + someTip))}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := repository(t, "https://git.example.com/fleet.git")
			r.Transport = s
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second) // of the usual minute
			defer cancel()
			_, err := r.Fetch(ctx)
			if !errors.Is(err, ErrUnreachable) && !errors.Is(err, ErrTooLarge) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

// chained is a pack in which each object is made from the one before it.
func chained(t *testing.T, depth int) []byte {
	t.Helper()
	f := value[*os.File](t)(os.Create(filepath.Join(t.TempDir(), "pack")))
	defer f.Close()
	w := value[*packs.Writer](t)(packs.NewWriter(f))
	content := func(i int) []byte { return fmt.Appendf(nil, "%08d of many", i) }
	before := w.Offset
	must(t, w.Add(plumbing.BlobObject, plumbing.ComputeHash(plumbing.BlobObject, content(0)), content(0)))
	for i := 1; i < depth; i++ {
		at := w.Offset
		must(t, w.AddDelta(plumbing.ComputeHash(plumbing.BlobObject, content(i)), before, packs.Delta(content(i-1), content(i))))
		before = at
	}
	_, err := w.Finish()
	must(t, err)
	return value[[]byte](t)(os.ReadFile(f.Name()))
}

func TestAPackOfDeltasWithoutEndIsRefused(t *testing.T) {
	t.Parallel()
	r := against(t, &script{pack: says(packReply(chained(t, 10_000)))})
	r.CloneTimeout = time.Minute // the race detector takes its time
	refused(t, r, ErrUnreachable, "delta chain depth")
}

// squeezed compresses what a server says, as HTTP can (RFC 9110, 8.4.1.3).
func squeezed(write func(io.Writer)) http.HandlerFunc {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	write(z)
	z.Close()
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(b.Bytes())
	}
}

func TestWhatIsSmallOnTheWireIsCountedAsItIsRead(t *testing.T) {
	t.Parallel()
	ref := lines(someTip + " refs/heads/" + strings.Repeat("x", 60_000))
	many := func(w io.Writer) {
		for range 2000 { // 120 MB
			io.WriteString(w, ref)
		}
	}
	refused(t, against(t, &script{refs: squeezed(many)}), ErrTooLarge, "")

	const much = 8 << 20
	var stored bytes.Buffer // as zlib would be without compression: HTTP's makes it small
	z := value[*zlib.Writer](t)(zlib.NewWriterLevel(&stored, zlib.NoCompression))
	z.Write(make([]byte, much))
	z.Close()
	zeros := slices.Concat(packs.Header(1), packs.ObjectHeader(plumbing.BlobObject, much), stored.Bytes())
	r := against(t, &script{pack: squeezed(func(w io.Writer) { io.WriteString(w, packReply(zeros)) })})
	r.Limits = Limits{PackBytes: much / 2}
	refused(t, r, ErrTooLarge, "")

	bomb := makePack(1, packed{plumbing.BlobObject, much, nil, make([]byte, much)})
	if len(bomb) > much/100 {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	r = against(t, &script{pack: says(packReply(bomb))})
	r.Limits = Limits{ObjectBytes: much / 2}
	refused(t, r, ErrTooLarge, fmt.Sprintf("object of %d bytes (limit %d)", much, much/2))
}

func TestEndlessRedirectsEnd(t *testing.T) {
	t.Parallel()
	var hops int
	url, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hops++
		http.Redirect(w, r, fmt.Sprintf("/%d%s", hops, r.URL.Path), http.StatusFound)
	}))
	refused(t, repository(t, url+"/fleet.git"), ErrNotFound, "the server redirects to")
	if hops > 10 {
		t.Errorf("%d redirects were followed", hops)
	}
	plain, _ := serve(t, http.NotFoundHandler())
	ours := newAuthority(t)
	overTLS, _ := serveTLS(t, http.RedirectHandler(plain+"/fleet.git/info/refs", http.StatusFound), &tls.Config{Certificates: []tls.Certificate{ours.certificate("127.0.0.1", hour())}})
	r := repository(t, overTLS)
	r.Access.CAFile = ours.file()
	refused(t, r, ErrNotFound, "the server redirects to http://") // out of TLS
}

func TestAHugePackLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	const much = 4 << 20
	r := against(t, &script{pack: says(packReply(makePack(1, packed{plumbing.BlobObject, much, nil, noise(much)})))})
	r.Limits = Limits{PackBytes: much / 2}
	refused(t, r, ErrTooLarge, "pack is larger than the limit")
	var left int64
	must(t, filepath.WalkDir(r.StateDir, func(path string, d os.DirEntry, err error) error {
		if info, statErr := d.Info(); err == nil && statErr == nil && info.Mode().IsRegular() {
			left += info.Size()
		}
		return err
	}))
	if left > 64<<10 {
		t.Errorf("%d bytes are left in the state directory", left)
	}
}
