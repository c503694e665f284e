package durable

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func TestReplaceLeavesTheOldContentWhenTheNewFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := Replace(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the disk is full")
	err := ReplaceWith(path, 0o640, func(w io.Writer) error {
		_, _ = w.Write([]byte("half of the ne"))
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
	content, err := os.ReadFile(path)
	if err != nil || string(content) != "old" {
		t.Errorf("content is %q, %v", content, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d files are left", len(left))
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode is %v, %v", info.Mode(), err)
	}
}

func TestOneLockAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	first, err := TryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := TryLock(path); !errors.Is(err, ErrLocked) {
		t.Errorf("a second one: %v", err)
	}
	waiting := make(chan error)
	go func() {
		second, err := Lock(t.Context(), path)
		if err == nil {
			err = second.Release()
		}
		waiting <- err
	}()
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	if err := <-waiting; err != nil {
		t.Errorf("whoever waits gets it: %v", err)
	}
}

func TestNobodyWaitsForALockLongerThanThereIsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "lock")
		first, err := TryLock(path)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		if _, err := Lock(ctx, path); !errors.Is(err, ErrLocked) || time.Since(begun) != time.Second {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
		if err := first.Release(); err != nil {
			t.Fatal(err)
		}
		if hold, err := Lock(ctx, path); err != nil {
			t.Errorf("a free one is not taken when there is no time left: %v", err)
		} else if err := hold.Release(); err != nil {
			t.Fatal(err)
		}
	})
}
