package hint

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What others have signed: no signature in this file was made by this program.
const (
	// GitHub, "Validating webhook deliveries", "Testing the webhook payload validation".
	githubSecret = "It's a Secret to Everybody"
	githubBody   = "Hello, World!"
	githubSum    = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

	// standard-webhooks/standard-webhooks, libraries/go/webhook_test.go.
	signingToken  = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	stampedID     = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	stampedTime   = "1614265330"
	stampedBody   = `{"test": 2432232314}`
	stampedSum    = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	anotherSigned = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="

	// printf 'Hello, World!' | openssl dgst -sha256 -hmac a-newer-secret-0123456789
	newerSecret = "a-newer-secret-0123456789"
	newerSum    = "b76dde55b3b9ef1369a6885f14e4040e59d88609c0f676eecd39f308a6f7248b"

	zeroes = "0000000000000000000000000000000000000000000000000000000000000000"
)

var stampedAt = time.Unix(1614265330, 0)

// ear is an endpoint that remembers.
type ear struct {
	*Endpoint
	heard   int
	refused []string
}

func listening(t testing.TB, file string) *ear {
	t.Helper()
	e := &ear{}
	e.Endpoint = &Endpoint{
		Path:    "/hook",
		Secrets: func() ([]Secret, error) { return ParseSecrets([]byte(file)) },
		Heard:   func() { e.heard++ },
		Refused: func(_, reason string) { e.refused = append(e.refused, reason) },
	}
	return e
}

// post is one hook; headers are lines of "name: value".
func (e *ear) post(body string, headers ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(body))
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ":")
		req.Header.Add(name, strings.TrimSpace(value))
	}
	return e.send(req)
}

func (e *ear) send(req *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	e.ServeHTTP(w, req)
	return w
}

// at runs a test in a bubble whose clock says when.
func at(t *testing.T, when time.Time, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(when))
		test(t)
	})
}

