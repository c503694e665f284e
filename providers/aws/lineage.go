package aws

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"moult/reconcile"
)

// lineage is what the description of a template version says when Moult made
// the version. It is the only free text that AWS keeps with a version (255
// characters), so the memory of what was laid over what lives there.
type lineage struct {
	Commit string // that the version was made for
	Group  string // that it was made for first; groups that share a template share its versions
	Image  string
	Base   int64 // the version that the image was laid over: no version of Moult's
}

// longest is what AWS keeps of a description: "Length Constraints: Minimum
// length of 0. Maximum length of 255" (CreateLaunchTemplateVersion).
const longest = 255

// String is the description. A group's name that would make it too long is
// cut short: it is there for people only.
func (l lineage) String() string {
	rest := fmt.Sprintf(" ami=%s base=%d", l.Image, l.Base)
	head := fmt.Sprintf("moult commit=%s group=", l.Commit)
	group := strings.Join(strings.Fields(l.Group), "_")
	if room := longest - len(head) - len(rest); len(group) > room {
		group = group[:max(room, 0)]
	}
	return head + group + rest
}

// lineageForm is strict, so that nothing but a description made by String is
// taken for one.
var lineageForm = regexp.MustCompile(`^moult commit=([0-9a-f]*) group=(\S*) ami=(ami-[0-9a-z]+) base=([1-9][0-9]*)$`)

// readLineage reads a description back.
func readLineage(description string) (lineage, bool) {
	m := lineageForm.FindStringSubmatch(description)
	if m == nil {
		return lineage{}, false
	}
	base, err := strconv.ParseInt(m[4], 10, 64)
	if err != nil {
		return lineage{}, false
	}
	l := lineage{Commit: m[1], Group: m[2], Image: m[3], Base: base}
	return l, l.String() == description // else it has blanks that the form takes for a part of a name
}

// versionOf is a version with its lineage. A description is believed only if
// the version still holds the image that it speaks of and came after its base:
// somebody may have copied it to a version of their own.
func versionOf(template string, number int64, image, description string) reconcile.Version {
	v := reconcile.Version{Template: template, Number: number, Image: image, Base: number}
	if l, ok := readLineage(description); ok && l.Image == image && l.Base < number {
		v.Base, v.Commit = l.Base, l.Commit
	}
	return v
}
