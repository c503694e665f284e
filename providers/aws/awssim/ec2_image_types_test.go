package awssim

import "testing"

// Not parallel: testing.AllocsPerRun counts what every goroutine allocates.
func TestAskingForAnInstanceTypeCompilesNothing(t *testing.T) {
	plain := image{architecture: "x86_64"}
	limited := image{architecture: "x86_64", types: newTypeSpecification([]string{"m5.*"}, []string{"m5.4xlarge"})}
	for name, i := range map[string]*image{"plain": &plain, "limited": &limited} {
		if n := testing.AllocsPerRun(10, func() { i.runsOn("m5.large") }); n > 1 {
			t.Errorf("%s: asking allocates %v times", name, n)
		}
	}
}
