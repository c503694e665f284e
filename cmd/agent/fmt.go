package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"moult/reconcile/declare"
)

const fmtHelp = `Fmt rewrites declaration files in the one canonical form, and names those that
it has changed. Comments stay. A "-" reads from standard input and writes the
result to standard output.

Exit code 0; with --check and --diff, which rewrite nothing, 1 when something
would change. 1 also for a file that cannot be read as HCL.`

// fmtFlags are the flags of `moult fmt`.
type fmtFlags struct{ check, diff bool }

func fmtCommand(at surroundings) *cobra.Command {
	var f fmtFlags
	c := &cobra.Command{
		Use: "fmt [FILE|DIRECTORY|-]...", Short: "write declarations in their canonical form", Long: fmtHelp, Args: arguments(0, -1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"."}
			}
			return format(at, f, args)
		},
	}
	c.Flags().BoolVar(&f.check, "check", false, "name the files that would change, and rewrite none")
	c.Flags().BoolVar(&f.diff, "diff", false, "show what would change, and rewrite nothing")
	return c
}

// format formats every argument; a file with mistakes does not keep the others
// from it.
func format(at surroundings, flags fmtFlags, args []string) error {
	f := formatter{surroundings: at, fmtFlags: flags}
	for _, arg := range args {
		texts, err := textsOf(at, arg)
		for _, text := range texts {
			err = errors.Join(err, f.format(text))
		}
		if err != nil {
			return adviseAbsent(fmt.Errorf("fmt: %w", err), "name files or directories that are there, or - for standard input")
		}
	}
	if f.mistaken || f.changed && (f.check || f.diff) {
		return code(exitError)
	}
	return nil
}

// formatter formats one text after the other.
type formatter struct {
	surroundings
	fmtFlags
	changed  bool // a text was not in its canonical form
	mistaken bool // a text could not be read
}

// standardInput is how it is named as a file.
const standardInput = "-"

func textsOf(at surroundings, arg string) ([]declare.Text, error) {
	if arg == standardInput {
		content, err := io.ReadAll(io.LimitReader(at.in, declare.MaxFileBytes+1))
		return []declare.Text{{Path: standardInput, Content: content}}, err
	}
	info, err := os.Stat(arg)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return readTexts(arg)
	}
	content, err := readLimited(arg)
	return []declare.Text{{Path: arg, Content: content}}, err
}

// format formats one text. Its mistakes are told, and are no error.
func (f *formatter) format(text declare.Text) error {
	canonical, mistakes := declare.Format(text.Path, text.Content)
	if len(mistakes) > 0 {
		f.mistaken = true
		return writeMistakes(f.surroundings, f.err, mistakes)
	}
	changed := !bytes.Equal(canonical, text.Content)
	f.changed = f.changed || changed
	switch {
	case text.Path == standardInput && !f.check && !f.diff:
		_, err := f.out.Write(canonical)
		return err
	case changed && f.diff:
		return writeDiff(f.out, text, canonical)
	case changed && !f.check:
		if err := rewrite(text.Path, canonical); err != nil {
			return err
		}
	}
	if changed {
		fmt.Fprintln(f.out, text.Path)
	}
	return nil
}

// writeDiff says what changes. Line endings are told in words: on a terminal the
// lines would look the same before and after.
func writeDiff(w io.Writer, text declare.Text, canonical []byte) error {
	content := bytes.ReplaceAll(text.Content, []byte("\r\n"), []byte("\n"))
	if len(content) < len(text.Content) {
		fmt.Fprintf(w, "%s: line endings change from CRLF to LF\n", text.Path)
	}
	_, err := w.Write(diff.Diff(text.Path, content, text.Path+" (canonical)", canonical))
	return err
}

// rewrite puts new content in a file's place in one step: whoever reads it
// meanwhile sees the old or the new.
func rewrite(path string, content []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".moult-fmt-*")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	_, err = draft.Write(content)
	err = errors.Join(err, draft.Chmod(info.Mode().Perm()), draft.Close())
	if err != nil {
		return err
	}
	return os.Rename(draft.Name(), path)
}
