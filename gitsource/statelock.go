package gitsource

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// mostMirrors is how many agents may share a state directory.
const mostMirrors = 9

// stateLock is a place for one mirror that no other process uses. It ends with
// the process, however that ends.
type stateLock struct {
	dir  string // of the mirror
	file *os.File
}

var errLocked = errors.New("in use")

// lockState takes the first free place: <state>/mirror, mirror-2 and so on. So
// `moult plan` beside a running agent gets a mirror of its own instead of
// waiting for it.
func lockState(state string) (*stateLock, error) {
	if err := os.MkdirAll(state, 0o700); err != nil {
		return nil, fmt.Errorf("create state directory: %w", err)
	}
	for i := 1; i <= mostMirrors; i++ {
		name := "mirror"
		if i > 1 {
			name = fmt.Sprintf("mirror-%d", i)
		}
		lock, err := lockMirror(filepath.Join(state, name))
		if !errors.Is(err, errLocked) {
			return lock, err
		}
	}
	return nil, fmt.Errorf("lock state directory: %d agents use %s already", mostMirrors, state)
}

func lockMirror(dir string) (*stateLock, error) {
	f, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock state directory: %w", err)
	}
	if err := lockFile(f); err != nil {
		f.Close()
		return nil, err
	}
	return &stateLock{dir: dir, file: f}, nil
}

// release gives the place up. The file stays: removing it could take the lock
// from whoever opened it meanwhile.
func (l *stateLock) release() error {
	return errors.Join(unlockFile(l.file), l.file.Close())
}
