package declare

import "moult/reconcile"

// past is what is known of the time before the oldest revision.
type past struct {
	partial bool // there is such a time, and it has not been read
	begun   bool // the oldest revision that could be read has been taken in
	// clouded is set when a mistake stood in that: older declarations are in
	// force then that nobody knows, and may hold Auto Scaling groups that newer
	// ones want.
	clouded bool
}

// veiled reports whether it is unknown which commit set what is put in force
// now.
func (p past) veiled() bool { return p.partial && (!p.begun || p.clouded) }

// begin notes that the oldest revision has been taken in.
func (t *Timeline) begin() {
	if !t.past.begun {
		t.past.begun, t.past.clouded = true, !t.clear()
	}
}

// clear reports whether nothing is held back: what is in force is what the
// newest revision declares.
func (t *Timeline) clear() bool {
	return t.refused == nil && len(t.bad)+len(t.missing)+len(t.blocked)+len(t.tree.lost) == 0
}

// Partial reports whether the history before the oldest revision has not been
// read, so that it is not known which commits set what has not changed since.
func (t *Timeline) Partial() bool { return t.past.partial }

// sought reports whether an environment that is not in force may turn out to
// have been good once.
func (t *Timeline) sought(m reconcile.Mistake) bool {
	return t.past.partial && m.Environment != "" && m.InForce == (reconcile.Commit{})
}
