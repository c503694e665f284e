package trust

import "strings"

// wild matches text against a pattern of ssh_config(5): * is any run of
// characters, ? is any one.
func wild(pattern, text string) bool {
	return glob([]rune(pattern), []rune(text),
		func(p rune) bool { return p == '*' },
		func(p, t rune) bool { return p == '?' || p == t })
}

// covers matches a path from the root of the repository. In a pattern, **
// is any run of folders, and * and ? stay within one name. A pattern covers
// whatever lies below what it names: one that was meant for a folder must not
// turn out to protect nothing.
func covers(pattern, path string) bool {
	pattern = strings.TrimSuffix(pattern, "/") + "/**"
	return glob(strings.Split(pattern, "/"), strings.Split(path, "/"),
		func(p string) bool { return p == "**" }, wild)
}

// reaches reports whether a pattern may cover a path below a folder.
func reaches(pattern, folder string) bool {
	names := strings.Split(strings.TrimSuffix(pattern, "/"), "/")
	for i, name := range strings.Split(folder, "/") {
		if i == len(names) || names[i] == "**" {
			return true
		}
		if !wild(names[i], name) {
			return false
		}
	}
	return true
}

// glob matches a sequence. When it cannot go on it lets the last star take one
// element more; stars before that never need to, so the work is at most the
// product of both lengths.
func glob[T any](pattern, text []T, star func(T) bool, fits func(p, t T) bool) bool {
	p, t := 0, 0
	back, taken := -1, 0 // the last star, and where what it takes ends
	for t < len(text) {
		switch {
		case p < len(pattern) && star(pattern[p]):
			back, taken = p, t
			p++
		case p < len(pattern) && fits(pattern[p], text[t]):
			p++
			t++
		case back >= 0:
			taken++
			p, t = back+1, taken
		default:
			return false
		}
	}
	for p < len(pattern) && star(pattern[p]) {
		p++
	}
	return p == len(pattern)
}
