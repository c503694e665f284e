package ledger

import (
	"context"
	"maps"
	"slices"

	"moult/reconcile"
)

// rollout is what the Started entry and the final one of a rollout share.
type rollout struct {
	group   reconcile.ID
	commit  string
	verb    reconcile.Verb
	refresh string
}

func (e *Entry) rollout() rollout {
	return rollout{e.GroupID(), e.Commit, e.Verb, e.RefreshID}
}

// Started are the entries of rollouts whose end is not written down yet,
// oldest first, whoever began them. It is how an agent that was restarted
// knows what it has to follow up. ErrBusy is that of Append.
func (l *Ledger) Started(ctx context.Context) ([]Entry, error) {
	var open []Entry
	err := l.change(ctx, func(store *repository) error {
		if err := l.readStarted(store); err != nil {
			return err
		}
		open = nil
		for _, e := range l.started {
			open = append(open, e)
		}
		return nil
	})
	slices.SortFunc(open, func(a, b Entry) int { return a.compare(&b) })
	return open, err
}

// readStarted reads the whole ledger, once; afterwards it is kept up to date.
func (l *Ledger) readStarted(store *repository) error {
	if l.started != nil {
		return nil
	}
	head, err := store.ref(Ref)
	if err != nil || head.IsZero() {
		return err
	}
	open, err := entriesOf(store, head, l.withoutEnd)
	if err != nil {
		return err
	}
	l.started = map[rollout]Entry{}
	for _, e := range open {
		l.started[e.rollout()] = *e
	}
	return nil
}

// withoutEnd picks the rollouts of a note that have no end in it: there is
// none elsewhere, because both are about the same commit. With a key, what that
// key began it must also end, and says best how it began.
func (l *Ledger) withoutEnd(lines []line) []*Entry {
	open := map[rollout]*Entry{}
	for i := range lines {
		e := &lines[i].Entry
		begun := open[e.rollout()]
		if e.Outcome == Started || begun != nil {
			e.Foreign = !l.word(lines[i])
		}
		switch {
		case e.Outcome == Started && (begun == nil || begun.Foreign):
			open[e.rollout()] = e
		case e.Outcome.Final() && begun != nil && (begun.Foreign || !e.Foreign):
			delete(open, e.rollout())
		}
	}
	return slices.Collect(maps.Values(open))
}

// follow keeps the rollouts without an end, and the newest of each group, up to
// date with lines that were written down.
func (l *Ledger) follow(lines []line) {
	for _, line := range lines {
		l.moved(&line.Entry)
		switch e := line.Entry; {
		case l.started == nil:
		case e.Outcome == Started:
			l.started[e.rollout()] = e
		case e.Outcome.Final():
			delete(l.started, e.rollout())
		}
	}
}
