package awssim

// typeSpecification is the instance types that the owner of an image allows
// for it. Entries may hold the wildcard *.
type typeSpecification struct {
	supported, unsupported []string
	only, never            func(instanceType string) bool // the same, compiled: every launch asks; nil for an empty list
}

func newTypeSpecification(supported, unsupported []string) typeSpecification {
	s := typeSpecification{supported: supported, unsupported: unsupported}
	if len(supported) > 0 {
		s.only = matcher(supported)
	}
	if len(unsupported) > 0 {
		s.never = matcher(unsupported)
	}
	return s
}

// allow follows the reference of ReplaceImageInstanceTypeSpecification:
// what is unsupported never launches; when anything is supported, only that does.
func (s typeSpecification) allow(instanceType string) bool {
	return (s.never == nil || !s.never(instanceType)) && (s.only == nil || s.only(instanceType))
}

// maxTypeEntries is the limit of either list.
const maxTypeEntries = 100

func replaceImageInstanceTypeSpecification(r *region, c *call) (any, *failure) {
	f := c.under("InstanceTypeSpecification")
	spec := newTypeSpecification(f.list("SupportedInstanceType"), f.list("UnsupportedInstanceType"))
	if len(spec.supported) > maxTypeEntries || len(spec.unsupported) > maxTypeEntries {
		return nil, ec2Refusal("InvalidParameterValue", "An instance type specification must not have more than %d supported or unsupported instance types.", maxTypeEntries)
	}
	_, refused := r.changeImage(c, func(i *image) *failure {
		i.types = spec
		return nil
	})
	return replaceTypesResult{true}, refused
}

type replaceTypesResult struct {
	ReturnValue bool `xml:"returnValue"`
}

type typeItem struct {
	InstanceType string `xml:"instanceType"`
}

type typeSpecificationView struct {
	Supported   []typeItem `xml:"supportedInstanceTypeSet>item"`
	Unsupported []typeItem `xml:"unsupportedInstanceTypeSet>item"`
}

func (s typeSpecification) view() *typeSpecificationView {
	if len(s.supported)+len(s.unsupported) == 0 {
		return nil
	}
	var out typeSpecificationView
	for _, t := range s.supported {
		out.Supported = append(out.Supported, typeItem{t})
	}
	for _, t := range s.unsupported {
		out.Unsupported = append(out.Unsupported, typeItem{t})
	}
	return &out
}
