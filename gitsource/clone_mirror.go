package gitsource

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"moult/gitsource/wire"
)

// MirrorDir is where some agent keeps its mirror of this repository, branch and
// folder, to be read with [OpenClone]; "" when StateDir holds none. Nothing is
// locked: the agent may be at work.
func (r *Repository) MirrorDir() string {
	if dirs := r.mirrorDirs(); len(dirs) > 0 {
		return dirs[0]
	}
	return ""
}

// mirrorDirs are the mirrors of this repository, branch and folder that the state
// directory holds, that of an agent which started first before the others.
func (r *Repository) mirrorDirs() []string {
	at, err := wire.ParseLocation(r.URL)
	if err != nil {
		return nil
	}
	var dirs []string
	want := identity{Layout: layout, URL: at.String(), Branch: r.branch(), Path: r.folder()}
	for i := 1; i <= mostMirrors; i++ {
		dir := strings.TrimSuffix(filepath.Join(r.StateDir, fmt.Sprintf("mirror-%d", i)), "-1")
		var found identity
		text, err := os.ReadFile(filepath.Join(dir, identityFile))
		if err == nil && json.Unmarshal(text, &found) == nil && found == want {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}
