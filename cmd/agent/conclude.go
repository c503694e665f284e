package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"moult/cmd/internal/page"
)

// The exit codes that people script against; see each command's help.
const (
	exitError        = 1
	exitToDo         = 2 // plan: there is something to do
	exitNotConverged = 3 // run --until-converged: a group is held or failed
)

// code ends a command that has said all it had to say.
type code int

func (c code) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// advised is an error with the next step for whoever reads it.
type advised struct {
	error
	hint string
}

func (a advised) Unwrap() error { return a.error }

// advise adds a hint to an error that has none yet.
func advise(err error, hint string, args ...any) error {
	var already advised
	if err == nil || errors.As(err, &already) {
		return err
	}
	return advised{err, fmt.Sprintf(hint, args...)}
}

// adviseAbsent adds a hint to the error of a file or directory that is not there.
func adviseAbsent(err error, hint string, args ...any) error {
	if errors.Is(err, fs.ErrNotExist) {
		return advise(err, hint, args...)
	}
	return err
}

// conclude says how a command ended and turns it into the exit code.
func (at surroundings) conclude(err error) int {
	var c code
	switch {
	case err == nil:
		return 0
	case errors.As(err, &c):
		return int(c)
	}
	tellError(at.err, err, at.view(at.err))
	return exitError
}

// tellError says what went wrong, and what to do about it.
func tellError(w io.Writer, err error, v view) {
	fmt.Fprintln(w, page.FoldAll(fmt.Sprintf("%s %v", v.paint.red("moult:"), err), v.width, 7))
	var a advised
	if errors.As(err, &a) {
		v.line(w, 6, "%s %s", v.paint.cyan("hint:"), a.hint)
	}
}
