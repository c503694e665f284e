package trust

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

// Range is what is new on a branch.
type Range struct {
	// From is the commit that the range starts from, which is trusted with all
	// that is behind it; zero when nothing was ever accepted. See [Move.From].
	From plumbing.Hash
	// Named are commits that an operator accepts as they are, each with all
	// that is behind it.
	Named []plumbing.Hash
	// Changes are the head, first, and every other commit that is reachable
	// from it and not from From, in any order. With a zero From the older ones
	// may be left out.
	Changes []Change
}

// Change is a commit to judge.
type Change struct {
	// Raw is the commit object as git stores it, without the object header.
	Raw []byte
	// Paths are, for each parent in order, the paths in which the commit
	// differs from it; for a root commit, one list of all its paths. They are
	// needed only when the policy has scopes.
	Paths [][]string
	// Untold is why nobody can tell them; nil where they are told or not needed.
	// Such a commit counts as malformed: what it changes might be anything.
	Untold error
}

// Verdict is how much of a range may be obeyed.
type Verdict struct {
	// Obey is the newest commit that may be obeyed: From when nothing newer
	// may, and zero when nothing at all may.
	Obey plumbing.Hash
	// Signer is who signed Obey; zero when that did not matter or Obey is no
	// news.
	Signer Signer
	// Waiting is how many commits of the branch itself are newer than Obey; all
	// commits of the range when a malformed one hides which they are.
	Waiting int
	// Refused are the commits that hold them up, the one to see to first.
	Refused []Refusal
}

// Judge finds the newest commit of a range that may be obeyed. It judges the
// commits of the branch one after another, as if the agent had seen each on its
// own, so that the verdict does not depend on when it polled.
//
//	Head, None  a commit that may not be obeyed waits until a later one speaks
//	            for it: whoever signs the later one signs all that it brings
//	All         the first commit that may not be obeyed holds up all behind it
//
// A malformed commit holds up all behind it in any case. With All, or with
// scopes, nothing can be judged before a first commit was accepted: otherwise an
// agent that lost its state would obey what it has refused.
//
// The error says that the range is incomplete; nothing of it may be obeyed.
func (p Policy) Judge(r Range) (Verdict, error) {
	if len(r.Changes) == 0 {
		return Verdict{Obey: r.From}, nil
	}
	g := newGraph(r)
	if p.Trusting() || g.accepted[g.head] {
		return Verdict{Obey: g.head}, nil
	}
	spine, start, whole := g.spine()
	j := judgement{policy: p, verdict: Verdict{Obey: start, Waiting: len(spine)}}
	switch {
	case !whole && g.broken != nil: // it hides its parents
		j.verdict = Verdict{Obey: r.From, Waiting: len(r.Changes)}
		j.refuse(g.broken.commit, g.broken.malformed)
	case !whole:
		return Verdict{Obey: r.From}, fmt.Errorf("judge commits up to %s: the commits since %s are not all there", g.head, r.From)
	case start.IsZero() && (p.each() || len(p.Scopes) > 0):
		j.refuse(spine[len(spine)-1].commit, distrust(NoStart, "is the first to be judged, and this policy judges only what comes after an accepted commit"))
	default:
		return j.judge(spine)
	}
	return j.verdict, nil
}

// judgement is a verdict in the making.
type judgement struct {
	policy  Policy
	verdict Verdict
	blocked bool     // nothing newer may be obeyed
	pending []string // scoped paths that were changed since verdict.Obey
}

// judge goes through the commits of the branch, oldest first.
func (j *judgement) judge(spine []step) (Verdict, error) {
	start := j.verdict.Obey
	for i, s := range spine {
		if len(j.policy.Scopes) > 0 {
			if err := s.checkPaths(); err != nil {
				return Verdict{Obey: start}, err
			}
		}
		before := len(j.verdict.Refused)
		signer := j.examine(s)
		if len(j.verdict.Refused) > before || j.blocked {
			if j.blocked && !j.policy.each() {
				break
			}
			j.blocked = j.policy.each()
			continue
		}
		j.pending = nil
		j.verdict = Verdict{Obey: s.commit.Hash, Signer: signer, Waiting: len(spine) - i - 1}
	}
	if !j.policy.each() { // the newest decides
		slices.Reverse(j.verdict.Refused)
	}
	return j.verdict, nil
}

// examine refuses what is wrong with one commit of the branch, and with what
// it brings in; it returns who signed it.
func (j *judgement) examine(s step) Signer {
	for _, n := range s.commits() {
		if n.malformed != nil {
			j.blocked = true
			j.refuse(n.commit, n.malformed)
		}
	}
	if s.malformed != nil {
		return Signer{}
	}
	if j.policy.each() {
		return j.examineEach(s)
	}
	return j.examineLast(s)
}

// examineEach is All: each commit speaks for itself, unless a merge vouches.
func (j *judgement) examineEach(s step) Signer {
	paths := s.changed()
	if !j.policy.MergesVouch {
		for _, n := range s.brought {
			if n.malformed == nil {
				j.try(n, n.own())
			}
		}
		paths = s.unclaimed()
	}
	return j.try(s.node, paths)
}

// examineLast is Head and None: the commit speaks for all since verdict.Obey.
func (j *judgement) examineLast(s step) Signer {
	j.pending = append(j.pending, j.policy.scoped(s.changed())...)
	if j.policy.Require != Head && len(j.pending) == 0 {
		return Signer{}
	}
	return j.try(s.node, j.pending)
}

// try refuses a commit that is not signed by somebody who may change the paths.
func (j *judgement) try(n *node, paths []string) Signer {
	signer, err := j.policy.Keys.Verify(n.commit)
	if err == nil {
		err = j.policy.outside(signer, paths)
	} else if scoped := j.policy.scoped(paths); len(scoped) > 0 {
		err = fmt.Errorf("%w, and would change %.200q", err, scoped[0])
	}
	if err != nil {
		j.refuse(n.commit, err)
	}
	return signer
}

func (j *judgement) refuse(c Commit, err error) {
	refusal := Refusal{Commit: c.Hash.String(), Made: c.Time, Reason: Malformed, Detail: err.Error()}
	var why *Distrust
	if errors.As(err, &why) {
		refusal.Reason = why.Reason
	}
	j.verdict.Refused = append(j.verdict.Refused, refusal)
}
