package reconcile

// Guard looks at a plan and may turn an action into a hold or a wait, never
// the other way round, and never one action into another. Guards are pure.
type Guard func(Plan) Plan

// withhold returns the plan with the actions that stop names a reason for
// taken away. It is how every guard is made, so that none can do more.
func withhold(plan Plan, stop func(Answer) (reason, ends string, stopped bool)) Plan {
	answers := make([]Answer, len(plan.Answers))
	copy(answers, plan.Answers)
	for i, a := range answers {
		if a.Action == nil {
			continue
		}
		if reason, ends, stopped := stop(a); stopped {
			answers[i].Action = nil
			answers[i].State, answers[i].Reason, answers[i].Ends = StateHeld, reason, ends
		}
	}
	plan.Answers = answers
	return plan
}
