package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"moult/providers/aws/awssim"
)

const simHelp = `Sim is a simulated AWS on this machine: EC2, Auto Scaling and the little of STS,
SSM and CloudWatch that a rollout needs, on AWS's own wire protocols. The agent,
the aws CLI and every SDK work with it, without an account.

Instances take their time to boot and to fail, as they do in AWS; --speed makes
that time run faster. What it holds is gone when it ends.

It also answers questions about itself, below /_sim/: GET groups, calls, writes
and now; POST faults, images/ID and alarms/NAME.`

// simFlags are the flags of `moult sim`.
type simFlags struct {
	listen, fleet, readyFile string
	speed                    float64
	seed                     uint64
}

func simCommand(at surroundings) *cobra.Command {
	var f simFlags
	c := &cobra.Command{
		Use: "sim", Short: "run a simulated AWS", Long: simHelp, Args: arguments(0, 0),
		Example: "  moult sim --fleet examples/fleet.hcl",
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := untilSignal(c.Context())
			defer stop()
			return simulate(ctx, at, f)
		},
	}
	c.Flags().StringVar(&f.listen, "listen", "127.0.0.1:4566", "`ADDRESS` to listen on; port 0 takes a free one")
	c.Flags().StringVar(&f.fleet, "fleet", "", "HCL `FILE` that says what there is to begin with (default: nothing)")
	c.Flags().Float64Var(&f.speed, "speed", 60, "simulated `SECONDS` a second")
	c.Flags().Uint64Var(&f.seed, "seed", 0, "`NUMBER` that makes ids repeatable; 0 makes ids that were never given before, as AWS does")
	c.Flags().StringVar(&f.readyFile, "ready-file", "", "`FILE` to write the endpoint's URL to once it answers")
	return c
}

func simulate(ctx context.Context, at surroundings, f simFlags) error {
	if f.speed <= 0 {
		return advise(fmt.Errorf("simulate: speed %v does not move", f.speed), "use a speed above 0; 1 is real time")
	}
	writes := make(chan awssim.Write, keepWrites)
	server := &awssim.Server{
		Speed: f.speed, Seed: cmp.Or(f.seed, rand.Uint64()), KeepWrites: keepWrites,
		OnWrite: func(w awssim.Write) { offer(writes, w) },
	}
	region, err := populate(server, f.fleet)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return advise(fmt.Errorf("simulate: %w", err), "choose another address with --listen; port 0 takes a free one")
	}
	url := "http://" + reachable(listener.Addr()).String()
	introduce(at.out, url, region, f.speed)
	if err := writeReady(f.readyFile, url); err != nil {
		return errors.Join(err, listener.Close())
	}
	web := &http.Server{Handler: server, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { web.Close() })
	go showWrites(ctx, at.out, writes)
	if err := web.Serve(listener); ctx.Err() == nil {
		return fmt.Errorf("simulate: %w", err)
	}
	return nil
}

// reachable is an address to call, of one that is listened at: every address of
// a machine is none of them.
func reachable(at net.Addr) net.Addr {
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: tcp.Port}
	}
	return at
}

// populate makes the fleet of a file, and says in which region it is.
func populate(server *awssim.Server, path string) (region string, err error) {
	if path == "" {
		return "us-east-1", nil
	}
	fleet, err := awssim.LoadFleet(path)
	var mistakes hcl.Diagnostics
	if errors.As(err, &mistakes) {
		return "", fleetMistakes(path, mistakes)
	}
	if err == nil {
		err = server.Apply(fleet)
	}
	if err != nil {
		return "", adviseAbsent(fmt.Errorf("simulate %s: %w", path, err), "name a file that exists with --fleet, or leave it out to begin with nothing")
	}
	return or(fleet.Region, "us-east-1"), nil
}

// fleetMistakes are all that is wrong with the file of a fleet, drawn with the
// source lines.
func fleetMistakes(path string, diagnostics hcl.Diagnostics) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("simulate %s: %w", path, err)
	}
	return advise(drawn(path, content, diagnostics), "correct %s, or name the file of a fleet with --fleet; an example is in examples/fleet.hcl", path)
}

// introduce says how the simulation is used.
func introduce(w io.Writer, url, region string, speed float64) {
	fmt.Fprintf(w, `A simulated AWS answers on %s; its time runs %v times as fast as yours.
To use it from another terminal:

  export AWS_ENDPOINT_URL=%s AWS_REGION=%s AWS_DEFAULT_REGION=%[4]s
  export AWS_ACCESS_KEY_ID=simulated AWS_SECRET_ACCESS_KEY=simulated

What changes something is shown here as it happens. Ctrl-C ends it.

`, url, speed, url, region)
}

// writeReady writes the file whole or not at all, so that whoever waits for it
// never reads half a URL.
func writeReady(path, url string) error {
	if path == "" {
		return nil
	}
	if err := os.WriteFile(path+".new", []byte(url+"\n"), 0o644); err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	return os.Rename(path+".new", path)
}

// keepWrites is how many writes the simulation remembers, and how many may wait
// to be shown.
const keepWrites = 10_000

// offer leaves a write out when too many wait already: a terminal that stands
// still must not stop the world.
func offer(writes chan<- awssim.Write, w awssim.Write) {
	select {
	case writes <- w:
	default:
	}
}

// showWrites writes a line for each call that changes something.
func showWrites(ctx context.Context, w io.Writer, writes <-chan awssim.Write) {
	for {
		select {
		case <-ctx.Done():
			return
		case write := <-writes:
			fmt.Fprintln(w, writeLine(write))
		}
	}
}

// writeLine is one write: the simulated time, the action, what it was done to
// and where, and AWS's code when it was refused.
func writeLine(w awssim.Write) string {
	line := fmt.Sprintf("%s  %-28s %s", w.Time.Format(time.TimeOnly), w.Action, w.Region)
	for _, member := range []string{"AutoScalingGroupName", "LaunchTemplateName", "LaunchTemplateId", "InstanceId"} {
		if name := w.Members[member]; name != "" {
			line += "  " + name
			break
		}
	}
	if w.Error != "" {
		line += "  refused: " + w.Error
	}
	return line
}
