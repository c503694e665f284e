package wire

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"

	"moult/gitsource/fault"
)

// fetchV0 asks a server that knows only version 0 for a pack
// (gitprotocol-pack(5)). Nothing is negotiated: the reply says which
// commits are common, and is the pack.
func (g *greeting) fetchV0(ctx context.Context, c conversation, want Want) (io.Reader, Boundary, error) {
	reply, err := c.ask(ctx, g.requestV0(want))
	if err != nil {
		return nil, Boundary{}, err
	}
	buffered := bufio.NewReader(reply)
	moved, err := readAcknowledgements(buffered)
	if err != nil {
		return nil, moved, err
	}
	if want.Deepen == 0 {
		moved.Shallow = append(moved.Shallow, g.listed.shallow...)
	}
	if g.offers("side-band-64k") {
		return &sideband{packets: &packets{r: buffered}}, moved, nil
	}
	return buffered, moved, nil
}

func (g *greeting) requestV0(want Want) *bytes.Buffer {
	var abilities []string
	for _, name := range []string{"side-band-64k", "ofs-delta", "no-progress"} {
		if g.offers(name) {
			abilities = append(abilities, name)
		}
	}
	if want.Thin && g.offers("thin-pack") {
		abilities = append(abilities, "thin-pack")
	}
	if want.Further {
		abilities = append(abilities, "deepen-relative")
	}
	if g.offers("agent") {
		abilities = append(abilities, "agent="+agent)
	}
	var b bytes.Buffer
	packetf(&b, "%s", strings.TrimSpace("want "+want.Tip.String()+" "+strings.Join(abilities, " ")))
	want.deepening(&b)
	b.Write(flushPacket)
	for _, h := range want.Haves {
		packetf(&b, "have %s", h)
	}
	packetf(&b, "done")
	return &b
}

// readAcknowledgements reads where the server stops, and "NAK" or "ACK <hash>",
// of which git sends more than one in spite of the protocol's text. The pack
// begins with another word, or with a channel.
func readAcknowledgements(r *bufio.Reader) (Boundary, error) {
	var moved Boundary
	p := &packets{r: r}
	for range mostBefore {
		start, err := r.Peek(8)
		if err != nil {
			return moved, unfinished(err)
		}
		switch string(start[4:]) {
		case "ACK ", "NAK\n", "shal", "unsh", "ERR ":
		default:
			if string(start[:4]) != string(flushPacket) {
				return moved, nil
			}
		}
		_, line, err := p.next()
		if err != nil {
			return moved, unfinished(err)
		}
		if _, err := moved.take(string(line)); err != nil {
			return moved, err
		}
	}
	return moved, fault.TooLarge("the server says more than %d lines before the pack", mostBefore)
}
