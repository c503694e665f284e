package wire

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
)

// Move is one ref to move; zero is a ref that is not there.
type Move struct {
	Ref      plumbing.ReferenceName
	Old, New plumbing.Hash
}

// ErrMoved: the ref is not where it was thought to be.
var ErrMoved = errors.New("ref has moved")

// Refused is a push that the server took in and did not carry out: because
// somebody was faster, or because it does not want it.
type Refused struct{ Reason string }

func (r *Refused) Error() string { return "the server refuses it: " + r.Reason }

// Push moves a ref if it is still at Old. pack writes the objects that New needs
// and Old has not; it is called once the server is known to be at Old.
//
// ErrMoved: it is not, and nothing was sent. *Refused: the server said no.
func (s *Server) Push(ctx context.Context, m Move, pack func(io.Writer) error) error {
	alive, stop := watchOver(ctx, cmp.Or(s.Patience, defaultPatience))
	defer stop()
	return s.stalled(alive, s.pushWhile(alive, m, pack))
}

func (s *Server) pushWhile(alive *vigil, m Move, pack func(io.Writer) error) error {
	ctx := alive.ctx
	c, err := s.converse(ctx, receivePack)
	if err != nil {
		return err
	}
	defer c.close()
	g, err := greet(ctx, c, m.Ref.String())
	if err != nil {
		return err
	}
	switch {
	case g.version == 2: // receive-pack has none (gitprotocol-v2(5))
		return errNotGit
	case g.listed.tip != m.Old:
		return ErrMoved
	case !g.offers("report-status"):
		return fault.New(fault.ErrUnsupported, "use another server", "the server would not say what came of a push")
	}
	request := bytes.NewBuffer(g.command0(m))
	if err := pack(request); err != nil {
		return err
	}
	reply, err := c.ask(ctx, request)
	if err != nil {
		return err
	}
	return g.readReport(alive.over(reply), m)
}

// command0 is what receive-pack is asked (gitprotocol-pack(5), "Pushing Data To
// a Server").
func (g *greeting) command0(m Move) []byte {
	abilities := []string{"report-status"}
	if g.offers("side-band-64k") {
		abilities = append(abilities, "side-band-64k")
	}
	if g.offers("agent") {
		abilities = append(abilities, "agent="+agent)
	}
	var b bytes.Buffer
	packetf(&b, "%s %s %s\x00%s", m.Old, m.New, m.Ref, strings.Join(abilities, " "))
	b.Write(flushPacket)
	return b.Bytes()
}

// reportBytes is the longest report that is read; it is a line or two.
const reportBytes = 1 << 20

// readReport reads what came of a push: "unpack ok" and "ok <ref>", or why not.
func (g *greeting) readReport(reply io.Reader, m Move) error {
	var said lastWords
	r := io.LimitReader(reply, reportBytes)
	if g.offers("side-band-64k") {
		r = &sideband{packets: &packets{r: r}, words: &said}
	}
	p := &packets{r: bufio.NewReader(r)}
	for unpacked := false; ; {
		what, line, err := p.next()
		if err != nil {
			return unfinished(err)
		}
		text := string(line)
		switch reason, ng := strings.CutPrefix(text, "ng "+m.Ref.String()+" "); {
		case what != content:
			return errNotGit // the report ends without a word about the ref
		case ng:
			return &Refused{said.behind(fault.Plain(reason, 200))}
		case text == "unpack ok":
			unpacked = true
		case text == "ok "+m.Ref.String() && unpacked:
			return nil
		case strings.HasPrefix(text, "unpack "):
			return &Refused{said.behind(fault.Plain(text, 200))}
		}
	}
}

// behind is a reason with what the server wrote for people behind it: a hook
// says there what it misses.
func (w *lastWords) behind(reason string) string {
	if said := w.said(); said != "" {
		return fmt.Sprintf("%s (%s)", reason, said)
	}
	return reason
}
