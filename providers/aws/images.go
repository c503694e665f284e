package aws

import (
	"context"
	"fmt"
	"slices"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"moult/reconcile"
)

// verdict is what was found about an image, and when.
type verdict struct {
	problem      string // why it cannot be launched; empty when it can
	name         string
	architecture string
	deprecation  time.Time // zero: never
	seen         time.Time // by our clock
}

// imagesPage is how many images one call asks about.
const imagesPage = 100

// imagesKept bounds how many verdicts are remembered, of images declared now
// and before.
const imagesKept = 10000

// resolve completes declarations. An image that was found available is asked
// about again only while a group that declares it is not converged; one that
// was not, each time.
func (s *site) resolve(ctx context.Context, declarations []reconcile.Declaration) ([]reconcile.Desired, error) {
	now := time.Now()
	for batch := range slices.Chunk(s.untrusted(declarations, now), imagesPage) {
		if err := s.readImages(ctx, batch, now); err != nil {
			return nil, err
		}
	}
	desired := make([]reconcile.Desired, len(declarations))
	for i, d := range declarations {
		v := s.verdictOf(d.Image)
		desired[i] = reconcile.Desired{
			Declaration: d, ImageProblem: v.problem, ImageName: v.name, Architecture: v.architecture,
			Deprecated: !v.deprecation.IsZero() && v.deprecation.Before(now),
		}
	}
	return desired, nil
}

func (s *site) verdictOf(image string) verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.memory.images[image]
	if !ok {
		v.problem = "was forgotten while it was looked up" // by another call; the next pass looks again
	}
	return v
}

// untrusted is the declared images on which there is no verdict that holds, in
// order.
func (s *site) untrusted(declarations []reconcile.Declaration, now time.Time) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.memory.images) > imagesKept {
		s.memory.images = nil
	}
	restless := map[string]bool{}
	for _, image := range s.memory.restless {
		restless[image] = true
	}
	images := map[string]bool{}
	for _, d := range declarations {
		v, ok := s.memory.images[d.Image]
		if !ok || v.problem != "" || restless[d.Image] && now.Sub(v.seen) >= s.recheck {
			images[d.Image] = true
		}
	}
	return sortedKeys(images)
}

// readImages asks by filter, so that an image that does not exist is left out
// of the answer and does not spoil it for the others. Deprecated images can be
// launched, and disabled ones are worth telling apart from missing ones.
func (s *site) readImages(ctx context.Context, ids []string, now time.Time) error {
	found := map[string]verdict{}
	input := &ec2.DescribeImagesInput{
		Filters:           []ec2types.Filter{{Name: awssdk.String("image-id"), Values: ids}},
		IncludeDeprecated: awssdk.Bool(true), IncludeDisabled: awssdk.Bool(true),
	}
	for {
		out, err := s.compute.DescribeImages(ctx, input)
		if err != nil {
			return failed("describe images", err)
		}
		for n := range out.Images {
			found[awssdk.ToString(out.Images[n].ImageId)] = verdictOn(&out.Images[n])
		}
		if input.NextToken = out.NextToken; awssdk.ToString(out.NextToken) == "" {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.memory.images == nil {
		s.memory.images = map[string]verdict{}
	}
	for _, id := range ids {
		v, ok := found[id]
		if !ok {
			v.problem = fmt.Sprintf("does not exist in %s, or is not shared with this account", s.place.Region)
		}
		v.seen = now
		s.memory.images[id] = v
	}
	return nil
}

func verdictOn(image *ec2types.Image) verdict {
	v := verdict{name: awssdk.ToString(image.Name), architecture: string(image.Architecture), problem: problemOf(image)}
	// Minute precision, RFC 3339; a time that cannot be read is no deprecation.
	v.deprecation, _ = time.Parse(time.RFC3339, awssdk.ToString(image.DeprecationTime))
	return v
}

// problemOf says why an image cannot be launched. Only the state "available"
// can be (ImageState, EC2 API reference).
func problemOf(image *ec2types.Image) string {
	why := ""
	if image.StateReason != nil && awssdk.ToString(image.StateReason.Message) != "" {
		why = ": " + plain(*image.StateReason.Message)
	}
	switch image.State {
	case ec2types.ImageStateAvailable:
		return ""
	case ec2types.ImageStatePending, ec2types.ImageStateTransient:
		return "is still being made (state " + string(image.State) + ")" + why
	case ec2types.ImageStateDisabled:
		return "is disabled by its owner"
	case ec2types.ImageStateDeregistered:
		return "is deregistered"
	}
	return "cannot be launched (state " + string(image.State) + ")" + why
}
