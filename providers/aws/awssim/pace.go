package awssim

import "time"

// Pace is how long things take, in simulated time. A zero field means its
// default. The defaults are what small Linux images take, not promises of AWS.
type Pace struct {
	Boot        time.Duration // from launch until in service, without hooks: 30 s
	WarmStart   time.Duration // the same, from a stopped instance of a warm pool: 10 s
	Terminate   time.Duration // from termination until gone: 30 s
	HealthCheck time.Duration // between two health checks of an instance: 15 s
	LaunchRetry time.Duration // after a failed launch; doubles up to 16 times that: 30 s
	Start       time.Duration // a refresh is Pending for this long: 5 s
	SwapRoot    time.Duration // replacing a root volume: 40 s
}

func (p Pace) orDefault() Pace {
	fill := func(d *time.Duration, seconds int) {
		if *d <= 0 {
			*d = time.Duration(seconds) * time.Second
		}
	}
	fill(&p.Boot, 30)
	fill(&p.WarmStart, 10)
	fill(&p.Terminate, 30)
	fill(&p.HealthCheck, 15)
	fill(&p.LaunchRetry, 30)
	fill(&p.Start, 5)
	fill(&p.SwapRoot, 40)
	return p
}
