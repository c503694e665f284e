package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"moult/reconcile"
	"moult/reconcile/declare"
)

// checkpoint is the file in which it is kept between two runs what history says
// about what is declared, so that it is not read again. It can be lost: then
// history is read once more. The zero value keeps nothing.
type checkpoint struct {
	File string
	// Of is what it is about: the repository, the branch and the path.
	Of string
}

// checkpointVersion is the form of the file. One of another form is not read.
const checkpointVersion = 1

// remembered is the first line of the file. Then come the commits and the groups
// of a declare.Snapshot, one a line, so that a large one is never in memory as
// text.
type remembered struct {
	Version int    `json:"version"`
	Of      string `json:"of"`
	Commit  string `json:"commit"`
	Commits int    `json:"commits"`
	Groups  int    `json:"groups"`
}

// checkpointOf is the checkpoint of the branch and path that the settings name.
func checkpointOf(s settings) checkpoint {
	of := fmt.Sprintf("%s %s %s", newRepository(s, nil), or(s.repository.Branch, "main"), s.repository.Path)
	name := sha256.Sum256([]byte(of))
	return checkpoint{File: filepath.Join(s.stateDir, fmt.Sprintf("history-%x.jsonl", name[:4])), Of: of}
}

// read is what was kept; ok is false when that is nothing, or nothing that can
// be relied on.
func (c checkpoint) read() (s declare.Snapshot, ok bool) {
	if c.File == "" {
		return declare.Snapshot{}, false
	}
	f, err := os.Open(c.File)
	if err != nil {
		return declare.Snapshot{}, false
	}
	defer f.Close()
	lines := json.NewDecoder(bufio.NewReader(f))
	var head remembered
	if lines.Decode(&head) != nil || head.Version != checkpointVersion || head.Of != c.Of {
		return declare.Snapshot{}, false
	}
	s.Commit = head.Commit
	if s.Commits, err = readLines[reconcile.Commit](lines, head.Commits); err != nil {
		return declare.Snapshot{}, false
	}
	if s.Groups, err = readLines[declare.Attribution](lines, head.Groups); err != nil {
		return declare.Snapshot{}, false
	}
	return s, true
}

func readLines[T any](lines *json.Decoder, count int) ([]T, error) {
	var list []T
	for range count {
		var one T
		if err := lines.Decode(&one); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// write keeps a snapshot.
func (c checkpoint) write(s declare.Snapshot) error {
	if c.File == "" {
		return nil
	}
	return replaceFile(c.File, func(w io.Writer) error {
		buffered := bufio.NewWriter(w)
		lines := json.NewEncoder(buffered)
		err := lines.Encode(remembered{checkpointVersion, c.Of, s.Commit, len(s.Commits), len(s.Groups)})
		for i := 0; i < len(s.Commits) && err == nil; i++ {
			err = lines.Encode(s.Commits[i])
		}
		for i := 0; i < len(s.Groups) && err == nil; i++ {
			err = lines.Encode(s.Groups[i])
		}
		return errors.Join(err, buffered.Flush())
	})
}
