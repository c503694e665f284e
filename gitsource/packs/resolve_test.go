package packs

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/fault"
	"moult/gitsource/gittest"
)

// made is a pack that a test makes, object by object.
type made struct {
	text  []byte
	count uint32
	zip   *zlib.Writer
}

func (m *made) add(header, content []byte) (offset int64) {
	if m.text == nil {
		m.text, m.zip = Header(0), zlib.NewWriter(nil)
	}
	offset = int64(len(m.text))
	var z bytes.Buffer
	m.zip.Reset(&z)
	m.zip.Write(content)
	m.zip.Close()
	m.text = append(append(m.text, header...), z.Bytes()...)
	m.count++
	return offset
}

func (m *made) blob(content []byte) int64 {
	return m.add(ObjectHeader(plumbing.BlobObject, len(content)), content)
}

func (m *made) delta(at int64, base, target []byte) int64 {
	delta := Delta(base, target)
	header := ObjectHeader(plumbing.OFSDeltaObject, len(delta))
	return m.add(append(header, backwards(int64(len(m.text))-at)...), delta)
}

func (m *made) named(base, target []byte) int64 {
	delta, name := Delta(base, target), plumbing.ComputeHash(plumbing.BlobObject, base)
	return m.add(append(ObjectHeader(plumbing.REFDeltaObject, len(delta)), name[:]...), delta)
}

func (m *made) pack() []byte {
	pack := bytes.Clone(m.text)
	copy(pack, Header(m.count))
	sum := sha1.Sum(pack)
	return append(pack, sum[:]...)
}

// text is content of some size that differs from all others by its number.
func text(number, size int) []byte {
	return append(bytes.Repeat([]byte("moult "), size/6), fmt.Sprintf("%08d", number)...)
}

// chain is objects of which each is a delta from the one before.
func chain(deltas, size int) *made {
	m := &made{}
	at := m.blob(text(0, size))
	for i := range deltas {
		at = m.delta(at, text(i, size), text(i+1, size))
	}
	return m
}

// star is objects that are all deltas from one.
func star(deltas, size int) *made {
	m := &made{}
	at := m.blob(text(0, size))
	for i := range deltas {
		m.delta(at, text(0, size), text(i+1, size))
	}
	return m
}

// comb is a chain whose every link has another delta, which comes first or last.
func comb(deltas, size int, first bool) *made {
	m := &made{}
	at := m.blob(text(0, size))
	for i := range deltas {
		before := at
		if first {
			m.delta(before, text(2*i, size), text(2*i+1, size))
		}
		at = m.delta(before, text(2*i, size), text(2*i+2, size))
		if !first {
			m.delta(before, text(2*i, size), text(2*i+1, size))
		}
	}
	return m
}

// tangle is deltas from anything, also from what comes later.
func tangle(seed uint64, objects int) *made {
	r := rand.New(rand.NewPCG(seed, 0))
	m, offsets := &made{}, make([]int64, objects)
	for _, number := range r.Perm(objects) {
		var before int
		if number > 0 {
			before = r.IntN(number)
		}
		switch {
		case number%5 == 0:
			offsets[number] = m.blob(text(number, 100))
		case number%7 == 0 && offsets[before] > 0:
			offsets[number] = m.delta(offsets[before], text(before, 100), text(number, 100))
		default:
			offsets[number] = m.named(text(before, 100), text(number, 100))
		}
	}
	return m
}

func shapes() map[string]*made {
	all := map[string]*made{
		"one": chain(0, 10), "chain": chain(60, 1000), "star": star(60, 1000), "empty base": {},
		"comb": comb(60, 1000, true), "comb the other way": comb(60, 1000, false),
	}
	all["empty base"].delta(all["empty base"].blob(nil), nil, []byte("new"))
	all["twice"] = chain(5, 100)
	all["twice"].blob(text(0, 100))
	for seed := range uint64(8) {
		all[fmt.Sprint("tangle ", seed)] = tangle(seed, 80)
	}
	return all
}

// TestIndexesAreThoseOfGit: the same names, places and checksums.
func TestIndexesAreThoseOfGit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	for name, m := range shapes() {
		index, _, err := take(t.Context(), t, m.pack(), usual, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "twice" {
			continue // git lists both
		}
		if !bytes.Equal(encoded(t, index), gitIndex(t, m.pack())) {
			t.Errorf("%s: the index is not git's", name)
		}
	}
}

