package hint

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/time/rate"
)

// How much somebody without a secret may hold open, and for how long. GitHub
// and GitLab wait ten seconds for an answer by default, so a hook that takes
// longer is of no use to anybody.
const (
	connectionsAtOnce    = 64
	connectionsPerSecond = 32
	headerTime           = 5 * time.Second
	hookTime             = 15 * time.Second
	largestHeader        = 16 << 10
)

// Serve answers hooks on l until ctx ends, over TLS if certificate is set, and
// closes l. It speaks HTTP/1.1, one hook a connection at a time.
func Serve(ctx context.Context, l net.Listener, e *Endpoint, certificate *Certificate) {
	l = netutil.LimitListener(paced{l, ctx, rate.NewLimiter(connectionsPerSecond, connectionsAtOnce)}, connectionsAtOnce)
	if certificate != nil {
		l = tls.NewListener(l, &tls.Config{GetCertificate: certificate.get})
	}
	server := &http.Server{
		Handler: e, MaxHeaderBytes: largestHeader,
		ReadHeaderTimeout: headerTime, ReadTimeout: hookTime, IdleTimeout: headerTime,
		WriteTimeout: hookTime + headerTime, // so that one that was too slow is told
		// What goes wrong in a stranger's connection is not the agent's news.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	_ = server.Serve(l) // ends when ctx does
}

// paced is a listener that takes up only so many connections a second: with
// TLS, each costs a signature before anything is known of who calls.
type paced struct {
	net.Listener
	ctx  context.Context
	pace *rate.Limiter
}

func (p paced) Accept() (net.Conn, error) {
	if err := p.pace.Wait(p.ctx); err != nil {
		return nil, net.ErrClosed
	}
	return p.Listener.Accept()
}
