package gitsource

import (
	"bytes"
	"context"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
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
	reply, err := c.ask(ctx, request.Bytes())
	if err != nil {
		return refs{}, err
	}
	return readRefs(&packets{r: io.LimitReader(reply, listingBytes)}, ref)
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
// negotiate. Without `thin-pack` it is complete in itself.
func (g *greeting) fetchV2(ctx context.Context, c conversation, want wanted) (io.Reader, []plumbing.Hash, error) {
	request := g.command("fetch")
	packetf(request, "no-progress")
	packetf(request, "ofs-delta")
	for _, h := range want.shallow {
		packetf(request, "shallow %s", h)
	}
	packetf(request, "want %s", want.tip)
	for _, h := range want.haves {
		packetf(request, "have %s", h)
	}
	packetf(request, "done")
	request.Write(flushPacket)
	reply, err := c.ask(ctx, request.Bytes())
	if err != nil {
		return nil, nil, err
	}
	p := &packets{r: reply}
	shallow, err := readSections(p)
	return &sideband{packets: p}, shallow, err
}

// readSections reads up to the pack. The sections before it are not expected,
// except that a server whose own repository is shallow says where.
func readSections(p *packets) ([]plumbing.Hash, error) {
	var shallow []plumbing.Hash
	for {
		what, line, err := p.next()
		if err != nil {
			return nil, unfinished(err)
		}
		switch text := string(line); {
		case what == delimiter, text == "shallow-info":
		case text == "packfile":
			return shallow, nil
		case what != content || len(shallow) >= mostShallow:
			return nil, errNotGit
		default:
			h, err := hashLine(text, "shallow")
			if err != nil {
				return nil, errNotGit
			}
			shallow = append(shallow, h)
		}
	}
}
