package awssim

import "time"

// check marks the first instance that health checks find bad, or replaces the
// first that is marked. It reports whether it did.
func (g *group) check(now time.Time) bool {
	for _, i := range g.instances {
		if i.state != inService {
			continue
		}
		if !i.unhealthy && !i.failsAt.IsZero() && !i.failsAt.After(now) && !g.isSuspended("HealthCheck") {
			g.markUnhealthy(i, now)
			return true
		}
		if i.unhealthy && !g.isSuspended("ReplaceUnhealthy") && !g.isSuspended("Terminate") {
			g.terminate(i, now, g.unhealthyCause())
			return true
		}
	}
	return false
}

func (g *group) markUnhealthy(i *instance, now time.Time) {
	i.unhealthy = true
	if rf := g.active(); rf != nil && i.seq >= rf.firstLaunch {
		rf.stall(now, "instance "+i.id+" failed its health checks")
	}
}

func (g *group) unhealthyCause() string {
	if g.healthCheckType != "" && g.healthCheckType != "EC2" {
		return "an instance was taken out of service in response to an ELB system health check failure"
	}
	return "an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped"
}
