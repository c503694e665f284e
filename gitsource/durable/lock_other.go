//go:build !unix

package durable

import "os"

// lockFile does not lock: here two agents must not share a state directory.
func lockFile(*os.File) error { return nil }

func tryLockFile(*os.File) error { return nil }

func unlockFile(*os.File) error { return nil }
