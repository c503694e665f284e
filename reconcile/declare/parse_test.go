package declare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"moult/reconcile"
)

// What the files of testdata/good declare, as JSON with every default.
func TestGoodFilesMeanWhatTheySay(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/good/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			texts := textsIn(t, folder)
			environments, diagnostics := Parse(texts)
			if len(diagnostics) > 0 {
				t.Fatal(diagnostics)
			}
			golden(t, filepath.Join(folder, "want.json"), indented(t, environments))
			for _, text := range texts {
				formatted, _ := Format(text.Path, text.Content)
				if !bytes.Equal(formatted, text.Content) && folder == "testdata/good/design" {
					t.Errorf("%s is not in canonical form:\n%s", text.Path, formatted)
				}
			}
		})
	}
}

func indented(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func TestDiagnosticsInJSONAndColour(t *testing.T) {
	t.Parallel()
	_, diagnostics := Parse(textsIn(t, "testdata/mistakes/all_mistakes_at_once"))
	golden(t, "testdata/diagnostics.json", indented(t, diagnostics))
	var coloured bytes.Buffer
	if err := diagnostics.WriteText(&coloured, true); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/diagnostics.colour", coloured.Bytes())
	golden(t, "testdata/diagnostics.lines", []byte(diagnostics.Error()+"\n"))
}

func TestHundredsOfMistakesAreCut(t *testing.T) {
	t.Parallel()
	content := "environment \"a\" {\n" + strings.Repeat("  x {}\n", 500) + "}\n" + environmentText("b", 1, 1)
	environments, diagnostics := Parse([]Text{{Path: "a.hcl", Content: []byte(content)}})
	if len(diagnostics) != maxTold+1 {
		t.Errorf("%d diagnostics", len(diagnostics))
	}
	if len(environments) != 2 || environments[0].Good || !environments[1].Good {
		t.Errorf("got %+v", environments)
	}
}

func TestLimitsOfARevision(t *testing.T) {
	t.Parallel()
	mebibyte := bytes.Repeat([]byte("#\n"), MaxFileBytes/2)
	for name, texts := range map[string][]Text{
		"files": make([]Text, MaxFiles+1),
		"bytes": repeatText(Text{Path: "a.hcl", Content: mebibyte}, MaxTotalBytes/MaxFileBytes+1),
	} {
		environments, diagnostics := Parse(texts)
		if len(environments) > 0 || len(diagnostics) != 1 || diagnostics[0].Hint == "" {
			t.Errorf("%s: got %v, %v", name, environments, diagnostics)
		}
	}
}

func repeatText(text Text, n int) []Text {
	texts := make([]Text, n)
	for i := range texts {
		texts[i] = text
		texts[i].Path = fmt.Sprintf("%d.hcl", i)
	}
	return texts
}

func TestLimitOfGroups(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("environment \"a\" {\naws { region = \"eu-west-1\" }\n")
	for range MaxGroups + 1 {
		b.WriteString("group \"g\" {}\n")
	}
	b.WriteString("}\n")
	_, diagnostics := Parse([]Text{{Path: "a.hcl", Content: []byte(b.String())}})
	if len(diagnostics) != 1 || !strings.Contains(diagnostics[0].Summary, "10001 groups") {
		t.Errorf("got %v", diagnostics)
	}
}

// Everything that AWS takes at the edge of a range is taken here.
func TestEdgesOfRangesAreGood(t *testing.T) {
	t.Parallel()
	for _, lines := range []string{
		"min_healthy_percentage = 0",
		"min_healthy_percentage = 100\nmax_healthy_percentage = 200",
		"min_healthy_percentage = 0\nmax_healthy_percentage = 100",
		"checkpoint_percentages = [100]",
		"checkpoint_percentages = [1, 100]\ncheckpoint_delay = \"48h\"",
		"checkpoint_percentages = [1e0, 1e2]",
		"checkpoint_percentages = [\n  50, # half\n  100,\n]",
		"bake_time = \"172800s\"",
		"bake_time = \"0s\"",
		"instance_warmup = \"1h1m1s\"",
		"alarms = [\"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\", \"9\", \"10\"]",
		"alarms = [\"café \\\"5xx\\\" $5 100%\"]",
	} {
		text := strings.Replace(environmentText("a", 0, 0), "  rollout {", "  group \"g\" {\n    auto_scaling_group = \"g\"\n    ami = \"ami-00000000\"\n    rollout {\n"+lines+"\n    }\n  }\n  rollout {", 1)
		text = strings.NewReplacer("    min_healthy_percentage = 100\n", "", "    max_healthy_percentage = 110\n", "").Replace(text)
		if _, diagnostics := Parse([]Text{{Path: "a.hcl", Content: []byte(text)}}); len(diagnostics) > 0 {
			t.Errorf("%s\n%s", lines, diagnostics)
		}
	}
}

// A file that parses as a whole and one that is cut into sections, because
// another environment in it is broken, mean the same.
func TestSectionsMeanTheSameAsTheWhole(t *testing.T) {
	t.Parallel()
	good := environmentText("good", 3, 7) + "\n/* environment \"ghost\" {\n} */\n"
	whole, diagnostics := Parse([]Text{{Path: "a.hcl", Content: []byte(good)}})
	if len(diagnostics) > 0 {
		t.Fatal(diagnostics)
	}
	for _, broken := range []string{
		"environment \"broken\" {\n",
		"environment \"broken\" {\n  drift = \"heal\n}\n",
		"environment \"broken\" {\n  drift = \"${\"\n}\n",
		"environment \"broken {\n}\n",
		"environment broken {\n  drift = [\n}\n",
		"environment \"broken\" {\n  drift = <<EOT\n  text\n  EOT x\n}\n  EOT\n}\n",
	} {
		cut, diagnostics := Parse([]Text{{Path: "a.hcl", Content: []byte(good + broken)}})
		if got := named(cut, "good"); got == nil || !got.Good || len(got.Groups) != 3 || got.Groups[2].Image != whole[0].Groups[2].Image {
			t.Errorf("%q: got %+v", broken, cut)
		}
		if got := named(cut, "broken"); got == nil || got.Good {
			t.Errorf("%q: the broken environment is %+v", broken, got)
		}
		if named(cut, "ghost") != nil {
			t.Errorf("%q: a comment was taken for an environment", broken)
		}
		if len(diagnostics.About("broken")) == 0 || len(diagnostics.About("good")) > 0 || len(diagnostics.About("")) > 0 {
			t.Errorf("%q: got %s", broken, diagnostics)
		}
		first, _ := Parse([]Text{{Path: "a.hcl", Content: []byte(broken + "\n" + good)}})
		if got := named(first, "good"); got == nil || !got.Good {
			t.Errorf("%q before a good environment: got %+v", broken, first)
		}
	}
}

func named(environments []Environment, name string) *Environment {
	for i := range environments {
		if environments[i].Name == name {
			return &environments[i]
		}
	}
	return nil
}

func TestDriftIsInherited(t *testing.T) {
	t.Parallel()
	environments, _ := Parse(textsIn(t, "testdata/good/shapes"))
	e := named(environments, "everything")
	if e.Groups[0].Drift != reconcile.ReportOnly || e.Groups[1].Drift != reconcile.Heal {
		t.Errorf("got %v and %v", e.Groups[0].Drift, e.Groups[1].Drift)
	}
}
