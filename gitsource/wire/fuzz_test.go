package wire

import (
	"bufio"
	"bytes"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

const someTip = "0123456789012345678901234567890123456789"

func lines(all ...string) string {
	var b bytes.Buffer
	for _, line := range all {
		packetf(&b, "%s", line)
	}
	return b.String()
}

// FuzzServer reads whatever a server may say.
func FuzzServer(f *testing.F) {
	f.Add([]byte(lines("version 2", "ls-refs", "fetch=shallow") + "0000"))
	f.Add([]byte(lines("# service=git-upload-pack") + "0000" + lines(someTip+" refs/heads/main\x00ofs-delta", "shallow "+someTip) + "0000"))
	f.Add([]byte(lines("shallow-info", "shallow "+someTip) + "0001" + "000dpackfile\n" + "0009\x01PACK0000"))
	f.Add([]byte(lines("shallow "+someTip, "unshallow "+someTip) + "0000" + lines("NAK")))
	f.Add([]byte(lines("unpack ok", "ng refs/notes/moult non-fast-forward") + "0000"))
	f.Fuzz(func(_ *testing.T, said []byte) {
		_, _ = readGreeting(bytes.NewReader(said), "refs/heads/main")
		_, _ = readRefs(&packets{r: bytes.NewReader(said)}, "refs/heads/main")
		_, _ = readSections(&packets{r: bytes.NewReader(said)})
		_, _ = readAcknowledgements(bufio.NewReader(bytes.NewReader(said)))
		for _, ability := range []string{"agent", "side-band-64k"} {
			g := greeting{capabilities: map[string]string{ability: ""}}
			_ = g.readReport(bytes.NewReader(said), Move{Ref: plumbing.ReferenceName("refs/notes/moult")})
		}
	})
}
