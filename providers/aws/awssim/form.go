package awssim

import (
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// form is the members of a query request, or of one structure in it. Members
// are flattened in the request: A.B is member B of structure A, and
// A.member.2 (Auto Scaling) or A.2 (EC2) is the second element of list A.
type form struct {
	values url.Values
	prefix string
	// bad collects the names of the values that did not parse, for the whole
	// request.
	bad *[]string
}

func newForm(values url.Values) form { return form{values: values, bad: new([]string)} }

// Get is one member, "" when absent.
func (f form) Get(name string) string { return f.values.Get(f.prefix + name) }

// given reports whether the member, or anything below it, is in the request.
func (f form) given(name string) bool {
	full := f.prefix + name
	if _, ok := f.values[full]; ok {
		return true
	}
	for key := range f.values {
		if strings.HasPrefix(key, full+".") {
			return true
		}
	}
	return false
}

func (f form) under(name string) form {
	return form{values: f.values, prefix: f.prefix + name + ".", bad: f.bad}
}

func (f form) list(name string) []string {
	var out []string
	for _, element := range f.elements(name) {
		if v, ok := f.values[element]; ok && len(v) > 0 {
			out = append(out, v[0])
		}
	}
	return out
}

func (f form) structs(name string) []form {
	elements := f.elements(name)
	out := make([]form, len(elements))
	for i, element := range elements {
		out[i] = form{values: f.values, prefix: element + ".", bad: f.bad}
	}
	return out
}

// elements is the full names of the elements of a list, in order.
func (f form) elements(name string) []string {
	full := f.prefix + name + "."
	seen := map[int]string{}
	var order []int
	for key := range f.values {
		rest, ok := strings.CutPrefix(key, full)
		if !ok {
			continue
		}
		base := full
		if member, isMember := strings.CutPrefix(rest, "member."); isMember {
			rest, base = member, full+"member."
		}
		digits, _, _ := strings.Cut(rest, ".")
		n, err := strconv.Atoi(digits)
		if err != nil || seen[n] != "" {
			continue
		}
		seen[n] = base + digits
		order = append(order, n)
	}
	sort.Ints(order)
	out := make([]string, len(order))
	for i, n := range order {
		out[i] = seen[n]
	}
	return out
}

// text is a member that may be absent.
func (f form) text(name string) *string {
	if v, ok := f.values[f.prefix+name]; ok && len(v) > 0 {
		return &v[0]
	}
	return nil
}

// number is an integer member that may be absent.
func (f form) number(name string) *int {
	return parsed(f, name, func(s string) (int, error) { return strconv.Atoi(s) })
}

// truth is a boolean member that may be absent.
func (f form) truth(name string) *bool { return parsed(f, name, strconv.ParseBool) }

// time is a timestamp member that may be absent.
func (f form) time(name string) *time.Time {
	return parsed(f, name, func(s string) (time.Time, error) { return time.Parse(time.RFC3339, s) })
}

func parsed[T any](f form, name string, parse func(string) (T, error)) *T {
	s := f.text(name)
	if s == nil {
		return nil
	}
	v, err := parse(*s)
	if err != nil {
		*f.bad = append(*f.bad, f.prefix+name)
		return nil
	}
	return &v
}

// malformed is the refusal of a request in which a value did not parse, nil
// when all did.
func (f form) malformed() *failure {
	if len(*f.bad) == 0 {
		return nil
	}
	return &failure{http.StatusBadRequest, "MalformedInput", "the value of " + (*f.bad)[0] + " is not of its type"}
}
