package aws

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"moult/reconcile"
)

// pin moves a group that follows $Latest, $Default or an SSM alias to the
// numbers and images that these mean now. No instance is replaced.
func (c *change) pin(ctx context.Context) (reconcile.Receipt, error) {
	if pinned := withoutSymbols(c.action.Saved); !pinned.Floats() && same(c.saved, pinned) {
		return reconcile.Receipt{Version: pinned.Version}, nil
	}
	if err := c.resolveSymbols(ctx); err != nil {
		return reconcile.Receipt{}, err
	}
	if err := c.unchanged(); err != nil {
		return reconcile.Receipt{}, err
	}
	t, err := c.moveTo(ctx, mover{version: literalVersion, image: literalImage})
	if err != nil {
		return reconcile.Receipt{}, err
	}
	if err := c.save(ctx, t); err != nil {
		return reconcile.Receipt{}, err
	}
	return reconcile.Receipt{Version: t.version, Created: t.created}, nil
}

// resolveSymbols finds what the group's symbols mean now.
func (c *change) resolveSymbols(ctx context.Context) error {
	templates := map[string]bool{}
	floats(&c.saved, func(v *reconcile.Version, _ string) { templates[v.Template] = true })
	if len(templates) == 0 {
		return nil
	}
	meaning, err := c.symbolsOf(ctx, sortedKeys(templates))
	floats(&c.saved, func(v *reconcile.Version, symbol string) { v.Number = meaning[v.Template].number(symbol) })
	return err
}

// withoutSymbols is a configuration as it is once its symbols are numbers.
func withoutSymbols(saved reconcile.Saved) reconcile.Saved {
	saved.Floating = ""
	overrides := make([]reconcile.Override, len(saved.Overrides))
	for n, o := range saved.Overrides {
		o.Floating = ""
		overrides[n] = o
	}
	saved.Overrides = overrides
	return saved
}

// literalVersion is the version itself or, when it names its image by an
// alias, one that holds the image that the alias means now.
func literalVersion(ctx context.Context, c *change, v reconcile.Version) (reconcile.Version, bool, error) {
	if !v.Alias() {
		return v, false, nil
	}
	out, err := c.compute.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: &v.Template, Versions: []string{strconv.FormatInt(v.Number, 10)}, ResolveAlias: awssdk.Bool(true),
	})
	if err != nil {
		return reconcile.Version{}, false, failed("resolve "+v.Image, err)
	}
	image := ""
	if len(out.LaunchTemplateVersions) > 0 && out.LaunchTemplateVersions[0].LaunchTemplateData != nil {
		image = awssdk.ToString(out.LaunchTemplateVersions[0].LaunchTemplateData.ImageId)
	}
	if !strings.HasPrefix(image, "ami-") {
		return reconcile.Version{}, false, unresolved(v.Image)
	}
	return c.versionHolding(ctx, v, image)
}

// literalImage is what an image of an override means now. UNCONFIRMED that
// overrides may name one by an alias; if they may, it is read like this.
func literalImage(ctx context.Context, c *change, image string) (string, error) {
	name, alias := strings.CutPrefix(image, "resolve:ssm:")
	if !alias {
		return image, nil
	}
	out, err := c.params.GetParameters(ctx, &ssm.GetParametersInput{Names: []string{name}})
	if err != nil {
		return "", failed("resolve "+image, err)
	}
	for _, p := range out.Parameters {
		if value := awssdk.ToString(p.Value); strings.HasPrefix(value, "ami-") {
			return value, nil
		}
	}
	return "", unresolved(image)
}

func unresolved(alias string) error {
	return fmt.Errorf("%w: %s does not resolve to an image; correct the parameter", reconcile.ErrInvalid, alias)
}
