package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"moult/cmd/internal/page"
	"moult/reconcile/declare"
)

const validateHelp = `Validate reads every .hcl file below a directory, as the agent would, and tells
every mistake at once: with the line, the place in it, and what to do. It needs
no credentials and no network.

Exit code 0 without a mistake, 1 with one.`

func validateCommand(at surroundings) *cobra.Command {
	var out output
	c := &cobra.Command{
		Use: "validate [DIRECTORY]", Short: "check declarations, without credentials or network", Long: validateHelp, Args: arguments(0, 1),
		Example: "  moult validate environments",
		RunE: func(_ *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			return validate(at, out, oneOr(args, "."))
		},
	}
	out.register(c)
	return c
}

func oneOr(args []string, fallback string) string {
	if len(args) == 0 {
		return fallback
	}
	return args[0]
}

func validate(at surroundings, out output, dir string) error {
	texts, err := readTexts(dir)
	if err != nil {
		return adviseAbsent(fmt.Errorf("validate: %w", err), "name the directory that holds the declarations")
	}
	if len(texts) == 0 {
		return advise(fmt.Errorf("validate %s: there is no .hcl file", dir), "name the directory that holds the declarations")
	}
	environments, mistakes := declare.Parse(texts)
	if out.format == asJSON {
		err = writeJSON(at.out, verdict(environments, mistakes))
	} else {
		err = tellVerdict(at, environments, mistakes)
	}
	if err == nil && len(mistakes) > 0 {
		return code(exitError)
	}
	return err
}

// tellVerdict writes the mistakes, and sums up.
func tellVerdict(at surroundings, environments []declare.Environment, mistakes declare.Diagnostics) error {
	p := at.paint(at.out)
	if len(mistakes) > 0 {
		if err := writeMistakes(at, at.out, mistakes); err != nil {
			return err
		}
		fmt.Fprintf(at.out, "\n%s\n", p.red(plural(len(mistakes), "mistake")))
		return nil
	}
	v := verdict(environments, mistakes)
	fmt.Fprintf(at.out, "%s, %s: %s\n", plural(v.Environments, "environment"), plural(v.Groups, "group"), p.green("no mistakes"))
	return nil
}

// writeMistakes writes mistakes for people.
func writeMistakes(at surroundings, w io.Writer, mistakes declare.Diagnostics) error {
	var drawn strings.Builder
	if err := mistakes.WriteText(&drawn, at.paint(w).on); err != nil {
		return err
	}
	_, err := io.WriteString(w, foldDrawn(drawn.String(), page.Width(w)))
	return err
}

// validated is what `moult validate -o json` prints.
type validated struct {
	Environments int                 `json:"environments"`
	Groups       int                 `json:"groups"`
	Mistakes     declare.Diagnostics `json:"mistakes"`
}

func verdict(environments []declare.Environment, mistakes declare.Diagnostics) validated {
	v := validated{Environments: len(environments), Mistakes: mistakes}
	if v.Mistakes == nil {
		v.Mistakes = declare.Diagnostics{}
	}
	for _, e := range environments {
		v.Groups += len(e.Groups)
	}
	return v
}

// readTexts reads the declaration files below a directory. Like the agent it
// takes regular files only, and nothing from git's own folder.
func readTexts(dir string) ([]declare.Text, error) {
	var texts []declare.Text
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == ".git":
			return filepath.SkipDir
		case !entry.Type().IsRegular() || !strings.HasSuffix(entry.Name(), ".hcl"):
			return nil
		}
		content, err := readLimited(path)
		texts = append(texts, declare.Text{Path: filepath.ToSlash(path), Content: content})
		return err
	})
	return texts, err
}

// readLimited reads a file, but of one that is larger than a declaration may
// be only so much that this shows.
func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, declare.MaxFileBytes+1))
}
