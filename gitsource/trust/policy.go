package trust

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Require is which commits must be signed.
type Require string

// The requirements, from the mildest to the strictest.
const (
	// None: signatures are not asked for, except where a scope asks.
	None Require = "none"
	// Head: the commit that is obeyed must be signed; its signature speaks for
	// all that it brings.
	Head Require = "head"
	// All: every commit since the last accepted one must be signed.
	All Require = "all"
)

// Policy is what the agent's own configuration says about trust. The zero
// Policy trusts everything.
type Policy struct {
	Require Require // "" means None
	// MergesVouch lets a signed merge speak for the commits that it brings in
	// from other branches, signed or not. It matters for All only.
	MergesVouch bool
	Scopes      []Scope
	Keys        Keys
}

// Scope limits who may change some paths. A path in several scopes needs a
// signer who is in each.
//
// A scope is about files, not about what stands in them: pair it with a role for
// each environment, so that one file cannot reach the groups of another.
type Scope struct {
	// Name is for people; empty: they count.
	Name string
	// Paths are patterns from the root of the repository: * and ? stay within
	// one name, ** is any run of folders. A pattern covers all below what it
	// names.
	Paths []string
	// Signers are principals, patterns of principals (with * and ?), or key
	// fingerprints.
	Signers []string
}

// Trusting reports whether every commit is trusted, so that none need be read.
func (p Policy) Trusting() bool {
	return (p.Require == None || p.Require == "") && len(p.Scopes) == 0
}

// each reports whether each commit must be signed. So it must when Require is
// misspelt: a mistake must not make a policy milder.
func (p Policy) each() bool {
	return p.Require != None && p.Require != "" && p.Require != Head
}

// Check reports what cannot be meant: all mistakes, joined.
func (p Policy) Check() error {
	var mistakes []error
	if !slices.Contains([]Require{"", None, Head, All}, p.Require) {
		mistakes = append(mistakes, fmt.Errorf("require %q: it is one of none, head and all", p.Require))
	}
	if !p.Trusting() && len(p.Keys.AllowedSigners)+len(p.Keys.OpenPGP) == 0 {
		mistakes = append(mistakes, errors.New("signatures are required and no keys are given: no commit could be obeyed; name an allowed_signers file or a keyring"))
	}
	for i, scope := range p.Scopes {
		for _, err := range scope.check(p.Keys) {
			mistakes = append(mistakes, fmt.Errorf("scope %s: %w", scope.called(i), err))
		}
	}
	return errors.Join(mistakes...)
}

// called is the name of a scope, or its number where it has none.
func (s Scope) called(i int) string {
	if s.Name == "" {
		return fmt.Sprint(i + 1)
	}
	return fmt.Sprintf("%.40q", s.Name)
}

func (s Scope) check(keys Keys) []error {
	var mistakes []error
	if len(s.Paths) == 0 {
		mistakes = append(mistakes, errors.New("no paths: it protects nothing"))
	}
	if len(s.Signers) == 0 {
		mistakes = append(mistakes, errors.New("no signers: nobody could change its paths"))
	}
	for _, path := range s.Paths {
		if !isPathPattern(path) {
			mistakes = append(mistakes, fmt.Errorf("path %q is not a path from the root of the repository, such as environments/production.hcl", path))
		}
	}
	for _, name := range s.Signers {
		if !keys.know(name) {
			mistakes = append(mistakes, fmt.Errorf("signer %q: none of the keys belongs to them", name))
		}
	}
	return mistakes
}

func isPathPattern(path string) bool {
	for _, name := range strings.Split(strings.TrimSuffix(path, "/"), "/") {
		if name == "" || name == "." || name == ".." || name != "**" && strings.Contains(name, "**") {
			return false
		}
	}
	return true
}

// know reports whether any key goes by a name.
func (k Keys) know(name string) bool {
	for _, key := range k.AllowedSigners {
		if (Signer{Kind: SSH, Principals: key.Principals, Key: key.Fingerprint}).called(name) {
			return true
		}
	}
	return slices.ContainsFunc(k.OpenPGP, func(key OpenPGPKey) bool { return key.called(name) })
}

// scoped are those of the paths that lie in a scope.
func (p Policy) scoped(paths []string) []string {
	var found []string
	for _, path := range paths {
		if slices.ContainsFunc(p.Scopes, func(s Scope) bool { return s.has(path) }) {
			found = append(found, path)
		}
	}
	return found
}

// outside is nil when the signer may change all the paths.
func (p Policy) outside(signer Signer, paths []string) error {
	for _, path := range paths {
		for _, s := range p.Scopes {
			if s.has(path) && !s.admits(signer) {
				return distrust(OutOfScope, "would change %.200q, which only %s may change, and is signed by %s", path, strings.Join(s.Signers, ", "), signer)
			}
		}
	}
	return nil
}

func (s Scope) has(path string) bool {
	return slices.ContainsFunc(s.Paths, func(pattern string) bool { return covers(pattern, path) })
}

// Has reports whether a path lies in the scope.
func (s Scope) Has(path string) bool { return s.has(path) }

// Reaches reports whether a path below a folder may lie in the scope.
func (s Scope) Reaches(folder string) bool {
	return slices.ContainsFunc(s.Paths, func(pattern string) bool { return reaches(pattern, folder) })
}

func (s Scope) admits(signer Signer) bool {
	return slices.ContainsFunc(s.Signers, signer.called)
}
