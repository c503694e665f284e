package awssim

import (
	"encoding/xml"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// member is one member of a query request, unflattened: a value, a structure
// (named) or a list (numbered).
type member struct {
	value    string
	named    map[string]*member
	numbered map[int]*member
}

// maxNesting is how deep members may lie in each other. EC2's deepest have
// eight names.
const maxNesting = 16

// memberTree unflattens: "BlockDeviceMapping.1.Ebs.VolumeSize" is the value
// VolumeSize of the structure Ebs of the first element of a list. The word
// "member" that the AWS query protocol puts before a number is left out.
func memberTree(flat map[string]string) *member {
	root := &member{}
	for name, value := range flat {
		at := root
		for _, part := range strings.SplitN(name, ".", maxNesting) {
			at = at.child(part)
		}
		at.value = value
	}
	return root
}

// child is the part of that name or number, made when it is not there yet.
func (m *member) child(part string) *member {
	if part == "member" {
		return m
	}
	if n, err := strconv.Atoi(part); err == nil {
		return made(&m.numbered, n)
	}
	return made(&m.named, part)
}

func made[K comparable](in *map[K]*member, key K) *member {
	if *in == nil {
		*in = map[K]*member{}
	}
	if (*in)[key] == nil {
		(*in)[key] = &member{}
	}
	return (*in)[key]
}

// items is the elements of a list, in order.
func (m *member) items() []*member {
	var out []*member
	for _, n := range slices.Sorted(maps.Keys(m.numbered)) {
		out = append(out, m.numbered[n])
	}
	return out
}

// list is the elements of a named list, none when it is absent.
func (m *member) list(name string) []*member {
	if child := m.named[name]; child != nil {
		return child.items()
	}
	return nil
}

// text is a named value, "" when it is absent.
func (m *member) text(name string) string {
	if child := m.named[name]; child != nil {
		return child.value
	}
	return ""
}

// values is every value at a path, through all elements of the lists on the
// way.
func (m *member) values(path ...string) []string {
	if m == nil {
		return nil
	}
	if len(m.numbered) > 0 {
		var out []string
		for _, item := range m.items() {
			out = append(out, item.values(path...)...)
		}
		return out
	}
	if len(path) > 0 {
		return m.named[path[0]].values(path[1:]...)
	}
	if m.value == "" {
		return nil
	}
	return []string{m.value}
}

// document is the member as the other protocols have it: a string, a map or a
// slice.
func (m *member) document() any {
	switch {
	case len(m.numbered) > 0:
		var out []any
		for _, item := range m.items() {
			out = append(out, item.document())
		}
		return out
	case m.named != nil:
		out := map[string]any{}
		for name, child := range m.named {
			out[name] = child.document()
		}
		return out
	}
	return m.value
}

// listNames says how EC2 names a list in a reply: the element around it and
// each of its elements. The path is the request's, without numbers.
type listNames func(path string) (list, item string)

// write renders a member as EC2 does in replies: every name begins with a
// small letter, and lists have a name of their own.
func (m *member) write(e *xml.Encoder, name, path string, lists listNames) error {
	start := xml.StartElement{Name: xml.Name{Local: name}}
	if len(m.numbered) == 0 && m.named == nil {
		return e.EncodeElement(m.value, start)
	}
	item := ""
	if len(m.numbered) > 0 {
		start.Name.Local, item = lists(path)
	}
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	if err := m.writeChildren(e, item, path, lists); err != nil {
		return err
	}
	return e.EncodeToken(start.End())
}

func (m *member) writeChildren(e *xml.Encoder, item, path string, lists listNames) error {
	for _, element := range m.items() {
		if err := element.write(e, item, path, lists); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.named)) {
		if err := m.named[name].write(e, lowerFirst(name), join(path, name), lists); err != nil {
			return err
		}
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// memberName is what the name of a member can look like.
var memberName = regexp.MustCompile(`^[A-Za-z0-9]+(\.[A-Za-z0-9]+)*$`)

// oddMember refuses names that no operation of AWS has. Members that are kept as
// they come are checked so, because their names return in replies.
func oddMember(members map[string]string) *failure {
	for name := range members {
		if !memberName.MatchString(name) || strings.Count(name, ".") >= maxNesting {
			return ec2Refusal("UnknownParameter", "The parameter %s is not recognized", name)
		}
	}
	return nil
}

// flat is the members of a form by their flattened names.
func (f form) flat() map[string]string {
	out := map[string]string{}
	for name, values := range f.values {
		if rest, ok := strings.CutPrefix(name, f.prefix); ok && rest != "" && len(values) > 0 {
			out[rest] = values[0]
		}
	}
	return out
}
