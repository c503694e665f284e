package trust

import (
	"bytes"
	"runtime/metrics"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// mostForAnInput is the memory in bytes that reading a signature or a keyring may
// take. Fuzzed inputs are far smaller; go-crypto 1.1.6 took 8 GiB for 13 bytes.
const mostForAnInput = 16 << 20

// allocated is the number of bytes ever allocated by this process.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func armorSignature(t testing.TB, body []byte) string {
	t.Helper()
	var text bytes.Buffer
	w, err := armor.Encode(&text, openpgp.SignatureType, nil)
	must(t, err)
	_, err = w.Write(body)
	must(t, err)
	must(t, w.Close())
	return text.String()
}

// The memory of a signature is bounded by its bytes, whatever lengths it claims:
// a push of a few bytes would end the agent otherwise. Nothing else runs beside
// it, so that what is counted is its own.
func TestAHostileOpenPGPSignatureCostsLittle(t *testing.T) {
	compressed := append([]byte{0xC0 | 8, 4, 1}, 0x73, 0x04, 0x00) // zip
	for name, test := range map[string]struct {
		body []byte
		want string
	}{
		"hashed subpackets of 4 GiB":   {[]byte{0xC2, 10, 6, 0, 1, 10, 255, 255, 255, 255, 1, 2}, "cut short"},
		"a packet of 4 GiB":            {[]byte{0xC2, 255, 255, 255, 255, 255, 4, 0, 1, 8, 255, 255, 1}, "cut short"},
		"unhashed subpackets of 4 GiB": {append(versionSix(), 255, 255, 255, 255, 1), "cut short"},
		"a compressed packet":          {compressed, "something else than one"},
		"nothing":                      {nil, "something else than one"},
	} {
		t.Run(name, func(t *testing.T) {
			before := allocated()
			_, err := parseOpenPGPSignature(armorSignature(t, test.body))
			checkDistrust(t, err, Malformed, test.want)
			if used := allocated() - before; used > mostForAnInput {
				t.Errorf("took %d bytes of memory", used)
			}
		})
	}
}

// versionSix is a signature of version 6 up to the length of its unhashed
// subpackets: of type 0 with RSA over SHA-512, and made in 1970.
func versionSix() []byte {
	return []byte{0xC2, 22, 6, 0, 1, 10, 0, 0, 0, 6, 5, 2, 0, 0, 0, 1}
}

func FuzzOpenPGPSignature(f *testing.F) {
	keys := readKeys(f, recorded)
	raw := readFile(f, recorded, "pgp_subkey")
	c, err := Parse(raw)
	must(f, err)
	body, err := dearmor(c.Signature)
	must(f, err)
	f.Add(body)
	f.Fuzz(func(t *testing.T, body []byte) {
		changed := c
		changed.Signature = armorSignature(t, body)
		before := allocated()
		who, err := keys.Verify(changed)
		if used := allocated() - before; used > mostForAnInput {
			t.Errorf("a signature of %d bytes was read with %d bytes of memory", len(body), used)
		}
		if err == nil && (len(who.Principals) != 1 || who.Principals[0] != "sub@example.com") {
			t.Fatalf("accepted as signed by %s", who)
		}
	})
}
