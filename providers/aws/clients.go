package aws

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"moult/reconcile"
)

// site is everything that belongs to one place: its clients with their
// credentials and limits, and what is remembered of it.
type site struct {
	place   reconcile.Place
	groups  autoScalingCalls
	compute ec2Calls
	alarms  cloudWatchCalls
	params  ssmCalls
	roles   *sessions // nil when no role is assumed
	limits  *limiter
	recheck time.Duration
	log     *slog.Logger
	known   *versions // shared with the other places; keys carry the account

	mu     sync.Mutex
	memory memory
}

// memory is what a site remembers between calls. All of it can be asked for
// again, and is after a restart. Guarded by site.mu.
type memory struct {
	images        map[string]verdict           // by image id
	restless      map[string]string            // the image declared for a group, by name, that was not converged when last seen
	instances     map[string]map[string]string // by group: instance id to image, where no template version tells
	architectures map[string][]string          // by instance type
	rollouts      map[string]rollout           // by Auto Scaling group name
	warned        map[string]string            // client token to AWS's warning about the version that it asked for
	gone          map[versionRef]time.Time     // versions that do not exist, and when that was seen
}

// attemptsPerCall is how often the SDK tries one call. Its waits grow to 16
// seconds by then, which outlasts a throttled burst and not much more: the
// next pass comes anyway.
const attemptsPerCall = 5

// attemptDeadline bounds one attempt; a page of 100 groups with many instances
// takes AWS several seconds.
const attemptDeadline = 30 * time.Second

// newSite makes the clients of a place. The caller holds p.mu.
func (p *Provider) newSite(place reconcile.Place, base awssdk.Config) *site {
	s := &site{place: place, known: &p.known, recheck: p.recheck()}
	if s.place.Region == "" {
		s.place.Region = base.Region
	}
	s.log = p.logger().With("region", s.place.Region)
	cfg := base.Copy()
	cfg.Region = s.place.Region
	cfg.HTTPClient = newWholeBody(base.HTTPClient)
	cfg.Retryer, cfg.RetryMaxAttempts, cfg.RetryMode = p.newRetryer, 0, ""
	s.limits = &limiter{limits: p.Limits.filled(), log: s.log}
	cfg.APIOptions = append(slices.Clone(base.APIOptions), s.limits.install, p.userAgent())
	if place.RoleARN != "" {
		s.roles = &sessions{place: place, sts: identified{sts.NewFromConfig(cfg, once), &p.refusing, s.log}}
		cfg.Credentials = s.roles.as(readSession)
	}
	s.groups, s.compute = autoscaling.NewFromConfig(cfg), ec2.NewFromConfig(cfg)
	s.alarms, s.params = cloudwatch.NewFromConfig(cfg), ssm.NewFromConfig(cfg)
	return s
}

// once is for the client that assumes roles: each attempt of the call that needs
// the role asks again, and retries within retries would take minutes.
func once(o *sts.Options) { o.RetryMaxAttempts = 1 }

// newRetryer makes one retryer. Each client has its own, because its quota of
// retries is shared by all that use it. RateExceeded is how the documentation
// of Auto Scaling spells its throttling; the SDK knows only the other
// spelling. The adaptive mode is avoided: it never refills that quota
// (aws-sdk-go-v2 issue 3550).
func (p *Provider) newRetryer() awssdk.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attemptsPerCall
		if p.Backoff != nil {
			o.Backoff = p.Backoff
		}
		o.Retryables = slices.Concat(o.Retryables, []retry.IsErrorRetryable{
			retry.RetryableErrorCode{Codes: map[string]struct{}{"RateExceeded": {}}},
		})
	})
}

// defaultConfig is the SDK's own chain. The SDK's log is left out: it would stand
// between events as text of its own kind, and what matters comes as an error.
func defaultConfig(ctx context.Context) (awssdk.Config, error) {
	return config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
}
