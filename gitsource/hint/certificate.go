package hint

import (
	"crypto/tls"
	"fmt"
	"sync"
)

// Certificate is a certificate and its key, in PEM files that are read again
// for each connection, so that a renewed one is used at once. Call Load before
// serving.
type Certificate struct {
	// File holds the certificate, and then those between it and the root.
	File string
	// KeyFile holds its private key.
	KeyFile string
	// Unread is called when the files can no longer be read or do not fit each
	// other, as in the middle of a renewal; the last good pair stays in use.
	Unread func(error)

	mu   sync.Mutex
	last *tls.Certificate
}

// Load reads the files. Its error says what is wrong with them.
func (c *Certificate) Load() error {
	pair, err := tls.LoadX509KeyPair(c.File, c.KeyFile)
	if err != nil {
		return fmt.Errorf("read certificate %s with key %s: %w", c.File, c.KeyFile, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = &pair
	return nil
}

func (c *Certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if err := c.Load(); err != nil {
		c.Unread(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last, nil
}
