package packs

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"moult/gitsource/fault"
)

const (
	// deepest is how many deltas one object may be made of; git makes 50, and
	// 4095 at most (pack.depth in git-config(1)).
	deepest = 4095
	// heldBytes is how much content is kept for what is still to be made of it.
	heldBytes = 96 << 20
)

// resolver makes the objects of a stored pack that are deltas, and names them.
//
// A pack of a hundred kilobytes may hold thousands of deltas that make a hundred
// megabytes each. So each object is made once, right after its base, the base
// with the least behind it first: then hardly any content is waited for by
// others, and it is made again where more than heldBytes would be. go-git's
// parser holds all of a chain, and makes all of it again for each object.
type resolver struct {
	pack     *found
	scanner  *packfile.Scanner
	inflated *bufio.Reader
	most     int64 // bytes that may be made to make others of
	mostHeld int
	chain    int64 // bytes of all objects from which one may be made

	deltas []int32 // by base, and what has least behind it first
	weight []int64 // of an object, the bytes of all that is made of it, and its own
	path   []step
	held   int
	made   int64
	spare  []byte // to be filled with the next object
}

// step is one object on the way from one that is no delta down to another.
type step struct {
	at      int32
	content []byte  // nil when it is not held
	todo    []int32 // deltas from it that are not made yet
	weight  int64   // of all on the way, its own included
}

func newResolver(r io.ReadSeeker, pack *found, limits Limits) *resolver {
	v := &resolver{
		pack: pack, scanner: packfile.NewScanner(r), inflated: bufio.NewReader(nil), most: limits.Unpacked, mostHeld: heldBytes,
		chain:  cmp.Or(limits.Chain, limits.Unpacked),
		weight: make([]int64, len(pack.entries)),
	}
	for at := len(pack.entries) - 1; at >= 0; at-- { // a base lies in front of its deltas
		e := pack.entries[at]
		v.weight[at] += e.size
		if e.base >= 0 {
			v.weight[e.base] += v.weight[at]
			v.deltas = append(v.deltas, int32(at))
		}
	}
	slices.SortFunc(v.deltas, func(a, b int32) int {
		return cmp.Or(cmp.Compare(pack.entries[a].base, pack.entries[b].base), v.compare(a, b))
	})
	slices.SortFunc(pack.named, func(a, b namedBase) int { return bytes.Compare(a.base[:], b.base[:]) })
	return v
}

func (v *resolver) compare(a, b int32) int {
	return cmp.Or(cmp.Compare(v.weight[a], v.weight[b]), cmp.Compare(a, b))
}

// run makes all that can be made.
func (v *resolver) run() error {
	for at, e := range v.pack.entries {
		if e.kind.IsDelta() {
			continue
		}
		v.enter(int32(at), nil)
		for len(v.path) > 0 {
			if err := v.step(); err != nil {
				return err
			}
		}
	}
	for _, e := range v.pack.entries {
		if e.kind.IsDelta() {
			return fmt.Errorf("index pack: the object at %d is based on one that is missing", e.offset)
		}
	}
	return nil
}

// enter goes down to an object, if there is something to be made of it.
func (v *resolver) enter(at int32, content []byte) {
	todo := v.basedOn(at)
	if len(todo) == 0 {
		v.reuse(content)
		return
	}
	v.path = append(v.path, step{at: at, todo: todo, weight: v.heavier(at)})
	v.hold(len(v.path)-1, content)
}

// heavier is what the way down weighs with one more object at its end.
func (v *resolver) heavier(at int32) int64 {
	weight := v.pack.entries[at].size
	if len(v.path) > 0 {
		weight += v.path[len(v.path)-1].weight
	}
	return weight
}

// basedOn are the deltas from an object, lightest first. Those that name their
// base by hash are found once that is known, and handed out once: a pack may hold
// the base a hundred thousand times, and as many deltas from it.
func (v *resolver) basedOn(at int32) []int32 {
	deltas := v.withBase(at)
	name := v.pack.entries[at].name
	first, found := slices.BinarySearchFunc(v.pack.named, name, func(n namedBase, h plumbing.Hash) int { return bytes.Compare(n.base[:], h[:]) })
	if !found || v.pack.named[first].taken {
		return deltas
	}
	v.pack.named[first].taken = true
	for _, n := range v.pack.named[first:] {
		if n.base != name {
			break
		}
		deltas = append(deltas, n.delta)
	}
	slices.SortFunc(deltas, v.compare)
	return deltas
}

// withBase are the deltas that say where in the pack their base lies.
func (v *resolver) withBase(at int32) []int32 {
	base := func(delta, at int32) int { return cmp.Compare(v.pack.entries[delta].base, at) }
	first, _ := slices.BinarySearchFunc(v.deltas, at, base)
	after, _ := slices.BinarySearchFunc(v.deltas, at+1, base)
	return v.deltas[first:after:after]
}

