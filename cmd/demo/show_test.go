package main

import (
	"slices"
	"testing"

	"moult/reconcile"
)

func TestWhatIsTrueOfManyInstancesIsSaidOnce(t *testing.T) {
	t.Parallel()
	answer := func(reason string) reconcile.Answer {
		return reconcile.Answer{State: reconcile.StateRolling, Reason: reason}
	}
	one := answer("replacing instances with ami-0badc0de5badc0de5, 0% done, 2 left: instance i-0c46db0 failed its health checks")
	two := answer("replacing instances with ami-0badc0de5badc0de5, 50% done, 1 left: instance i-0308c9a failed its health checks")
	other := answer("replacing instances with ami-0f3c9d5e6a7b8c9d0, 0% done, 2 left")
	if kindOf(one) != kindOf(two) || kindOf(one) == kindOf(other) {
		t.Errorf("kinds are %q, %q and %q", kindOf(one), kindOf(two), kindOf(other))
	}
	if got := failing(one); !slices.Equal(got, []string{"i-0c46db0"}) {
		t.Errorf("failing are %q", got)
	}
	warming := answer("replacing instances with ami-0f3c9d5e6a7b8c9d0, 0% done, 2 left: Waiting for instances to warm up before continuing. For example: i-00e1d3f is warming up.")
	for _, a := range []reconcile.Answer{other, warming} {
		if got := failing(a); got != nil {
			t.Errorf("failing are %q of %q", got, a.Reason)
		}
	}
}
