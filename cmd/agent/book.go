package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/durable"
	"moult/gitsource/trust"
)

// book is where the agent keeps the last accepted commit of a branch, and where
// an operator leaves the names of commits to accept. Each has a file of its own
// that nobody else writes, so that neither has to wait for the other.
type book struct {
	dir, branch string // branch tells the files of one branch from those of another
}

// bookOf is the book of the branch that the settings name. An agent that is
// pointed at another repository begins anew there, and finds its place again
// when it is pointed back.
func bookOf(s settings) book {
	name := sha256.Sum256([]byte(newRepository(s, nil).String() + "\n" + s.branch()))
	return book{dir: s.stateDir, branch: fmt.Sprintf("%x", name[:4])}
}

func (b book) recordFile() string { return filepath.Join(b.dir, "accepted-"+b.branch+".json") }
func (b book) namesFile() string  { return filepath.Join(b.dir, "named-"+b.branch+".json") }

// named is what an operator leaves: names that hold for as long as a commit is
// in force, as trust.Record has it. When it is accepted once more later on, they
// do not hold again.
type named struct {
	InForce string       `json:"in_force,omitempty"`
	Since   time.Time    `json:"since,omitzero"` // when that was accepted
	Names   []trust.Name `json:"names"`
}

// record is what the agent keeps of a branch.
type record struct {
	trust.Record
	// By is the operator who accepted Commit by its name.
	By string `json:"by,omitempty"`
	// Recalled is the commit that was accepted last as the ledger has it, for
	// an agent that has lost its own record. Anybody may have written that, so
	// it may hold a head back and vouches for nothing.
	Recalled string `json:"recalled,omitempty"`
}

// recalled is how a commit stands to the one that is only remembered. Where
// there is none, or no commit, nothing is held.
func (r record) recalled(commit plumbing.Hash, parents trust.Parents) (trust.Move, error) {
	if r.Recalled == "" || commit.IsZero() {
		return trust.Move{Relation: trust.First}, nil
	}
	return trust.Record{Commit: r.Recalled, Names: r.Names}.Guard(commit, parents)
}

// advance is the record after a verdict that began with another: what
// agent.hcl or an operator says to begin with, where nothing was accepted.
func (r record) advance(begun trust.Record, v trust.Verdict, now time.Time) record {
	after := record{Record: begun.Advance(v, now), By: r.By, Recalled: r.Recalled}
	if after.Commit == r.Commit {
		return after
	}
	after.By, after.Recalled = "", ""
	for _, name := range r.Names {
		if name.Commit == after.Commit {
			after.By = name.By
		}
	}
	return after
}

// read is the record, with the names that still hold; kept is whether an agent
// has written one yet. The error means that a file cannot be read: then nobody
// knows what was accepted.
func (b book) read() (r record, kept bool, err error) {
	if kept, err = readJSON(b.recordFile(), &r); err != nil {
		return record{}, kept, err
	}
	var names named
	if _, err := readJSON(b.namesFile(), &names); err != nil {
		return record{}, kept, err
	}
	r.Names = nil
	if names.InForce == r.Commit && names.Since.Equal(r.At) {
		r.Names = names.Names
	}
	return r, kept, nil
}

// keep stores the record. Its names stay where the operator has left them.
func (b book) keep(r record) error {
	r.Names = nil
	return writeJSONFile(b.recordFile(), r)
}

// leave stores the names of a record for the agent to find.
func (b book) leave(record trust.Record) error {
	return writeJSONFile(b.namesFile(), named{InForce: record.Commit, Since: record.At, Names: record.Names})
}

func readJSON(file string, into any) (there bool, err error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read what was accepted: %w", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return true, fmt.Errorf("read what was accepted: %s: %w; when it cannot be restored, remove it, and the agent begins anew", file, err)
	}
	return true, nil
}

// writeJSONFile replaces a file with a value.
func writeJSONFile(file string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("store %s: %w", file, err)
	}
	return replaceFile(file, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

// replaceFile replaces a file so that after a crash either the old content or
// the new is there, whole. Whoever may look into the directory may read it: the
// operator and the agent are seldom the same user.
func replaceFile(file string, write func(io.Writer) error) error {
	if err := durable.ReplaceWith(file, 0o644, write); err != nil {
		return fmt.Errorf("store %s: %w", file, err)
	}
	return nil
}
