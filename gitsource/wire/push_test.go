package wire

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
)

const anotherTip = "1123456789012345678901234567890123456789"

var moved = Move{Ref: "refs/notes/moult", Old: plumbing.NewHash(someTip), New: plumbing.NewHash(anotherTip)}

// receiver is a server that has the ref at someTip and says what a test wants
// of a push. Its abilities stand in its greeting.
func receiver(t *testing.T, abilities, report string) (*Server, *strings.Builder) {
	t.Helper()
	var got strings.Builder
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/info/refs") {
			w.Header().Set("Content-Type", receivePack.greetingType())
			io.WriteString(w, lines("# service=git-receive-pack")+"0000"+lines(someTip+" refs/notes/moult\x00"+abilities)+"0000")
			return
		}
		_, _ = io.Copy(&got, r.Body)
		w.Header().Set("Content-Type", receivePack.replyType())
		io.WriteString(w, report)
	}))
	t.Cleanup(s.Close)
	at, err := ParseLocation(s.URL + "/fleet.git")
	if err != nil {
		t.Fatal(err)
	}
	return &Server{At: at}, &got
}

func aPack(w io.Writer) error {
	_, err := io.WriteString(w, "PACK...")
	return err
}

// inBand wraps a report as side-band-64k does, with a word for people before it.
func inBand(words, report string) string {
	return fmt.Sprintf("%04x\x02%s", len(words)+5, words) + fmt.Sprintf("%04x\x01%s", len(report)+5, report) + "0000"
}

func TestPushSaysWhatCameOfIt(t *testing.T) {
	t.Parallel()
	good := lines("unpack ok", "ok refs/notes/moult") + "0000"
	bad := lines("unpack ok", "ng refs/notes/moult pre-receive hook declined") + "0000"
	for name, c := range map[string]struct{ abilities, report, refused string }{
		"well":                   {"report-status", good, ""},
		"well, beside words":     {"report-status side-band-64k agent=git/2", inBand("thank you\n", good), ""},
		"no":                     {"report-status", bad, "pre-receive hook declined"},
		"no, and why":            {"report-status side-band-64k", inBand("no \x1b[31mnotes\n", bad), "pre-receive hook declined (no  [31mnotes)"},
		"the pack is broken":     {"report-status", lines("unpack index-pack abnormal exit", "ng refs/notes/moult unpacker error") + "0000", "unpack index-pack abnormal exit"},
		"another ref is refused": {"report-status", lines("unpack ok", "ng refs/heads/main no", "ok refs/notes/moult") + "0000", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, got := receiver(t, c.abilities, c.report)
			err := s.Push(t.Context(), moved, aPack)
			var refused *Refused
			switch {
			case c.refused == "" && err != nil:
				t.Errorf("error is %v", err)
			case c.refused != "" && (!errors.As(err, &refused) || refused.Reason != c.refused):
				t.Errorf("error is %v, want %q", err, c.refused)
			}
			if want := someTip + " " + anotherTip + " refs/notes/moult\x00report-status"; !strings.Contains(got.String(), want) || !strings.HasSuffix(got.String(), "0000PACK...") {
				t.Errorf("the server got %q", got)
			}
		})
	}
}

func TestPushThatNobodyAnswersIsNoSuccess(t *testing.T) {
	t.Parallel()
	for name, report := range map[string]string{
		"nothing":                      "",
		"half a line":                  "00",
		"unpacked, and no more":        lines("unpack ok"),
		"an end too early":             lines("unpack ok") + "0000",
		"well, before it was unpacked": lines("ok refs/notes/moult") + "0000",
		"of another ref":               lines("unpack ok", "ok refs/heads/main") + "0000",
		"no git at all":                "<html>",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := receiver(t, "report-status", report)
			if err := s.Push(t.Context(), moved, aPack); err == nil {
				t.Error("it counts as a success")
			}
		})
	}
	s, _ := receiver(t, "delete-refs", "")
	if err := s.Push(t.Context(), moved, aPack); !errors.Is(err, fault.ErrUnsupported) {
		t.Errorf("a server that would not say: %v", err)
	}
}

func TestPushSendsNothingToARefThatHasMoved(t *testing.T) {
	t.Parallel()
	s, got := receiver(t, "report-status", "")
	m := moved
	m.Old = plumbing.ZeroHash
	err := s.Push(t.Context(), m, func(io.Writer) error {
		t.Error("the pack is asked for")
		return nil
	})
	if !errors.Is(err, ErrMoved) || got.Len() > 0 {
		t.Errorf("error is %v, the server got %q", err, got)
	}
}
