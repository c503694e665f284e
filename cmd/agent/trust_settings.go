package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/hashicorp/hcl/v2"

	"moult/gitsource/trust"
)

// trustSchema is the block trust of agent.hcl.
type trustSchema struct {
	Require        *hcl.Attribute  `hcl:"require,optional"`
	AllowedSigners string          `hcl:"allowed_signers,optional"`
	RevokedKeys    string          `hcl:"revoked_keys,optional"`
	OpenPGPKeyring string          `hcl:"openpgp_keyring,optional"`
	MergesVouch    bool            `hcl:"merges_vouch,optional"`
	Start          *hcl.Attribute  `hcl:"start,optional"`
	Scopes         []scopeSettings `hcl:"scope,block"`
}

// scopeSettings is one block scope: a trust.Scope, with a name for people.
type scopeSettings struct {
	Name    string   `hcl:"name,label"`
	Paths   []string `hcl:"paths"`
	Signers []string `hcl:"signers"`
}

// trustSettings are what agent.hcl says about trust: a trust.Policy whose keys
// are still in files, and where to begin.
type trustSettings struct {
	Require                                     trust.Require
	AllowedSigners, RevokedKeys, OpenPGPKeyring string // files; empty: none
	MergesVouch                                 bool
	Start                                       string // all digits of the commit to begin after; empty: what is found first
	Scopes                                      []scopeSettings
}

func (f trustSchema) read(r attributes) trustSettings {
	return trustSettings{
		Require:        trust.Require(r.word(f.Require, "", string(trust.None), string(trust.Head), string(trust.All))),
		AllowedSigners: f.AllowedSigners, RevokedKeys: f.RevokedKeys, OpenPGPKeyring: f.OpenPGPKeyring,
		MergesVouch: f.MergesVouch, Start: r.commit(f.Start), Scopes: f.Scopes,
	}
}

// commit reads the whole name of a commit: a shortened one may come to mean
// another.
func (r attributes) commit(a *hcl.Attribute) string {
	text, ok := r.text(a)
	if ok && !plumbing.IsHash(text) {
		r.mistake(a, "Not a commit", fmt.Sprintf("%s is the whole name of a commit, which has 40 digits (git rev-parse COMMIT); %q is not.", a.Name, text))
		return ""
	}
	return strings.ToLower(text)
}

// policy reads the files with the keys. Its error names all that is wrong with
// them, or with the settings.
func (t trustSettings) policy() (trust.Policy, error) {
	allowed, allowedErr := parsed(t.AllowedSigners, trust.ParseAllowedSigners)
	revoked, revokedErr := parsed(t.RevokedKeys, trust.ParseRevokedKeys)
	keyring, keyringErr := parsed(t.OpenPGPKeyring, trust.ParseKeyring)
	p := trust.Policy{
		Require: t.Require, MergesVouch: t.MergesVouch,
		Keys: trust.Keys{AllowedSigners: allowed, Revoked: revoked, OpenPGP: keyring},
	}
	for _, s := range t.Scopes {
		p.Scopes = append(p.Scopes, trust.Scope{Name: s.Name, Paths: s.Paths, Signers: s.Signers})
	}
	if err := errors.Join(allowedErr, revokedErr, keyringErr); err != nil {
		return p, err
	}
	return p, p.Check()
}

// parsed reads a file of keys; without a name there are none.
func parsed[K any](file string, parse func(file string, text []byte) ([]K, error)) ([]K, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return parse(file, text)
}
