package trust

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"
)

const (
	treeLine      = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
	authorLine    = "author Ada <ada@example.com> 1700000000 +0100\n"
	committerLine = "committer Grace <grace@example.com> 1700000060 -0530\n"
)

func TestParseReadsWhatGitWrites(t *testing.T) {
	t.Parallel()
	first, second := hashOf([]byte("a")), hashOf([]byte("b"))
	raw := treeLine + "parent " + first.String() + "\nparent " + second.String() + "\n" + authorLine + committerLine +
		"encoding ISO-8859-1\nmergetag object " + first.String() + "\n type commit\n tag v1\n \n A tag.\n" +
		"mergetag object " + second.String() + "\n type commit\nchange-id zzz\ngpgsig -----BEGIN\n \n body\n -----END\n\nSubject\n\ntree of life\n"
	c, err := Parse([]byte(raw))
	must(t, err)
	if diff := cmp.Diff([]plumbing.Hash{first, second}, c.Parents); diff != "" {
		t.Errorf("parents (-want +got):\n%s", diff)
	}
	if got, want := c.Signature, "-----BEGIN\n\nbody\n-----END"; got != want {
		t.Errorf("signature %q, want %q", got, want)
	}
	if c.Time.Unix() != 1700000060 {
		t.Errorf("time %s is not the committer's", c.Time)
	}
	if c.Hash != hashOf([]byte(raw)) {
		t.Errorf("hash %s", c.Hash)
	}
	var signed bytes.Buffer
	c.writeSigned(&signed)
	if want := strings.Replace(raw, "gpgsig -----BEGIN\n \n body\n -----END\n", "", 1); signed.String() != want {
		t.Errorf("signed (-want +got):\n%s", cmp.Diff(want, signed.String()))
	}
}

func TestParseRefusesWhatReadersCouldTakeDifferently(t *testing.T) {
	t.Parallel()
	good := treeLine + authorLine + committerLine
	otherTree := strings.Replace(treeLine, "4b", "aa", 1)
	parent := "parent " + hashOf(nil).String() + "\n"
	sig := "gpgsig -----BEGIN SSH SIGNATURE-----\n -----END SSH SIGNATURE-----\n"
	for name, test := range map[string]struct{ raw, want string }{
		"nothing":                {"", "ends before"},
		"no end of headers":      {good, "ends before"},
		"cut inside a line":      {good[:len(good)-3], "ends before"},
		"two trees":              {treeLine + otherTree + authorLine + committerLine + "\n", `two "tree"`},
		"a tree behind the rest": {good + otherTree + "\n", `two "tree"`},
		"two authors":            {treeLine + authorLine + authorLine + committerLine + "\n", `two "author"`},
		"two committers":         {good + committerLine + "\n", `two "committer"`},
		"two signatures":         {good + sig + sig + "\n", `two "gpgsig"`},
		"a SHA-256 signature":    {good + "gpgsig-sha256 x\n\n", "leaves out of what is signed"},
		"two encodings":          {good + "encoding a\nencoding b\n\n", `two "encoding"`},
		"no tree":                {authorLine + committerLine + "\n", "no tree"},
		"no author":              {treeLine + committerLine + "\n", "no author"},
		"no committer":           {treeLine + authorLine + "\n", "no committer"},
		"a parent behind":        {good + parent + "\n", "wrong place"},
		"a signature in front":   {sig + good + "\n", "wrong place"},
		"parents before tree":    {parent + good + "\n", "wrong place"},
		"a NUL in a header":      {strings.Replace(good, "Ada", "A\x00da", 1) + "\n", "NUL"},
		"a NUL in the message":   {good + "\nSubject\x00 and what nobody sees\n", "NUL"},
		"an empty signature":     {good + "gpgsig \n\n", "empty signature"},
		"a name without value":   {good + "gpgsig\n\n", "without a value"},
		"an upper-case hash":     {"tree 4B825DC642CB6EB9A060E54BF8D69288FBEE4904\n" + authorLine + committerLine + "\n", "no object name"},
		"a short hash":           {"tree 4b82\n" + authorLine + committerLine + "\n", "no object name"},
		"a parent that is none":  {treeLine + "parent x\n" + authorLine + committerLine + "\n", "no object name"},
		"a continued tree":       {treeLine + " x\n" + authorLine + committerLine + "\n", "no object name"},
		"nothing to continue":    {" x\n" + good + "\n", "continuation"},
		"an author without date": {treeLine + "author Ada <ada@example.com>\n" + committerLine + "\n", "no name, address and date"},
		"an address in two":      {treeLine + strings.Replace(authorLine, "Ada", "Ada <x>", 1) + committerLine + "\n", "no name, address and date"},
		"a date before 1970":     {treeLine + authorLine + strings.Replace(committerLine, " 17", " -17", 1) + "\n", "no name, address and date"},
		"a date after 9999":      {treeLine + authorLine + strings.Replace(committerLine, " 17", " 99999917", 1) + "\n", "no name, address and date"},
		"a zone that is none":    {treeLine + authorLine + strings.Replace(committerLine, "-0530", "UTC", 1) + "\n", "no name, address and date"},
		"a continued committer":  {good + " x\n\n", "no name, address and date"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := Parse([]byte(test.raw))
			checkDistrust(t, err, Malformed, test.want)
			if c.Hash != hashOf([]byte(test.raw)) {
				t.Errorf("hash %s is not the commit's", c.Hash)
			}
		})
	}
}

