package durable

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrLocked: another process holds the lock.
var ErrLocked = errors.New("in use")

// Hold is a lock that no other process has. It ends with the process, however
// that ends.
type Hold struct{ file *os.File }

// longestPause is how long Lock waits at most before it asks again.
const longestPause = 5 * time.Millisecond

// Lock waits for the lock that a file stands for, and takes it. It asks at
// least once, and again until ctx ends: whoever has the lock may have been
// stopped and never give it up, and a wait in the kernel could not be left.
//
// ErrLocked: it was not to be had before ctx ended.
func Lock(ctx context.Context, path string) (*Hold, error) {
	for pause := time.Millisecond; ; pause = min(2*pause, longestPause) {
		hold, err := TryLock(path)
		if !errors.Is(err, ErrLocked) {
			return hold, err
		}
		again := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			again.Stop()
			return nil, err
		case <-again.C:
		}
	}
}

// TryLock takes the lock that a file stands for, or says ErrLocked. The file is
// made if need be, and stays: removing it could take the lock from whoever
// opened it meanwhile.
func TryLock(path string) (*Hold, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := tryLockFile(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &Hold{f}, nil
}

// Release gives the lock up.
func (h *Hold) Release() error { return errors.Join(unlockFile(h.file), h.file.Close()) }
