package aws

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/time/rate"
)

// Limit is a token bucket: so many calls at once, and so many a second after
// that.
type Limit struct {
	Burst     int
	PerSecond float64
}

// Limits are the rates of calls to one place and region. A bucket that AWS
// throttles is halved, and grows back with every call that goes through.
type Limits struct {
	// AutoScaling is shared by all Auto Scaling actions, as AWS shares it
	// ("Request throttling", Auto Scaling API reference). AWS does not publish
	// its size, and the account's other callers draw from it too. Default: 20
	// at once, 5 a second.
	AutoScaling Limit
	// Start is StartInstanceRefresh, which draws from AutoScaling as well.
	// Each start makes AWS dry-run RunInstances, whose bucket is 5 and 2 a
	// second; UNCONFIRMED that the dry run draws from it. Default: that.
	Start Limit
	// Describe is each EC2 action that reads. Default: 100 and 20 a second
	// ("Request throttling", EC2 API reference).
	Describe Limit
	// CreateVersion is CreateLaunchTemplateVersion. Default: 100 and 5 a
	// second (same table).
	CreateVersion Limit
	// Other is each other action. Default: 50 and 5 a second, as EC2's other
	// actions that write.
	Other Limit
}

func (l Limits) filled() Limits {
	return Limits{
		AutoScaling:   l.AutoScaling.or(20, 5),
		Start:         l.Start.or(5, 2),
		Describe:      l.Describe.or(100, 20),
		CreateVersion: l.CreateVersion.or(100, 5),
		Other:         l.Other.or(50, 5),
	}
}

func (l Limit) or(burst int, perSecond float64) Limit {
	if l == (Limit{}) {
		return Limit{burst, perSecond}
	}
	return l
}

// limiter holds the buckets of one place. Time is the clock's, virtual in a
// testing/synctest bubble.
type limiter struct {
	limits  Limits
	log     *slog.Logger
	contact contact

	mu      sync.Mutex
	buckets map[string]*bucket
}

// install puts the limiter around every attempt of every call: below the
// SDK's retries, so that these pass it too, and above signing, so that a
// signature does not age in the queue.
func (l *limiter) install(stack *middleware.Stack) error {
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("MoultLimiter", l.attempt), "Retry", middleware.After)
}

func (l *limiter) attempt(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	middleware.FinalizeOutput, middleware.Metadata, error,
) {
	service, operation := awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)
	buckets := l.of(service, operation)
	for _, b := range buckets {
		if err := b.rate.Wait(ctx); err != nil {
			return middleware.FinalizeOutput{}, middleware.Metadata{}, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, attemptDeadline)
	defer cancel()
	out, metadata, err := next.HandleFinalize(ctx, in)
	l.contact.learn(service, operation, err, l.log)
	for _, b := range buckets {
		b.learn(err, l.log)
	}
	return out, metadata, err
}

// of is the buckets that a call draws from.
func (l *limiter) of(service, operation string) []*bucket {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case operation == "StartInstanceRefresh":
		return []*bucket{l.bucket(service, l.limits.AutoScaling), l.bucket(operation, l.limits.Start)}
	case service == "Auto Scaling":
		return []*bucket{l.bucket(service, l.limits.AutoScaling)}
	case operation == "CreateLaunchTemplateVersion":
		return []*bucket{l.bucket(operation, l.limits.CreateVersion)}
	case service == "EC2" && strings.HasPrefix(operation, "Describe"):
		return []*bucket{l.bucket(operation, l.limits.Describe)}
	}
	return []*bucket{l.bucket(service+" "+operation, l.limits.Other)}
}

// bucket is the bucket of a name. The caller holds l.mu.
func (l *limiter) bucket(name string, limit Limit) *bucket {
	if l.buckets == nil {
		l.buckets = map[string]*bucket{}
	}
	b := l.buckets[name]
	if b == nil {
		full := rate.Limit(limit.PerSecond)
		b = &bucket{name: name, full: full, burst: limit.Burst, rate: rate.NewLimiter(full, limit.Burst)}
		l.buckets[name] = b
	}
	return b
}

// bucket is one token bucket that knows how full AWS lets it be.
type bucket struct {
	name  string
	full  rate.Limit
	burst int
	rate  *rate.Limiter

	mu sync.Mutex
}

// A throttled bucket loses its burst and half of its rate, down to a sixteenth,
// and every call that goes through gives a twentieth of the rate back. The
// burst comes back with the full rate.
const (
	slowest  = 16
	recovery = 20
)

func (b *bucket) learn(err error, log *slog.Logger) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.rate.Limit()
	switch {
	case throttled(err):
		b.rate.SetLimit(max(now/2, b.full/slowest))
		b.rate.SetBurst(1)
		log.Warn("throttled by AWS, slowing down", "bucket", b.name, "per_second", float64(b.rate.Limit()))
	case err == nil && now < b.full:
		b.rate.SetLimit(min(now+b.full/recovery, b.full))
		if b.rate.Limit() == b.full {
			b.rate.SetBurst(b.burst)
		}
	}
}

// throttled reports whether AWS said that calls come too fast.
func throttled(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && throttleCodes[api.ErrorCode()]
}
