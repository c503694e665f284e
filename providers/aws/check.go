package aws

import (
	"context"
	"slices"
	"time"

	"moult/reconcile"
)

// CheckImages asks EC2 afresh about images of the past, and returns why each
// that cannot be launched cannot.
func (p *Provider) CheckImages(ctx context.Context, place reconcile.Place, images []string) (map[string]string, error) {
	s, err := p.site(ctx, place)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	for batch := range slices.Chunk(images, imagesPage) {
		if err := s.readImages(ctx, batch, now); err != nil {
			return nil, err
		}
	}
	problems := map[string]string{}
	for _, image := range images {
		if v := s.verdictOf(image); v.problem != "" {
			problems[image] = v.problem
		}
	}
	return problems, nil
}
