package awssim

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"syscall"
)

// Transport carries requests to a [Server] in memory, without a socket, so
// that it works in a testing/synctest bubble. It is both an
// [http.RoundTripper] and the HTTPClient of an AWS SDK configuration. A reply
// that a fault loses is a reset connection.
type Transport struct{ Server *Server }

// Do sends a request and returns the reply.
func (t Transport) Do(req *http.Request) (*http.Response, error) { return t.RoundTrip(req) }

// RoundTrip sends a request and returns the reply.
func (t Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	var answer reply
	if !t.served(&answer, req) {
		if err := req.Context().Err(); err != nil {
			return nil, err
		}
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	return answer.response(req), nil
}

// served reports whether the server has answered: it panics with
// http.ErrAbortHandler, as net/http has it, to break the connection.
func (t Transport) served(w http.ResponseWriter, req *http.Request) (ok bool) {
	defer func() {
		if trouble := recover(); trouble != nil && trouble != http.ErrAbortHandler {
			panic(trouble)
		}
	}()
	t.Server.ServeHTTP(w, req)
	return true
}

func (a *reply) response(req *http.Request) *http.Response {
	status := a.status
	if status == 0 {
		status = http.StatusOK
	}
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.Header(), Body: io.NopCloser(bytes.NewReader(a.body)),
		ContentLength: int64(len(a.body)), Request: req,
	}
}
