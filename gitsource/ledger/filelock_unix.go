//go:build unix

package ledger

import (
	"errors"
	"os"
	"syscall"
)

// lockFile waits until no other process holds the lock. It ends with the
// process, however that ends.
func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }

// tryLockFile is lockFile that says errLocked instead of waiting.
func tryLockFile(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

// unlockFile gives the lock up. Closing alone does not while a child that is
// just being started holds a copy of the file.
func unlockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }
