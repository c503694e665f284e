package awssim

import "slices"

// regionNames is the regions that every account has without asking for them.
var regionNames = []string{
	"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
	"ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3",
	"sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
}

type regionView struct {
	Name     string `xml:"regionName"`
	Endpoint string `xml:"regionEndpoint"`
	OptIn    string `xml:"optInStatus"`
}

func (v regionView) name() string { return v.Name }

var regionFilters = filterTable[regionView]{
	values: map[string]func(regionView) []string{
		"region-name": one(regionView.name),
		"endpoint":    one(func(v regionView) string { return v.Endpoint }),
	},
}

type describeRegionsResult struct {
	Regions []regionView `xml:"regionInfo>item"`
}

func describeRegions(_ *region, c *call) (any, *failure) {
	names := c.list("RegionName")
	if len(names) == 0 {
		names = regionNames
	}
	var all []regionView
	for _, name := range names {
		if !slices.Contains(regionNames, name) {
			return nil, ec2Refusal("InvalidParameterValue", "Invalid region names provided: %s", name)
		}
		all = append(all, regionView{name, "ec2." + name + ".amazonaws.com", "opt-in-not-required"})
	}
	all, f := regionFilters.sift(c, all)
	return describeRegionsResult{all}, f
}
