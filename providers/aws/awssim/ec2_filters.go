package awssim

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// filterTable is the filters that a Describe operation knows: for each name
// the values that a resource has under it. Operations whose resources have tags
// also know tag:KEY and tag-key.
type filterTable[T any] struct {
	values map[string]func(T) []string
	times  map[string]func(T) time.Time // compared as they are written in replies
	tags   func(T) tagSet
}

// sift keeps the resources that match every filter of the call; within one
// filter any value will do ("List and filter using the CLI and API", EC2 User
// Guide).
func (t filterTable[T]) sift(c *call, all []T) ([]T, *failure) {
	for _, f := range c.structs("Filter") {
		values, ok := t.named(c, f.Get("Name"))
		if !ok {
			return nil, ec2Refusal("InvalidParameterValue", "The filter '%s' is invalid", f.Get("Name"))
		}
		wanted := matcher(f.list("Value"))
		all = slices.DeleteFunc(slices.Clone(all), func(v T) bool { return !slices.ContainsFunc(values(v), wanted) })
	}
	return all, nil
}

func (t filterTable[T]) named(c *call, name string) (func(T) []string, bool) {
	if key, ok := strings.CutPrefix(name, "tag:"); ok && t.tags != nil {
		return func(v T) []string {
			value, has := t.tags(v)[key]
			if !has {
				return nil
			}
			return []string{value}
		}, true
	}
	if name == "tag-key" && t.tags != nil {
		return func(v T) []string { return t.tags(v).keys() }, true
	}
	if at, ok := t.times[name]; ok {
		return func(v T) []string { return []string{ec2Time(c.clock(at(v)))} }, true
	}
	values, ok := t.values[name]
	return values, ok
}

// matcher compares as EC2's filters do: a text matches when it is like any of
// the patterns. Case matters, * is any text, ? is one character or none, and a
// backslash takes their meaning away.
func matcher(patterns []string) func(text string) bool {
	var all []string
	for _, p := range patterns {
		all = append(all, expression(strings.ToValidUTF8(p, "")))
	}
	either := regexp.MustCompile(`^(?s:` + strings.Join(all, "|") + `)$`)
	return func(text string) bool { return len(patterns) > 0 && either.MatchString(text) }
}

// expression is the regular expression of a filter's value.
func expression(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '*':
			b.WriteString(".*")
		case c == '?':
			b.WriteString(".?")
		case c == '\\' && i+1 < len(pattern):
			i++
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		default:
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	return b.String()
}

// one is a filter of a single value, none when it is empty.
func one[T any](value func(T) string) func(T) []string {
	return func(v T) []string {
		if s := value(v); s != "" {
			return []string{s}
		}
		return nil
	}
}
