package durable

import (
	"errors"
	"fmt"
	"os"
)

// ErrLocked: another process holds the lock.
var ErrLocked = errors.New("in use")

// Hold is a lock that no other process has. It ends with the process, however
// that ends.
type Hold struct{ file *os.File }

// Lock waits for the lock that a file stands for, and takes it. The file is
// made if need be, and stays: removing it could take the lock from whoever
// opened it meanwhile.
func Lock(path string) (*Hold, error) { return take(path, lockFile) }

// TryLock is Lock that says ErrLocked instead of waiting.
func TryLock(path string) (*Hold, error) { return take(path, tryLockFile) }

func take(path string, lock func(*os.File) error) (*Hold, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &Hold{f}, nil
}

// Release gives the lock up.
func (h *Hold) Release() error { return errors.Join(unlockFile(h.file), h.file.Close()) }
