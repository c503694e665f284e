//go:build !unix

package durable

import "os"

// tryLockFile does not lock: here two agents must not share a state directory.
func tryLockFile(*os.File) error { return nil }

func unlockFile(*os.File) error { return nil }