// step makes the next delta from the object at the end of the path.
func (v *resolver) step() error {
	last := len(v.path) - 1
	top := &v.path[last]
	if len(top.todo) == 0 {
		v.letGo(last)
		v.path = v.path[:last]
		return nil
	}
	at := top.todo[0]
	top.todo = top.todo[1:]
	if !v.pack.entries[at].kind.IsDelta() { // the pack holds its base twice
		return nil
	}
	if len(v.path) > deepest {
		return fmt.Errorf("index pack: delta chain depth exceeds %d", deepest)
	}
	if weight := v.heavier(at); weight > v.chain {
		return fault.TooLarge("object is made from deltas that have %d bytes together (limit %d)", weight, v.chain)
	}
	base, err := v.content(last)
	if err != nil {
		return err
	}
	content, err := v.name(at, v.pack.entries[top.at].kind, base)
	if err != nil {
		return err
	}
	if len(top.todo) == 0 {
		v.letGo(last)
	}
	v.enter(at, content)
	return nil
}

// name makes a delta, and notes what it turns out to be. Its content is returned
// if something may be made of it.
func (v *resolver) name(at int32, kind plumbing.ObjectType, base []byte) ([]byte, error) {
	e := &v.pack.entries[at]
	hasher := plumbing.NewHasher(kind, e.size)
	var content *bytes.Buffer
	made := io.Writer(hasher)
	if len(v.pack.named) > 0 || len(v.withBase(at)) > 0 {
		content = v.buffer(e.size)
		made = io.MultiWriter(hasher, content)
	}
	if err := v.patch(*e, base, made); err != nil {
		return nil, err
	}
	e.kind, e.name = kind, hasher.Sum()
	if content == nil {
		return nil, nil
	}
	return content.Bytes(), nil
}

// content is that of an object on the path: held, or made again.
func (v *resolver) content(last int) ([]byte, error) {
	from := last
	for from > 0 && v.path[from].content == nil {
		from--
	}
	for at := from; at <= last; at++ {
		if v.path[at].content != nil {
			continue
		}
		content, err := v.make(at)
		if err != nil {
			return nil, err
		}
		v.hold(at, content)
	}
	return v.path[last].content, nil
}

// make makes an object on the path, from the one before it.
func (v *resolver) make(at int) ([]byte, error) {
	e := v.pack.entries[v.path[at].at]
	if v.made += e.size; v.made > v.most {
		return nil, tooMuch(v.most)
	}
	content := v.buffer(e.size)
	var err error
	if at == 0 {
		err = v.inflate(e, func(r io.Reader) error {
			_, err := io.CopyN(content, r, e.size)
			return err
		})
	} else {
		err = v.patch(e, v.path[at-1].content, content)
	}
	return content.Bytes(), err
}

func (v *resolver) patch(e entry, base []byte, made io.Writer) error {
	return v.inflate(e, func(r io.Reader) error {
		v.inflated.Reset(r)
		return patch(base, v.inflated, e.size, made)
	})
}

// inflate reads what the pack holds of an object.
func (v *resolver) inflate(e entry, read func(io.Reader) error) error {
	if _, err := v.scanner.SeekObjectHeader(e.offset); err != nil {
		return fmt.Errorf("index pack: %w", err)
	}
	r, err := v.scanner.ReadObject()
	if err != nil {
		return fmt.Errorf("index pack: %w", err)
	}
	defer r.Close()
	if err := read(r); err != nil {
		return fmt.Errorf("index pack: %w", err)
	}
	return nil
}

// hold keeps the content of an object on the path, and less of what is farther
// up if it is too much: that is needed last.
func (v *resolver) hold(at int, content []byte) {
	v.path[at].content = content
	v.held += cap(content)
	for up := 0; up < at && v.held > v.mostHeld; up++ {
		v.letGo(up)
	}
}

func (v *resolver) letGo(at int) {
	content := v.path[at].content
	v.path[at].content = nil
	v.held -= cap(content)
	v.reuse(content)
}

// reuse takes content that nobody needs as room for another. Else the large
// objects of a chain would pile up until the next garbage collection.
func (v *resolver) reuse(content []byte) {
	if cap(content) > cap(v.spare) {
		v.spare = content
	}
}

// buffer is room for an object.
func (v *resolver) buffer(size int64) *bytes.Buffer {
	room := v.spare
	if int64(cap(room)) < size || int64(cap(room)) > 2*size+smallBytes {
		return bytes.NewBuffer(make([]byte, 0, size))
	}
	v.spare = nil
	return bytes.NewBuffer(room[:0])
}
