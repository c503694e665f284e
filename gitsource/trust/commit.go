package trust

import (
	"bytes"
	"encoding/hex"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// Commit is what verifying needs of a commit object.
type Commit struct {
	Hash      plumbing.Hash // computed here, so that it cannot belong to other bytes
	Parents   []plumbing.Hash
	Time      time.Time // committer time: when it was made, by the clock of whoever made it
	Signature string    // armored, as the tool wrote it; "" when there is none

	before, after []byte // the stored bytes around the signature: what was signed
}

// Parse reads a commit object as git stores it, without the object header. It
// is stricter than git, which takes the first of two trees and joins two
// signatures: what one reader skips, another may obey. It accepts one tree, any
// parents, one author and one committer in this order, then at most one of
// every other header but mergetag, and no NUL anywhere (git log stops at one,
// so whatever follows is hidden from those who review).
//
// The error is a [*Distrust] with reason [Malformed]; the Hash, and those
// Parents that were read before the mistake, are then still there.
func Parse(raw []byte) (Commit, error) {
	c := Commit{Hash: plumbing.ComputeHash(plumbing.CommitObject, raw), before: raw}
	headers, err := splitHeaders(raw)
	if err == nil {
		err = checkHeaders(headers)
	}
	for _, h := range headers {
		if wrong := c.take(h, raw); err == nil {
			err = wrong
		}
	}
	return c, err
}

// writeSigned writes what the signature covers: the stored bytes without the
// signature. They are never encoded again, so that nothing else can be verified
// than what is stored (CVE-2026-45022).
func (c Commit) writeSigned(w io.Writer) {
	w.Write(c.before) // only hashes are given, which never fail
	w.Write(c.after)
}

// header is one header of a commit with its continuation lines.
type header struct {
	name       string
	start, end int // where it stands in the commit, its last newline included
}

// value is what stands behind the name, continuation lines joined.
func (h header) value(raw []byte) string {
	return strings.ReplaceAll(string(raw[h.start+len(h.name)+1:h.end-1]), "\n ", "\n")
}

// splitHeaders cuts the part before the first empty line into headers. With an
// error come those before the mistake.
func splitHeaders(raw []byte) ([]header, error) {
	var found []header
	if bytes.IndexByte(raw, 0) >= 0 {
		return nil, malformed("has a NUL byte")
	}
	for at := 0; ; {
		length := bytes.IndexByte(raw[at:], '\n')
		if length < 0 {
			return found, malformed("ends before its headers do")
		}
		line, end := raw[at:at+length], at+length+1
		if len(line) == 0 {
			return found, nil
		}
		name, _, spaced := bytes.Cut(line, []byte(" "))
		switch {
		case !spaced:
			return found, malformed("has a header without a value: %.40q", line)
		case len(name) > 0:
			found = append(found, header{name: string(name), start: at, end: end})
		case len(found) > 0:
			found[len(found)-1].end = end
		default:
			return found, malformed("begins with a continuation line")
		}
		at = end
	}
}

// checkHeaders checks which headers there are, and their order.
func checkHeaders(headers []header) error {
	seen := map[string]bool{}
	place := 0
	for _, h := range headers {
		if seen[h.name] && h.name != "parent" && h.name != "mergetag" {
			return malformed("has two %.40q headers", h.name)
		}
		if strings.HasPrefix(h.name, "gpgsig") && h.name != "gpgsig" {
			return malformed("has a header %.40q, which git leaves out of what is signed", h.name)
		}
		if placeOf(h.name) < place {
			return malformed("has its %.40q header in the wrong place", h.name)
		}
		place, seen[h.name] = placeOf(h.name), true
	}
	for _, name := range []string{"tree", "author", "committer"} {
		if !seen[name] {
			return malformed("has no %s", name)
		}
	}
	return nil
}

func placeOf(name string) int {
	switch name {
	case "tree":
		return 0
	case "parent":
		return 1
	case "author":
		return 2
	case "committer":
		return 3
	}
	return 4
}

// take takes what one header says.
func (c *Commit) take(h header, raw []byte) error {
	var err error
	switch h.name {
	case "tree":
		_, err = parseHash(h.value(raw))
	case "parent":
		var parent plumbing.Hash
		if parent, err = parseHash(h.value(raw)); err == nil {
			c.Parents = append(c.Parents, parent)
		}
	case "author":
		_, err = parsePerson(h.name, h.value(raw))
	case "committer":
		c.Time, err = parsePerson(h.name, h.value(raw))
	case "gpgsig":
		c.Signature, c.before, c.after = h.value(raw), raw[:h.start], raw[h.end:]
		if c.Signature == "" {
			err = malformed("has an empty signature")
		}
	}
	return err
}

// parseHash reads an object name: 40 lower-case hexadecimal digits.
func parseHash(text string) (plumbing.Hash, error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(plumbing.Hash{}) || strings.ToLower(text) != text {
		return plumbing.ZeroHash, malformed("names an object %.60q, which is no object name", text)
	}
	return plumbing.Hash(b), nil
}

// lastSecond is the end of the year 9999, after which dates cannot be shown.
const lastSecond = 253402300799

// parsePerson reads the date of "Name <mail> seconds zone".
func parsePerson(role, text string) (time.Time, error) {
	who, when, _ := strings.Cut(text, "> ")
	date, zone, _ := strings.Cut(when, " ")
	seconds, err := strconv.ParseUint(date, 10, 63)
	if strings.Count(who, "<") != 1 || strings.ContainsAny(who, ">\n") ||
		err != nil || seconds > lastSecond || !isZone(zone) {
		return time.Time{}, malformed("has %s %.80q, which is no name, address and date", role, text)
	}
	return time.Unix(int64(seconds), 0).UTC(), nil
}

// isZone reports whether text is an offset from UTC such as +0200.
func isZone(text string) bool {
	if len(text) != 5 || text[0] != '+' && text[0] != '-' {
		return false
	}
	_, err := strconv.ParseUint(text[1:], 10, 16)
	return err == nil
}

func malformed(format string, args ...any) *Distrust {
	return distrust(Malformed, format, args...)
}
