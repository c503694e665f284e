package declare

import (
	"fmt"
	"testing"

	"moult/reconcile"
)

// 3,000 groups in 100 files.
func BenchmarkParse(b *testing.B) {
	var texts []Text
	size := 0
	for i := range 100 {
		content := environmentText(fmt.Sprintf("e%d", i), 30, i)
		texts = append(texts, Text{Path: fmt.Sprintf("%d.hcl", i), Content: []byte(content)})
		size += len(content)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if _, diagnostics := Parse(texts); len(diagnostics) > 0 {
			b.Fatal(diagnostics)
		}
	}
}

// One file of 3,000 changes with each revision.
func BenchmarkTimelineAdvance(b *testing.B) {
	repo := newRepository()
	for i := range 3000 {
		repo.write(fmt.Sprintf("%04d.hcl", i), environmentText(fmt.Sprintf("e%d", i), 1, 0))
	}
	var line Timeline
	rev := repo.commit("0")
	if err := line.Advance(rev, repo.read); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 1; b.Loop(); i++ {
		b.StopTimer()
		repo.write("1500.hcl", environmentText("e1500", 1, i))
		rev := repo.commit(fmt.Sprint(i))
		b.StartTimer()
		if err := line.Advance(rev, repo.read); err != nil {
			b.Fatal(err)
		}
	}
}

// A history of 2,000 revisions of 300 files, each revision changing one. What
// it costs is reading the changed files.
func BenchmarkTimelineHistory(b *testing.B) {
	for _, groups := range []int{1, 10} {
		b.Run(fmt.Sprintf("groups=%d", groups), func(b *testing.B) {
			repo, history := historyOf(300, 2000, groups)
			for b.Loop() {
				var line Timeline
				for _, rev := range history {
					if err := line.Advance(rev, repo.read); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func historyOf(files, revisions, groups int) (*repository, []reconcile.Revision) {
	repo := newRepository()
	for i := range files {
		repo.write(fmt.Sprintf("%04d.hcl", i), environmentText(fmt.Sprintf("e%d", i), groups, 0))
	}
	history := []reconcile.Revision{repo.commit("0")}
	for i := range revisions {
		repo.write(fmt.Sprintf("%04d.hcl", i%files), environmentText(fmt.Sprintf("e%d", i%files), groups, i))
		history = append(history, repo.commit(fmt.Sprint(i)))
	}
	return repo, history
}
