package wire

import (
	"errors"
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