// A megabyte of continuation lines takes no longer than a megabyte of anything.
func TestParseOfManyContinuationLinesEnds(t *testing.T) {
	t.Parallel()
	raw := treeLine + authorLine + committerLine + "gpgsig x\n" + strings.Repeat(" \n", 1<<19) + "\n"
	c, err := Parse([]byte(raw))
	must(t, err)
	_, err = Keys{}.Verify(c)
	checkDistrust(t, err, Malformed, "bytes")
}

func TestParseKeepsTheParentsOfAMalformedCommit(t *testing.T) {
	t.Parallel()
	parent := hashOf([]byte("a"))
	c, err := Parse(withHeader(unsigned("x", parent), strings.TrimSpace(treeLine)))
	checkDistrust(t, err, Malformed, "two")
	if len(c.Parents) != 1 || c.Parents[0] != parent {
		t.Errorf("parents %v, want %s", c.Parents, parent)
	}
}

// checkDistrust checks a reason and a part of its text.
func checkDistrust(t testing.TB, err error, reason Reason, want string) {
	t.Helper()
	var got *Distrust
	if !errors.As(err, &got) {
		t.Fatalf("got %v, want %s", err, reason)
	}
	if got.Reason != reason || !strings.Contains(got.Detail, want) {
		t.Errorf("got %s: %s\nwant %s: ...%s...", got.Reason, got.Detail, reason, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(treeLine + authorLine + committerLine + "gpgsig -----BEGIN\n x\n\nS\n"))
	f.Add([]byte(treeLine + "parent " + hashOf(nil).String() + "\n" + authorLine + committerLine + "mergetag a\n b\n\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := Parse(raw)
		if err != nil {
			checkDistrust(t, err, Malformed, "")
			return
		}
		var signed bytes.Buffer
		c.writeSigned(&signed)
		if c.Signature == "" {
			if !bytes.Equal(signed.Bytes(), raw) {
				t.Fatal("an unsigned commit is not signed as it stands")
			}
			return
		}
		if !bytes.Equal(withSignatureAt(raw, len(c.before), c.Signature, signed.Bytes()), raw) {
			t.Fatal("the signature and what is signed do not make up the commit")
		}
		again, err := Parse(signed.Bytes())
		if err != nil || again.Signature != "" {
			t.Fatalf("what is signed is no unsigned commit: %v", err)
		}
	})
}

// withSignatureAt puts a signature header into the bytes that it signs.
func withSignatureAt(raw []byte, at int, signature string, signed []byte) []byte {
	header := "gpgsig " + strings.ReplaceAll(signature, "\n", "\n ") + "\n"
	return append(append(append([]byte(nil), raw[:at]...), header...), signed[at:]...)
}
