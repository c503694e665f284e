package packs

import (
	"bytes"
	"compress/zlib"
	"io"
	"testing"
)

func TestWhatIsStoredIsReadByZlib(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, storedBytes - 1, storedBytes, storedBytes + 1, 3 * storedBytes} {
		want := bytes.Repeat([]byte("moult"), size/5+1)[:size]
		var b bytes.Buffer
		if err := writeStored(&b, want); err != nil {
			t.Fatal(err)
		}
		r, err := zlib.NewReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) || b.Len() > 0 {
			t.Errorf("%d bytes: %d came back, %d are left over, %v", size, len(got), b.Len(), err)
		}
	}
}
