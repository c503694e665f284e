package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"moult/gitsource/ledger"
	"moult/reconcile"
)

// rewrite puts another root in the place of the branch, with a commit at 6:00 that
// declares imageA.
func (f acceptedFleet) rewrite(t *testing.T) {
	t.Helper()
	stream := fmt.Sprintf("commit refs/heads/main\ncommitter Ada <ada@example.com> %d +0000\ndata 4\nanew\nM 100644 inline production.hcl\ndata %d\n%s\n",
		hour(6).Unix(), len(declaring(imageA)), declaring(imageA))
	must(t, exec.Command("git", "-C", f.dir, "update-ref", "-d", "refs/heads/main").Run())
	c := exec.Command("git", "-C", f.dir, "fast-import", "--quiet", "--force")
	c.Stdin, c.Stderr = strings.NewReader(stream), os.Stderr
	must(t, c.Run())
}

func wantSaid(t *testing.T, told string, want ...string) {
	t.Helper()
	flat := strings.Join(strings.Fields(told), " ")
	for _, w := range want {
		if !strings.Contains(flat, w) {
			t.Errorf("it does not say %q:\n%s", w, told)
		}
	}
}

// By its dates, the branch of today would have been elsewhere, or not begun: the
// ledger tells what the agent obeyed.
func TestLookingBackPastARewrittenBranchTellsWhatWasObeyed(t *testing.T) {
	t.Parallel()
	f := newAcceptedFleet(t)
	f.accepted(3, hour(5), "main", "grace")
	f.rewrite(t)
	f.tell(t)
	obeyed := "main was at commit " + shortHash(f.commits[3]) + " \"c3\""
	for at, seeming := range map[time.Time]string{
		hour(5, 45): "does not have that commit; the ledger tells that the agent took it up 2026-03-03 05:00 UTC",
		hour(7):     "does not have that commit, and would seem to have been at commit",
	} {
		told := askOf(t, f.dir, []string{"production/web", "--at", at.Format(time.RFC3339)})
		wantSaid(t, told, obeyed, "the branch was rewritten since: today it "+seeming, "= production/web "+imageB+" "+imageB,
			"approved accepted by name, by grace, with the later commit "+shortHash(f.commits[3]))
	}
	if told := askOf(t, f.dir, []string{"production/web", "--at", hour(7).Format(time.RFC3339), "-o", "json"}); !strings.Contains(told, `"rewritten": {`) {
		t.Errorf("as JSON it does not say so:\n%s", told)
	}
}

// A clone made after the branch was rewritten does not hold what was declared.
func TestWhatARewrittenBranchDeclaredMayBeLost(t *testing.T) {
	t.Parallel()
	f := newAcceptedFleet(t)
	f.accepted(3, hour(5), "main", "")
	f.rewrite(t)
	f.tell(t)
	young := filepath.Join(t.TempDir(), "young")
	must(t, exec.Command("git", "clone", "-q", "--mirror", "file://"+f.dir, young).Run())
	told := askOf(t, young, []string{"production/web", "--at", hour(7).Format(time.RFC3339)})
	wantSaid(t, told, "nor has this clone, so what was declared then is not known here", "? production/web not known "+imageB,
		"declared not known: the branch was rewritten")
}

// An agent that is behind obeys a commit of the branch all the same.
func TestABranchThatOnlyWentOnIsNotRewritten(t *testing.T) {
	t.Parallel()
	f := newAcceptedFleet(t)
	f.accepted(2, hour(5), "main", "")
	f.accepted(4, hour(5), "other", "")
	f.tell(t)
	told := askOf(t, f.dir, []string{"production/web", "--at", hour(7).Format(time.RFC3339)})
	wantSaid(t, told, "main was at commit "+shortHash(f.commits[5]))
	if strings.Contains(told, "rewritten") {
		t.Errorf("it says\n%s", told)
	}
}

// Where the branch was set back, the old acceptance of the commit is not what let
// it through again.
func TestWhoSetTheBranchBackIsTold(t *testing.T) {
	t.Parallel()
	f := newAcceptedFleet(t)
	f.accepted(1, hour(4), "main", "")
	f.accepted(5, hour(6), "main", "grace")
	f.note(ledger.Entry{
		Time: hour(6, 30), Environment: "production", Group: "web", Outcome: ledger.Succeeded, Commit: f.commits[1],
		Author: "Ada <ada@example.com>", Verb: reconcile.Roll, From: imageA, To: imageB, Reason: "going back: done",
	})
	f.tell(t)
	wantSaid(t, askOf(t, f.dir, []string{"production/web", "--at", hour(7).Format(time.RFC3339)}),
		"asked by whoever set the branch back; declared by Ada <ada@example.com>, commit "+shortHash(f.commits[1]), "approved accepted by name, by grace")
}
