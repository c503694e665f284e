package aws

import (
	"context"
	"log/slog"
	"sync"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"moult/reconcile"
)

// Provider is AWS. Its zero value is ready to use and takes credentials and
// endpoints from where the SDK takes them; set the exported fields before the
// first call. It may be called for several places at once.
type Provider struct {
	// Config loads what every client starts from: credentials, endpoint, HTTP
	// client, the region of places that name none. Nil means the SDK's own
	// chain. It is called once, at the first call that needs it.
	Config func(ctx context.Context) (awssdk.Config, error)
	// CacheFile keeps what template versions hold across restarts. It may be
	// deleted at any time; empty means that nothing is kept. Delete it when
	// the agent is pointed at another simulated AWS: real template ids are
	// never given twice, simulated ones are.
	CacheFile string
	// AgentVersion is Moult's own version, for the user agent. Empty means
	// "dev".
	AgentVersion string
	// Limits are the rates of calls that are kept to. Zero values mean AWS's
	// published ones.
	Limits Limits
	// Recheck is for how long an image found available is taken to be so. It
	// is looked at again only while a group that declares it is not converged.
	// Zero means one hour.
	Recheck time.Duration
	// Backoff says how long the SDK waits between two attempts of a call. Nil
	// means the SDK's own exponential back-off with jitter.
	Backoff retry.BackoffDelayer
	// Log takes what no caller is told: calls being slowed down, a cache that
	// cannot be read. Nil means nowhere.
	Log *slog.Logger

	mu       sync.Mutex
	base     *awssdk.Config
	sites    map[reconcile.Place]*site
	known    versions
	refusing refusing
}

var (
	_ reconcile.Provider     = (*Provider)(nil)
	_ reconcile.ImageChecker = (*Provider)(nil)
)

// Resolve completes declarations with what EC2 knows of their images. An image
// that cannot be launched is Desired.ImageProblem, and no error.
func (p *Provider) Resolve(ctx context.Context, place reconcile.Place, declarations []reconcile.Declaration) ([]reconcile.Desired, error) {
	s, err := p.site(ctx, place)
	if err != nil {
		return nil, err
	}
	return s.resolve(ctx, declarations)
}

// Observe says what each desired group is, in the same order, in the fewest
// calls. A group that could not be observed has Observed.Problem set; an error
// means that none could.
func (p *Provider) Observe(ctx context.Context, place reconcile.Place, desired []reconcile.Desired) ([]reconcile.Observed, error) {
	s, err := p.site(ctx, place)
	if err != nil {
		return nil, err
	}
	observed, err := s.observe(ctx, desired)
	p.known.save(p.CacheFile, s.log)
	return observed, err
}

// Apply performs one action and returns when AWS has accepted it.
func (p *Provider) Apply(ctx context.Context, action reconcile.Action) (reconcile.Receipt, error) {
	s, err := p.site(ctx, action.Place)
	if err != nil {
		return reconcile.Receipt{}, err
	}
	return s.apply(ctx, action)
}

// site is the place's clients and caches, made at the first call for it.
func (p *Provider) site(ctx context.Context, place reconcile.Place) (*site, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.sites[place]; s != nil {
		return s, nil
	}
	base, err := p.config(ctx)
	if err != nil {
		return nil, err
	}
	if p.sites == nil {
		p.sites = map[reconcile.Place]*site{}
		p.known.load(p.CacheFile, p.logger())
	}
	s := p.newSite(place, base)
	p.sites[place] = s
	return s, nil
}

// config is what every client starts from. The caller holds p.mu.
func (p *Provider) config(ctx context.Context) (awssdk.Config, error) {
	if p.base != nil {
		return *p.base, nil
	}
	load := p.Config
	if load == nil {
		load = defaultConfig
	}
	base, err := load(ctx)
	if err != nil {
		return awssdk.Config{}, unconfigured(err)
	}
	p.base = &base
	return base, nil
}

func (p *Provider) logger() *slog.Logger {
	if p.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return p.Log
}

func (p *Provider) recheck() time.Duration {
	if p.Recheck == 0 {
		return time.Hour
	}
	return p.Recheck
}
