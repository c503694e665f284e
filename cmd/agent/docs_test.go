package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"moult/reconcile/declare"
)

// pages are what people read.
func pages(t *testing.T) []string {
	t.Helper()
	all := []string{"../../README.md", "../../CONTRIBUTING.md", "../../systemd/README.md", "../../examples/repo/README.md"}
	docs, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(docs) == 0 {
		t.Fatalf("find docs: %v, %d found", err, len(docs))
	}
	return append(all, docs...)
}

// excerpt is a part of a page: a fenced block, or the code in a sentence.
type excerpt struct {
	page     string
	line     int    // of its first line, from 1
	language string // of a block; empty when it says none
	text     string
}

func (e excerpt) at(offset int) string { return fmt.Sprintf("%s:%d", e.page, e.line+offset) }

// readPage returns the fenced blocks of a page, and the prose with the blocks
// blanked out, so that lines keep their numbers.
func readPage(t *testing.T, page string) (blocks []excerpt, prose []string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	inside := false
	for n, line := range strings.Split(string(text), "\n") {
		language, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence && !inside:
			blocks = append(blocks, excerpt{page: page, line: n + 2, language: language})
		case inside && !fence:
			blocks[len(blocks)-1].text += line + "\n"
		}
		inside = inside != fence
		if fence || inside {
			line = ""
		}
		prose = append(prose, line)
	}
	if inside {
		t.Errorf("%s: the last block does not end", page)
	}
	return blocks, prose
}

// shownCommand finds commands in the code of a sentence.
var shownCommand = regexp.MustCompile("`(moult [^`]+)`")

// shownCommands are the command lines of a page, without comments.
func shownCommands(t *testing.T, page string) []excerpt {
	t.Helper()
	blocks, prose := readPage(t, page)
	var commands []excerpt
	for _, b := range blocks {
		if b.language != "sh" && b.language != "" {
			continue
		}
		for n, line := range strings.Split(b.text, "\n") {
			line, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "sudo "), " #")
			if strings.HasPrefix(line, "moult ") {
				commands = append(commands, excerpt{page: page, line: b.line + n, text: line})
			}
		}
	}
	for n, line := range prose {
		for _, found := range shownCommand.FindAllStringSubmatch(line, -1) {
			commands = append(commands, excerpt{page: page, line: n + 1, text: found[1]})
		}
	}
	return commands
}

func TestCommandsInThePagesExist(t *testing.T) {
	t.Parallel()
	count := 0
	for _, page := range pages(t) {
		for _, shown := range shownCommands(t, page) {
			count++
			if err := understand(strings.Fields(shown.text)[1:]); err != nil {
				t.Errorf("%s: %s: %v", shown.at(0), shown.text, err)
			}
		}
	}
	if count < 10 {
		t.Errorf("found %d commands in all pages: the test does not read them rightly", count)
	}
}

// understand takes a command line as far as its command would begin. A command
// that is only named, without the arguments that it needs, is understood.
func understand(args []string) error {
	root := rootCommand(surroundings{env: func(string) string { return "" }})
	c, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if err := c.ParseFlags(rest); err != nil {
		return err
	}
	if len(rest) == 0 && c != root {
		return nil
	}
	return c.ValidateArgs(c.Flags().Args())
}

func TestUnderstandRefusesWhatTheCommandWould(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"plam", "plan --depo x", "explain a/b c/d", "plan here"} {
		if understand(strings.Fields(line)) == nil {
			t.Errorf("moult %s is understood", line)
		}
	}
}

func TestDeclarationsInThePagesHaveNoMistakes(t *testing.T) {
	t.Parallel()
	count := 0
	for _, page := range pages(t) {
		blocks, _ := readPage(t, page)
		for _, b := range blocks {
			if b.language != "hcl" {
				continue
			}
			if declaration, ok := asDeclaration(b.text); ok {
				count++
				if _, mistakes := declare.Parse([]declare.Text{{Path: "shown.hcl", Content: []byte(declaration)}}); len(mistakes) > 0 {
					t.Errorf("%s:\n%s", b.at(0), mistakes)
				}
			}
		}
	}
	if count < 3 {
		t.Errorf("found %d declarations in all pages: the test does not read them rightly", count)
	}
}

// asDeclaration is a block as a whole file. A group on its own stands in any
// environment.
func asDeclaration(text string) (string, bool) {
	switch {
	case regexp.MustCompile(`(?m)^environment "`).MatchString(text):
		return text, true
	case strings.HasPrefix(text, `group "`):
		return "environment \"any\" {\naws {\nregion = \"eu-west-1\"\n}\n" + text + "}\n", true
	}
	return "", false
}

func TestAgentFilesInThePagesHaveNoMistakes(t *testing.T) {
	t.Parallel()
	if _, err := readConfig("../../systemd/agent.hcl", settings{}); err != nil {
		t.Error(err)
	}
	for _, page := range pages(t) {
		blocks, _ := readPage(t, page)
		for _, b := range blocks {
			if b.language != "hcl" || !regexp.MustCompile(`(?m)^repository\b`).MatchString(b.text) {
				continue
			}
			file := filepath.Join(t.TempDir(), "agent.hcl")
			if err := os.WriteFile(file, []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := readConfig(file, settings{}); err != nil {
				t.Errorf("%s: %v", b.at(0), err)
			}
		}
	}
}

// runPage does what a page says.
func runPage(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "page FILE")
	script, shown := "set -e\n", []string{}
	language, inside := "", false
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		word, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence:
			language, inside = word, !inside
		case inside && language == "sh":
			script += line
		case inside && language == "text":
			shown = append(shown, strings.TrimRight(line, "\n"))
		}
	}
	out, err := command(ts, "sh", "-c", script).CombinedOutput()
	if err != nil || len(shown) == 0 {
		ts.Fatalf("%s: %v\n%s", args[0], err, out)
	}
	for _, line := range shown {
		if !strings.Contains("\n"+string(out), "\n"+line+"\n") {
			ts.Fatalf("%s shows %q, which is not printed:\n%s", args[0], line, out)
		}
	}
}

// TestSettingsOfTheRepositoryAreExplained: each has its place in the table of the
// page, and in the example to copy.
func TestSettingsOfTheRepositoryAreExplained(t *testing.T) {
	t.Parallel()
	schema := reflect.TypeFor[repositorySchema]()
	for file, form := range map[string]string{"../../docs/access.md": "(?m)^\\|[^|]*`%s`[^|]*\\|", "../../systemd/agent.hcl": `(?m)^ +(?:# )?%s +=`} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := range schema.NumField() {
			name, _, _ := strings.Cut(schema.Field(i).Tag.Get("hcl"), ",")
			if !regexp.MustCompile(fmt.Sprintf(form, name)).Match(text) {
				t.Errorf("%s does not explain %s", file, name)
			}
		}
	}
}

// link finds the targets of links.
var link = regexp.MustCompile(`\]\(([^)\s#]+)`)

func TestLinksInThePagesLeadSomewhere(t *testing.T) {
	t.Parallel()
	count := 0
	for _, page := range pages(t) {
		_, prose := readPage(t, page)
		for n, line := range prose {
			for _, found := range link.FindAllStringSubmatch(line, -1) {
				if strings.Contains(found[1], ":") {
					continue // elsewhere, and this test needs no network
				}
				count++
				if _, err := os.Stat(filepath.Join(filepath.Dir(page), found[1])); err != nil {
					t.Errorf("%s:%d: there is no %s", page, n+1, found[1])
				}
			}
		}
	}
	if count < 5 {
		t.Errorf("found %d links in all pages: the test does not read them rightly", count)
	}
}
