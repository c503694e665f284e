// Package ledger is the record of what became of each commit: which group it
// changed, from which image to which, who asked for it, and how the rollout
// ended. It lies beside the commits, as git notes in refs/notes/moult, so that
// whoever has a clone has the record:
//
//	git fetch origin refs/notes/moult:refs/notes/moult
//	git log --notes=moult
//
//	Ledger    writes: Append, Fetch, Push; Started, what has no end yet
//	Teller    makes entries of what the loop reports
//	Book      reads any clone: History, At, Image, Verify
//
// # What stands in a note
//
// The note of a commit is a line for each [Entry], in the order of time. A
// line is a sentence and, behind it, the same as JSON:
//
//	2026-03-03T12:01:30Z production/web succeeded: ami-0a to ami-0b, 3 instances replaced in 30s {"time":...,"id":"0bda46da0fb5ba3e"}
//
// The sentence is for the auditor who reads git log; JSON alone is no text, and
// a table of its own would be another thing to keep. The JSON is for programs,
// and is what counts; time, group and outcome must be the same in both. Both are one line because git joins notes line by line:
// two lines that belong together would be torn apart by it. The time comes
// first so that git's own "cat_sort_uniq" leaves the lines in order. The id is
// a hash of everything before it, so an entry that two sides have is there
// once, and one that was changed is no entry any more.
//
// What people write into a note (git notes --ref=moult append) stays below the
// lines and is theirs.
//
// # Nothing is ever taken out
//
// Each change is a commit of its own on refs/notes/moult, and each holds what
// the one before held. When two have written at once, the union of both goes
// on; when somebody took an entry out or rewrote the history, what the agent
// has is joined with it again, and the caller is told. [Book.Verify] goes
// through the whole chain. With a key of its own the agent proves each entry, by
// a signature over the whole line, and signs the commits that add nothing else, as
// git signs with SSH keys, so that git verify-commit reads it too. What it puts
// back and did not write itself is in a commit without a signature.
//
// # Where it is kept
//
// Entries go into a store first, a bare repository in the state directory:
// objects, synced, then the ref, by a rename. Once Append returns they survive
// a crash. Push sends them when the remote can be reached and lets the agent
// write; until then they are kept. The store itself may be lost: what was sent
// comes back from the remote, and a damaged store is searched for what was
// not.
//
// Whoever may push to the remote may push much. A ledger that has a note of more
// than 32 MiB in its newest step, or more than some 1,200,000 notes that the store
// has not, is refused and stays where it is; what the agent writes is kept until
// somebody has put it right.
//
// go-git's Remote.Push reads the whole history to send one note, so the few
// new objects are picked here and handed to receive-pack through go-git's
// transports. A repository on this machine is written in place, by git's rules
// for objects and refs. No git command is run.
package ledger
