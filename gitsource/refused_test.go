package gitsource

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A pack that is refused is refused at each poll, and may take seconds each time.
func TestARefusedCommitIsFetchedEverMoreSeldom(t *testing.T) {
	t.Parallel()
	var asked, moved atomic.Int64
	pack := packReply(makePack(1 << 30))
	r := against(t, &script{
		refs: func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, lines(fmt.Sprintf("%040d refs/heads/main", 1+moved.Load()))+"0000")
		},
		pack: func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			io.WriteString(w, pack)
		},
	})
	r.Limits = Limits{Objects: 1000}
	var fetched []int // the polls, from 1, that asked for the pack
	poll := func(number int) {
		before := asked.Load()
		if _, err := r.Fetch(t.Context()); !errors.Is(err, ErrTooLarge) {
			t.Fatalf("poll %d: %v", number, err)
		}
		if asked.Load() > before {
			fetched = append(fetched, number)
		}
	}
	for number := 1; number <= 200; number++ {
		poll(number)
	}
	if diff := cmp.Diff([]int{1, 3, 7, 15, 31, 63, 127, 191}, fetched); diff != "" {
		t.Errorf("polls that fetched it (-want +got):\n%s", diff)
	}
	moved.Store(1)
	if poll(201); fetched[len(fetched)-1] != 201 {
		t.Error("another commit was not fetched at once")
	}
}
