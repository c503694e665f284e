package awssim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// instanceType is what an instance type is, as far as images care.
type instanceType struct {
	name          string
	vcpus, memory int // memory in MiB
	architectures []string
}

// architecture is what its instances usually run, "" for an unknown type.
func (t instanceType) architecture() string {
	if len(t.architectures) == 0 {
		return ""
	}
	return t.architectures[len(t.architectures)-1]
}

// typeFamily is instance families that have the same sizes. A size is its
// name, vCPUs and GiB of memory.
type typeFamily struct {
	names         string
	architectures []string
	sizes         string
}

// instanceTypes is the types there are: common families, in their usual sizes
// ("Amazon EC2 instance types", specifications).
var instanceTypes = typeTable(
	typeFamily{"t2", []string{"i386", "x86_64"}, "nano 1 0.5, micro 1 1, small 1 2, medium 2 4"},
	typeFamily{"t2", []string{"x86_64"}, "large 2 8, xlarge 4 16, 2xlarge 8 32"},
	typeFamily{"t3 t3a", []string{"x86_64"}, "nano 2 0.5, micro 2 1, small 2 2, medium 2 4, large 2 8, xlarge 4 16, 2xlarge 8 32"},
	typeFamily{"t4g", []string{"arm64"}, "nano 2 0.5, micro 2 1, small 2 2, medium 2 4, large 2 8, xlarge 4 16, 2xlarge 8 32"},
	typeFamily{"m5 m5a m6i m6a m7i m7a", []string{"x86_64"}, "large 2 8, xlarge 4 16, 2xlarge 8 32, 4xlarge 16 64"},
	typeFamily{"m6g m7g m8g", []string{"arm64"}, "medium 1 4, large 2 8, xlarge 4 16, 2xlarge 8 32, 4xlarge 16 64"},
	typeFamily{"c5 c5a c6i c6a c7i c7a", []string{"x86_64"}, "large 2 4, xlarge 4 8, 2xlarge 8 16, 4xlarge 16 32"},
	typeFamily{"c6g c7g c8g", []string{"arm64"}, "medium 1 2, large 2 4, xlarge 4 8, 2xlarge 8 16, 4xlarge 16 32"},
	typeFamily{"r5 r5a r6i r6a r7i", []string{"x86_64"}, "large 2 16, xlarge 4 32, 2xlarge 8 64, 4xlarge 16 128"},
	typeFamily{"r6g r7g r8g", []string{"arm64"}, "medium 1 8, large 2 16, xlarge 4 32, 2xlarge 8 64, 4xlarge 16 128"},
)

func typeTable(families ...typeFamily) map[string]instanceType {
	all := map[string]instanceType{}
	for _, f := range families {
		for name := range strings.FieldsSeq(f.names) {
			for size := range strings.SplitSeq(f.sizes, ", ") {
				t := f.member(name, size)
				all[t.name] = t
			}
		}
	}
	return all
}

func (f typeFamily) member(family, size string) instanceType {
	var name string
	var vcpus int
	var memory float64
	if _, err := fmt.Sscan(size, &name, &vcpus, &memory); err != nil {
		panic("awssim: instance type table: " + size) // a mistake in this file
	}
	return instanceType{family + "." + name, vcpus, int(memory * 1024), f.architectures}
}

// unknownInstanceType is how RunInstances refuses a type that does not exist,
// nil for one that does.
func unknownInstanceType(name string) *failure {
	if _, ok := instanceTypes[name]; ok {
		return nil
	}
	return invalidParameter("InstanceType", name)
}

type processorView struct {
	Architectures []string `xml:"supportedArchitectures>item"`
}

type vcpuView struct {
	Default int `xml:"defaultVCpus"`
}

type memoryView struct {
	MiB int `xml:"sizeInMiB"`
}

type instanceTypeView struct {
	Name      string        `xml:"instanceType"`
	Processor processorView `xml:"processorInfo"`
	VCPU      vcpuView      `xml:"vCpuInfo"`
	Memory    memoryView    `xml:"memoryInfo"`
}

var typeFilters = filterTable[instanceType]{
	values: map[string]func(instanceType) []string{
		"instance-type":                         one(func(t instanceType) string { return t.name }),
		"memory-info.size-in-mib":               one(func(t instanceType) string { return fmt.Sprint(t.memory) }),
		"processor-info.supported-architecture": func(t instanceType) []string { return t.architectures },
		"vcpu-info.default-vcpus":               one(func(t instanceType) string { return fmt.Sprint(t.vcpus) }),
	},
}

type describeTypesResult struct {
	Types     []instanceTypeView `xml:"instanceTypeSet>item"`
	NextToken string             `xml:"nextToken,omitempty"`
}

func describeInstanceTypes(r *region, c *call) (any, *failure) {
	all, f := typesNamed(c.list("InstanceType"))
	if f == nil {
		all, f = typeFilters.sift(c, all)
	}
	if f != nil {
		return nil, f
	}
	var out describeTypesResult
	all, out.NextToken, f = page(c, pages{least: 5, most: 100, normal: 100}, all, func(t instanceType) string { return t.name })
	for _, t := range all {
		out.Types = append(out.Types, instanceTypeView{t.name, processorView{t.architectures}, vcpuView{t.vcpus}, memoryView{t.memory}})
	}
	return out, f
}

// typesNamed is the types of these names, or all when none is given.
func typesNamed(names []string) ([]instanceType, *failure) {
	if len(names) == 0 {
		names = slices.Collect(maps.Keys(instanceTypes))
	}
	var out []instanceType
	var unknown []string
	for _, name := range names {
		if t, ok := instanceTypes[name]; ok {
			out = append(out, t)
		} else {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return nil, ec2Refusal("InvalidInstanceType", "The following supplied instance types do not exist: [%s]", strings.Join(unknown, ", "))
	}
	return out, nil
}
