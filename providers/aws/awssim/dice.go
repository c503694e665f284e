package awssim

import (
	"fmt"
	"hash/fnv"
)

// dice are numbers that look random and follow from a seed (splitmix64).
// Each name is a stream of its own, so that a fault that is rolled for does
// not change the ids that are given out.
type dice struct{ state uint64 }

func newDice(seed uint64, name string) *dice {
	h := fnv.New64a()
	h.Write([]byte(name))
	return &dice{state: seed ^ h.Sum64()}
}

func (d *dice) next() uint64 {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// float is in [0, 1).
func (d *dice) float() float64 { return float64(d.next()>>11) / (1 << 53) }

// uuid is an id of the form that Auto Scaling gives refreshes and activities.
func (d *dice) uuid() string {
	a, b := d.next(), d.next()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", uint32(a>>32), uint16(a>>16), a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

// requestID is the id of the nth call. Calls have a stream of their own:
// reading must not change what is made later.
func requestID(seed, n uint64) string {
	d := newDice(seed, "requests")
	d.state += n * 0x9e3779b97f4a7c15 * 2
	return d.uuid()
}
