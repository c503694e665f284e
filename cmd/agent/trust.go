package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/spf13/cobra"

	"moult/gitsource"
	"moult/gitsource/fault"
	"moult/gitsource/trust"
	"moult/reconcile"
)

const trustHelp = `Trust accepts a commit by its name, as it is and with all that is behind it:
the head of a branch that was rewritten, or a commit that is not signed as
agent.hcl asks for. The running agent obeys it at its next poll.

What is accepted holds for as long as the commit that is in force now. It is
kept in the agent's state directory, so run this as a user who may write there.`

func trustCommand(at surroundings) *cobra.Command {
	var flags common
	c := &cobra.Command{
		Use: "trust COMMIT", Short: "accept a commit that the agent holds", Long: trustHelp, Args: arguments(1, 1),
		Example: "  sudo moult trust --state-dir /var/lib/moult 4f2a91c2",
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := untilSignal(c.Context())
			defer stop()
			return accept(ctx, at, flags, args[0])
		},
	}
	flags.register(c)
	return c
}

// accept leaves a commit's name where the agent finds it.
func accept(ctx context.Context, at surroundings, flags common, name string) error {
	s, err := flags.settings(at)
	if err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	book := bookOf(s)
	kept, there, err := book.read()
	if err == nil && !there {
		err = advise(fmt.Errorf("no agent has followed branch %s of %s yet with its state in %s", s.branch(), newRepository(s, nil), s.stateDir),
			"start the agent first, or name the commit to begin after as start in the block trust of agent.hcl; where an agent runs, name its repository, branch and state directory, with --config and --state-dir")
	}
	if err != nil {
		return fmt.Errorf("trust %.40s: %w", name, adviseForbidden(err))
	}
	commit, err := onBranch(ctx, at, s, name)
	if err != nil {
		return fmt.Errorf("trust %.40s: %w", name, err)
	}
	if commit.Hash == kept.Commit {
		fmt.Fprintf(at.out, "commit %s is in force already\n", commit.Short())
		return nil
	}
	accepted, err := kept.Accept(trust.Name{Commit: commit.Hash, By: operator(at.env), At: time.Now().UTC()})
	if err != nil {
		return err
	}
	if err := book.leave(accepted); err != nil {
		return fmt.Errorf("trust %.40s: %w", name, adviseForbidden(err))
	}
	v := at.view(at.out)
	v.line(at.out, 2, "accepted, with all that is behind it: %s", commitLine(commit, v))
	fmt.Fprintln(at.out, "the agent takes it up at its next poll")
	return nil
}

// adviseForbidden adds a hint to the error of a state directory that is
// somebody else's.
func adviseForbidden(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return advise(err, "run it as root or as the agent's own user")
	}
	return err
}

// onBranch finds a commit of the branch as it is now, in a mirror of its own:
// whoever runs this is seldom the agent's user, and leaves nothing among its
// files that it could not change.
func onBranch(ctx context.Context, at surroundings, s settings, name string) (found reconcile.Commit, err error) {
	if s.stateDir, err = os.MkdirTemp("", "moult-trust-"); err != nil {
		return found, err
	}
	defer os.RemoveAll(s.stateDir)
	s.logLevel, s.logFormat = "error", asText
	repository := newRepository(s, newLog(at.err, s, terminal(at.err)))
	defer repository.Close()
	fetched, err := repository.Fetch(ctx)
	for whole := false; !whole && err == nil; {
		whole, err = repository.Deepen(ctx)
	}
	if err != nil {
		return found, err
	}
	found, err = repository.Find(name)
	if errors.Is(err, gitsource.ErrUnknown) {
		if fault.Known(err) == nil { // there is no more to say of it
			err = fmt.Errorf("no commit of branch %s is called so", s.branch())
		}
		return found, advise(err, "name a commit of branch %s by its hash; its head is %s", s.branch(), fetched.Head)
	}
	if err != nil {
		return found, err
	}
	relation, _, err := trust.Relate(plumbing.NewHash(found.Hash), plumbing.NewHash(fetched.Head), parentsIn(repository))
	if err == nil && relation != trust.Same && relation != trust.FastForward {
		err = advise(fmt.Errorf("commit %s is not on the branch", found.Short()), "its head is %s; accept that, or a commit behind it", fetched.Head)
	}
	return found, err
}

// operator is who runs this, for the record; sudo says who that is really
// (sudo(8), SUDO_USER).
func operator(env func(string) string) string {
	if name := env("SUDO_USER"); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}
