package aws

import (
	"context"
	"slices"
	"strconv"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// search is a set of template versions to look up in one scope.
type search struct {
	*site
	in       scope
	unknown  map[string][]int64 // by template: the numbers that are not known yet
	failures map[string]error   // by template: why it could not be asked
}

// Page sizes: "This value can be between 1 and 200" (MaxResults of
// DescribeLaunchTemplateVersions and of DescribeLaunchTemplates).
const templatePage = 200

// bulkFrom is how many templates must be unknown before it is worth reading
// the latest version of every template of the account.
const bulkFrom = 5

// learn looks up the versions that are not known, in the fewest calls, and
// returns the templates that could not be asked about. A version that does not
// exist is no failure: it stays unknown.
func (s *site) learn(ctx context.Context, in scope, wanted map[versionRef]bool) map[string]error {
	q := search{site: s, in: in, unknown: map[string][]int64{}, failures: map[string]error{}}
	for ref := range wanted {
		if _, ok := s.known.get(in, ref); !ok && !s.isGone(ref) {
			q.unknown[ref.template] = append(q.unknown[ref.template], ref.number)
		}
	}
	if len(q.unknown) >= bulkFrom {
		q.latest(ctx)
	}
	var down outage
	for _, template := range sortedKeys(q.unknown) {
		numbers := q.unknown[template]
		slices.Sort(numbers)
		err := down.unless(func() error { return q.numbers(ctx, template, numbers) })
		if err != nil {
			q.failures[template] = err
		}
	}
	return q.failures
}

// latest reads the latest version of every template in the account, 200 a
// call: explicit numbers cannot be asked for in bulk. It stops when all is
// known, or when as many pages were read as calls can be saved.
func (q *search) latest(ctx context.Context) {
	input := &ec2.DescribeLaunchTemplateVersionsInput{Versions: []string{"$Latest"}, MaxResults: awssdk.Int32(templatePage)}
	for page := 0; page < len(q.unknown); page++ {
		out, err := q.compute.DescribeLaunchTemplateVersions(ctx, input)
		if err != nil {
			return // asking template by template will say what is wrong
		}
		for _, v := range out.LaunchTemplateVersions {
			q.found(v)
		}
		if input.NextToken = out.NextToken; awssdk.ToString(out.NextToken) == "" {
			return
		}
	}
}

// numbers reads versions of one template. A list with a number that does not
// exist is refused as a whole, and so are all numbers of a deleted template.
func (q *search) numbers(ctx context.Context, template string, numbers []int64) error {
	return bisect(numbers, templatePage, func(part []int64) error {
		return q.ask(ctx, template, part)
	}, func(number int64, err error) error {
		if !missing(err) {
			return failed("look up launch template "+template, err)
		}
		q.lose(versionRef{template, number})
		return nil
	})
}

func (q *search) ask(ctx context.Context, template string, numbers []int64) error {
	input := &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &template}
	for _, n := range numbers {
		input.Versions = append(input.Versions, strconv.FormatInt(n, 10))
	}
	for {
		out, err := q.compute.DescribeLaunchTemplateVersions(ctx, input)
		if err != nil {
			return failed("look up launch template "+template, err)
		}
		for _, v := range out.LaunchTemplateVersions {
			q.found(v)
		}
		if input.NextToken = out.NextToken; awssdk.ToString(out.NextToken) == "" {
			return nil
		}
	}
}

// found takes in a version, if it was wanted.
func (q *search) found(v ec2types.LaunchTemplateVersion) {
	template, number := awssdk.ToString(v.LaunchTemplateId), awssdk.ToInt64(v.VersionNumber)
	numbers := q.unknown[template]
	i := slices.Index(numbers, number)
	if i < 0 {
		return
	}
	q.known.put(q.in, knownOf(v))
	if numbers = slices.Delete(slices.Clone(numbers), i, i+1); len(numbers) == 0 {
		delete(q.unknown, template)
		return
	}
	q.unknown[template] = numbers
}

// knownOf is the part of a version that is kept.
func knownOf(v ec2types.LaunchTemplateVersion) knownVersion {
	var k knownVersion
	var image string
	if data := v.LaunchTemplateData; data != nil {
		image = awssdk.ToString(data.ImageId)
		k.Attributes = data.InstanceRequirements != nil
	}
	k.Version = versionOf(awssdk.ToString(v.LaunchTemplateId), awssdk.ToInt64(v.VersionNumber), image, awssdk.ToString(v.VersionDescription))
	return k
}

// isGone reports whether a version was found not to exist a short while ago.
// It is asked for again later: a version that was just made may take a moment
// to be seen everywhere.
func (s *site) isGone(ref versionRef) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, ok := s.memory.gone[ref]
	return ok && time.Since(seen) < s.recheck
}

// goneKept bounds what is remembered of versions that do not exist.
const goneKept = 4096

func (s *site) lose(ref versionRef) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.memory.gone == nil || len(s.memory.gone) >= goneKept {
		s.memory.gone = map[versionRef]time.Time{}
	}
	s.memory.gone[ref] = time.Now()
}

// symbols is what $Latest and $Default of a template mean now.
type symbols struct{ latest, fallback int64 }

func (s symbols) number(symbol string) int64 {
	if symbol == "$Latest" {
		return s.latest
	}
	return s.fallback
}

// symbolsOf reads what the symbols of templates mean now. Templates that do
// not exist are left out.
func (s *site) symbolsOf(ctx context.Context, templates []string) (map[string]symbols, error) {
	meaning := map[string]symbols{}
	err := bisect(templates, templatePage, func(ids []string) error {
		out, err := s.compute.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{LaunchTemplateIds: ids})
		if err != nil {
			return failed("look up launch templates", err)
		}
		for _, t := range out.LaunchTemplates {
			meaning[awssdk.ToString(t.LaunchTemplateId)] = symbols{awssdk.ToInt64(t.LatestVersionNumber), awssdk.ToInt64(t.DefaultVersionNumber)}
		}
		return nil
	}, func(_ string, err error) error {
		if missing(err) {
			return nil
		}
		return err
	})
	return meaning, err
}
