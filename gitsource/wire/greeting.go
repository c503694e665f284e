package wire

import (
	"errors"
	"io"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
)

const (
	// listingBytes is the longest list of refs that is read: a million of them.
	listingBytes = 80 << 20
	// mostShallow is how many commits a server may call shallow.
	mostShallow = 100_000
	// mostBefore is how many lines may stand before a pack.
	mostBefore = 2*mostShallow + 1000
	// mostAbilities is how many abilities a server may say that it has; git says
	// a dozen.
	mostAbilities = 1000
)

// readGreeting reads a server's first words: in version 2 its abilities, in
// version 0 its abilities and all its refs.
func readGreeting(r io.Reader, ref string) (*greeting, error) {
	p := &packets{r: &capped{r, listingBytes}}
	g := &greeting{capabilities: map[string]string{}}
	line, err := firstLine(p)
	if err != nil {
		return nil, err
	}
	switch line {
	case "version 2":
		g.version = 2
		err = g.readAbilities(p)
	case "":
	default:
		err = g.readListing(p, line, ref)
	}
	if err != nil {
		return nil, err
	}
	if format := g.capabilities["object-format"]; format != "" && format != "sha1" {
		return nil, fault.New(fault.ErrUnsupported, "use a repository with SHA-1 object names, git's default",
			"object format %s", fault.Plain(format, 20))
	}
	return g, nil
}

// firstLine skips what servers may put in front: "# service=..." and a flush
// (HTTP), and "version 1", which is version 0 with this line. It is empty for
// a repository without refs, of which older servers say nothing at all.
func firstLine(p *packets) (string, error) {
	for service := false; ; {
		what, line, err := p.next()
		text := string(line)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return "", errNotGit
		case err != nil:
			return "", err
		case what != content && !service:
			return "", nil
		case what != content:
			service = false
		case strings.HasPrefix(text, "# service="):
			service = true
		case text != "version 1":
			return text, nil
		}
	}
}

// readAbilities reads "name" and "name=features" up to the flush.
func (g *greeting) readAbilities(p *packets) error {
	for {
		what, line, err := p.next()
		if err != nil {
			return unfinished(err)
		}
		if what != content {
			return nil
		}
		if len(g.capabilities) >= mostAbilities {
			return fault.TooLarge("more than %d abilities", mostAbilities)
		}
		g.ability(string(line))
	}
}

func (g *greeting) ability(text string) {
	name, value, _ := strings.Cut(text, "=")
	g.capabilities[name] = value
}

// readListing reads the refs of version 0. The first line carries the
// abilities behind a zero byte; a repository without refs has a line for them
// alone.
func (g *greeting) readListing(p *packets, first, ref string) error {
	line, abilities, found := strings.Cut(first, "\x00")
	if !found || len(line) < 40 {
		return errNotGit
	}
	for _, text := range strings.Fields(abilities) {
		g.ability(text)
	}
	for {
		if err := g.listing(line, ref); err != nil {
			return err
		}
		what, next, err := p.next()
		if err != nil {
			return unfinished(err)
		}
		if what != content {
			return nil
		}
		line = string(next)
	}
}

func (g *greeting) listing(line, ref string) error {
	text, isShallow := strings.CutPrefix(line, "shallow ")
	if !isShallow {
		return g.listed.note(line, ref)
	}
	h, err := parseHash(text)
	if err != nil {
		return errNotGit
	}
	if len(g.listed.shallow) >= mostShallow {
		return fault.TooLarge("more than %d shallow commits", mostShallow)
	}
	g.listed.shallow = append(g.listed.shallow, h)
	return nil
}

// unfinished is the error of a reply that stops before its end.
func unfinished(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// offers reports whether the server has an ability.
func (g *greeting) offers(name string) bool {
	_, ok := g.capabilities[name]
	return ok
}

// hashLine reads "<word> <hash>".
func hashLine(line, word string) (plumbing.Hash, error) {
	text, ok := strings.CutPrefix(line, word+" ")
	if !ok {
		return plumbing.ZeroHash, errNotGit
	}
	return parseHash(text)
}
