package wire

import (
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"moult/gitsource/fault"
)

func TestFilesWithoutCertificatesAreRefused(t *testing.T) {
	t.Parallel()
	good := someCertificate(t)
	wrong := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("not DER")}))
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("s3cr3t")}))
	for name, c := range map[string]struct{ text, says string }{
		"empty":       {"", "holds no certificate"},
		"text":        {"hello\n", "holds no certificate"},
		"DER":         {string(pemBytes(t, good)), "holds no certificate"},
		"cut off":     {good[:len(good)/2], "is cut off after 0 certificates"},
		"second torn": {good + good[:len(good)/2], "is cut off after 1 certificates"},
		"unreadable":  {good + wrong, "holds a certificate (number 2) that cannot be read"},
		"a key":       {good + key, "holds something else than certificates: PRIVATE KEY"},
	} {
		err := Access{CAFile: written(t, c.text)}.Check()
		if !errors.Is(err, fault.ErrSettings) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	for _, text := range []string{good, good + good, "# ours\n" + good + "\n# the end\n"} {
		if err := (Access{CAFile: written(t, text)}).Check(); err != nil {
			t.Error(err)
		}
	}
}

// someCertificate is one that httptest made.
func someCertificate(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

func pemBytes(t *testing.T, text string) []byte {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	return block.Bytes
}
