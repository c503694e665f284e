package declare

import "bytes"

// harmless reports whether text is so plain that its tokens are surely fit for
// the parser, which then need not be made twice: making them is half of what
// reading a file costs. It is true of nearly every declaration that people
// write, and false of what it does not know: whatever unparsable objects to,
// and much that it does not.
func harmless(src []byte) bool {
	var open []byte // brackets, each as it is closed
	for len(src) > 0 {
		n := 1
		switch b := src[0]; b {
		case ' ', '\t', '\n', ',':
		case '=':
			if bytes.HasPrefix(src, []byte("==")) {
				return false
			}
		case '{', '[':
			if open = append(open, b+2); len(open) > maxDepth {
				return false
			}
		case '}', ']':
			if len(open) == 0 || open[len(open)-1] != b {
				return false
			}
			open = open[:len(open)-1]
		case '"':
			n = quotedLength(src)
		case '#', '/':
			n = commentLength(src)
		default:
			n = wordLength(src)
		}
		if n == 0 {
			return false
		}
		src = src[n:]
	}
	return true
}

// commentLength is how long a comment to the end of the line is; 0 where a
// slash begins something else.
func commentLength(src []byte) int {
	if src[0] == '/' && !bytes.HasPrefix(src, []byte("//")) {
		return 0
	}
	if n := bytes.IndexByte(src, '\n'); n >= 0 {
		return n
	}
	return len(src)
}

// quotedLength is how long a text in quotes is that has nothing to be escaped or
// filled in; 0 when it has.
func quotedLength(src []byte) int {
	for n, b := range src[1:] {
		switch {
		case b == '"':
			return n + 2
		case b < ' ' || b > '~' || b == '\\' || b == '$' || b == '%':
			return 0
		}
	}
	return 0
}

// wordLength is how long a name or a whole number is; 0 for anything else. A
// dash in a name belongs to it; behind a number it is an operator.
func wordLength(src []byte) int {
	number := src[0] >= '0' && src[0] <= '9'
	n := 0
	for n < len(src) && (wordByte(src[n]) || src[n] == '-' && n > 0 && !number) {
		n++
	}
	if number && n > maxDigits {
		return 0
	}
	return n
}

func wordByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_'
}
