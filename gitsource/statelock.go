package gitsource

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"moult/gitsource/durable"
)

// mostMirrors is how many agents may share a state directory.
const mostMirrors = 9

// stateLock is a place for one mirror that no other process uses.
type stateLock struct {
	dir string // of the mirror
	*durable.Hold
}

// lockState takes the first free place: <state>/mirror, mirror-2 and so on. So
// `moult plan` beside a running agent gets a mirror of its own instead of
// waiting for it.
func lockState(state string) (*stateLock, error) {
	if err := os.MkdirAll(state, 0o700); err != nil {
		return nil, fmt.Errorf("create state directory: %w", err)
	}
	for i := 1; i <= mostMirrors; i++ {
		dir := filepath.Join(state, "mirror")
		if i > 1 {
			dir = fmt.Sprintf("%s-%d", dir, i)
		}
		hold, err := durable.TryLock(dir + ".lock")
		if errors.Is(err, durable.ErrLocked) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("lock state directory: %w", err)
		}
		return &stateLock{dir, hold}, nil
	}
	return nil, fmt.Errorf("lock state directory: %d agents use %s already", mostMirrors, state)
}
