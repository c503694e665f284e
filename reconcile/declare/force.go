package declare

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"moult/reconcile"
)

// rival is an environment that holds an Auto Scaling group which another one
// declares. It is kept on an older commit by a mistake, so that both would
// have the group if the other moved on.
type rival struct {
	name  string
	claim claim
	group reconcile.ID
	at    string
}

func (r rival) message(s seat) string {
	line := s.head.line
	for _, g := range s.groups {
		if g.claim == r.claim {
			line = g.at.line
		}
	}
	return fmt.Sprintf("%s:%d: the Auto Scaling group %s is still held by %s (%s), which a mistake keeps on an older commit. Mend environment %q first.",
		s.path, line, quote(r.claim.name), r.group, r.at, r.name)
}

// settle decides for each environment whether it moves to the new revision,
// stays where it was, or is let go.
func (t *Timeline) settle(touched map[string]bool, now reconcile.Commit) {
	for name := range t.missing {
		touched[name] = true
	}
	t.judge(touched)
	for name := range t.blocked {
		touched[name] = true
	}
	t.blocked = t.block()
	for name := range t.blocked {
		touched[name] = true
	}
	for name := range touched {
		t.move(name, now)
	}
}

// judge sorts the touched environments into good, bad and missing ones, and
// lets go of those that are gone for good.
func (t *Timeline) judge(touched map[string]bool) {
	for name := range touched {
		delete(t.bad, name)
		delete(t.missing, name)
		switch {
		case t.tree.environments[name] != nil:
			if !t.tree.good(name) {
				t.bad[name] = true
			}
		case t.force[name] == nil:
		case t.mayBeHidden(t.force[name]):
			t.missing[name] = true
		default:
			t.letGo(name)
		}
	}
}

// mayBeHidden reports whether an environment that is not seen may still be
// declared: in the file where it was, or in one of which nothing is known.
func (t *Timeline) mayBeHidden(s *standing) bool {
	f := t.tree.files[s.path]
	return len(t.tree.lost) > 0 || f != nil && f.partial
}

// block finds the good environments that may not move: they declare an Auto
// Scaling group that an environment in force, which does not move either,
// still holds. Staying themselves, they may hold others back in turn.
func (t *Timeline) block() map[string]rival {
	blocked := map[string]rival{}
	staying := slices.Sorted(maps.Keys(t.bad))
	staying = append(staying, slices.Sorted(maps.Keys(t.missing))...)
	for len(staying) > 0 {
		name := staying[0]
		staying = staying[1:]
		s := t.force[name]
		if s == nil {
			continue
		}
		for i, g := range s.source.groups {
			for _, c := range t.tree.claims[g.claim] {
				if _, known := blocked[c.name]; known || c.name == name || t.bad[c.name] {
					continue
				}
				blocked[c.name] = rival{name, g.claim, s.groups[i].ID, s.groups[i].Position}
				staying = append(staying, c.name)
			}
		}
	}
	return blocked
}

// move puts a good environment in force, or notes since when one stays.
func (t *Timeline) move(name string, now reconcile.Commit) {
	_, blocked := t.blocked[name]
	s := t.force[name]
	switch {
	case blocked || t.bad[name] || t.missing[name]:
		t.stayed[name] = true
		if s != nil && s.good == (reconcile.Commit{}) {
			s.good = t.last
		}
	case t.tree.environments[name] != nil:
		t.adopt(t.tree.environments[name][0], now)
	}
}

// adopt puts an environment in force as a revision declares it. A group keeps
// the commits that set it as long as nothing about it changes.
func (t *Timeline) adopt(s seat, now reconcile.Commit) {
	old := t.force[s.name]
	if old != nil && old.source == s.environment && old.path == s.path {
		old.good = reconcile.Commit{}
		delete(t.stayed, s.name)
		return
	}
	groups := s.declarations()
	var before []reconcile.Declaration
	if old != nil {
		before = old.groups
	} else {
		i, _ := slices.BinarySearch(t.names, s.name)
		t.names = slices.Insert(t.names, i, s.name)
	}
	for i := range groups {
		groups[i].Commit, groups[i].Changed, groups[i].Unattributed = now, now, t.past.veiled()
		for len(before) > 0 && before[0].ID.Less(groups[i].ID) {
			before = before[1:]
		}
		if len(before) > 0 && before[0].ID == groups[i].ID {
			inherit(&groups[i], before[0])
		}
		if groups[i].Commit == now {
			t.unsigned[groups[i].ID] = Unsigned{Path: s.path, Late: t.stayed[s.name]}
		}
	}
	delete(t.stayed, s.name)
	t.force[s.name] = &standing{source: s.environment, path: s.path, groups: groups}
}

// inherit gives a group the commits of its predecessor where nothing changed
// since.
func inherit(d *reconcile.Declaration, before reconcile.Declaration) {
	d.Earlier = before.Earlier
	if d.Image == before.Image {
		d.Commit, d.Written, d.Unattributed = before.Commit, before.Written, before.Unattributed
	} else {
		d.Earlier = earlier(*d, before)
	}
	if sameDeclaration(*d, before) {
		d.Changed = before.Changed
	}
}

// earlier is where a revert of a new image may go: the image before it, and
// those before that. One of which it is not known who declared it is left out.
func earlier(d, before reconcile.Declaration) []reconcile.Earlier {
	var list []reconcile.Earlier
	if !before.Unattributed {
		list = append(list, reconcile.Earlier{Image: before.Image, Commit: before.Commit})
	}
	for _, e := range before.Earlier {
		if e.Image != d.Image && e.Image != before.Image && len(list) < reconcile.EarlierKept {
			list = append(list, e)
		}
	}
	return list
}

// sameDeclaration reports whether the same was declared, wherever it stands.
func sameDeclaration(a, b reconcile.Declaration) bool {
	a.Position, a.Earlier, a.Unattributed = b.Position, b.Earlier, b.Unattributed
	a.Commit, a.Changed, a.Written = b.Commit, b.Changed, b.Written
	return reflect.DeepEqual(a, b)
}

// letGo forgets an environment that nobody declares any more.
func (t *Timeline) letGo(name string) {
	delete(t.force, name)
	if i, found := slices.BinarySearch(t.names, name); found {
		t.names = slices.Delete(t.names, i, i+1)
	}
}
