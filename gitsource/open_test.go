package gitsource

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAStateDirectoryThatCannotBeUsedSaysWhy(t *testing.T) {
	t.Parallel()
	err := stateError(&fs.PathError{Op: "open", Path: "mirror.lock", Err: fs.ErrPermission})
	if !errors.Is(err, ErrStorage) || !strings.Contains(err.Error(), "as the agent's own user") {
		t.Errorf("error is %v", err)
	}
	r := repository(t, newFixture(t).dir)
	r.StateDir = filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(r.StateDir, nil, 0o600))
	refused(t, r, ErrSettings, "give a state directory that can be written")
}
