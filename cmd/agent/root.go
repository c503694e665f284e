package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const rootHelp = `Moult makes the cloud match what git declares: for each Auto Scaling group the
AMI that it runs. A merge rolls a group to a new image, instance by instance; a
git revert brings the old one back.

Try it without an account: start a simulated AWS with "moult sim", and point
"moult plan" and "moult run" at it.`

// rootCommand is the moult command.
func rootCommand(at surroundings) *cobra.Command {
	root := &cobra.Command{
		Use: "moult", Short: "GitOps for fleets of virtual machines", Long: rootHelp,
		SilenceErrors: true, SilenceUsage: true, Args: knownCommand,
	}
	showVersion := root.Flags().Bool("version", false, "say which program this is") // cobra's own needs text/template
	root.RunE = func(c *cobra.Command, _ []string) error {
		if *showVersion {
			fmt.Fprintln(at.out, version())
			return nil
		}
		return c.Help()
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return advise(misread(err), "`%s --help` lists the flags", c.CommandPath())
	})
	root.AddGroup(&cobra.Group{ID: "run", Title: "The agent:"}, &cobra.Group{ID: "write", Title: "Declarations:"}, &cobra.Group{ID: "try", Title: "To try it out:"}, &cobra.Group{ID: "more", Title: "And:"})
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("run", runCommand(at), planCommand(at), statusCommand(at), explainCommand(at), historyCommand(at), trustCommand(at))
	add("write", validateCommand(at), fmtCommand(at))
	add("try", simCommand(at))
	add("more", versionCommand(at), completionCommand(at))
	explainUsage(root, at)
	return root
}

// misread is the error of a flag that is no number, in our words.
func misread(err error) error {
	var invalid *pflag.InvalidValueError
	var number *strconv.NumError
	if !errors.As(err, &invalid) || !errors.As(err, &number) {
		return err
	}
	wanted := "a whole number"
	switch {
	case number.Func == "ParseFloat":
		wanted = "a number"
	case number.Func == "ParseUint":
		wanted = "a whole number that is not below 0"
	}
	if errors.Is(number, strconv.ErrRange) {
		wanted = "too large or too small"
	}
	return fmt.Errorf("invalid argument %q for \"--%s\" flag: it is %s", invalid.GetValue(), invalid.GetFlag().Name, wanted)
}

// knownCommand refuses words that are no command.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("there is no command %q", args[0])
	if meant := root.SuggestionsFor(args[0]); len(meant) > 0 {
		return advise(err, "did you mean `moult %s`?", meant[0])
	}
	return advise(err, "`moult --help` lists the commands")
}

// arguments checks the number of arguments, and says how the command is meant
// when it is wrong.
func arguments(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) >= least && (most < 0 || len(args) <= most) {
			return nil
		}
		return advise(fmt.Errorf("%s: %s, wanted %s", c.Name(), plural(len(args), "argument"), wanted(least, most)), "moult %s", c.Use)
	}
}

// notTogether refuses two of some flags at once.
func notTogether(c *cobra.Command, names ...string) {
	c.MarkFlagsMutuallyExclusive(names...) // for completion in a shell; its own refusal comes after this one
	others := c.PreRunE
	c.PreRunE = func(c *cobra.Command, args []string) error {
		var given []string
		for _, name := range names {
			if c.Flags().Changed(name) {
				given = append(given, "--"+name)
			}
		}
		if len(given) > 1 {
			return advise(fmt.Errorf("%s: %s do not go together", c.Name(), strings.Join(given, " and ")), "leave one of them out")
		}
		if others == nil {
			return nil
		}
		return others(c, args)
	}
}

func wanted(least, most int) string {
	switch {
	case most == 0:
		return "none"
	case least == most:
		return fmt.Sprint(least)
	case most < 0:
		return fmt.Sprintf("%d or more", least)
	}
	return fmt.Sprintf("%d to %d", least, most)
}
