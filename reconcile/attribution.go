package reconcile

// Attributed withholds every action for a group of which it is not known yet
// which commit set its image: an action names that commit (rule 8), and whether
// a failed image may be tried again depends on it (rule 6). desired goes
// with the plan as it does in [Diff], in any order.
func Attributed(desired []Desired) Guard {
	unknown := map[ID]bool{}
	for _, d := range desired {
		if d.Unattributed {
			unknown[d.ID] = true
		}
	}
	return func(plan Plan) Plan {
		waiting := withhold(plan, func(a Answer) (string, string, bool) {
			return "the history of the repository is still being read, and it is not known yet which commit set this image",
				"by itself, when the history is there", unknown[a.Group]
		})
		for i, a := range waiting.Answers {
			if plan.Answers[i].Action != nil && a.Action == nil {
				waiting.Answers[i].State = StateWaiting
			}
		}
		return waiting
	}
}

// setBy is the commit that set the image, as far as it is known.
func (d Declaration) setBy() Commit {
	if d.Unattributed {
		return Commit{}
	}
	return d.Commit
}
