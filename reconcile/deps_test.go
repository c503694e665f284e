package reconcile_test

import (
	"os/exec"
	"strings"
	"testing"
)

// arrows lists, for each room, what it may not import and why. DESIGN: arrows
// point down only.
var arrows = []struct{ room, banned, why string }{
	{"moult/reconcile", "moult/", "the heart knows none of the rooms around it"},
	{"moult/reconcile", "github.com/", "the heart is standard library only"},
	{"moult/reconcile", "golang.org/", "the heart is standard library only"},
	{"moult/reconcile", "net/http", "the heart does no I/O"},
	{"moult/reconcile/declare", "moult/gitsource", "siblings do not know each other"},
	{"moult/reconcile/declare", "moult/providers", "a language knows no cloud"},
	{"moult/reconcile/declare", "github.com/aws/", "a language knows no cloud"},
	{"moult/gitsource", "moult/reconcile/declare", "siblings do not know each other"},
	{"moult/gitsource", "moult/providers", "git knows no cloud"},
	{"moult/gitsource", "moult/cmd", "nobody imports the command"},
	{"moult/gitsource/wire", "moult/gitsource.", "speaking git's protocol needs no mirror"},
	{"moult/gitsource/wire", "moult/reconcile", "speaking git's protocol needs no groups"},
	{"moult/gitsource/packs", "moult/reconcile", "a pack knows no groups"},
	{"moult/gitsource/ledger", "moult/gitsource.", "a record of outcomes needs no polling"},
	{"moult/gitsource/trust", "moult/gitsource.", "judging commits needs no repository"},
	{"moult/gitsource/hint", "moult/", "who may ask for a poll knows nothing of what is polled"},
	{"moult/gitsource/objects", "moult/", "reading objects needs nothing of what is read"},
	{"moult/providers/aws", "moult/gitsource", "a cloud knows no git"},
	{"moult/providers/aws", "moult/reconcile/declare", "an adapter gets declarations, it does not read them"},
	{"moult/providers/aws", "moult/providers/aws/awssim", "the product must not contain its own test double"},
	{"moult/providers/aws/awssim", "moult/reconcile", "the simulated AWS knows nothing of the program tested against it"},
	{"moult/providers/aws/awssim", "moult/providers/aws.", "the simulated AWS knows nothing of the program tested against it"},
}

func TestArrowsPointDown(t *testing.T) {
	t.Parallel()
	for _, a := range arrows {
		out, err := exec.Command("go", "list", "-deps", a.room).Output()
		if err != nil {
			t.Errorf("list what %s imports: %v", a.room, err)
			continue
		}
		for dep := range strings.Lines(string(out)) {
			dep = strings.TrimSpace(dep)
			if dep != a.room && strings.HasPrefix(dep+".", a.banned) {
				t.Errorf("%s imports %s: %s", a.room, dep, a.why)
			}
		}
	}
}
