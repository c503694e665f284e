package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

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

// remembered is what the file holds.
type remembered struct {
	Version  int              `json:"version"`
	Of       string           `json:"of"`
	Snapshot declare.Snapshot `json:"history"`
}

// checkpointOf is the checkpoint of the branch and path that the settings name.
func checkpointOf(s settings) checkpoint {
	of := fmt.Sprintf("%s %s %s", newRepository(s, nil), or(s.repository.Branch, "main"), s.repository.Path)
	name := sha256.Sum256([]byte(of))
	return checkpoint{File: filepath.Join(s.stateDir, fmt.Sprintf("history-%x.json", name[:4])), Of: of}
}

// read is what was kept; ok is false when that is nothing, or nothing that can
// be relied on.
func (c checkpoint) read() (s declare.Snapshot, ok bool) {
	if c.File == "" {
		return declare.Snapshot{}, false
	}
	text, err := os.ReadFile(c.File)
	var kept remembered
	if err != nil || json.Unmarshal(text, &kept) != nil || kept.Version != checkpointVersion || kept.Of != c.Of {
		return declare.Snapshot{}, false
	}
	return kept.Snapshot, true
}

// write keeps a snapshot.
func (c checkpoint) write(s declare.Snapshot) error {
	if c.File == "" {
		return nil
	}
	return writeJSONFile(c.File, remembered{Version: checkpointVersion, Of: c.Of, Snapshot: s})
}
