package aws

import (
	"fmt"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
)

func tag(key string) ec2types.Tag { return ec2types.Tag{Key: &key, Value: awssdk.String("v")} }

func tags(from, to int) []ec2types.Tag {
	var all []ec2types.Tag
	for n := from; n < to; n++ {
		all = append(all, tag(fmt.Sprintf("key-%02d", n)))
	}
	return all
}

func keys(all []ec2types.Tag) []string {
	var names []string
	for _, t := range all {
		names = append(names, *t.Key)
	}
	return names
}

func TestOurTagsNeverMakeTooMany(t *testing.T) {
	t.Parallel()
	ours := []ec2types.Tag{tag(tagCommit), tag(tagImage)}
	for _, c := range []struct {
		why       string
		theirs    []ec2types.Tag
		elsewhere map[string]bool
		want      []string
	}{
		{"room for all", tags(0, 1), nil, []string{"key-00", tagCommit, tagImage}},
		{"room for one", tags(0, 49), nil, append(keys(tags(0, 49)), tagCommit)},
		{"room for none", tags(0, 50), nil, keys(tags(0, 50))},
		{"the group's own count", tags(0, 48), map[string]bool{"a": true, "b": true}, keys(tags(0, 48))},
		{"the same on both counts once", tags(0, 48), map[string]bool{"key-00": true, "key-01": true}, append(keys(tags(0, 48)), tagCommit, tagImage)},
		{"ours of before are replaced", append(tags(0, 48), tag(tagCommit), tag(tagImage)), nil, append(keys(tags(0, 48)), tagCommit, tagImage)},
	} {
		if diff := cmp.Diff(c.want, keys(mergeTags(c.theirs, ours, c.elsewhere))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
}
