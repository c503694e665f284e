package wire

import (
	"errors"
	"io"
	"strings"
	"testing"

	"moult/gitsource/fault"
)

// TestAListThatNeverEndsIsTooLong, and not cut off by the network.
func TestAListThatNeverEndsIsTooLong(t *testing.T) {
	t.Parallel()
	line := lines(someTip + " refs/heads/main")
	said := strings.NewReader(strings.Repeat(line, 100) + "0000")
	if _, err := readRefs(&packets{r: &capped{said, int64(10*len(line) + 3)}}, "refs/heads/main"); !errors.Is(err, fault.ErrTooLarge) {
		t.Errorf("error is %v", err)
	}
	said.Reset(strings.Repeat(line, 100) + "0000")
	if listed, err := readRefs(&packets{r: &capped{said, int64(said.Len())}}, "refs/heads/main"); err != nil || listed.tip.String() != someTip {
		t.Errorf("what fits is %+v, %v", listed, err)
	}
}

// TestLastWordsEnd: over SSH what a server complains is read by the side, and
// would be for as long as a fetch lasts.
func TestLastWordsEnd(t *testing.T) {
	t.Parallel()
	var w lastWords
	n, err := io.Copy(&w, strings.NewReader("no access\n"+strings.Repeat("y\n", mostBeside)))
	if !errors.Is(err, errWordy) || n > 0 {
		t.Errorf("%d bytes are taken, %v", n, err)
	}
	if said := w.said(); !strings.HasPrefix(said, "no access") {
		t.Errorf("it says %q", said)
	}
}
