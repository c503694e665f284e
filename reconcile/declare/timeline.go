package declare

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"moult/reconcile"
)

// Timeline folds the history of a repository into what is in force now. Each
// environment is as its last good revision declared it; a revision with a
// mistake in it moves only the environments without one.
//
// Its zero value is a repository without history. It is not safe for use by
// several goroutines at once.
type Timeline struct {
	head  reconcile.Commit // the newest revision
	last  reconcile.Commit // the newest revision that could be read
	whole reconcile.Commit // the newest revision in which every mistake was some environment's
	// refused is set when the newest revision was too large to be read.
	refused *Diagnostic

	files  stock // of the last revision that was read
	parsed cache
	tree   *tree
	force  map[string]*standing // by environment
	names  []string             // of force, sorted
	// bad are the environments that the newest revision declares with a
	// mistake, missing those in force that it does not declare as far as it
	// can be read, and blocked those that want
	// an Auto Scaling group that a third environment holds: it maps to that.
	bad, missing map[string]bool
	blocked      map[string]rival

	past past // what is known of the time before the oldest revision
	// unsigned are the groups of whose image it has not been asked yet who wrote
	// it: see [Timeline.Trace].
	unsigned map[reconcile.ID]Unsigned
	// stayed are the environments that did not move with some revision since
	// they were last put in force.
	stayed map[string]bool
}

// standing is an environment in force.
type standing struct {
	source *environment // what it was read from
	path   string
	groups []reconcile.Declaration // sorted by ID
	good   reconcile.Commit        // the last good commit; only set once newer ones do not move it
}

// ErrBase means that a revision is told by what it changes, and not from the
// one that was taken in last: give it again with all its files.
var ErrBase = errors.New("the revision is told by what it changes from another one")

// Advance takes in the next revision, newer than all before. It reads each
// blob at most once while it is in use. An error means that content could not
// be read, or is [ErrBase]: nothing has changed, and the same revision may be
// given again. A mistake in a file is no error; see [Timeline.Declared].
func (t *Timeline) Advance(rev reconcile.Revision, read func(blob string) ([]byte, error)) error {
	t.start()
	if rev.Base != "" && rev.Base != t.last.Hash {
		return fmt.Errorf("take in %s: %w", rev.Commit.Short(), ErrBase)
	}
	t.past.partial = t.past.partial || rev.Partial
	changes := t.files.changes(rev)
	if d := t.files.tooMuch(changes); d != nil {
		t.head, t.refused = rev.Commit, d
		return nil
	}
	if err := t.parse(changes, read); err != nil {
		return fmt.Errorf("at %s: %w", rev.Commit.Short(), err)
	}
	touched := t.replace(changes)
	t.files.take(rev, changes)
	t.parsed.forget(t.files.files)
	t.settle(touched, rev.Commit)
	t.head, t.last, t.refused = rev.Commit, rev.Commit, nil
	t.begin()
	if len(t.tree.lost) == 0 {
		t.whole = rev.Commit
	}
	return nil
}

// parse reads the files that are new.
func (t *Timeline) parse(changes []change, read func(blob string) ([]byte, error)) error {
	var fresh reading
	for _, c := range changes {
		if c.new != nil && t.parsed.of(*c.new) == nil {
			fresh.want(*c.new, t.tree.files[c.path])
		}
	}
	if err := fresh.all(read); err != nil {
		return err
	}
	for _, w := range fresh.wanted {
		t.parsed[w.file.Blob] = w.parsed
	}
	for i, c := range changes {
		if c.new != nil {
			changes[i].parsed = t.parsed.of(*c.new)
		}
	}
	return nil
}

func (t *Timeline) start() {
	if t.tree != nil {
		return
	}
	t.tree = newTree()
	t.parsed = cache{}
	t.force = map[string]*standing{}
	t.bad, t.missing, t.blocked = map[string]bool{}, map[string]bool{}, map[string]rival{}
	t.unsigned, t.stayed = map[reconcile.ID]Unsigned{}, map[string]bool{}
}

// replace brings the tree up to date, and returns the environments for which
// that may make a difference.
func (t *Timeline) replace(changes []change) map[string]bool {
	touched := map[string]bool{}
	for _, c := range changes {
		t.touch(touched, c.path)
		t.tree.take(c.path)
	}
	for _, c := range changes {
		if c.parsed != nil {
			t.tree.put(c.path, c.parsed)
			t.touch(touched, c.path)
		}
	}
	return touched
}

// touch adds the environments of a file, and those that share an Auto Scaling
// group with one of them.
func (t *Timeline) touch(touched map[string]bool, path string) {
	f := t.tree.files[path]
	if f == nil {
		return
	}
	for _, e := range f.environments {
		touched[e.name] = true
		for _, g := range e.groups {
			for _, c := range t.tree.claims[g.claim] {
				touched[c.name] = true
			}
		}
	}
}

// Declared is what is in force now, and what is wrong with the newest
// revision. Stale is left nil.
func (t *Timeline) Declared() reconcile.Declared {
	d := reconcile.Declared{Head: t.head, Mistakes: t.mistakes(), Partial: t.past.partial}
	for _, name := range t.names {
		d.Groups = append(d.Groups, t.force[name].groups...)
	}
	return d
}

// mistakes are the environments that the newest revision does not move, sorted
// by name; first what is ascribed to none.
func (t *Timeline) mistakes() []reconcile.Mistake {
	if t.refused != nil {
		return []reconcile.Mistake{asMistake("", t.last, "", Diagnostics{*t.refused})}
	}
	if t.tree == nil {
		return nil
	}
	var mistakes []reconcile.Mistake
	if len(t.tree.lost) > 0 {
		mistakes = append(mistakes, asMistake("", t.whole, "", t.tree.unascribed()))
	}
	held := map[string]bool{}
	maps.Copy(held, t.bad)
	maps.Copy(held, t.missing)
	for name := range t.blocked {
		held[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(held)) {
		var good reconcile.Commit
		if s := t.force[name]; s != nil {
			good = s.good
		}
		text, diagnostics := t.why(name)
		m := asMistake(name, good, text, diagnostics)
		m.Sought = t.sought(m)
		mistakes = append(mistakes, m)
	}
	return mistakes
}

// asMistake is a sentence, if there is one, and the diagnostics behind it.
func asMistake(environment string, inForce reconcile.Commit, text string, ds Diagnostics) reconcile.Mistake {
	m := reconcile.Mistake{Environment: environment, InForce: inForce, Message: text}
	if len(ds) == 0 {
		return m
	}
	var drawn strings.Builder
	_ = ds.WriteText(&drawn, false) // a Builder takes everything
	m.Message, m.Drawn = text+ds.String(), text+drawn.String()
	return m
}

// why says what keeps an environment on its last good commit: in a sentence,
// or in diagnostics, or in both.
func (t *Timeline) why(name string) (text string, ds Diagnostics) {
	if r, ok := t.blocked[name]; ok {
		return r.message(t.tree.environments[name][0]), nil
	}
	if t.missing[name] {
		return t.whyMissing(name)
	}
	return "", t.tree.mistakes(name)
}

// whyMissing names the files in which an environment that is not seen may be.
func (t *Timeline) whyMissing(name string) (string, Diagnostics) {
	suspects := t.tree.unascribed()
	path := t.force[name].path
	if f := t.tree.files[path]; f != nil && f.partial && !t.tree.lost[path] {
		suspects = append(suspects, f.diagnostics.in(path)...).sorted()
	}
	return fmt.Sprintf("environment %q is kept: it is not seen any more, but may be in a file that cannot be read as a whole.\n", name), suspects
}
