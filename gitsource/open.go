package gitsource

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/durable"
	"moult/gitsource/fault"
	"moult/gitsource/wire"
)

// origin is where a mirror copies from: a server, or a repository on this
// machine.
type origin interface {
	// tip is the commit that the branch names now.
	tip(ctx context.Context, branch string) (plumbing.Hash, error)
	// pull adds to the mirror what it lacks of a commit that tip returned: most
	// commits at most, as far as the origin can count.
	pull(ctx context.Context, tip plumbing.Hash, into *mirror, most int) error
	// deepen adds to the mirror so many commits behind its boundary, or more. A
	// boundary that has not moved is where the origin itself ends.
	deepen(ctx context.Context, into *mirror, commits int) error
	// close gives connections back.
	close()
}

// ready opens the state directory at the first call. r.mu is held.
func (r *Repository) ready() (*opened, error) {
	if r.open != nil {
		return r.open, nil
	}
	o, err := r.opening()
	if err != nil {
		return nil, r.says("open", err)
	}
	o.mirror, err = r.recover(o)
	if err != nil {
		o.origin.close()
		return nil, errors.Join(r.says("open", err), o.lock.Release())
	}
	r.open = o
	return o, nil
}

// opening checks the settings and takes a place in the state directory.
func (r *Repository) opening() (*opened, error) {
	at, err := wire.ParseLocation(r.URL)
	if err != nil {
		return nil, fault.New(fault.ErrSettings, "correct the repository URL", "%w", err)
	}
	ref := plumbing.NewBranchReferenceName(r.branch())
	if err := ref.Validate(); err != nil {
		return nil, fault.New(fault.ErrSettings, "correct the branch", "no branch can be called %q", fault.Plain(r.branch(), 80))
	}
	if r.StateDir == "" {
		return nil, fault.New(fault.ErrSettings, "say where the mirror may lie", "no state directory is given")
	}
	o := &opened{id: identity{Layout: layout, URL: at.String(), Branch: r.branch(), Path: r.folder()}}
	o.lock, err = lockState(r.StateDir)
	if err != nil {
		return nil, stateError(err)
	}
	o.origin = r.originOf(at)
	return o, nil
}

// stateError tells a state directory that is somebody else's, as it is for
// whoever looks beside the agent, from one that cannot be one.
func stateError(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fault.New(fault.ErrStorage, "run it as root or as the agent's own user, or give a state directory of your own (--state-dir)", "%w", err)
	}
	return fault.New(fault.ErrSettings, "give a state directory that can be written", "%w", err)
}

func (r *Repository) originOf(at wire.Location) origin {
	if at.Local() {
		return &local{path: at.Path, folder: r.folder(), maxObject: r.Limits.withDefaults().ObjectBytes}
	}
	return &remote{&wire.Server{
		At: at, Access: r.Access, Transport: r.Transport, Patience: cmp.Or(r.PollTimeout, defaultPollTimeout),
	}}
}

// recover opens the mirror that an earlier run left, and throws away what is
// of no use. No mirror is no error.
func (r *Repository) recover(o *opened) (*mirror, error) {
	if err := os.RemoveAll(nextDir(o)); err != nil {
		return nil, err
	}
	m, err := openMirror(o.lock.dir, o.id, r.Limits.withDefaults())
	switch {
	case errors.Is(err, errNoMirror):
		return nil, nil
	case errors.Is(err, errOther):
		r.log().Debug("mirror of something else removed", "repository", r.String(), "directory", o.lock.dir)
		return nil, os.RemoveAll(o.lock.dir)
	}
	if err == nil {
		if err = m.verify(context.Background(), m.head); err == nil {
			return m, nil
		}
		m.close()
	}
	return nil, r.discard(o, err)
}

// nextDir is where a clone lies until it is whole.
func nextDir(o *opened) string { return o.lock.dir + ".next" }

// discard throws the mirror on disk away.
func (r *Repository) discard(o *opened, why error) error {
	o.lost = why
	o.refused, o.refusedPast = refusal{}, refusal{}
	r.log().Warn("mirror discarded", "repository", r.String(), "reason", why.Error(), "directory", o.lock.dir)
	return os.RemoveAll(o.lock.dir)
}

// verify reads what obeying a commit needs: the commit itself, the folders
// below Path, and that all their files are there. A commit that is whole but
// past the limits is well kept.
func (m *mirror) verify(ctx context.Context, h plumbing.Hash) error {
	if !m.has(h) {
		return m.damaged(errors.New("its head is missing"))
	}
	_, err := m.listing(ctx, h)
	if passable(err) && !errors.Is(err, ErrDamaged) {
		return nil
	}
	return err
}

// spare takes back the finding that the mirror is damaged, when it was
// somebody else's fault.
func (m *mirror) spare() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.damage = nil
}

// swap puts a finished clone in the place of the mirror. A crash in between
// leaves no mirror, which is cloned again.
func (o *opened) swap(clone *mirror) error {
	if err := os.RemoveAll(o.lock.dir); err != nil {
		return err
	}
	if err := os.Rename(clone.dir, o.lock.dir); err != nil {
		return err
	}
	clone.move(o.lock.dir)
	return durable.SyncFolder(filepath.Dir(o.lock.dir))
}

// move follows a renamed directory. Open packs stay open.
func (m *mirror) move(dir string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dir = dir
}
