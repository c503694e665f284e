// Package systemd holds no code: its test checks the unit beside it.
package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// mostExposed is what `systemd-analyze security` may say of the unit, on a
// scale from 0 to 10. What is left is the network, which the agent needs.
const mostExposed = 2.0

// analyze is the systemd-analyze command, for a unit that starts programs
// which exist here.
func analyze(t *testing.T) (tool, unit string) {
	t.Helper()
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed: the unit is not checked")
	}
	text, err := os.ReadFile("moult.service")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	unit = filepath.Join(t.TempDir(), "moult.service")
	here := strings.NewReplacer("/usr/local/bin/moult", program, "/bin/kill", program).Replace(string(text))
	if err := os.WriteFile(unit, []byte(here), 0o644); err != nil {
		t.Fatal(err)
	}
	return tool, unit
}

func TestUnitIsWhatSystemdUnderstands(t *testing.T) {
	t.Parallel()
	tool, unit := analyze(t)
	out, err := exec.Command(tool, "verify", "--man=no", unit).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

func TestReloadIsTheSignalThatPolls(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("moult.service")
	if err != nil || !strings.Contains(string(text), "\nExecReload=/bin/kill -HUP $MAINPID\n") {
		t.Errorf("systemctl reload does not send SIGHUP (%v)", err)
	}
}

func TestUnitIsSandboxed(t *testing.T) {
	t.Parallel()
	tool, unit := analyze(t)
	out, err := exec.Command(tool, "security", "--offline=true", "--no-pager", unit).CombinedOutput()
	found := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`).FindSubmatch(out)
	if found == nil {
		t.Skipf("this systemd-analyze cannot judge a unit offline: %v\n%s", err, out)
	}
	exposed, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil || exposed >= mostExposed {
		t.Errorf("exposure is %s, want less than %v (%v)\n%s", found[1], mostExposed, err, out)
	}
}
