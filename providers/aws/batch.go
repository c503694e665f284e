package aws

import (
	"errors"
	"fmt"
	"slices"
	"sort"

	"moult/reconcile"
)

// bisect asks for items in batches. AWS refuses a whole list for the sake of
// one member; a list that is refused as invalid is halved until the member is
// found, and blame decides what becomes of it. Any other error ends it.
func bisect[T any](items []T, size int, ask func([]T) error, blame func(T, error) error) error {
	for batch := range slices.Chunk(items, size) {
		err := ask(batch)
		switch {
		case err == nil:
			continue
		case !errors.Is(err, reconcile.ErrInvalid):
			return err
		case len(batch) == 1:
			err = blame(batch[0], err)
		default:
			err = bisect(batch, (len(batch)+1)/2, ask, blame)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// outage stops a pass from trying every group of a place that does not answer.
type outage struct {
	inARow int
	last   error
}

// enough is how many calls in a row may fail, each after its retries, before
// the rest of a pass is not tried any more.
const enough = 3

// unless makes a call, or repeats the last error when there is an outage.
func (o *outage) unless(call func() error) error {
	if o.inARow >= enough {
		return fmt.Errorf("not tried after %d failures in a row: %w", o.inARow, o.last)
	}
	err := call()
	if err == nil || reconcile.ClassOf(err) == reconcile.Invalid || reconcile.ClassOf(err) == reconcile.Conflict {
		o.inARow = 0
		return err
	}
	o.inARow, o.last = o.inARow+1, err
	return err
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
