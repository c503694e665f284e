package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"time"

	"moult/gitsource"
	"moult/gitsource/ledger"
	"moult/providers/aws"
	"moult/reconcile"
)

// agent is everything that a pass needs, wired together.
type agent struct {
	settings   settings
	repository *gitsource.Repository
	gate       *gate
	source     *source
	scribe     *scribe // nil: nothing is written down
	last       *lastRead
	provider   *aws.Provider
	liveness   *liveness
	log        *slog.Logger
}

// newAgent wires; nothing is reached for before the first pass.
func newAgent(s settings, at surroundings, log *slog.Logger) (*agent, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if _, err := s.trust.policy(); err != nil {
		return nil, advise(fmt.Errorf("read what %s says about trust: %w", s.config, err), "correct it; docs/trust.md says what each setting means")
	}
	if err := s.repository.access().Check(); err != nil {
		return nil, advise(fmt.Errorf("read how to reach the repository: %w", err), "correct the block repository of agent.hcl; docs/access.md says what each setting means")
	}
	repository := newRepository(s, log)
	warnOfSecret(log, s.shownURL, repository.String())
	gate := &gate{Lineage: repository, Trust: s.trust, Config: s.config, Book: bookOf(s), Log: log}
	source := &source{history: repository, gate: gate, Checkpoint: checkpointOf(s), Log: log}
	return &agent{
		settings: s, repository: repository, gate: gate, source: source, last: &lastRead{Source: source},
		provider: &aws.Provider{AgentVersion: version().Version, CacheFile: filepath.Join(s.stateDir, "template-versions"), Log: log},
		liveness: &liveness{}, log: log,
	}, nil
}

// newRepository is the repository of the settings, with its mirror in the state
// directory.
func newRepository(s settings, log *slog.Logger) *gitsource.Repository {
	return &gitsource.Repository{
		URL: s.repository.URL, Branch: s.repository.Branch, Path: s.repository.Path, StateDir: s.stateDir,
		Access: s.repository.access(), Log: log,
	}
}

// remember makes the agent keep what it accepts and write down what becomes of
// it. One that only looks does neither.
func (a *agent) remember(patience time.Duration) error {
	a.gate.Keep = true
	l, err := newLedger(a.settings, a.log)
	if err != nil || l == nil {
		return err
	}
	a.scribe = &scribe{
		Ledger: l, Teller: ledger.Teller{Who: (&hands{Objects: a.repository, Trust: a.settings.trust}).who, Written: a.last.writtenBy},
		Branch: a.settings.branch(), Patience: patience, Log: a.log, news: make(chan struct{}, 1),
		courier: courier{Ledger: l, Log: a.log, parcels: make(chan struct{}, 1)},
	}
	a.gate.Memory = recollection{settings: a.settings, log: a.log}
	a.gate.Accepted = a.scribe.accept
	return nil
}

// busyInterval is how often the cloud is looked at while something moves,
// unless it is looked at more often anyway.
const busyInterval = 15 * time.Second

// loop is the loop over the agent's repository and provider.
func (a *agent) loop() *reconcile.Loop {
	return &reconcile.Loop{
		Source: a.liveness.source(a.last), Provider: a.liveness.provider(a.provider),
		Poll: a.settings.poll, Interval: a.settings.interval, Busy: min(busyInterval, a.settings.interval),
		Jitter: jitter, Log: a.log,
	}
}

// news is for a loop that goes round: it gets a value when git should be asked at
// once, because a local repository may have changed or because more of history
// has been read, which goes on meanwhile until ctx ends.
func (a *agent) news(ctx context.Context) <-chan struct{} {
	rung := make(bell, 1)
	go rung.echo(ctx, a.repository.Watch(ctx))
	go a.source.deepen(ctx, rung.ring)
	return rung
}

// plan is one pass that does nothing.
func (a *agent) plan(ctx context.Context) (reconcile.Report, error) {
	loop := a.loop()
	loop.DryRun, loop.Log = true, nil
	return loop.Pass(ctx)
}

// jitter makes a wait up to a tenth longer, so that agents that were started
// together do not ask together.
func jitter(d time.Duration) time.Duration { return d + rand.N(d/10+1) }
