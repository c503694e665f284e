package gitsource

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
)

// fetchV0 asks a server that knows only version 0 for a pack
// (gitprotocol-pack(5)). Nothing is negotiated: the reply says which
// commits are common, and is the pack.
func (g *greeting) fetchV0(ctx context.Context, c conversation, want wanted) (io.Reader, error) {
	reply, err := c.ask(ctx, g.requestV0(want))
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewReader(reply)
	if err := skipAcknowledgements(buffered); err != nil {
		return nil, err
	}
	if g.offers("side-band-64k") {
		return &sideband{packets: &packets{r: buffered}}, nil
	}
	return buffered, nil
}

func (g *greeting) requestV0(want wanted) []byte {
	var abilities []string
	for _, name := range []string{"side-band-64k", "ofs-delta", "no-progress"} {
		if g.offers(name) {
			abilities = append(abilities, name)
		}
	}
	if g.offers("agent") {
		abilities = append(abilities, "agent="+agent)
	}
	var b bytes.Buffer
	packetf(&b, "%s", strings.TrimSpace("want "+want.tip.String()+" "+strings.Join(abilities, " ")))
	for _, h := range want.shallow {
		packetf(&b, "shallow %s", h)
	}
	b.Write(flushPacket)
	for _, h := range want.haves {
		packetf(&b, "have %s", h)
	}
	packetf(&b, "done")
	return b.Bytes()
}

// skipAcknowledgements reads "NAK" or "ACK <hash>", of which git sends more
// than one in spite of the protocol's text, and the commits that the server
// calls shallow, which its greeting has named. The pack begins with another
// word, or with a channel.
func skipAcknowledgements(r *bufio.Reader) error {
	p := &packets{r: r}
	for {
		start, err := r.Peek(8)
		if err != nil {
			return unfinished(err)
		}
		switch string(start[4:]) {
		case "ACK ", "NAK\n", "shal", "ERR ":
		default:
			if string(start[:4]) != string(flushPacket) {
				return nil
			}
		}
		if _, _, err := p.next(); err != nil {
			return unfinished(err)
		}
	}
}
