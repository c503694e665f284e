package main

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

func TestAStateDirectoryOfSomebodyElseComesWithAHint(t *testing.T) {
	t.Parallel()
	var hint advised
	err := adviseForbidden(fmt.Errorf("read what was accepted: %w", &fs.PathError{Op: "open", Path: "accepted.json", Err: fs.ErrPermission}))
	if !errors.As(err, &hint) || hint.hint != "run it as root or as the agent's own user" {
		t.Errorf("error is %#v", err)
	}
	if err := adviseForbidden(fs.ErrNotExist); errors.As(err, &hint) {
		t.Errorf("error is %#v", err)
	}
}
