package awssim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

var ssmOperations = map[string]operation{
	"ssm:GetParameter":          getParameter,
	"ssm:GetParameters":         getParameters,
	"ssm:PutParameter":          putParameter,
	"ssm:LabelParameterVersion": labelParameterVersion,
	"ssm:DeleteParameter":       deleteParameter,
}

// parameter is an SSM parameter with its history.
type parameter struct {
	name     string
	versions []*parameterVersion // oldest first; never empty
}

type parameterVersion struct {
	number    int64
	kind      string // String, StringList or SecureString
	dataType  string // text or aws:ec2:image
	value     string
	changed   time.Time
	labels    []string
	parameter *parameter
}

// imageDataType is the data type of parameters that hold an AMI id.
const imageDataType = "aws:ec2:image"

// addParameter makes a parameter, or a new version of one. A value that is an
// AMI id makes it of the data type for that.
func (r *region) addParameter(name, value string) *parameterVersion {
	v := parameterVersion{kind: "String", dataType: "text", value: value}
	if !malformedID(value, "ami") {
		v.dataType = imageDataType
	}
	return r.putVersion(name, v)
}

func (r *region) putVersion(name string, v parameterVersion) *parameterVersion {
	p := r.params[name]
	if p == nil {
		p = &parameter{name: name}
		r.params[name] = p
	}
	v.parameter, v.changed, v.number = p, r.now, 1
	if n := len(p.versions); n > 0 {
		v.number = p.versions[n-1].number + 1
	}
	p.versions = append(p.versions, &v)
	return &v
}

// parameterNamed finds a version by NAME, NAME:VERSION or NAME:LABEL, where
// NAME may also be the parameter's ARN.
func (r *region) parameterNamed(spec string) (v *parameterVersion, selector string, f *failure) {
	name := strings.TrimPrefix(spec, r.parameterARN("/"))
	if name != spec {
		name = r.nameInARN(name)
	}
	name, selector, selected := strings.Cut(name, ":")
	p := r.params[name]
	if p == nil {
		return nil, "", &failure{http.StatusBadRequest, "ParameterNotFound", ""}
	}
	if !selected {
		return p.versions[len(p.versions)-1], "", nil
	}
	for _, v := range p.versions {
		if strconv.FormatInt(v.number, 10) == selector || slices.Contains(v.labels, selector) {
			return v, ":" + selector, nil
		}
	}
	return nil, "", ssmRefusal("ParameterVersionNotFound", "Systems Manager could not find version %s of %s. Verify the version and try again.", selector, name)
}

// nameInARN undoes what an ARN does to a name: it has one slash in front,
// whether the name begins with one or not.
func (r *region) nameInARN(rest string) string {
	name, _, _ := strings.Cut(rest, ":")
	if r.params[name] == nil {
		return "/" + rest
	}
	return rest
}

func (r *region) parameterARN(name string) string {
	return fmt.Sprintf("arn:aws:ssm:%s:%s:parameter/%s", r.place.region, r.place.account, strings.TrimPrefix(name, "/"))
}

// isAlias reports whether an image id of a launch template stands for an SSM
// parameter.
func isAlias(imageID string) bool { return strings.HasPrefix(imageID, "resolve:ssm:") }

// resolveAlias is the AMI id that resolve:ssm:PARAMETER stands for now.
func (r *region) resolveAlias(alias string) (string, *failure) {
	spec := strings.TrimPrefix(alias, "resolve:ssm:")
	v, _, f := r.parameterNamed(spec)
	if f != nil {
		return "", ec2Refusal("InvalidParameterValue", "Could not resolve the SSM parameter '%s' to an AMI ID: %s", spec, f.code)
	}
	if v.kind != "String" || v.dataType != imageDataType {
		return "", ec2Refusal("InvalidParameterValue", "The SSM parameter '%s' must be of type String and of data type %s.", spec, imageDataType)
	}
	return v.value, nil
}

// parameterView is a parameter in a reply. Its selector is how a version was
// asked for, with its colon.
type parameterView struct {
	Name             string
	Type             string
	Value            string
	Version          int64
	Selector         string `xml:",omitempty"`
	LastModifiedDate time.Time
	ARN              string
	DataType         string
}

func (r *region) parameterView(v *parameterVersion, selector string) parameterView {
	name := v.parameter.name
	return parameterView{name, v.kind, v.value, v.number, selector, v.changed, r.parameterARN(name), v.dataType}
}

func getParameter(r *region, c *call) (any, *failure) {
	var in struct{ Name string }
	if f := c.input(&in); f != nil {
		return nil, f
	}
	v, selector, f := r.parameterNamed(in.Name)
	if f != nil {
		return nil, f
	}
	return struct{ Parameter parameterView }{r.parameterView(v, selector)}, nil
}

