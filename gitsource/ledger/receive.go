package ledger

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
)

// Limits on what a server can make the agent store.
const (
	packBytes   = 512 << 20
	packObjects = 5_000_000
	objectBytes = 32 << 20 // one note, or one folder of notes
)

// receive stores a pack that fill writes: into a file of its own, checked,
// indexed and synced, and then into place, index last. shallow are commits in
// it whose parents are not. Objects are there when it returns; no ref names
// them yet. The result is the path of the pack without its ending.
func (r *repository) receive(ctx context.Context, shallow []plumbing.Hash, fill func(io.Writer) error) (string, error) {
	dir := filepath.Join(r.dir, "objects", "pack")
	f, err := os.CreateTemp(dir, "tmp_pack_")
	if err != nil {
		return "", fmt.Errorf("receive pack: %w", err)
	}
	defer os.Remove(f.Name()) // gone already when all went well
	index, err := storePack(ctx, f, fill)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", fmt.Errorf("receive pack: %w", err)
	}
	base := filepath.Join(dir, "pack-"+plumbing.Hash(index.PackfileChecksum).String())
	if err := install(f.Name(), base, index); err != nil {
		return "", fmt.Errorf("receive pack: %w", err)
	}
	if err := r.addShallow(shallow); err != nil {
		return "", fmt.Errorf("receive pack: %w", err)
	}
	return base, r.reopen()
}

func storePack(ctx context.Context, f *os.File, fill func(io.Writer) error) (*idxfile.MemoryIndex, error) {
	if err := fill(&cappedWriter{ctx: ctx, w: f, left: packBytes}); err != nil {
		return nil, err
	}
	if err := checkPack(endingFile{ctx, f}); err != nil {
		return nil, err
	}
	index, err := indexPack(endingFile{ctx, f})
	if err != nil {
		return nil, err
	}
	return index, f.Sync()
}

// checkPack looks at the sizes that a pack claims before it is unpacked.
func checkPack(f endingFile) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	s := packfile.NewScanner(f)
	_, count, err := s.Header()
	if err != nil {
		return err
	}
	if count > packObjects {
		return fmt.Errorf("it holds %d objects", count)
	}
	for range count {
		header, err := s.NextObjectHeader()
		if err != nil {
			return err
		}
		var start firstBytes
		if _, _, err := s.NextObject(&start); err != nil {
			return err
		}
		if header.Length > objectBytes || header.Type.IsDelta() && start.target() > objectBytes {
			return fmt.Errorf("it holds an object of more than %d bytes", objectBytes)
		}
	}
	return nil
}

// firstBytes keeps the begin of a delta, which says how large its base is and
// how large what it makes, as two varints (gitformat-pack(5)).
type firstBytes struct {
	kept [2 * binary.MaxVarintLen64]byte
	n    int
}

func (b *firstBytes) Write(p []byte) (int, error) {
	b.n += copy(b.kept[b.n:], p)
	return len(p), nil
}

func (b *firstBytes) target() uint64 {
	_, n := binary.Uvarint(b.kept[:b.n])
	size, m := binary.Uvarint(b.kept[max(n, 0):b.n])
	if n <= 0 || m <= 0 {
		return 1 << 63
	}
	return size
}

// indexPack resolves the deltas of a pack. go-git has panicked on malformed
// packs before, so a panic counts as one.
func indexPack(f endingFile) (index *idxfile.MemoryIndex, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("it is malformed: %v", r)
		}
	}()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	var w idxfile.Writer
	parser, err := packfile.NewParser(packfile.NewScanner(f), &w)
	if err != nil {
		return nil, err
	}
	if _, err := parser.Parse(); err != nil {
		return nil, err
	}
	return w.Index()
}

// install gives a pack its name and its index.
func install(file, base string, index *idxfile.MemoryIndex) error {
	if err := os.Chmod(file, 0o444); err != nil {
		return err
	}
	if err := os.Rename(file, base+".pack"); err != nil {
		return err
	}
	var b strings.Builder
	if _, err := idxfile.NewEncoder(&b).Encode(index); err != nil {
		return err
	}
	if err := replaceFile(base+".idx", []byte(b.String()), 0o444); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(base))
}

// addShallow notes commits whose parents are not there, one a line
// (gitrepository-layout(5), shallow).
func (r *repository) addShallow(more []plumbing.Hash) error {
	if len(more) == 0 {
		return nil
	}
	return r.writeShallow(append(r.boundary(), more...))
}

func (r *repository) writeShallow(commits []plumbing.Hash) error {
	plumbing.HashesSort(commits)
	var b strings.Builder
	for _, h := range slices.Compact(commits) {
		b.WriteString(h.String() + "\n")
	}
	if err := replaceFile(filepath.Join(r.dir, "shallow"), []byte(b.String()), 0o644); err != nil {
		return err
	}
	return syncFolder(r.dir)
}

// boundary lists the commits whose parents are not there.
func (r *repository) boundary() []plumbing.Hash {
	r.mu.Lock()
	defer r.mu.Unlock()
	var commits []plumbing.Hash
	for h := range r.shallow {
		commits = append(commits, h)
	}
	plumbing.HashesSort(commits)
	return commits
}

// haves are commits that the store has with all that they need.
func (r *repository) haves() ([]plumbing.Hash, error) {
	var haves []plumbing.Hash
	for _, name := range []string{Ref, seenRef} {
		h, err := r.ref(name)
		if err != nil {
			return nil, err
		}
		if !h.IsZero() {
			haves = append(haves, h)
		}
	}
	return haves, nil
}

// cappedWriter takes no more than left bytes, and none once ctx has ended.
type cappedWriter struct {
	ctx  context.Context
	w    io.Writer
	left int64
}

func (c *cappedWriter) Write(p []byte) (int, error) {
	if c.left -= int64(len(p)); c.left < 0 {
		return 0, fmt.Errorf("it is larger than %d bytes", packBytes)
	}
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}

// endingFile cannot be read any more once ctx has ended: the only way to stop
// go-git's parser.
type endingFile struct {
	ctx context.Context
	*os.File
}

func (f endingFile) Read(p []byte) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	return f.File.Read(p)
}
