package trust

import "fmt"

// Reason is why a commit is not trusted: one stable word for each, which
// people script against.
type Reason string

// The reasons.
const (
	// Unsigned: the commit has no signature.
	Unsigned Reason = "unsigned"
	// UnknownKey: the key that signed is none of the agent's.
	UnknownKey Reason = "unknown_key"
	// ExpiredKey: the key was not in force when it signed: no longer, or not yet.
	ExpiredKey Reason = "expired_key"
	// RevokedKey: the key was revoked, whenever that was.
	RevokedKey Reason = "revoked_key"
	// BadSignature: the key is known and the signature is not one of these
	// bytes: the commit was changed after it was signed, or the signature was
	// taken from elsewhere.
	BadSignature Reason = "bad_signature"
	// WrongPurpose: the key or the signature is for something else than
	// commits: another SSH namespace, an OpenPGP key that may not sign.
	WrongPurpose Reason = "wrong_purpose"
	// WeakAlgorithm: SHA-1, DSA, or a short RSA key.
	WeakAlgorithm Reason = "weak_algorithm"
	// Unsupported: a kind of signature that this package does not verify.
	Unsupported Reason = "unsupported_signature"
	// Malformed: the commit or its signature is not what git writes.
	Malformed Reason = "malformed"
	// OutOfScope: the commit changes a path that its signer may not change.
	OutOfScope Reason = "out_of_scope"
	// NoStart: nothing was ever accepted, and the policy needs something to
	// start from.
	NoStart Reason = "no_start"
)

// Distrust is an error: why a commit is not trusted.
type Distrust struct {
	Reason Reason
	Detail string // what is wrong with the commit, as a predicate: "is not signed"
}

func (d *Distrust) Error() string { return d.Detail }

func distrust(reason Reason, format string, args ...any) *Distrust {
	return &Distrust{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// accept is how a person takes the commit as it is. What is accepted by name is
// kept by an agent, so that before the first start there is nothing to keep it.
func (r Reason) accept() string {
	if r == NoStart {
		return "accept this one once the agent has started"
	}
	return "accept it as it is"
}

// next is what a person can do about it, short of accepting the commit as it
// is.
func (r Reason) next() string {
	switch r {
	case Unsigned:
		return "sign it and push again (git commit --amend -S)"
	case UnknownKey:
		return "if its owner may deploy, add the key to those that agent.hcl names"
	case ExpiredKey:
		return "sign it with a key that is in force, or renew the key in the agent's files"
	case RevokedKey:
		return "have somebody else review it and sign it again"
	case BadSignature:
		return "find out who changed it; sign it again only after a review"
	case WrongPurpose:
		return "sign it with git (git commit --amend -S) and a key that may sign commits"
	case WeakAlgorithm:
		return "sign it with an Ed25519 key, or with RSA of 2048 bits or more and SHA-2"
	case Unsupported:
		return "sign it with a plain SSH or OpenPGP key"
	case Malformed:
		return "make it again with git"
	case OutOfScope:
		return "have one of them sign it"
	case NoStart:
		return "review the branch and name the commit to begin after, as start in the block trust of agent.hcl"
	}
	return "review it"
}
