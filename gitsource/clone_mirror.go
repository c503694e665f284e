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
	at, err := wire.ParseLocation(r.URL)
	if err != nil {
		return ""
	}
	want := identity{Layout: layout, URL: at.String(), Branch: r.branch(), Path: r.folder()}
	for i := 1; i <= mostMirrors; i++ {
		dir := strings.TrimSuffix(filepath.Join(r.StateDir, fmt.Sprintf("mirror-%d", i)), "-1")
		var found identity
		text, err := os.ReadFile(filepath.Join(dir, identityFile))
		if err == nil && json.Unmarshal(text, &found) == nil && found == want {
			return dir
		}
	}
	return ""
}