func standard(more ...string) []string {
	return append([]string{"webhook-id: " + stampedID, "webhook-timestamp: " + stampedTime}, more...)
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	right := "sha256=" + githubSum
	wrong := "sha256=" + zeroes
	for _, c := range []struct {
		name    string
		secrets string
		body    string
		headers []string
		refused string // a part of the reason; empty: heard
	}{
		{"GitHub", githubSecret, githubBody, []string{"X-Hub-Signature-256: " + right}, ""},
		{"GitHub with SHA-1 beside it, which does not count", githubSecret, githubBody, []string{"X-Hub-Signature-256: " + right, "X-Hub-Signature: sha1=00"}, ""},
		{"SHA-1 alone", githubSecret, githubBody, []string{"X-Hub-Signature: sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59"}, "SHA-1 and does not count: let the forge send X-Hub-Signature-256"},
		{"GitHub, forged", githubSecret, githubBody, []string{"X-Hub-Signature-256: " + wrong}, "X-Hub-Signature-256 is wrong"},
		{"GitHub, body changed", githubSecret, githubBody + "!", []string{"X-Hub-Signature-256: " + right}, "X-Hub-Signature-256 is wrong"},
		{"GitHub, body cut off", githubSecret, githubBody[1:], []string{"X-Hub-Signature-256: " + right}, "X-Hub-Signature-256 is wrong"},
		{"GitHub, body empty", githubSecret, "", []string{"X-Hub-Signature-256: " + right}, "X-Hub-Signature-256 is wrong"},
		{"GitHub, another secret", newerSecret, githubBody, []string{"X-Hub-Signature-256: " + right}, "X-Hub-Signature-256 is wrong"},
		{"GitHub without prefix", githubSecret, githubBody, []string{"X-Hub-Signature-256: " + githubSum}, "is not sha256=64 hexadecimal digits"},
		{"GitHub, shortened", githubSecret, githubBody, []string{"X-Hub-Signature-256: " + right[:len(right)-2]}, "is not sha256=64 hexadecimal digits"},
		{"GitHub, not hexadecimal", githubSecret, githubBody, []string{"X-Hub-Signature-256: sha256=" + strings.Repeat("zz", 32)}, "is not sha256=64 hexadecimal digits"},
		{"GitHub, said twice", githubSecret, githubBody, []string{"X-Hub-Signature-256: " + right, "X-Hub-Signature-256: " + right}, "is there twice"},

		{"Gitea", githubSecret, githubBody, []string{"X-Gitea-Signature: " + githubSum, "X-Gogs-Signature: " + githubSum, "X-Hub-Signature-256: " + right}, ""},
		{"Gitea without a secret", githubSecret, githubBody, []string{"X-Gitea-Signature:", "X-Hub-Signature-256: sha256="}, "set the secret at the forge too"},
		{"Gitea, forged beside a right one", githubSecret, githubBody, []string{"X-Gitea-Signature: " + zeroes, "X-Hub-Signature-256: " + right}, "X-Gitea-Signature is wrong"},
		{"Gitea with a prefix", githubSecret, githubBody, []string{"X-Gitea-Signature: " + right}, "X-Gitea-Signature is not 64 hexadecimal digits"},
		{"Forgejo", githubSecret, githubBody, []string{"X-Forgejo-Signature: " + githubSum, "X-Gitea-Signature: " + githubSum}, ""},
		{"Forgejo, forged", githubSecret, githubBody, []string{"X-Forgejo-Signature: " + zeroes}, "X-Forgejo-Signature is wrong"},
		{"anybody", githubSecret, githubBody, []string{"X-Signature-256: " + right}, ""},
		{"anybody, forged", githubSecret, githubBody, []string{"X-Signature-256: " + wrong}, "X-Signature-256 is wrong"},

		{"GitLab's secret token", githubSecret, "{}", []string{"X-Gitlab-Token: " + githubSecret}, ""},
		{"GitLab's secret token, another", githubSecret, "{}", []string{"X-Gitlab-Token: " + newerSecret}, "X-Gitlab-Token is wrong"},
		{"GitLab's secret token, shortened", githubSecret, "{}", []string{"X-Gitlab-Token: " + githubSecret[:10]}, "X-Gitlab-Token is wrong"},
		{"GitLab's secret token, empty", githubSecret, "{}", []string{"X-Gitlab-Token:"}, "X-Gitlab-Token is empty"},
		{"GitLab's secret token beside a forged signature", githubSecret, githubBody, []string{"X-Gitlab-Token: " + githubSecret, "X-Hub-Signature-256: " + wrong}, "X-Hub-Signature-256 is wrong"},

		{"GitLab's signing token", signingToken, stampedBody, standard("webhook-signature: " + stampedSum), ""},
		{"both of GitLab's", signingToken, stampedBody, standard("webhook-signature: "+stampedSum, "X-Gitlab-Token: "+signingToken), ""},
		{"one of several", signingToken, stampedBody, standard("webhook-signature: v1a,AAAA " + anotherSigned + " " + stampedSum), ""},
		{"none of several", signingToken, stampedBody, standard("webhook-signature: " + anotherSigned + " " + anotherSigned), "Webhook-Signature is wrong"},
		{"only of other versions", signingToken, stampedBody, standard("webhook-signature: v2" + stampedSum[2:]), "none of version v1"},
		{"not base64", signingToken, stampedBody, standard("webhook-signature: v1,#"), "Webhook-Signature is not v1"},
		{"too short", signingToken, stampedBody, standard("webhook-signature: v1,AAAA"), "Webhook-Signature is not v1"},
		{"another id", signingToken, stampedBody, []string{"webhook-id: msg_2", "webhook-timestamp: " + stampedTime, "webhook-signature: " + stampedSum}, "Webhook-Signature is wrong"},
		{"without id", signingToken, stampedBody, []string{"webhook-timestamp: " + stampedTime, "webhook-signature: " + stampedSum}, "Webhook-Signature needs Webhook-Id"},
		{"without timestamp", signingToken, stampedBody, []string{"webhook-id: " + stampedID, "webhook-signature: " + stampedSum}, "Webhook-Signature needs Webhook-Id"},
		{"another timestamp", signingToken, stampedBody, []string{"webhook-id: " + stampedID, "webhook-timestamp: 1614265331", "webhook-signature: " + stampedSum}, "Webhook-Signature is wrong"},
		{"timestamp in words", signingToken, stampedBody, []string{"webhook-id: " + stampedID, "webhook-timestamp: noon", "webhook-signature: " + stampedSum}, "not a number of seconds"},
		{"id with a dot", signingToken, "330." + stampedBody, []string{"webhook-id: a.b", "webhook-timestamp: " + stampedTime, "webhook-signature: " + stampedSum}, "Webhook-Id has a dot"},
		{"id and timestamp alone", signingToken, stampedBody, standard(), "no signature"},
		{"no signing token among the secrets", githubSecret, stampedBody, standard("webhook-signature: " + stampedSum), "needs a signing token"},

		{"nothing", githubSecret, githubBody, nil, "no signature"},
		{"during a change, the old one", githubSecret + "\n" + newerSecret + "\n", githubBody, []string{"X-Hub-Signature-256: " + right}, ""},
		{"during a change, the new one", githubSecret + "\r\n" + newerSecret, githubBody, []string{"X-Hub-Signature-256: sha256=" + newerSum}, ""},
		{"during a change, the new token", githubSecret + "\n" + newerSecret, "{}", []string{"X-Gitlab-Token: " + newerSecret}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			at(t, stampedAt, func(t *testing.T) {
				e := listening(t, c.secrets)
				got := e.post(c.body, c.headers...)
				if c.refused == "" {
					if got.Code != http.StatusAccepted || e.heard != 1 {
						t.Errorf("answered %d, heard %d times, refused %q; want it heard", got.Code, e.heard, e.refused)
					}
					return
				}
				if got.Code != http.StatusUnauthorized || e.heard != 0 || len(e.refused) != 1 || !strings.Contains(e.refused[0], c.refused) {
					t.Errorf("answered %d, heard %d times, refused %q; want %q", got.Code, e.heard, e.refused, c.refused)
				}
				if got.Body.String() != "Unauthorized\n" {
					t.Errorf("the sender is told %q", got.Body)
				}
			})
		})
	}
}

func TestSentAgainLaterIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		off   time.Duration
		heard int
	}{
		{0, 1}, {tolerance, 1}, {-tolerance, 1}, {tolerance + time.Second, 0}, {-tolerance - time.Second, 0}, {24 * time.Hour, 0},
	} {
		at(t, stampedAt.Add(c.off), func(t *testing.T) {
			e := listening(t, signingToken)
			e.post(stampedBody, standard("webhook-signature: "+stampedSum)...)
			if e.heard != c.heard {
				t.Errorf("%s later: heard %d times, want %d (%q)", c.off, e.heard, c.heard, e.refused)
			}
		})
	}
}

func TestReasonsHoldNothingOfWhatWasSent(t *testing.T) {
	t.Parallel()
	at(t, stampedAt, func(t *testing.T) {
		e := listening(t, githubSecret)
		mark := strings.Repeat("5ca1ab1e", 8)
		for _, name := range []string{
			"X-Hub-Signature-256: sha256=", "X-Hub-Signature-256: ", "X-Gitea-Signature: ", "X-Gitea-Signature: x", "X-Gitlab-Token: ",
			"webhook-id: 1\nwebhook-timestamp: 1614265330\nwebhook-signature: v1,", "webhook-id: 1\nwebhook-timestamp: ", "webhook-signature: ",
		} {
			e.post(mark, strings.Split(name+mark, "\n")...)
		}
		if said := strings.Join(e.refused, "\n"); len(e.refused) != 8 || strings.Contains(said, "5ca1ab1e") {
			t.Errorf("%d reasons:\n%s", len(e.refused), said)
		}
	})
}

func TestWhatIsNoHook(t *testing.T) {
	t.Parallel()
	signed := "sha256=" + githubSum
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/hook", http.StatusMethodNotAllowed},
		{http.MethodPut, "/hook", http.StatusMethodNotAllowed},
		{http.MethodPost, "/", http.StatusNotFound},
		{http.MethodPost, "/hook/", http.StatusNotFound},
		{http.MethodPost, "/hook?x=1", http.StatusAccepted},
		{http.MethodGet, "/.env", http.StatusNotFound},
	} {
		e := listening(t, githubSecret)
		req := httptest.NewRequest(c.method, c.path, strings.NewReader(githubBody))
		req.Header.Set("X-Hub-Signature-256", signed)
		got := e.send(req)
		if got.Code != c.status || len(e.refused) != 0 || (e.heard == 1) != (c.status == http.StatusAccepted) {
			t.Errorf("%s %s: %d, heard %d, refused %q; want %d", c.method, c.path, got.Code, e.heard, e.refused, c.status)
		}
	}
}