// getParameters answers for the parameters that it finds and lists the others,
// without failing.
func getParameters(r *region, c *call) (any, *failure) {
	var in struct{ Names []string }
	if f := c.input(&in); f != nil {
		return nil, f
	}
	if len(in.Names) < 1 || len(in.Names) > 10 {
		return nil, ssmRefusal("ValidationException", "1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length between 1 and 10")
	}
	var out struct {
		Parameters        []parameterView
		InvalidParameters []string
	}
	for _, name := range in.Names {
		if v, selector, f := r.parameterNamed(name); f == nil {
			out.Parameters = append(out.Parameters, r.parameterView(v, selector))
		} else {
			out.InvalidParameters = append(out.InvalidParameters, name)
		}
	}
	return out, nil
}

type putParameterInput struct {
	Name, Value, Type, DataType string
	Overwrite                   bool
}

type putParameterResult struct {
	Version int64
	Tier    string
}

func putParameter(r *region, c *call) (any, *failure) {
	var in putParameterInput
	if f := c.input(&in); f != nil {
		return nil, f
	}
	v, f := r.newParameterVersion(in)
	if f != nil {
		return nil, f
	}
	number := int64(1)
	if p := r.params[in.Name]; p != nil {
		number = p.versions[len(p.versions)-1].number + 1
	}
	// SSM looks at the value of an image parameter after it has answered, and
	// drops one that is not an image. Here it looks at once.
	if v.dataType != imageDataType || r.image(v.value) != nil {
		r.putVersion(in.Name, v)
	}
	return putParameterResult{number, "Standard"}, nil
}

func (r *region) newParameterVersion(in putParameterInput) (parameterVersion, *failure) {
	v := parameterVersion{kind: in.Type, dataType: in.DataType, value: in.Value}
	old := r.params[in.Name]
	switch {
	case in.Name == "" || in.Value == "":
		return v, ssmRefusal("ValidationException", "1 validation error detected: name and value must not be empty")
	case old != nil && !in.Overwrite:
		return v, ssmRefusal("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	case old != nil && v.kind == "":
		v.kind = old.versions[len(old.versions)-1].kind
	}
	if old != nil && v.dataType == "" {
		v.dataType = old.versions[len(old.versions)-1].dataType
	}
	if v.dataType == "" {
		v.dataType = "text"
	}
	if !slices.Contains([]string{"String", "StringList", "SecureString"}, v.kind) {
		return v, ssmRefusal("ValidationException", "A parameter type is required when you create a parameter.")
	}
	if v.dataType != "text" && (v.dataType != imageDataType || v.kind != "String") {
		return v, ssmRefusal("ValidationException", "The following data type is not supported: %s (Data type names are all lowercase.)", v.dataType)
	}
	return v, nil
}

type labelInput struct {
	Name             string
	ParameterVersion int64
	Labels           []string
}

// labelParameterVersion moves labels to a version, the newest when none is
// given. A label is on one version at a time, and is not a number.
func labelParameterVersion(r *region, c *call) (any, *failure) {
	var in labelInput
	if f := c.input(&in); f != nil {
		return nil, f
	}
	spec := in.Name
	if in.ParameterVersion != 0 {
		spec = fmt.Sprintf("%s:%d", in.Name, in.ParameterVersion)
	}
	v, _, f := r.parameterNamed(spec)
	if f != nil {
		return nil, f
	}
	out := labelResult{ParameterVersion: v.number}
	for _, label := range in.Labels {
		if label == "" || strings.Trim(label[:1], "0123456789") == "" {
			out.InvalidLabels = append(out.InvalidLabels, label)
			continue
		}
		v.parameter.unlabel(label)
		v.labels = append(v.labels, label)
	}
	return out, nil
}

type labelResult struct {
	InvalidLabels    []string
	ParameterVersion int64
}

func (p *parameter) unlabel(label string) {
	for _, v := range p.versions {
		v.labels = slices.DeleteFunc(v.labels, func(l string) bool { return l == label })
	}
}

func deleteParameter(r *region, c *call) (any, *failure) {
	var in struct{ Name string }
	if f := c.input(&in); f != nil {
		return nil, f
	}
	if r.params[in.Name] == nil {
		return nil, &failure{http.StatusBadRequest, "ParameterNotFound", ""}
	}
	delete(r.params, in.Name)
	return nil, nil
}

func ssmRefusal(code, format string, args ...any) *failure {
	return &failure{http.StatusBadRequest, code, fmt.Sprintf(format, args...)}
}
