package reconcile

import (
	"fmt"
	"sort"
	"strings"
)

// stale reports whether an instance is part of the group and does not run the
// declared image. One whose image could not be learnt is stale: nothing shows
// that it is right.
func (s subject) stale(i Instance) bool {
	return !i.Leaving() && i.Image != s.Image && (i.InService() || i.Standby() || i.Warm)
}

// skipped reports whether a refresh with the declared preferences would leave
// the instance alone.
func (s subject) skipped(i Instance) bool {
	switch {
	case i.Standby():
		return s.preferences().StandbyInstances == "ignore"
	case i.Protected && i.InService():
		return s.preferences().ScaleInProtectedInstances == "ignore"
	}
	return false
}

// count is how many instances are in service and how many of those run the
// declared image.
func (s subject) count() (instances, current int) {
	for _, i := range s.Observed.Instances {
		if !i.InService() {
			continue
		}
		instances++
		if i.Image == s.Image {
			current++
		}
	}
	return instances, current
}

// mostly is the image that most instances in service run, the declared one
// left out while others remain; the saved image when there are none.
func (s subject) mostly() string {
	counts := map[string]int{}
	for _, i := range s.Observed.Instances {
		if i.InService() && i.Image != "" {
			counts[i.Image]++
		}
	}
	if len(counts) > 1 {
		delete(counts, s.Image)
	}
	images := make([]string, 0, len(counts))
	for image := range counts {
		images = append(images, image)
	}
	if len(images) == 0 {
		return s.Observed.Saved.Image
	}
	sort.Slice(images, func(i, j int) bool {
		if counts[images[i]] != counts[images[j]] {
			return counts[images[i]] > counts[images[j]]
		}
		return images[i] < images[j]
	})
	return images[0]
}

// leftBehind answers for a group whose only differing instances are those
// that a refresh would skip: a refresh would succeed and change nothing.
func leftBehind(s subject) (Answer, bool) {
	if !s.Observed.Saved.Pins(s.Image) {
		return Answer{}, false
	}
	var names []string
	for _, i := range s.Observed.Instances {
		if !s.stale(i) {
			continue
		}
		if !s.skipped(i) {
			return Answer{}, false
		}
		names = append(names, fmt.Sprintf("%s (%s)", i.ID, whySkipped(i)))
	}
	sort.Strings(names)
	return s.hold("remove the protection or end the standby, or set scale_in_protected_instances or standby_instances at "+s.Position,
		"%s an old image, and a refresh skips %s: %s", keep(len(names)), them(len(names)), strings.Join(names, ", "))
}

func whySkipped(i Instance) string {
	if i.Standby() {
		return "standby"
	}
	return "protected from scale-in"
}

func keep(n int) string {
	if n == 1 {
		return "1 instance keeps"
	}
	return fmt.Sprintf("%d instances keep", n)
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// difference says in what the group differs from its declaration.
func (s subject) difference() string {
	instances, current := s.count()
	saved := s.Observed.Saved
	switch {
	case instances > current && !saved.Pins(s.Image):
		return fmt.Sprintf("%d of %s and the launch template are not on %s", instances-current, plural(instances, "instance"), s.Image)
	case instances > current:
		return fmt.Sprintf("%d of %s are not on %s", instances-current, plural(instances, "instance"), s.Image)
	case saved.Image != s.Image:
		return fmt.Sprintf("the group would launch %s, not %s", orUnknown(saved.Image), s.Image)
	}
	return "the group is not wholly on " + s.Image
}

func orUnknown(image string) string {
	if image == "" {
		return "an unknown image"
	}
	return image
}
