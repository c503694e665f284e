package packs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/durable"
)

// name is that of a pack without its extension.
var name = regexp.MustCompile(`^pack-[0-9a-f]{40}$`)

// IsName reports whether a file without its extension is called like a pack.
func IsName(base string) bool { return name.MatchString(base) }

// Name is what a pack is called, by its index, without the extension.
func Name(index *idxfile.MemoryIndex) string {
	return "pack-" + plumbing.Hash(index.PackfileChecksum).String()
}

// Store creates a file for a pack in a folder, has it filled, and gives it and
// its index their names, index last: an index without its pack is never there.
// Both outlast a crash when it returns. fill returns no index when there is
// nothing to keep; then the name is empty, else it is "pack-<checksum>".
func Store(dir string, fill func(*os.File) (*idxfile.MemoryIndex, error)) (string, error) {
	f, err := os.CreateTemp(dir, "tmp_pack_")
	if err != nil {
		return "", fmt.Errorf("store pack: %w", err)
	}
	defer os.Remove(f.Name()) // gone already when all went well
	var index *idxfile.MemoryIndex
	err = durable.Fill(f, func(io.Writer) error {
		index, err = fill(f)
		return errors.Join(err, f.Chmod(0o444))
	})
	if err != nil || index == nil {
		return "", err
	}
	name := Name(index)
	if err := install(f.Name(), filepath.Join(dir, name), index); err != nil {
		return "", fmt.Errorf("store pack: %w", err)
	}
	return name, nil
}

func install(file, base string, index *idxfile.MemoryIndex) error {
	if err := os.Rename(file, base+".pack"); err != nil {
		return err
	}
	return durable.ReplaceWith(base+".idx", 0o444, func(w io.Writer) error {
		_, err := idxfile.NewEncoder(w).Encode(index)
		return err
	})
}

// ReadIndex reads the index of a pack.
func ReadIndex(path string) (*idxfile.MemoryIndex, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	index := idxfile.NewMemoryIndex()
	return index, idxfile.NewDecoder(f).Decode(index)
}

// checkTrailer compares the last 20 bytes of a pack, its checksum, and returns
// the size of the file.
func checkTrailer(f io.ReadSeeker, want []byte) (int64, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	trailer := make([]byte, len(want))
	if size < int64(len(want)) {
		return 0, io.ErrUnexpectedEOF
	}
	if _, err := f.Seek(-int64(len(want)), io.SeekEnd); err != nil {
		return 0, err
	}
	if _, err := io.ReadFull(f, trailer); err != nil {
		return 0, err
	}
	if !bytes.Equal(trailer, want) {
		return 0, errors.New("pack does not end with its checksum")
	}
	return size, nil
}
