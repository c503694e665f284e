package aws

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/aws/smithy-go"
)

// contact knows which services of a place answer. The SDK tries a call five times,
// which takes half a minute when nobody is there; somebody who waits for that is
// told at its beginning, once, and once when it is over. An error that AWS sends is
// an answer. The zero value takes all to answer.
type contact struct {
	mu   sync.Mutex
	lost map[string]bool // by service
}

// learn takes what became of one attempt of a call.
func (c *contact) learn(service, operation string, err error, log *slog.Logger) {
	if errors.Is(err, context.Canceled) {
		return
	}
	var api smithy.APIError
	lost := err != nil && !errors.As(err, &api)
	if !c.turned(service, lost) {
		return
	}
	if lost {
		log.Warn("AWS cannot be asked, trying again", "service", service, "operation", operation, "error", silence(err))
	} else {
		log.Info("AWS can be asked again", "service", service)
	}
}

// turned notes whether a service is lost, and reports whether that is new.
func (c *contact) turned(service string, lost bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost[service] == lost {
		return false
	}
	if c.lost == nil {
		c.lost = map[string]bool{}
	}
	c.lost[service] = lost
	return true
}
