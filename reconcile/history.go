package reconcile

import (
	"strings"
	"time"
)

// The memory of what was tried is the cloud's: the history of a group's
// refreshes, which AWS keeps for six weeks. These rules read it. Unlike a
// refresh in flight, one that has ended is judged by its image alone: an image
// that failed has failed, whatever else the template held.

// broken holds an image that failed in this group until git changes what is
// declared for the group.
func broken(s subject) (Answer, bool) {
	r, later, ok := s.lastTry()
	if !ok || !r.Status.Broken() || s.declaredAgain(r, later) {
		return Answer{}, false
	}
	what := "failed here"
	switch r.Status {
	case RollbackSuccessful:
		what = "failed here and was rolled back"
	case RollbackFailed:
		what = "failed here, and rolling back failed too"
	}
	a, _ := s.hold("a commit that changes this group", "%s %s: %s", s.Image, what, failure(r))
	a.Since, a.RefreshID, a.Ended = endOf(r), r.ID, r.Status
	if s.Changed.Time.After(s.now) {
		a.Reason += "; commit " + s.Changed.Short() + " is dated in the future"
	}
	return a, true
}

// stopped holds an image whose rollout a person cancelled. That is no failure
// of the image: it waits for the person.
func stopped(s subject) (Answer, bool) {
	r, later, ok := s.lastTry()
	if !ok || r.Status != Cancelled || len(later) > 0 || s.declaredAgain(r, later) {
		return Answer{}, false
	}
	a, _ := s.hold("start a refresh by hand, or a commit that changes this group",
		"somebody cancelled the rollout of %s at %d%%", s.Image, r.Percent)
	a.Since, a.RefreshID, a.Ended = endOf(r), r.ID, r.Status
	return a, true
}

// lastTry is the newest ended refresh towards the declared image, and the
// refreshes that came after it, newest first.
func (s subject) lastTry() (try Refresh, later []Refresh, ok bool) {
	for n, r := range s.Observed.Refreshes {
		if !r.Status.Active() && s.tried(r) == s.Image {
			return r, s.Observed.Refreshes[:n], true
		}
	}
	return Refresh{}, nil, false
}

// tried is the image that a refresh was towards. Groups that select instance
// types by attributes have refreshes without a target: the saved template is
// moved first, so that is what they try.
func (s subject) tried(r Refresh) string {
	if r.Image == "" && !r.Targeted && s.Observed.Shape == ShapeAttributes {
		return s.Observed.Saved.Image
	}
	return r.Image
}

// declaredAgain reports whether git changed the group after a refresh: it
// went elsewhere in between, as a later refresh shows, or the commit says so.
func (s subject) declaredAgain(r Refresh, later []Refresh) bool {
	for _, l := range later {
		if l.Version.Commit != "" && l.Image != s.Image {
			return true
		}
	}
	return s.declaredSince(r)
}

// declaredSince reports whether the commit that declares the group came after
// the refresh began. A refresh carries no commit, so this is judged by two
// things that outlive the agent: the commit that the template version was made
// for, and the time of the commit.
//
//	commit of the version = declaring commit    no: the refresh is that commit's own
//	declaring commit dated after the start      yes
//	declaring commit dated before the start     no
//	declaring commit dated in the future        no, until that time has come
//
// Commit times are a developer's clock. One that is behind makes a hold last
// until the next commit; one that is ahead allows one try more when its time
// comes. Neither can make a failed image be tried again and again, because
// each try starts later than the last.
func (s subject) declaredSince(r Refresh) bool {
	if s.Changed.Hash != "" && s.Changed.Hash == r.Version.Commit {
		return false
	}
	return s.Changed.Time.After(r.Started) && !s.Changed.Time.After(s.now)
}

// historyKept is how long AWS remembers refreshes: "the previous six weeks"
// (DescribeInstanceRefreshes).
const historyKept = 42 * 24 * time.Hour

// settled reports whether the group had come to rest on what is declared, so
// that a difference seen now is drift and not work that git asked for. A refresh
// that was rolled back left the group as it was before: a revert behind it asks
// for nothing that is not there.
func (s subject) settled() bool {
	undone := false
	for n, r := range s.Observed.Refreshes {
		switch {
		case r.Status.Active():
		case s.tried(r) == s.Image:
			return r.Status == Successful && (undone || !s.declaredAgain(r, s.Observed.Refreshes[:n]))
		case r.Status == RollbackSuccessful:
			undone = true
		case r.Version.Commit != "":
			return false
		}
	}
	return !s.Changed.Time.IsZero() && s.now.Sub(s.Changed.Time) > historyKept
}

// The brake of the rule "in vain".
const (
	vainTries  = 3
	vainWithin = time.Hour
)

// inVain stops the agent from starting refresh after refresh when success
// changes nothing: somebody or something puts the group back each time.
func inVain(s subject) (Answer, bool) {
	tries := 0
	var newest, oldest time.Time
	for _, r := range s.Observed.Refreshes {
		if r.Status != Successful || s.tried(r) != s.Image || s.now.Sub(r.Started) > vainWithin || s.declaredSince(r) {
			continue
		}
		if tries == 0 {
			newest = r.Started
		}
		tries++
		oldest = r.Started
	}
	if tries < vainTries {
		return Answer{}, false
	}
	a := s.answer(StateWaiting, "%d refreshes to %s succeeded within the hour and the group still differs (%s): somebody else changes it", tries, s.Image, s.difference())
	a.Since = newest
	a.Ends = "tried again at " + oldest.Add(vainWithin).UTC().Format("15:04 UTC") + ", or find out who changes the group"
	return a, true
}

func endOf(r Refresh) time.Time {
	if r.Ended.IsZero() {
		return r.Started
	}
	return r.Ended
}

// failure is why a refresh broke, in one sentence: AWS's reason, and the
// newest failed scaling activity when it says more.
func failure(r Refresh) string {
	text := sentence(r.Reason)
	if text == "" {
		text = "AWS gave no reason"
	}
	if len(r.Causes) > 0 && !strings.Contains(r.Reason, r.Causes[0]) {
		text += "; " + sentence(r.Causes[0])
	}
	return text
}

// sentence fits AWS's sentence into one of ours.
func sentence(text string) string {
	return strings.TrimRight(strings.Join(strings.Fields(text), " "), ". ")
}
