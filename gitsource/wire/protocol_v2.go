package wire

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"

	"moult/gitsource/fault"
)

// agent is how this program calls itself. Some servers give the git protocol
// only to those whose name begins with git/.
const agent = "git/moult"

// command begins a request of version 2.
func (g *greeting) command(name string) *bytes.Buffer {
	var b bytes.Buffer
	packetf(&b, "command=%s", name)
	if g.offers("agent") {
		packetf(&b, "agent=%s", agent)
	}
	if g.offers("object-format") {
		packetf(&b, "object-format=sha1")
	}
	b.Write(delimiterPacket)
	return &b
}

// lsRefs asks for the refs that begin with prefix, and keeps what concerns ref.
// git's own `ls-remote` asks for all of them.
func (g *greeting) lsRefs(ctx context.Context, c conversation, ref, prefix string) (refs, error) {
	request := g.command("ls-refs")
	packetf(request, "ref-prefix %s", prefix)
	request.Write(flushPacket)
	reply, err := c.ask(ctx, request)
	if err != nil {
		return refs{}, err
	}
	return readRefs(&packets{r: &capped{reply, listingBytes}}, ref)
}

func readRefs(p *packets, ref string) (refs, error) {
	var listed refs
	for {
		what, line, err := p.next()
		if err != nil {
			return refs{}, unfinished(err)
		}
		if what != content {
			return listed, nil
		}
		if err := listed.note(string(line), ref); err != nil {
			return refs{}, err
		}
	}
}

// fetchV2 asks for a pack. With `done` the server sends it at once and does not
// negotiate.
func (g *greeting) fetchV2(ctx context.Context, c conversation, want Want) (io.Reader, Boundary, error) {
	request := g.command("fetch")
	packetf(request, "no-progress")
	packetf(request, "ofs-delta")
	if want.Thin {
		packetf(request, "thin-pack")
	}
	want.deepening(request)
	if want.Further {
		packetf(request, "deepen-relative")
	}
	packetf(request, "want %s", want.Tip)
	for _, h := range want.Haves {
		packetf(request, "have %s", h)
	}
	packetf(request, "done")
	request.Write(flushPacket)
	reply, err := c.ask(ctx, request)
	if err != nil {
		return nil, Boundary{}, err
	}
	p := &packets{r: reply}
	moved, err := readSections(p)
	return &sideband{packets: p}, moved, err
}

// readSections reads up to the pack. Of the sections before it the server sends
// the one that says where it stops, or where its own repository does.
func readSections(p *packets) (Boundary, error) {
	var moved Boundary
	for range mostBefore {
		what, line, err := p.next()
		if err != nil {
			return moved, unfinished(err)
		}
		switch text := string(line); {
		case what == delimiter, text == "shallow-info":
		case text == "packfile":
			return moved, nil
		case what != content:
			return moved, errNotGit
		default:
			if took, err := moved.take(text); !took || err != nil {
				return moved, errNotGit
			}
		}
	}
	return moved, fault.TooLarge("the server says more than %d lines before the pack", mostBefore)
}

// feature reports whether a command of version 2 has a feature.
func (g *greeting) feature(command, name string) bool {
	return slices.Contains(strings.Fields(g.capabilities[command]), name)
}
