package main

import (
	"context"
	"io"
	"log"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	log.SetOutput(io.Discard)          // net/http writes there what servers say
	cobra.EnableCommandSorting = false // help lists the commands in the order of their use
	at := surroundings{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv}
	os.Exit(run(context.Background(), os.Args[1:], at))
}

// run is the whole program: it carries out one command line and returns the
// exit code.
func run(ctx context.Context, args []string, at surroundings) int {
	root := rootCommand(at)
	root.SetArgs(args)
	root.SetIn(at.in)
	root.SetOut(at.out)
	root.SetErr(at.err)
	return at.conclude(root.ExecuteContext(ctx))
}
