package aws

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sort"

	"moult/reconcile"
)

// The cache file is JSON, one version a line, so that a torn or foreign line
// costs no more than itself. It is written whole, beside its place and then
// renamed into it. Nothing in it is needed: what is missing is asked again.

type cacheLine struct {
	Scope scope `json:"in"`
	reconcile.Version
	Attributes bool `json:"attributes,omitempty"`
}

// longestLine bounds what is read as one line; a real one is under 300 bytes.
const longestLine = 64 << 10

// load takes in the file, if there is one.
func (v *versions) load(path string, log *slog.Logger) {
	if path == "" {
		return
	}
	content, err := os.ReadFile(path)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			log.Warn("file of template versions unreadable, starting without", "path", path, "error", err)
		}
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		var line cacheLine
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.whole() {
			v.add(line.Scope, knownVersion{line.Version, line.Attributes})
		}
	}
}

// whole reports whether a line says what a version holds.
func (l cacheLine) whole() bool {
	return l.Scope != "" && l.Template != "" && l.Number > 0 && l.Base > 0
}

// save writes the file, if anything was learnt since it was read or written.
func (v *versions) save(path string, log *slog.Logger) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if path == "" || !v.changed {
		return
	}
	if err := replaceFile(path, v.lines()); err != nil {
		log.Warn("file of template versions not written", "path", path, "error", err)
		return
	}
	v.changed = false
}

// lines is the content of the file. The caller holds v.mu.
func (v *versions) lines() []byte {
	keys := make([]templateKey, 0, len(v.byTemplate))
	for key := range v.byTemplate {
		keys = append(keys, key)
	}
	sort.Slice(keys, func(i, j int) bool {
		if keys[i].scope != keys[j].scope {
			return keys[i].scope < keys[j].scope
		}
		return keys[i].template < keys[j].template
	})
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	for _, key := range keys {
		for _, k := range v.byTemplate[key] {
			encoder.Encode(cacheLine{key.scope, k.Version, k.Attributes}) // plain fields into memory: cannot fail
		}
	}
	return out.Bytes()
}

// replaceFile puts the content in place of the file at once, so that a reader
// sees the old or the new and nothing between.
func replaceFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
