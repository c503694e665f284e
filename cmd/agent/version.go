package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release says which program this is.
type release struct {
	Version  string `json:"version"`            // of the module, or "dev"
	Commit   string `json:"commit,omitempty"`   // that it was built from
	Modified bool   `json:"modified,omitempty"` // built from a tree with changes
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// version reads what the Go toolchain wrote into the program.
func version() release {
	r := release{Version: "dev", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return r
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		r.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			r.Commit = s.Value
		case "vcs.modified":
			r.Modified = s.Value == "true"
		}
	}
	return r
}

func (r release) String() string {
	text := "moult " + r.Version
	if r.Commit != "" {
		text += " (commit " + r.Commit[:min(8, len(r.Commit))]
		if r.Modified {
			text += ", with changes"
		}
		text += ")"
	}
	return fmt.Sprintf("%s, %s, %s", text, r.Go, r.Platform)
}

const versionHelp = `Version says which program this is: its version, the commit that it was built
from, and by what it was built.`

func versionCommand(at surroundings) *cobra.Command {
	var out output
	c := &cobra.Command{
		Use: "version", Short: "say which program this is", Long: versionHelp, Args: arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			if err := out.check(); err != nil {
				return err
			}
			if out.format == asJSON {
				return writeJSON(at.out, version())
			}
			fmt.Fprintln(at.out, version())
			return nil
		},
	}
	out.register(c)
	return c
}
