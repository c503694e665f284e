package aws

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"moult/providers/aws/awssim"
	"moult/reconcile"
)

const fleetImage = "ami-0123456789abcdef0"

// fleetOf is n groups of ten instances, each with a template of its own.
func fleetOf(n int) awssim.Fleet {
	ten := 10
	return awssim.Fleet{
		Region:    region,
		Images:    []awssim.Image{{ID: fleetImage, Name: "webapp"}},
		Templates: []awssim.Template{{Name: "web-%05d", Count: n, ImageID: fleetImage, InstanceType: "m5.large"}},
		Groups:    []awssim.Group{{Name: "web-%05d", Count: n, Template: "web-%05d", Desired: &ten}},
	}
}

// fleetWorld is a world with a fleet in it, that keeps AWS's own rates.
func fleetWorld(t testing.TB, n int) *world {
	t.Helper()
	w := newWorld(&awssim.Server{})
	if err := w.Apply(fleetOf(n)); err != nil {
		t.Fatal(err)
	}
	return w
}

func declarations(w *world, n int) []reconcile.Declaration {
	all := make([]reconcile.Declaration, n)
	for i := range all {
		name := fmt.Sprintf("web-%05d", i)
		all[i] = reconcile.Declaration{
			ID: reconcile.ID{Environment: "production", Group: name}, Place: w.Place(), AutoScalingGroup: name, Image: fleetImage,
		}
	}
	return all
}

// pass resolves and observes, as a pass of the loop does, and returns how many
// groups were seen converged.
func pass(t testing.TB, p *Provider, w *world, declared []reconcile.Declaration) int {
	t.Helper()
	desired, err := p.Resolve(t.Context(), w.Place(), declared)
	if err != nil {
		t.Fatal(err)
	}
	observed, err := p.Observe(t.Context(), w.Place(), desired)
	if err != nil {
		t.Fatal(err)
	}
	converged := 0
	for i := range observed {
		if observed[i].Exists && len(observed[i].Instances) == 10 && atRest(&observed[i], desired[i].Image) {
			converged++
		}
	}
	return converged
}

// The floors: a first pass over N groups is N/100 + N/200 + 1 calls, a steady
// pass N/100, and a pass after a restart N/100 + 1.
func TestPassesAreAsCheapAsAWSAllows(t *testing.T) {
	t.Parallel()
	for _, n := range []int{100, 1000, 10000} {
		t.Run(fmt.Sprintf("%d groups", n), func(t *testing.T) {
			t.Parallel()
			if n > 1000 && testing.Short() {
				t.Skip("a large fleet is not short")
			}
			synctest.Test(t, func(t *testing.T) { countPasses(t, n) })
		})
	}
}

func countPasses(t *testing.T, n int) {
	w := fleetWorld(t, n)
	declared := declarations(w, n)
	cache := filepath.Join(t.TempDir(), "versions.json")
	p := w.provider()
	p.CacheFile = cache
	look := func() {
		if converged := pass(t, p, w, declared); converged != n {
			t.Errorf("%d of %d groups are seen converged", converged, n)
		}
	}
	groups, templates := n/100, (n+199)/200
	expect(t, "first pass", w.during(look), map[string]int{
		"autoscaling:DescribeAutoScalingGroups": groups, "ec2:DescribeLaunchTemplateVersions": templates, "ec2:DescribeImages": 1,
	})
	expect(t, "steady pass", w.during(look), map[string]int{"autoscaling:DescribeAutoScalingGroups": groups})
	if n > 1000 {
		return // a restart is no different at this size, and a pass takes seconds
	}
	p = w.provider()
	p.CacheFile = cache
	expect(t, "first pass after a restart", w.during(look), map[string]int{
		"autoscaling:DescribeAutoScalingGroups": groups, "ec2:DescribeImages": 1,
	})
}

func expect(t *testing.T, what string, got, want map[string]int) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls of the %s (-want +got):\n%s", what, diff)
	}
}

// retained is how many bytes the answer of Observe keeps alive.
func retained(b *testing.B, p *Provider, w *world, declared []reconcile.Declaration) float64 {
	desired, err := p.Resolve(b.Context(), w.Place(), declared)
	if err != nil {
		b.Fatal(err)
	}
	before := inUse()
	observed, err := p.Observe(b.Context(), w.Place(), desired)
	if err != nil {
		b.Fatal(err)
	}
	after := inUse()
	runtime.KeepAlive([]any{observed, desired, declared, p, w})
	return float64(after) - float64(before)
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkObserve is a steady pass, the decoding of AWS's replies and the
// simulated AWS included.
func BenchmarkObserve(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprintf("%d", n), func(b *testing.B) {
			w := fleetWorld(b, n)
			p := w.provider()
			p.Limits = Limits{AutoScaling: Limit{Burst: 1e6, PerSecond: 1e6}}
			w.Limits = awssim.Limits{Off: true}
			declared := declarations(w, n)
			pass(b, p, w, declared)
			b.ReportAllocs()
			for b.Loop() {
				pass(b, p, w, declared)
			}
			b.ReportMetric(retained(b, p, w, declared), "retained-B")
		})
	}
}
