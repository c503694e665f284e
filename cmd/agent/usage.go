package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"moult/cmd/internal/page"
)

// usageTemplate is cobra's, in our words, and with flags that fit the terminal.
const usageTemplate = `Usage:
  {{if .HasAvailableSubCommands}}{{.CommandPath}} COMMAND [flags]{{else}}{{.UseLine}}{{end}}
{{- if .HasExample}}

Examples:
{{.Example}}
{{- end}}
{{- range $group := .Groups}}

{{.Title}}
{{- range $.Commands}}{{if eq .GroupID $group.ID}}
  {{rpad .Name .NamePadding}} {{.Short}}
{{- end}}{{end}}{{end}}

Flags:
{{flags .LocalFlags}}
{{- if .HasAvailableSubCommands}}

` + "`{{.CommandPath}} COMMAND --help`" + ` says more about a command.
{{- end}}
`

// explainUsage gives all commands the same help.
func explainUsage(root *cobra.Command, at surroundings) {
	cobra.AddTemplateFunc("flags", func(flags *pflag.FlagSet) string {
		return strings.TrimRight(flags.FlagUsagesWrapped(page.Width(at.out)), "\n")
	})
	root.SetUsageTemplate(usageTemplate)
	root.SetHelpCommand(helpCommand(root))
	root.InitDefaultHelpCmd()
	for _, c := range append(root.Commands(), root) {
		c.InitDefaultHelpFlag()
		c.Flags().Lookup("help").Usage = "say how to use it"
	}
}

func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "say how to use a command", GroupID: "more", Args: arguments(0, 1),
		Long: "Help says the same as `moult COMMAND --help`.",
		RunE: func(_ *cobra.Command, args []string) error {
			c, _, err := root.Find(args)
			if err != nil || c == root && len(args) > 0 {
				return knownCommand(root, args)
			}
			return c.Help()
		},
	}
}

const completionHelp = `Completion writes a script for a shell, which then completes commands and flags
when you press the tab key. To have it in this shell:

  source <(moult completion bash)`

func completionCommand(at surroundings) *cobra.Command {
	return &cobra.Command{
		Use: "completion bash|zsh|fish|powershell", Short: "write a script that completes commands in a shell",
		Long: completionHelp, Args: arguments(1, 1), ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(c *cobra.Command, args []string) error {
			root := c.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(at.out, true)
			case "zsh":
				return root.GenZshCompletion(at.out)
			case "fish":
				return root.GenFishCompletion(at.out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(at.out)
			}
			return advise(fmt.Errorf("completion: %q is no shell that is known", args[0]), "it is one of %s", strings.Join(c.ValidArgs, ", "))
		},
	}
}
