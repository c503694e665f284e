package objects

// deepest is how many differences one object may be made of; git itself makes
// 50, and 4095 at most.
const deepest = 4095

// link is one object of a chain, in which each is a difference from the next.
type link struct {
	at place
	header
}

// packed reads the object at a place of a pack. The way down to an object that
// is no difference takes headers only, and contents are made on the way up: of
// the longest chain too, one difference and two contents are needed at a time.
func (r *Reader) packed(at place) (object, error) {
	o, err := r.descend(at)
	for n := len(r.chain) - 1; n >= 0 && err == nil; n-- {
		o, err = r.ascend(r.chain[n], o)
	}
	return o, err
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
