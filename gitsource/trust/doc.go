// Package trust decides which commits may be obeyed: it verifies their
// signatures, holds them against the agent's policy, and guards the history of
// the branch. It reads no files, asks no clock and knows no repository; commits
// come in as bytes, and what is decided goes out as values.
//
//	Parse       a commit object, more strictly than git
//	Keys        who may sign; Keys.Verify says who did, or why nobody counts
//	Policy      what must be signed, by whom; Policy.Judge says how far a branch may be obeyed
//	Record      the last accepted commit; Record.Guard holds a rewritten branch
//
// One poll goes like this:
//
//	move, err := record.Guard(head, parents)     // held? then nothing changes
//	verdict, err := policy.Judge(Range{From: move.From(), Named: move.Names, Changes: since(move.From(), head)})
//	record = record.Advance(verdict, now)        // obey verdict.Obey; tell everybody verdict.Hold()
//
// # What is verified
//
// The bytes that are stored, less the signature; they are never decoded and
// encoded again. SSH signatures follow openssh's PROTOCOL.sshsig in the
// namespace git; OpenPGP signatures are checked by go-crypto, a packet at a time.
// Keys come from the agent's own files only, and no other key is ever computed
// with. SHA-1, DSA and RSA below 2048 bits do not count.
//
// # Expired and revoked
//
// An SSH key must be in force at the commit's own time, as it is for git, which
// passes that time to ssh-keygen. An OpenPGP key must be in force at the time in
// its signature; gpg judges by the time of the reader, with which the same
// history would be trusted today and not tomorrow. Whoever signs writes both
// times, and can write an old one. So expiry is for keys that are put away, not
// for keys that are stolen: those must be revoked, and a revoked key never
// counts, whatever the time and the reason of the revocation.
//
// # What is not supported
//
// X.509 signatures, SSH certificates and cert-authority lines, binary key
// revocation lists, SHA-256 repositories. Each is refused with a message.
package trust