func TestSecretsAreReadForEachHook(t *testing.T) {
	t.Parallel()
	e := listening(t, "")
	file := githubSecret
	e.Secrets = func() ([]Secret, error) { return ParseSecrets([]byte(file)) }
	old, fresh := "X-Hub-Signature-256: sha256="+githubSum, "X-Hub-Signature-256: sha256="+newerSum
	for _, step := range []struct {
		file, header string
		status       int
	}{
		{githubSecret, old, http.StatusAccepted},
		{githubSecret, fresh, http.StatusUnauthorized},
		{githubSecret + "\n" + newerSecret, old, http.StatusAccepted},
		{githubSecret + "\n" + newerSecret, fresh, http.StatusAccepted},
		{"", fresh, http.StatusServiceUnavailable},
		{newerSecret, fresh, http.StatusAccepted},
		{newerSecret, old, http.StatusUnauthorized},
	} {
		file = step.file
		if got := e.post(githubBody, step.header); got.Code != step.status {
			t.Errorf("with %q, %s: %d, want %d", step.file, step.header, got.Code, step.status)
		}
	}
}

func TestParseSecrets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file  string
		count int
		wrong string
	}{
		{"0123456789abcdef\n", 1, ""},
		{"\n  0123456789abcdef \r\n\n" + newerSecret, 2, ""},
		{signingToken, 1, ""},
		{"", 0, "no secret is there"},
		{" \n\n", 0, "no secret is there"},
		{"0123456789abcde\n", 0, "a secret of 15 bytes is too short, it must have 16"},
		{githubSecret + "\nshort", 0, "a secret of 5 bytes is too short"},
		{"whsec_MDEyMzQ1Njc4OWFiY2Rl", 0, "a secret of 15 bytes is too short"},
		{"whsec_not!base64not!base64", 0, "not base64"},
		{githubSecret + "\n" + newerSecret + "\n" + signingToken, 0, "3 secrets are there, and 2 at most"},
	} {
		secrets, err := ParseSecrets([]byte(c.file))
		if len(secrets) != c.count || (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%q: %d secrets, %v; want %d, %q", c.file, len(secrets), err, c.count, c.wrong)
		}
	}
}

// FuzzSignatures feeds every header anything. Whatever it is, nothing falls
// over, and without the secret nothing is heard.
func FuzzSignatures(f *testing.F) {
	f.Add("sha256="+githubSum, stampedID, stampedTime, stampedSum, githubBody)
	f.Add("sha256="+zeroes, "a.b", "-1", "v1, v1,, v1a,", "")
	f.Add(strings.Repeat("a", 64), "", "99999999999999999999", ",", "\x00")
	var key [32]byte
	_, _ = rand.Read(key[:])
	secrets, err := ParseSecrets([]byte(hex.EncodeToString(key[:]) + "\nwhsec_" + strings.Repeat("QUFB", 8)))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, sum, id, stamp, signature, body string) {
		for _, scheme := range bodySchemes {
			forged(t, secrets, body, map[string]string{scheme.header: sum})
		}
		forged(t, secrets, body, map[string]string{tokenHeader: sum})
		forged(t, secrets, body, map[string]string{idHeader: id, timestampHeader: stamp, signatureHeader: signature})
	})
}

func forged(t *testing.T, secrets []Secret, body string, headers map[string]string) {
	t.Helper()
	h := http.Header{}
	for name, value := range headers {
		h[name] = []string{value}
	}
	claims, err := readClaims(h, secrets, stampedAt)
	if err != nil {
		return
	}
	if _, err := claims.sums.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if claims.judge() == nil {
		t.Errorf("%q is right for %q", headers, body)
	}
}
