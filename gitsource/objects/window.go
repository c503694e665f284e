package objects

import "fmt"

// windows are two stretches of a pack in memory: one where somebody reads on
// and on, and one for what lies elsewhere and is needed in between.
type windows struct {
	each [2]window
	last int // which was used last
}

type window struct {
	start int64
	text  []byte
}

// windowBytes is how much is read at once, at least.
const windowBytes = 16 << 10

// mostRoom is how much memory is kept for the next object, in bytes: somebody may
// read on for months after a large one.
const mostRoom = 1 << 20

// shed gives back what a large object took.
func (r *Reader) shed() {
	if cap(r.delta) > mostRoom {
		r.delta = nil
	}
	for _, w := range r.windows {
		for i := range w.each {
			if cap(w.each[i].text) > mostRoom {
				w.each[i] = window{}
			}
		}
	}
}

// bytesAt is at least so much of a pack from a place on, or all until its end.
// It holds until the next call.
func (r *Reader) bytesAt(at place, least int64) ([]byte, error) {
	w := r.windows[at.pack]
	if w == nil {
		w = new(windows)
		r.windows[at.pack] = w
	}
	least = min(least, at.pack.Size-at.offset)
	if least <= 0 {
		return nil, malformed("a pack ends too early")
	}
	if !w.each[w.last].holds(at.offset, least) {
		w.last = 1 - w.last
	}
	now := &w.each[w.last]
	if !now.holds(at.offset, least) {
		if err := now.move(at, least); err != nil {
			return nil, err
		}
	}
	return now.text[at.offset-now.start:][:least], nil
}

func (w *window) holds(offset, least int64) bool {
	return offset >= w.start && offset+least <= w.start+int64(len(w.text))
}

// move reads another stretch.
func (w *window) move(at place, least int64) error {
	size := min(max(least, windowBytes), at.pack.Size-at.offset)
	if int64(cap(w.text)) < size {
		w.text = make([]byte, size)
	}
	w.start, w.text = at.offset, w.text[:size]
	if _, err := at.pack.file.ReadAt(w.text, at.offset); err != nil {
		w.text = w.text[:0]
		return fmt.Errorf("read %s: %w", at.pack.Path, err)
	}
	return nil
}
