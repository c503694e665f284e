package simulation

import (
	"context"
	"fmt"
	"sync"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"moult/providers/aws"
	"moult/reconcile"
)

// agent is one running Moult.
type agent struct {
	name  string
	clone *clone
	wire  *wire

	stop context.CancelFunc
	done chan struct{}

	mu     sync.Mutex
	report reconcile.Report
	onPass func(*agent, reconcile.Report)
	busy   time.Duration // the loop's Busy; zero means 47 s
	// odd is added to every wait, so that no two agents, and no agent and no
	// person, ever do something at the same moment: what came first would be a
	// matter of luck, and a seed would not reproduce a run.
	odd time.Duration
	// observe, when set, sees each action before it is carried out.
	observe func(*agent, reconcile.Action)
}

// steady is a back-off without dice.
var steady = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
	return time.Duration(attempt) * 2003 * time.Millisecond, nil
})

// watched is a provider whose actions are seen.
type watched struct {
	reconcile.Provider
	agent *agent
}

func (w watched) Apply(ctx context.Context, action reconcile.Action) (reconcile.Receipt, error) {
	if w.agent.observe != nil {
		w.agent.observe(w.agent, action)
	}
	return w.Provider.Apply(ctx, action)
}

// wrap lets a test put something wrong between the loop and its provider.
type wrap func(reconcile.Provider) reconcile.Provider

// start runs the agent. Nothing of an earlier life is left to it.
func (a *agent) start(ctx context.Context, around wrap) {
	ctx, a.stop = context.WithCancel(ctx)
	a.done = make(chan struct{})
	var provider reconcile.Provider = &aws.Provider{
		Config: a.config, AgentVersion: a.name,
		Backoff: steady,
	}
	if around != nil {
		provider = around(provider)
	}
	if a.busy == 0 {
		a.busy = 47 * time.Second
	}
	loop := &reconcile.Loop{
		Source: a.clone, Provider: watched{provider, a},
		Poll: 61*time.Second + a.odd, Interval: 11*time.Minute + a.odd, Busy: a.busy + a.odd, Report: a.take,
	}
	go func() {
		defer close(a.done)
		_ = loop.Run(ctx)
	}()
}

func (a *agent) config(context.Context) (awssdk.Config, error) {
	return awssdk.Config{
		Region: region, HTTPClient: a.wire, BaseEndpoint: awssdk.String("http://aws.test"),
		Credentials: credentials.NewStaticCredentialsProvider("AKIAMOULT", "secret", ""),
	}, nil
}

func (a *agent) take(r reconcile.Report) {
	a.mu.Lock()
	a.report = r
	a.mu.Unlock()
	if a.onPass != nil {
		a.onPass(a, r)
	}
}

func (a *agent) last() reconcile.Report {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.report
}

// kill ends the agent where it stands and waits until nothing of it is left.
func (a *agent) kill() {
	a.stop()
	<-a.done
}

func (a *agent) String() string { return fmt.Sprintf("agent %s", a.name) }
