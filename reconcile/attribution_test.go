package reconcile

import (
	"testing"
	"testing/synctest"
	"time"
)

// attribute says of the groups whether it is known who set their images.
func (w *world) attribute(known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	groups := make([]Declaration, len(w.declared.Groups))
	for i, d := range w.declared.Groups {
		d.Unattributed = !known
		groups[i] = d
	}
	w.declared.Groups, w.declared.Partial = groups, !known
}

// Rules 6 and 8: as long as it is not known which commit set an image, nothing
// is done for the group; once it is, that happens at once.
func TestNothingIsDoneForAGroupBeforeItsCommitIsKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(web, api)
		w.declare("c1", map[ID]string{web: "ami-b", api: "ami-a"})
		w.attribute(false)
		wake := make(chan struct{}, 1)
		l := startedWith(t, w, &Loop{Source: w, Provider: w, Wake: wake})
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		wantApplied(t, w)
		states := map[ID]State{}
		for _, a := range l.board.report().Plan.Answers {
			states[a.Group] = a.State
			if a.Commit.Hash != "" {
				t.Errorf("%s names commit %s, which is not known", a.Group, a.Commit.Hash)
			}
		}
		if states[web] != StateWaiting || states[api] != StateConverged {
			t.Errorf("states are %v, want web to wait and api to be converged", states)
		}
		w.attribute(true)
		wake <- struct{}{}
		time.Sleep(time.Second)
		synctest.Wait()
		wantApplied(t, w, "roll prod/web ami-b")
	})
}

// A commit that sets the image while history is still being read is known.
func TestAGroupThatIsSetMeanwhileNeedNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(web, api)
		w.declare("c1", map[ID]string{web: "ami-b", api: "ami-b"})
		w.attribute(false)
		started(t, w)
		time.Sleep(time.Hour)
		w.declare("c2", map[ID]string{web: "ami-c", api: "ami-b"})
		time.Sleep(time.Hour)
		synctest.Wait()
		wantApplied(t, w, "roll prod/web ami-c")
	})
}
