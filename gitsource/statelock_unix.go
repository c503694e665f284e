//go:build unix

package gitsource

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// unlockFile gives the lock up. Closing alone does not while a child that is
// just being started holds a copy of the file.
func unlockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }

// lockFile locks a file for this process, or says errLocked at once.
func lockFile(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errLocked
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return nil
}
