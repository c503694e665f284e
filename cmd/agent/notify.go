package main

import (
	"context"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"moult/reconcile"
)

// notifier tells systemd how the agent is: READY=1 after the first pass,
// WATCHDOG=1 while the loop goes round, STATUS= for `systemctl status`
// (sd_notify(3)). Without systemd it says nothing.
type notifier struct {
	// Send is one message to systemd.
	Send func(state string)

	mu     sync.Mutex
	ready  bool
	status string
}

func sendToSystemd(state string) {
	// Without NOTIFY_SOCKET nothing is sent; an error has nobody to go to.
	_, _ = daemon.SdNotify(false, state)
}

// stuckAfter is how long one call of the loop may take before the agent counts
// as hanging: longer than a first clone may take.
const stuckAfter = 15 * time.Minute

// guard answers systemd's watchdog until ctx ends, as long as the loop goes
// round. It is asked for every timeout; half of that leaves room (sd_notify(3)).
func (n *notifier) guard(ctx context.Context, l *liveness, rest, timeout time.Duration) {
	if timeout <= 0 {
		return
	}
	half := time.NewTicker(timeout / 2)
	defer half.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-half.C:
			if l.lives(stuckAfter, rest, now) {
				n.Send(daemon.SdNotifyWatchdog)
			}
		}
	}
}

// report says what was found, and that the agent is ready once each of the
// declared groups has been looked at.
func (n *notifier) report(r reconcile.Report, declared int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.ready && len(r.Plan.Answers) >= declared {
		n.ready = true
		n.Send(daemon.SdNotifyReady)
	}
	status := tally(r.Plan.Answers)
	if r.Head.Hash != "" {
		status += "; commit " + r.Head.Short()
	}
	for _, s := range r.Stale.Each() {
		status += "; " + staleness(s)
	}
	if status != n.status {
		n.status = status
		n.Send("STATUS=" + status)
	}
}
