package awssim

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// launchConfiguration is the predecessor of launch templates: it has no
// versions, and new accounts cannot make one. Enough of it is here for a group
// to have one.
type launchConfiguration struct {
	name, imageID, instanceType string
	created                     time.Time
}

func createLaunchConfiguration(r *region, c *call) (any, *failure) {
	lc := launchConfiguration{
		name: c.form.Get("LaunchConfigurationName"), imageID: c.form.Get("ImageId"),
		instanceType: c.form.Get("InstanceType"), created: r.now,
	}
	switch {
	case lc.name == "":
		return nil, missing("launchConfigurationName")
	case r.launchConfigs[lc.name] != nil:
		return nil, &failure{http.StatusBadRequest, "AlreadyExists", "Launch Configuration by this name already exists - A launch configuration already exists with the name " + lc.name}
	case lc.imageID == "" || lc.instanceType == "":
		return nil, invalid("Valid requests must contain the ImageId and the InstanceType.")
	}
	r.launchConfigs[lc.name] = &lc
	return nil, nil
}

func deleteLaunchConfiguration(r *region, c *call) (any, *failure) {
	name := c.form.Get("LaunchConfigurationName")
	if r.launchConfigs[name] == nil {
		return nil, noLaunchConfiguration(name)
	}
	for _, g := range r.groups {
		if g.recipe.launchConfiguration == name {
			return nil, &failure{http.StatusBadRequest, "ResourceInUse", "Cannot delete launch configuration " + name + " because it is attached to AutoScalingGroup " + g.name}
		}
	}
	delete(r.launchConfigs, name)
	return nil, nil
}

func noLaunchConfiguration(name string) *failure {
	return invalid("Launch configuration name not found - Launch configuration " + name + " not found")
}

// launchConfigurationBuild is what a launch configuration launches.
func (r *region) launchConfigurationBuild(name string) (build, *failure) {
	lc := r.launchConfigs[name]
	if lc == nil {
		return build{}, noLaunchConfiguration(name)
	}
	return build{launchConfig: lc.name, imageID: lc.imageID, instanceType: lc.instanceType, units: 1}, nil
}

type launchConfigurationView struct {
	Name         string `xml:"LaunchConfigurationName"`
	ImageID      string `xml:"ImageId"`
	InstanceType string `xml:"InstanceType"`
	Created      stamp  `xml:"CreatedTime"`
}

type launchConfigurationPage struct {
	All       []launchConfigurationView `xml:"LaunchConfigurations>member"`
	NextToken string                    `xml:"NextToken,omitempty"`
}

func describeLaunchConfigurations(r *region, c *call) (any, *failure) {
	names := c.list("LaunchConfigurationNames")
	var all []launchConfigurationView
	for _, name := range slices.Sorted(maps.Keys(r.launchConfigs)) {
		lc := r.launchConfigs[name]
		if len(names) == 0 || slices.Contains(names, name) {
			all = append(all, launchConfigurationView{lc.name, lc.imageID, lc.instanceType, stamp{lc.created}})
		}
	}
	page, next, f := pageOf(c, all, func(v launchConfigurationView) string { return v.Name }, 100)
	return launchConfigurationPage{page, next}, f
}
