package reconcile

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Explanation is everything that is known about one group at one moment.
type Explanation struct {
	At       time.Time `json:"at"`
	Answer   Answer    `json:"answer"`
	Desired  Desired   `json:"desired"`
	Observed Observed  `json:"observed"`
	Findings []Finding `json:"findings,omitempty"` // of a refresh that would start now
	Stale    *Stale    `json:"stale,omitempty"`
	Mistake  *Mistake  `json:"mistake,omitempty"` // of the group's environment
}

// Explain takes one group through a pass of its own and returns all that was
// seen on the way. It never acts. The error names the groups that exist when
// there is none of that id.
func (l *Loop) Explain(ctx context.Context, id ID) (Explanation, error) {
	if err := l.feed.poll(ctx, l.Source); err != nil {
		return Explanation{}, err
	}
	declared := l.feed.now().declared
	declaration, err := find(declared, id)
	if err != nil {
		return Explanation{}, err
	}
	one := []Declaration{declaration}
	desired, err := l.Provider.Resolve(ctx, declaration.Place, one)
	if err != nil {
		return Explanation{}, fmt.Errorf("resolve %s: %w", id, err)
	}
	observed, err := l.Provider.Observe(ctx, declaration.Place, desired)
	if err != nil {
		return Explanation{}, fmt.Errorf("observe %s: %w", id, err)
	}
	now := time.Now()
	plan := Attributed(desired)(Doctor(desired, observed)(Diff(desired, observed, now)))
	e := Explanation{
		At: now, Answer: plan.Answers[0], Desired: desired[0], Observed: observed[0],
		Findings: Examine(desired[0], observed[0]), Stale: declared.Stale,
	}
	for i, m := range declared.Mistakes {
		if m.Environment == id.Environment {
			e.Mistake = &declared.Mistakes[i]
		}
	}
	return e, nil
}

func find(declared Declared, id ID) (Declaration, error) {
	var near []string
	for _, g := range declared.Groups {
		if g.ID == id {
			return g, nil
		}
		if g.ID.Environment == id.Environment || g.ID.Group == id.Group {
			near = append(near, g.ID.String())
		}
	}
	if len(near) == 0 {
		return Declaration{}, fmt.Errorf("find %s: no such group is declared: %w", id, ErrInvalid)
	}
	return Declaration{}, fmt.Errorf("find %s: no such group is declared; did you mean %s: %w", id, strings.Join(near, ", "), ErrInvalid)
}
