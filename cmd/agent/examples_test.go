package main

import (
	"context"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"moult/gitsource/trust"
	"moult/providers/aws/awssim"
)

const (
	exampleRepository = "../../examples/repo"
	exampleFleet      = "../../examples/fleet.hcl"
)

// runHere runs a command line in this program.
func runHere(t *testing.T, args ...string) (exit int, stdout, stderr string) {
	t.Helper()
	var out, err strings.Builder
	at := surroundings{in: strings.NewReader(""), out: &out, err: &err, env: func(string) string { return "" }}
	exit = run(t.Context(), args, at)
	return exit, out.String(), err.String()
}

func TestExampleRepositoryHasNoMistakes(t *testing.T) {
	t.Parallel()
	exit, out, _ := runHere(t, "validate", exampleRepository)
	if want := "4 environments, 6 groups: no mistakes\n"; exit != 0 || out != want {
		t.Errorf("validate ends with %d and says:\n%s\nwant %s", exit, out, want)
	}
	if exit, out, _ := runHere(t, "fmt", "--diff", exampleRepository); exit != 0 {
		t.Errorf("it is not written in the canonical form:\n%s", out)
	}
}

func TestExampleRepositoryNamesEachOfItsFiles(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join(exampleRepository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(exampleRepository, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "README.md" {
			return err
		}
		name, err := filepath.Rel(exampleRepository, path)
		if !strings.Contains(string(readme), "`"+filepath.ToSlash(name)+"`") {
			t.Errorf("README.md does not say what %s shows", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestExampleRepositoryPlansAgainstTheExampleFleet plans it as it stands, when
// there is nothing to do, and after the edits of a working day.
func TestExampleRepositoryPlansAgainstTheExampleFleet(t *testing.T) {
	t.Parallel()
	repository := filepath.Join(t.TempDir(), "repo")
	if err := os.CopyFS(repository, os.DirFS(exampleRepository)); err != nil {
		t.Fatal(err)
	}
	sim := simulatedFleet(t)
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	commit(t, repository, "what runs today", start)
	checkGolden(t, "example_unchanged.txt", planOf(t, repository, sim, start.Add(time.Hour)))

	replaceIn(t, repository, "environments/staging.hcl", "ami-0a4f1c2d3e5b60718", "ami-0f3c9d5e6a7b8c9d0")
	commit(t, repository, "staging: webapp 2026.11.23", start.Add(2*time.Hour))
	replaceIn(t, repository, "environments/production.hcl", "ami-0a4f1c2d3e5b60718", "ami-0f3c9d5e6a7b8c9d0")
	replaceIn(t, repository, "environments/payments/production.hcl", "ami-07e5d4c3b2a190f8e", "ami-0123456789abcdef0")
	commit(t, repository, "production: webapp 2026.11.23, and the new gateway", start.Add(3*time.Hour))
	checkGolden(t, "example_changed.txt", planOf(t, repository, sim, start.Add(4*time.Hour)))
	if writes := sim.Writes(); len(writes) > 0 {
		t.Errorf("planning has changed something: %+v", writes)
	}
}

func simulatedFleet(t *testing.T) *awssim.Server {
	t.Helper()
	fleet, err := awssim.LoadFleet(exampleFleet)
	if err != nil {
		t.Fatal(err)
	}
	sim := &awssim.Server{}
	if err := sim.Apply(fleet); err != nil {
		t.Fatal(err)
	}
	return sim
}

// simulated is what the SDK goes by to reach a simulated AWS in this program.
func simulated(sim *awssim.Server) func(context.Context) (awssdk.Config, error) {
	return func(context.Context) (awssdk.Config, error) {
		return awssdk.Config{
			Region: "eu-west-1", HTTPClient: awssim.Transport{Server: sim},
			Credentials: credentials.NewStaticCredentialsProvider("simulated", "simulated", ""),
		}, nil
	}
}

// planOf is what `moult plan` would print.
func planOf(t *testing.T, repository string, sim *awssim.Server, now time.Time) string {
	t.Helper()
	s := settings{repository: repositorySchema{URL: repository}, stateDir: t.TempDir()}
	at := surroundings{out: io.Discard, err: io.Discard, env: func(string) string { return "" }}
	a, err := newAgent(s, at, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	a.provider.Config = simulated(sim)
	report, err := a.plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	renderPlan(&text, report, view{now: now})
	return text.String()
}

func commit(t *testing.T, dir, message string, when time.Time) {
	t.Helper()
	if err := commitAll(dir, message, when); err != nil {
		t.Fatal(err)
	}
}

func replaceIn(t *testing.T, dir, file, old, with string) {
	t.Helper()
	path := filepath.Join(dir, file)
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), old) {
		t.Fatalf("%s does not hold %s (%v)", path, old, err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), old, with)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestScopesThatAreShownProtectTheExample: who copies a sample of agent.hcl beside
// the example repository gets scopes in which its files lie.
func TestScopesThatAreShownProtectTheExample(t *testing.T) {
	t.Parallel()
	count := 0
	for _, page := range []string{"../../docs/trust.md", "../../systemd/agent.hcl"} {
		text, err := os.ReadFile(page)
		must(t, err)
		for _, list := range regexp.MustCompile(`(?m)^[# ]+paths +=(.*)$`).FindAllStringSubmatch(string(text), -1) {
			for _, quoted := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(list[1], -1) {
				count++
				if !inExample(t, trust.Scope{Paths: quoted[1:]}) {
					t.Errorf("%s: no file of examples/repo lies in %q", page, quoted[1])
				}
			}
		}
	}
	if count < 2 {
		t.Errorf("found %d patterns: the test does not read the pages rightly", count)
	}
}

func inExample(t *testing.T, scope trust.Scope) (found bool) {
	t.Helper()
	must(t, fs.WalkDir(os.DirFS(exampleRepository), ".", func(path string, e fs.DirEntry, err error) error {
		found = found || err == nil && !e.IsDir() && scope.Has(path)
		return err
	}))
	return found
}
