package objects

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func deflated(t testing.TB, content []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// samples are contents that make blocks of every kind.
func samples() map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	var words strings.Builder
	for words.Len() < 300_000 {
		words.WriteString([]string{"ami-0f3c", "production", " ", "succeeded", "\n", string(rune('a' + random.IntN(26)))}[random.IntN(6)])
	}
	return map[string][]byte{
		"nothing": {}, "one byte": {7}, "a run": bytes.Repeat([]byte("x"), 70_000), "noise": noise,
		"words": []byte(words.String()), "a line": []byte("2026-03-03T12:01:30Z production/web succeeded: ami-0a to ami-0b\n"),
	}
}

func TestInflatingGivesWhatWasDeflated(t *testing.T) {
	t.Parallel()
	var i inflater // one for all, as it is used
	for name, want := range samples() {
		for level := zlib.HuffmanOnly; level <= zlib.BestCompression; level++ {
			got := make([]byte, len(want))
			if err := i.into(got, append(deflated(t, want, level), "what follows"...)); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s at level %d: %v, same: %t", name, level, err, bytes.Equal(got, want))
			}
		}
	}
}

func TestInflatingNeverPassesWhatWasCutOrAltered(t *testing.T) {
	t.Parallel()
	var i inflater
	random := rand.New(rand.NewPCG(3, 4))
	for name, want := range samples() {
		packed := deflated(t, want[:min(len(want), 3000)], zlib.DefaultCompression)
		got := make([]byte, min(len(want), 3000))
		for range 300 {
			cut := packed[:random.IntN(len(packed))]
			if err := i.into(got, cut); !errors.Is(err, errCutOff) {
				t.Errorf("%s: %d of %d bytes: %v", name, len(cut), len(packed), err)
			}
			altered := bytes.Clone(packed)
			altered[random.IntN(len(altered))] ^= 1 << random.IntN(8)
			if err := i.into(got, altered); err == nil && !bytes.Equal(got, want[:len(got)]) {
				t.Errorf("%s: an altered bit gives other content", name)
			}
		}
		if err := i.into(make([]byte, len(got)+1), packed); err == nil {
			t.Errorf("%s: it fills more than there was", name)
		}
	}
}

// FuzzInflate holds the inflater against compress/zlib: what either takes, both
// take, and make the same of it. With less of it this one never says that it is wrong.
func FuzzInflate(f *testing.F) {
	for _, content := range samples() {
		f.Add(deflated(f, content[:min(len(content), 500)], zlib.DefaultCompression), uint16(min(len(content), 500)))
	}
	f.Add([]byte{0x78, 0x9c, 0x01, 0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01}, uint16(0))
	f.Add([]byte{0x78, 0x9c, 0x05, 0xc0, 0x81, 0x00, 0x00, 0x00, 0x00, 0x80, 0xa0, 0xfd, 0xa9, 0x0f, 0x01, 0x00, 0x01, 0x00, 0x01}, uint16(1)) // a code with holes
	f.Fuzz(func(t *testing.T, packed []byte, size uint16) {
		var i inflater
		got := make([]byte, size)
		failed := i.into(got, packed)
		want, err := unzip(packed)
		if err == nil && len(want) != int(size) {
			err = io.ErrShortBuffer
		}
		if (failed == nil) != (err == nil) {
			t.Fatalf("here: %v, zlib: %v", failed, err)
		}
		if failed == nil && !bytes.Equal(got, want) {
			t.Fatalf("%q, zlib makes %q of it", got, want)
		}
		for n := len(packed) - 1; failed == nil && n >= 0; n -= 1 + n/32 {
			if err := i.into(got, packed[:n]); errors.Is(err, errDeflated) {
				t.Fatalf("the first %d of %d bytes are wrong, and all are right", n, len(packed))
			}
		}
	})
}

func unzip(packed []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
