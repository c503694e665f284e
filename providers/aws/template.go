package aws

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"moult/reconcile"
)

// versionHolding is the one version of a template that holds an image on the
// same base as the source: the source, the base, one that was made before, or
// a new one. A version is made only when there is none, so that going back to
// an image goes back to the version that its instances still run.
func (c *change) versionHolding(ctx context.Context, source reconcile.Version, image string) (reconcile.Version, bool, error) {
	if source.Image == image {
		return source, false, nil
	}
	found, err := c.findVersion(ctx, source, image)
	if err != nil || found.Number > 0 {
		return found, false, err
	}
	made, err := c.makeVersion(ctx, source, image)
	return made, err == nil, err
}

// findVersion looks for the lowest version with an image and a base; none is
// the zero version.
func (c *change) findVersion(ctx context.Context, source reconcile.Version, image string) (reconcile.Version, error) {
	input := &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: &source.Template, MaxResults: awssdk.Int32(templatePage),
		Filters: []ec2types.Filter{{Name: awssdk.String("image-id"), Values: []string{image}}},
	}
	var found reconcile.Version
	for {
		out, err := c.compute.DescribeLaunchTemplateVersions(ctx, input)
		if err != nil {
			return found, failed("look for a version with "+image, err)
		}
		for _, v := range out.LaunchTemplateVersions {
			k := knownOf(v)
			if k.Image == image && k.Base == source.Base && (found.Number == 0 || k.Number < found.Number) {
				found = k.Version
				c.known.put(c.scope, k)
			}
		}
		if input.NextToken = out.NextToken; awssdk.ToString(out.NextToken) == "" {
			return found, nil
		}
	}
}

// makeVersion lays the image, and tags that tell where it came from, over the
// source. AWS copies everything else itself.
func (c *change) makeVersion(ctx context.Context, source reconcile.Version, image string) (reconcile.Version, error) {
	token := c.token(source, image)
	if warning := c.warningOf(token); warning != "" {
		return reconcile.Version{}, warned(source.Template, warning)
	}
	tags, err := c.tagsOver(ctx, source, image)
	if err != nil {
		return reconcile.Version{}, err
	}
	out, err := c.compute.CreateLaunchTemplateVersion(ctx, &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: &source.Template, SourceVersion: awssdk.String(strconv.FormatInt(source.Number, 10)),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: &image, TagSpecifications: tags},
		VersionDescription: awssdk.String(c.lineageOf(source, image).String()),
		ClientToken:        &token,
	}, c.author.ec2)
	if err != nil {
		return reconcile.Version{}, failed(fmt.Sprintf("make a version of %s with %s", source.Template, image), err)
	}
	if out.LaunchTemplateVersion == nil {
		return reconcile.Version{}, fmt.Errorf("%w: AWS made a version of %s and did not say which", reconcile.ErrRetry, source.Template)
	}
	made := awssdk.ToInt64(out.LaunchTemplateVersion.VersionNumber)
	if out.Warning != nil && len(out.Warning.Errors) > 0 {
		return reconcile.Version{}, c.takeBack(ctx, token, versionRef{source.Template, made}, sentenceOf(out.Warning))
	}
	k := knownVersion{Version: versionOf(source.Template, made, image, c.lineageOf(source, image).String())}
	if from, ok := c.known.get(c.scope, versionRef{source.Template, source.Number}); ok {
		k.Attributes = from.Attributes
	}
	c.known.put(c.scope, k)
	c.log.Info("template version made", "template", source.Template, "version", made, "ami", image, "commit", c.action.Commit.Hash)
	return k.Version, nil
}

func (c *change) lineageOf(source reconcile.Version, image string) lineage {
	return lineage{Commit: c.action.Commit.Hash, Group: c.action.Group.String(), Image: image, Base: source.Base}
}

// token makes it safe to ask for the same version twice, by this agent or by
// another: 64 digits, the most that EC2 takes everywhere. The commit is part
// of it, so that an image that comes back later is not answered with a version
// that was deleted since.
func (c *change) token(source reconcile.Version, image string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		string(c.scope), source.Template, strconv.FormatInt(source.Base, 10), strconv.FormatInt(source.Number, 10), image, c.action.Commit.Hash,
	}, "\x00")))
	return hex.EncodeToString(sum[:])
}

// takeBack deletes a version that AWS warned about: found again later, it
// would not be told from a good one. The warning is remembered, so that the
// same version is not made again in every pass.
func (c *change) takeBack(ctx context.Context, token string, made versionRef, warning string) error {
	c.mu.Lock()
	if c.memory.warned == nil {
		c.memory.warned = map[string]string{}
	}
	c.memory.warned[token] = warning
	c.mu.Unlock()
	_, err := c.compute.DeleteLaunchTemplateVersions(ctx, &ec2.DeleteLaunchTemplateVersionsInput{
		LaunchTemplateId: &made.template, Versions: []string{strconv.FormatInt(made.number, 10)},
	}, c.author.ec2)
	if err != nil {
		c.log.Warn("template version not taken back", "template", made.template, "version", made.number, "error", err)
	}
	return warned(made.template, warning)
}

func (c *change) warningOf(token string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.memory.warned[token]
}

func warned(template, warning string) error {
	return fmt.Errorf("%w: AWS warns about a version of %s: %s", reconcile.ErrInvalid, template, warning)
}

func sentenceOf(w *ec2types.ValidationWarning) string {
	var all []string
	for _, e := range w.Errors {
		all = append(all, plain(awssdk.ToString(e.Message))+" ("+awssdk.ToString(e.Code)+")")
	}
	return strings.Join(all, "; ")
}
