package reconcile

import (
	"context"
	"iter"
	"reflect"
	"slices"
	"sync"
)

// feed is the newest declarations that were seen, shared by all lanes.
type feed struct {
	mu     sync.Mutex
	asking chan struct{} // holds a token while somebody polls
	moved  chan struct{} // closed when the issue gets another number
	issue  issue
}

// issue is what is declared, and how many times that has changed. A lane that
// acts compares numbers: once a newer commit was seen, no action for an older
// one starts.
type issue struct {
	number   int
	declared Declared
}

// poll asks the source and numbers the answer.
func (f *feed) poll(ctx context.Context, source Source) error {
	turn := f.turn()
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-turn }()
	declared, err := source.Read(ctx)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.issue.number == 0 || !same(f.issue.declared, declared) {
		f.issue.number++
		if f.moved != nil {
			close(f.moved)
			f.moved = nil
		}
	}
	f.issue.declared = declared
	return nil
}

// while is a context that ends when the issue gets another number.
func (f *feed) while(ctx context.Context, number int) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.issue.number != number {
		cancel()
		return ctx, cancel
	}
	if f.moved == nil {
		f.moved = make(chan struct{})
	}
	moved := f.moved
	go func() {
		select {
		case <-moved:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// turn is the token box of poll: a channel rather than a lock, because it is
// held for as long as git takes to answer.
func (f *feed) turn() chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asking == nil {
		f.asking = make(chan struct{}, 1)
	}
	return f.asking
}

// same reports whether two readings ask for the same.
func same(a, b Declared) bool {
	if a.Head != b.Head || len(a.Groups) != len(b.Groups) {
		return false
	}
	if len(a.Groups) > 0 && &a.Groups[0] == &b.Groups[0] {
		return true // the source handed out the same slice again
	}
	return slices.EqualFunc(a.Groups, b.Groups, sameDeclaration)
}

func sameDeclaration(a, b Declaration) bool { return reflect.DeepEqual(a, b) }

func (f *feed) now() issue {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.issue
}

// places are the places that anything is declared in, each once.
func (i issue) places() iter.Seq[Place] {
	return func(yield func(Place) bool) {
		seen := map[Place]bool{}
		for _, g := range i.declared.Groups {
			if !seen[g.Place] {
				seen[g.Place] = true
				if !yield(g.Place) {
					return
				}
			}
		}
	}
}

// in are the declarations of one place, in order.
func (i issue) in(place Place) []Declaration {
	var groups []Declaration
	for _, g := range i.declared.Groups {
		if g.Place == place {
			groups = append(groups, g)
		}
	}
	return groups
}
