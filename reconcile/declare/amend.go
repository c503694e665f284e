package declare

import (
	"bytes"
	"slices"
)

// Most commits change the image of a group and nothing else. Such a file need
// not be parsed again, which takes longer than all else about a commit: where
// only lines differ that declare an image and were read as such before, what
// the file says is what it said, with the new images.

// amendable is how large a file is, in bytes, whose text is kept to compare
// the next one with.
const amendable = 64 << 10

// amended is what a text says that differs from the file's only in images, and
// in the comments behind them; nil when it may differ in more.
func (f *file) amended(src []byte) *file {
	if f == nil || f.src == nil || len(src) > amendable {
		return nil
	}
	images := map[int]string{} // by line
	line := 1
	for older, newer := f.src, src; ; {
		same := commonLines(older, newer)
		line += bytes.Count(older[:same], []byte("\n"))
		older, newer = older[same:], newer[same:]
		if len(older) == 0 && len(newer) == 0 {
			break
		}
		var was, is []byte
		was, older, _ = bytes.Cut(older, []byte("\n"))
		is, newer, _ = bytes.Cut(newer, []byte("\n"))
		if !bytes.HasSuffix(f.src, []byte("\n")) || !bytes.HasSuffix(src, []byte("\n")) || imageIn(was) == "" || imageIn(is) == "" {
			return nil
		}
		images[line] = imageIn(is)
		line++
	}
	return f.withImages(src, images)
}

// commonLines is the length of the whole lines that two texts begin with alike.
func commonLines(a, b []byte) int {
	n := min(len(a), len(b))
	same := 0
	for same < n && a[same] == b[same] {
		same++
	}
	if same == len(a) && same == len(b) {
		return same
	}
	return bytes.LastIndexByte(a[:same], '\n') + 1
}

// withImages is the file with other images on some lines; nil when one of the
// lines declared none.
func (f *file) withImages(src []byte, images map[int]string) *file {
	next := &file{src: src, environments: slices.Clone(f.environments)}
	for i, e := range next.environments {
		changed := *e
		changed.groups = slices.Clone(e.groups)
		left := len(images)
		for g := range changed.groups {
			if image, ok := images[changed.groups[g].imageLine]; ok {
				changed.groups[g].declaration.Image = image
				delete(images, changed.groups[g].imageLine)
			}
		}
		if len(images) < left {
			next.environments[i] = &changed
		}
	}
	if len(images) > 0 {
		return nil
	}
	return next
}

// imageIn is the image of a line that is an attribute ami and its value, with
// at most a comment behind it; "" for any other line, and for one that has
// anything about it that would have to be looked at twice.
func imageIn(line []byte) string {
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(line, " \t"), []byte("ami"))
	if !ok {
		return ""
	}
	if rest, ok = bytes.CutPrefix(bytes.TrimLeft(rest, " \t"), []byte("=")); !ok {
		return ""
	}
	if rest, ok = bytes.CutPrefix(bytes.TrimLeft(rest, " \t"), []byte(`"`)); !ok {
		return ""
	}
	image, rest, ok := bytes.Cut(rest, []byte(`"`))
	if !ok || !imageShape.Match(image) || !plainComment(bytes.TrimLeft(rest, " \t")) {
		return ""
	}
	return string(image)
}

// plainComment reports whether text is empty or a comment to the end of the
// line, of printable ASCII, in which no other comment begins or ends.
func plainComment(text []byte) bool {
	if len(text) == 0 {
		return true
	}
	if text[0] != '#' && !bytes.HasPrefix(text, []byte("//")) {
		return false
	}
	if bytes.Contains(text, []byte("/*")) || bytes.Contains(text, []byte("*/")) {
		return false
	}
	return !bytes.ContainsFunc(text, func(r rune) bool { return r != '\t' && (r < ' ' || r > '~') })
}
