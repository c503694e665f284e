package awssim

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// pages says how an operation pages: the least and the most that MaxResults
// may be, and how many a page holds when it is absent (0: all of them).
type pages struct{ least, most, normal int }

// page cuts the page that the call asks for out of all results. A page starts
// after the last key of the page before, so that nothing is left out or told
// twice when results come and go in between. Keys are unique and give the order.
func page[T any](c *call, p pages, all []T, key func(T) string) (part []T, next string, f *failure) {
	size, badSize := p.size(c)
	last, badToken := lastKey(c)
	if f := firstFailure(badSize, badToken); f != nil {
		return nil, "", f
	}
	var rows []keyed[T]
	for _, v := range all {
		if k := key(v); k > last {
			rows = append(rows, keyed[T]{k, v})
		}
	}
	slices.SortFunc(rows, func(a, b keyed[T]) int { return strings.Compare(a.key, b.key) })
	if size > 0 && len(rows) > size {
		rows = rows[:size]
		next = makeToken(c, rows[size-1].key)
	}
	for _, row := range rows {
		part = append(part, row.value)
	}
	return part, next, nil
}

// keyed is a result and its place in the order.
type keyed[T any] struct {
	key   string
	value T
}

// lastKey is the key at which the page before ended, "" for the first page.
func lastKey(c *call) (string, *failure) {
	token := c.form.Get("NextToken")
	if token == "" {
		return "", nil
	}
	last, ok := readToken(c, token)
	if !ok {
		return "", ec2Refusal("InvalidNextToken", "The specified NextToken is not valid.")
	}
	return last, nil
}

func (p pages) size(c *call) (int, *failure) {
	text := c.form.Get("MaxResults")
	if text == "" {
		return p.normal, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < p.least || n > p.most {
		return 0, ec2Refusal("InvalidMaxResults", "Value ( %s ) for parameter maxResults is invalid. Expecting a value between %d and %d.", text, p.least, p.most)
	}
	return n, nil
}

// Tokens are opaque to callers; a token of another action is not valid.

func makeToken(c *call, key string) string {
	return base64.StdEncoding.EncodeToString([]byte(c.action + "\x00" + key))
}

func readToken(c *call, token string) (key string, ok bool) {
	text, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return "", false
	}
	return strings.CutPrefix(string(text), c.action+"\x00")
}
