package main

import "strings"

// printHistory prints the git log, newest first, with what came of each
// commit.
func (s *stage) printHistory() {
	s.say("\n%s", bold("git log, and what came of each commit"))
	for n := len(s.origin.merged) - 1; n >= 0; n-- {
		c := s.origin.merged[n]
		s.say("\n  %s  %s, %s", c.Short(), c.Subject, c.Author)
		s.say("            %s", s.became[n])
	}
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}