// gitIndex is what git makes of a pack.
func gitIndex(t *testing.T, pack []byte) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "a.pack")
	if err := os.WriteFile(file, pack, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := gittest.Git(filepath.Dir(file), "index-pack", file); err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile(strings.TrimSuffix(file, "pack") + "idx")
	if err != nil {
		t.Fatal(err)
	}
	return index
}

var usual = Limits{Bytes: 1 << 24, Objects: 10_000, ObjectBytes: 1 << 20, Unpacked: 1 << 22}

func encoded(t *testing.T, index *idxfile.MemoryIndex) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := idxfile.NewEncoder(&b).Encode(index); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestASmallPackMayNotMakeMuch: deltas of thirty bytes, or zeros that are
// compressed, make as much as one likes.
func TestASmallPackMayNotMakeMuch(t *testing.T) {
	t.Parallel()
	zeros := &made{}
	for range 10 {
		zeros.blob(make([]byte, 1_000_000))
	}
	long := &made{} // a delta that inserts much, and makes little
	at := long.blob([]byte("base"))
	for i := range 10 {
		long.delta(at, []byte("base"), bytes.Repeat([]byte{byte(i)}, 500_000))
	}
	for name, m := range map[string]*made{
		"chain": chain(10, 1_000_000), "star": star(10, 1_000_000), "comb": comb(10, 1_000_000, true), "zeros": zeros, "inserts": long,
	} {
		pack := m.pack()
		if len(pack) > 1<<18 {
			t.Errorf("%s has %d bytes", name, len(pack))
		}
		_, _, err := take(t.Context(), t, pack, usual, nil)
		if want := "more than 4194304 bytes when it is unpacked (limit); "; !errors.Is(err, fault.ErrTooLarge) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAnObjectMayNotBeMadeFromMuch, if whoever reads the pack cannot.
func TestAnObjectMayNotBeMadeFromMuch(t *testing.T) {
	t.Parallel()
	limits := usual
	limits.Chain = 50_500
	for name, m := range map[string]*made{"chain": chain(50, 1000), "comb": comb(50, 1000, true)} {
		if _, _, err := take(t.Context(), t, m.pack(), limits, nil); !errors.Is(err, fault.ErrTooLarge) || !strings.Contains(fmt.Sprint(err), "(limit 50500)") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, m := range map[string]*made{"chain": chain(45, 1000), "star": star(500, 1000)} {
		if _, _, err := take(t.Context(), t, m.pack(), limits, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWhatIsHeldIsBounded: whatever the shape, little more than one object at a
// time, and hardly anything is made twice.
func TestWhatIsHeldIsBounded(t *testing.T) {
	t.Parallel()
	const size = 1000
	for name, m := range map[string]*made{
		"chain": chain(500, size), "star": star(500, size), "comb": comb(250, size, true), "comb the other way": comb(250, size, false),
	} {
		v := resolving(t, m)
		most := 0
		finish(t, v, func() { most = max(most, v.held) })
		if most > 2*(size+smallBytes) || v.made > 2*(size+8) {
			t.Errorf("%s: %d bytes were held, %d made for others", name, most, v.made)
		}
	}
}

// TestWhatIsNotHeldIsMadeAgain: and that is bounded too.
func TestWhatIsNotHeldIsMadeAgain(t *testing.T) {
	t.Parallel()
	for name, m := range shapes() {
		want := resolving(t, m)
		finish(t, want, func() {})
		got := resolving(t, m)
		forgetful := func() {
			for at := range got.path {
				got.letGo(at)
			}
		}
		finish(t, got, forgetful)
		for i, e := range want.pack.entries {
			if got.pack.entries[i] != e {
				t.Errorf("%s: object %d is another one", name, i)
			}
		}
	}
	v := resolving(t, chain(60, 1000))
	v.most = 10_000
	v.enter(0, nil)
	var err error
	for len(v.path) > 0 && err == nil {
		v.letGo(len(v.path) - 1)
		err = v.step()
	}
	if !errors.Is(err, fault.ErrTooLarge) {
		t.Errorf("a chain was made again and again: %v", err)
	}
}

// TestNothingIsMadeFromItself: one copy of an object is made from what is made
// from the other. The index has the first, whichever that is.
func TestNothingIsMadeFromItself(t *testing.T) {
	t.Parallel()
	x, y := []byte("one content"), []byte("another content")
	circle := &made{}
	circle.named(y, x)
	circle.named(x, y)
	circle.blob(x)
	if _, _, err := take(t.Context(), t, circle.pack(), usual, nil); err == nil || !strings.Contains(err.Error(), "made from itself") {
		t.Errorf("a circle: %v", err)
	}
	sound := &made{}
	sound.blob(x)
	sound.named(x, y)
	sound.named(y, x)
	if _, _, err := take(t.Context(), t, sound.pack(), usual, nil); err != nil {
		t.Errorf("a second copy that nobody needs: %v", err)
	}
}

// TestCopiesOfABaseAreNotAllAsked: each delta is looked at once or twice, however
// often the pack holds what it names as its base.
func TestCopiesOfABaseAreNotAllAsked(t *testing.T) {
	t.Parallel()
	const copies = 500
	m := &made{}
	for i := range copies {
		m.blob([]byte("base"))
		m.named([]byte("base"), fmt.Append(nil, "other ", i))
	}
	steps := 0
	finish(t, resolving(t, m), func() { steps++ })
	if steps > 4*copies {
		t.Errorf("%d steps for %d deltas", steps, copies)
	}
}

// resolving is a resolver of a pack that has arrived.
func resolving(t *testing.T, m *made) *resolver {
	t.Helper()
	pack, err := scan(bytes.NewReader(m.pack()), usual)
	if err != nil {
		t.Fatal(err)
	}
	return newResolver(bytes.NewReader(m.pack()), pack, usual)
}

// finish resolves everything, and has a look after each step.
func finish(t *testing.T, v *resolver, look func()) {
	t.Helper()
	for at, e := range v.pack.entries {
		if e.kind.IsDelta() {
			continue
		}
		for v.enter(int32(at), nil); len(v.path) > 0; look() {
			if err := v.step(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestDeltasThatLeadNowhereAreRefused(t *testing.T) {
	t.Parallel()
	base := []byte("base")
	deltas := map[string][]byte{
		"nothing":             {},
		"half a size":         {0x84},
		"another base":        {5, 1, 1, 'x'},
		"a reserved one":      {4, 1, 0},
		"too much":            {4, 1, 2, 'x', 'y'},
		"too little":          {4, 2, 1, 'x'},
		"cut off":             {4, 2, 2, 'x'},
		"copy cut off":        {4, 2, 0x91},
		"copy past the end":   {4, 3, 0x91, 2, 3},
		"copy without length": {4, 4, 0x80},
		"far away":            {4, 4, 0x9f, 0xff, 0xff, 0xff, 0xff, 4},
	}
	for name, delta := range deltas {
		m := &made{}
		at := m.blob(base)
		header := ObjectHeader(plumbing.OFSDeltaObject, len(delta))
		m.add(append(header, backwards(int64(len(m.text))-at)...), delta)
		if _, _, err := take(t.Context(), t, m.pack(), usual, nil); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	// Two deltas, each from what the other makes.
	m := &made{}
	m.named([]byte("one"), []byte("two"))
	m.named([]byte("two"), []byte("one"))
	if _, _, err := take(t.Context(), t, m.pack(), usual, nil); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("a circle: %v", err)
	}
	// An object twice, and a delta from the second: the index has the first.
	m = &made{}
	m.blob([]byte("base"))
	m.delta(m.blob([]byte("base")), []byte("base"), []byte("other"))
	if _, _, err := take(t.Context(), t, m.pack(), usual, nil); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("a copy that others are based on: %v", err)
	}
	m = &made{}
	m.add(ObjectHeader(plumbing.BlobObject, 4), []byte("one"))
	if _, _, err := take(t.Context(), t, m.pack(), usual, nil); err == nil {
		t.Error("an object that is shorter than it says is taken")
	}
	m = &made{}
	at, delta := m.blob(base), Delta(base, []byte("other"))
	m.add(append(ObjectHeader(plumbing.OFSDeltaObject, len(delta)+1), backwards(int64(len(m.text))-at)...), delta)
	if _, _, err := take(t.Context(), t, m.pack(), usual, nil); err == nil {
		t.Error("a delta that is shorter than it says is taken")
	}
}

// BenchmarkIndex indexes the worst that the limits let through, in proportion:
// a chain of objects that are as large as they may be.
func BenchmarkIndex(b *testing.B) {
	const size, deltas = 16 << 20, 16
	pack := chain(deltas, size).pack()
	b.SetBytes((deltas + 1) * size)
	for b.Loop() {
		f, err := os.Create(filepath.Join(b.TempDir(), "pack"))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Receive(b.Context(), bytes.NewReader(pack), f, Limits{Bytes: 1 << 30, Objects: 100, ObjectBytes: 32 << 20, Unpacked: 1 << 40}, nil); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}
