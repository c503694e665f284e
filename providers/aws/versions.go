package aws

import (
	"sync"

	"moult/reconcile"
)

// versionRef names a version of a template.
type versionRef struct {
	template string
	number   int64
}

// scope is the account and region that a template lives in, as
// "111122223333/eu-west-1". It is read off the ARN of the group, which costs
// no call, and does not change when the agent's role does.
type scope string

// knownVersion is what a template version holds, as far as it matters here.
// AWS cannot change it: "launch templates are immutable" but for the number
// that is the default, and a number is never given twice.
type knownVersion struct {
	reconcile.Version
	// Attributes is true when the version itself selects instance types by
	// attributes (InstanceRequirements).
	Attributes bool
}

// versions is every template version that was ever looked up. It is shared by
// all places, and survives restarts in a file (cachefile.go).
type versions struct {
	mu         sync.Mutex
	byTemplate map[templateKey][]knownVersion // in the order in which they were learnt
	changed    bool                           // since the file was written
}

type templateKey struct {
	scope    scope
	template string
}

// versionsKept bounds what is remembered of one template. The oldest go
// first; one that is needed again is looked up again.
const versionsKept = 64

func (v *versions) get(in scope, ref versionRef) (knownVersion, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, k := range v.byTemplate[templateKey{in, ref.template}] {
		if k.Number == ref.number {
			return k, true
		}
	}
	return knownVersion{}, false
}

func (v *versions) put(in scope, k knownVersion) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.add(in, k)
	v.changed = true
}

// add remembers a version. The caller holds v.mu.
func (v *versions) add(in scope, k knownVersion) {
	if v.byTemplate == nil {
		v.byTemplate = map[templateKey][]knownVersion{}
	}
	key := templateKey{in, k.Template}
	all := v.byTemplate[key]
	for _, other := range all {
		if other.Number == k.Number {
			return
		}
	}
	if len(all) >= versionsKept {
		all = append(all[:0], all[1:]...)
	}
	v.byTemplate[key] = append(all, k)
}
