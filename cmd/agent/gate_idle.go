package main

import (
	"context"
	"fmt"

	"moult/gitsource/trust"
)

// warnOfIdle tells of scopes in which no file of a commit lies: a pattern that
// was meant for a file of another name protects nothing, and says nothing. Each
// is told once, and again when it has protected something meanwhile.
func (g *gate) warnOfIdle(ctx context.Context, policy trust.Policy, commit string) {
	if g.Log == nil {
		return
	}
	for _, scope := range policy.Scopes {
		name := fmt.Sprintf("%s %q", scope.Name, scope.Paths)
		holds, err := g.Lineage.Holds(ctx, commit, scope)
		if err != nil { // nobody can tell
			continue
		}
		if !holds && !g.idle[name] {
			g.Log.Warn("scope protects nothing: no file of the commit lies in it", "scope", scope.Name,
				"paths", scope.Paths, "commit", commit, "advice", "correct its paths in agent.hcl; docs/trust.md says how they are written")
		}
		if g.idle == nil {
			g.idle = map[string]bool{}
		}
		g.idle[name] = !holds
	}
}
