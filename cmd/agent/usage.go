package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"moult/cmd/internal/page"
)

// explainUsage gives all commands the same help. It is no template: text/template
// finds methods by their names, so that the linker would keep all of the AWS
// SDK's, and the program have three times its size.
func explainUsage(root *cobra.Command, at surroundings) {
	root.SetUsageFunc(func(c *cobra.Command) error {
		_, err := io.WriteString(c.OutOrStderr(), usageOf(c, page.Width(at.out)))
		return err
	})
	root.SetHelpCommand(helpCommand(root))
	root.InitDefaultHelpCmd()
	for _, c := range append(root.Commands(), root) {
		c.InitDefaultHelpFlag()
		c.Flags().Lookup("help").Usage = "say how to use it"
	}
}

// usageOf is how a command is used, in our words, with flags that fit the terminal.
func usageOf(c *cobra.Command, width int) string {
	var b strings.Builder
	line := c.UseLine()
	if c.HasAvailableSubCommands() {
		line = c.CommandPath() + " COMMAND [flags]"
	}
	fmt.Fprintf(&b, "Usage:\n  %s\n", line)
	if c.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	}
	for _, group := range c.Groups() {
		fmt.Fprintf(&b, "\n%s\n", group.Title)
		for _, sub := range c.Commands() {
			if sub.GroupID == group.ID {
				fmt.Fprintf(&b, "  %-*s %s\n", sub.NamePadding(), sub.Name(), sub.Short)
			}
		}
	}
	fmt.Fprintf(&b, "\nFlags:\n%s\n", strings.TrimRight(c.LocalFlags().FlagUsagesWrapped(width), "\n"))
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n`%s COMMAND --help` says more about a command.\n", c.CommandPath())
	}
	return b.String()
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
