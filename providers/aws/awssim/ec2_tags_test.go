package awssim

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
)

func tagsOf(pairs ...string) []types.Tag {
	var out []types.Tag
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
	}
	return out
}

// tagsSeen is the tags of a resource as DescribeTags has them.
func tagsSeen(t *testing.T, c *ec2.Client, id string) map[string]string {
	t.Helper()
	out := must[*ec2.DescribeTagsOutput](t)(c.DescribeTags(t.Context(), &ec2.DescribeTagsInput{
		Filters: []types.Filter{{Name: aws.String("resource-id"), Values: []string{id}}},
	}))
	got := map[string]string{}
	for _, tag := range out.Tags {
		got[*tag.Key] = *tag.Value
	}
	return got
}

func TestTagsComeAndGo(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	image := newImage(t, c, "webapp-1")
	template := newTemplate(t, c, "web", image)
	create := func(pairs ...string) {
		must[*ec2.CreateTagsOutput](t)(c.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{image, template}, Tags: tagsOf(pairs...)}))
	}
	remove := func(tags ...types.Tag) {
		must[*ec2.DeleteTagsOutput](t)(c.DeleteTags(t.Context(), &ec2.DeleteTagsInput{Resources: []string{template}, Tags: tags}))
	}
	create("app", "web", "tier", "front")
	create("app", "shop")
	remove(types.Tag{Key: aws.String("app"), Value: aws.String("web")}, types.Tag{Key: aws.String("tier")})
	if diff := cmp.Diff(map[string]string{"app": "shop"}, tagsSeen(t, c, template)); diff != "" {
		t.Errorf("template (-want +got):\n%s", diff)
	}
	remove()
	if diff := cmp.Diff(map[string]string{}, tagsSeen(t, c, template)); diff != "" {
		t.Errorf("template after removing all (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"app": "shop", "tier": "front"}, tagsSeen(t, c, image)); diff != "" {
		t.Errorf("image (-want +got):\n%s", diff)
	}
}

func TestTagRefusals(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	image := newImage(t, c, "webapp-1")
	for name, test := range map[string]struct {
		ids  []string
		tags []types.Tag
		code string
	}{
		"key twice":         {[]string{image}, tagsOf("a", "1", "a", "2"), "InvalidParameterValue"},
		"reserved key":      {[]string{image}, tagsOf("aws:a", "1"), "InvalidParameterValue"},
		"unknown image":     {[]string{image, "ami-0123456789abcdef0"}, tagsOf("a", "1"), "InvalidAMIID.NotFound"},
		"unknown template":  {[]string{"lt-0123456789abcdef0"}, tagsOf("a", "1"), "InvalidLaunchTemplateId.NotFound"},
		"unknown instance":  {[]string{"i-0123456789abcdef0"}, tagsOf("a", "1"), "InvalidInstanceID.NotFound"},
		"no such kind":      {[]string{"vpc-0123456789abcdef0"}, tagsOf("a", "1"), "InvalidID"},
		"unknown behaviour": {[]string{image}, tagsOf(behaviourTag, "crash"), "InvalidParameterValue"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: test.ids, Tags: test.tags})
			refused(t, err, http.StatusBadRequest, test.code)
		})
	}
	if got := tagsSeen(t, c, image); len(got) != 0 {
		t.Errorf("refused requests left tags: %v", got)
	}
}

func TestBehaviourFollowsTheTag(t *testing.T) {
	t.Parallel()
	c, s := ec2Here(t)
	image := newImage(t, c, "webapp-1")
	for value, want := range map[string]imageBehaviour{
		"healthy":       {kind: behaviourHealthy},
		"unhealthy":     {kind: behaviourUnhealthy},
		"crash=120s":    {kind: behaviourCrash, after: seconds(120)},
		"slow=5m":       {kind: behaviourSlow, after: seconds(300)},
		"fail=No luck.": {kind: behaviourFail, reason: "No luck."},
	} {
		must[*ec2.CreateTagsOutput](t)(c.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{image}, Tags: tagsOf(behaviourTag, value)}))
		if got := s.at(place{DefaultAccount, "eu-west-1"}).images[image].behaviour; got != want {
			t.Errorf("%s: behaviour is %+v, want %+v", value, got, want)
		}
	}
	must[*ec2.DeleteTagsOutput](t)(c.DeleteTags(t.Context(), &ec2.DeleteTagsInput{Resources: []string{image}, Tags: []types.Tag{{Key: aws.String(behaviourTag)}}}))
	if got := s.at(place{DefaultAccount, "eu-west-1"}).images[image].behaviour; got != (imageBehaviour{}) {
		t.Errorf("behaviour is %+v after the tag is gone", got)
	}
}
