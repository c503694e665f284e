package hint

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// LargestBody is how many bytes a hook may have. GitHub ("Payload cap") and
// GitLab (REQUEST_BODY_SIZE_LIMIT) send no more.
const LargestBody = 25 << 20

// What all requests together may cost: one unit each, and one for each
// unitBytes of body. The burst holds one hook of the largest size and many
// small ones; after that it is a megabyte a second. Right or wrong, each pays:
// whether a hook is right is known only after it was read.
const (
	unitBytes      = 32 << 10
	unitsPerSecond = 32
	unitsAtOnce    = 1024
)

// Endpoint is the http.Handler that hears hooks. Set the fields and serve it
// with [Serve]; it is not copied.
//
// It answers 202 to a hook that is signed rightly, and otherwise says in one
// line no more than its status does: 404 and 405 for what is no hook, 401 for
// a signature that is missing or wrong, 400 and 413 for a body that cannot be
// read or is too large, 429 when there is too much of all that, 503 when the
// secrets cannot be read.
type Endpoint struct {
	// Path is where hooks are posted, such as "/hook".
	Path string
	// Secrets returns those that are valid now. It is asked for each hook, so
	// that secrets can be changed.
	Secrets func() ([]Secret, error)
	// Heard is called for each hook that is signed rightly. It must not block.
	Heard func()
	// Refused is called for each hook that is not heard, with who sent it and
	// why it is refused; the reason holds nothing of what was sent. Not called for
	// 404 and 405.
	Refused func(remote, reason string)

	once  sync.Once
	purse *rate.Limiter
}

// refusal is an answer other than 202.
type refusal struct {
	status int
	reason string // for the log, not for the sender
}

func (e *Endpoint) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if refused := e.hear(w, req); refused != nil {
		e.refuse(w, req, *refused)
		return
	}
	e.Heard()
	w.WriteHeader(http.StatusAccepted)
	io.WriteString(w, "accepted\n")
}

// hear reads a hook, and says why it does not count. What costs least is
// looked at first.
func (e *Endpoint) hear(w http.ResponseWriter, req *http.Request) *refusal {
	switch {
	case req.URL.Path != e.Path:
		return &refusal{status: http.StatusNotFound}
	case req.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		return &refusal{status: http.StatusMethodNotAllowed}
	case !e.budget().Allow():
		return &refusal{http.StatusTooManyRequests, "too many requests"}
	case req.ContentLength > LargestBody:
		return &refusal{http.StatusRequestEntityTooLarge, tooLarge}
	}
	secrets, err := e.Secrets()
	if err != nil {
		return &refusal{http.StatusServiceUnavailable, err.Error()}
	}
	claims, err := readClaims(req.Header, secrets, time.Now())
	if err != nil {
		return &refusal{http.StatusUnauthorized, err.Error()}
	}
	if refused := e.digest(w, req, claims.sums); refused != nil {
		return refused
	}
	if err := claims.judge(); err != nil {
		return &refusal{http.StatusUnauthorized, err.Error()}
	}
	return nil
}

var (
	tooLarge = fmt.Sprintf("the body has more than %d bytes", LargestBody)
	errSpent = errors.New("too much was sent")
)

// digest passes the body through the sums.
func (e *Endpoint) digest(w http.ResponseWriter, req *http.Request, sums io.Writer) *refusal {
	_, err := io.Copy(&meter{to: sums, purse: e.budget()}, http.MaxBytesReader(w, req.Body, LargestBody))
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &large):
		return &refusal{http.StatusRequestEntityTooLarge, tooLarge}
	case errors.Is(err, errSpent):
		return &refusal{http.StatusTooManyRequests, errSpent.Error()}
	}
	return &refusal{http.StatusBadRequest, "the body did not arrive"}
}

// refuse answers, and ends the connection: what is left of the body is not
// waited for.
func (e *Endpoint) refuse(w http.ResponseWriter, req *http.Request, r refusal) {
	w.Header().Set("Connection", "close")
	http.Error(w, http.StatusText(r.status), r.status)
	if r.reason != "" {
		e.Refused(req.RemoteAddr, r.reason)
	}
}

func (e *Endpoint) budget() *rate.Limiter {
	e.once.Do(func() { e.purse = rate.NewLimiter(unitsPerSecond, unitsAtOnce) })
	return e.purse
}

// meter pays for what is written, and ends the writing when the purse is empty.
type meter struct {
	to    io.Writer
	purse *rate.Limiter
	due   int // bytes that are not paid for yet, less than a unit
}

func (m *meter) Write(p []byte) (int, error) {
	m.due += len(p)
	if !m.purse.AllowN(time.Now(), m.due/unitBytes) {
		return 0, errSpent
	}
	m.due %= unitBytes
	return m.to.Write(p)
}
