package objects

import "fmt"

// deepest is how many differences one object may be made of; git itself makes
// 50, and 4095 at most.
const deepest = 4095

// link is one object of a chain, in which each is a difference from the next.
type link struct {
	at place
	header
}

// What an object says of its own size is not what it takes to make it: it may be
// a difference from something large, that from something else, four thousand
// times. git makes chains of 50 objects that hardly differ in size (pack.depth in
// git-config(1)).
const (
	// lightBytes is what any object may be made from, all its chain together.
	lightBytes = 64 << 20
	// chainFactor is how many times larger than itself the chain may be of one
	// that takes more, and chainBytes how much that is at most: a second or two.
	chainFactor, chainBytes = 256, 1 << 30
	// mostRefused is how many objects are remembered that take too much.
	mostRefused = 100_000
)

// packed reads the object at a place of a pack. The way down to an object that
// is no difference takes headers only, and contents are made on the way up: of
// the longest chain too, one difference and two contents are needed at a time.
func (r *Reader) packed(at place) (object, error) {
	if r.refused[at] {
		return object{}, tooHeavy(lightBytes)
	}
	o, err := r.descend(at)
	made, most := int64(0), int64(lightBytes)
	for n := len(r.chain) - 1; n >= 0 && err == nil; n-- {
		if made > most && most == lightBytes {
			if most, err = r.mostFor(at); err != nil {
				break
			}
		}
		if made > most {
			r.refuse(at)
			return object{}, tooHeavy(most)
		}
		o, err = r.ascend(r.chain[n], o)
		made += int64(len(o.content))
		r.made += int64(len(o.content))
	}
	return o, err
}

// mostFor is what an object may be made from, in bytes.
func (r *Reader) mostFor(at place) (int64, error) {
	size, err := r.packedSize(at)
	return max(lightBytes+1, min(min(size, chainBytes)*chainFactor, chainBytes)), err
}

// refuse remembers an object, so that nobody makes it in vain again.
func (r *Reader) refuse(at place) {
	if r.refused == nil || len(r.refused) >= mostRefused {
		r.refused = map[place]bool{}
	}
	r.refused[at] = true
}

func tooHeavy(most int64) error {
	return fmt.Errorf("%w: it is made from differences that have more than %d bytes together", ErrTooLarge, most)
}

// descend makes r.chain what is to be read for the object at a place: down to
// one that is no difference, or whose base is at hand, which is returned.
func (r *Reader) descend(at place) (object, error) {
	for r.chain = r.chain[:0]; len(r.chain) <= deepest; {
		if o, ok := r.atHand(at); ok {
			return o, nil
		}
		h, err := r.header(at)
		if err != nil {
			return object{}, err
		}
		r.chain = append(r.chain, link{at, h})
		if !h.kind.IsDelta() {
			return object{}, nil
		}
		at.offset = h.base
	}
	return object{}, malformed("a pack leads nowhere")
}

// ascend makes the object of a link; base is that of the next one.
func (r *Reader) ascend(l link, base object) (object, error) {
	content, err := r.unpack(l.at, l.header)
	if err != nil {
		return object{}, err
	}
	o := object{l.kind, content}
	if l.kind.IsDelta() {
		if o, err = apply(content, base, r.Most); err != nil {
			return object{}, err
		}
	}
	r.keep(l.at, o)
	return o, nil
}
