package awssim

import (
	"container/heap"
	"time"
)

// agenda is the groups for which something is due, soonest first; groups that
// are due at the same moment go by name, so that a run can be repeated.
type agenda struct{ queue dueQueue }

// put sets when a group is due; the zero time takes it off the agenda.
func (a *agenda) put(g *group, due time.Time) {
	switch {
	case due.IsZero():
		a.drop(g)
	case g.slot == 0:
		g.due = due
		heap.Push(&a.queue, g)
	default:
		g.due = due
		heap.Fix(&a.queue, g.slot-1)
	}
}

func (a *agenda) drop(g *group) {
	if g.slot != 0 {
		heap.Remove(&a.queue, g.slot-1)
	}
	g.due = time.Time{}
}

// next is the first group that is due by now, nil for none.
func (a *agenda) next(now time.Time) *group {
	if len(a.queue) == 0 || a.queue[0].due.After(now) {
		return nil
	}
	return a.queue[0]
}

// dueQueue implements [heap.Interface]. A group's slot is its index plus one,
// so that the zero value means "not on the agenda".
type dueQueue []*group

func (q dueQueue) Len() int { return len(q) }

func (q dueQueue) Less(i, j int) bool {
	if q[i].due.Equal(q[j].due) {
		return q[i].name < q[j].name
	}
	return q[i].due.Before(q[j].due)
}

func (q dueQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].slot, q[j].slot = i+1, j+1
}

func (q *dueQueue) Push(x any) {
	g := x.(*group)
	*q = append(*q, g)
	g.slot = len(*q)
}

func (q *dueQueue) Pop() any {
	last := len(*q) - 1
	g := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	g.slot = 0
	return g
}
