// Package gitsource is the git side of Moult: it keeps a bare mirror of one
// branch of one repository, notices new commits, and reads declaration files
// straight from git's object store.
//
//	Fetch      one poll: ask where the branch is, copy what is new
//	Head       the newest commit that was copied whole
//	Revisions  the first-parent history, as lists of declaration files
//	Read       the content of one file
//	Watch      a signal when a local repository may have new commits
//	Parents, Since, Leads, Find    commits as they are stored, for those who decide which to obey
//	Clone      a person's clone, read where it stands, for those who look back
//
// # The mirror
//
// The mirror is a cache and never the truth: it can be deleted at any time. It
// is a bare repository, <StateDir>/mirror, that the git command can read, with
// one branch and no work tree. A pack is received into a temporary file,
// checked, indexed, synced and renamed; only then does the branch move, by one
// rename. So a crash at any line leaves the old head or the new one. Whatever
// is found missing or unreadable, the whole mirror is thrown away and cloned
// again; nothing is repaired and nothing half-read is handed out. Each object
// is hashed again when it is read.
//
// # The rooms below
//
//	wire      git's protocol with a server: version 2, of which a poll is one request
//	packs     git's packs, checked as they arrive
//	objects   objects as they lie on disk, read by the ten thousand
//	durable   files that outlast a crash, whole
//	fault     what may go wrong, as kinds
//	trust     which commits may be obeyed
//	ledger    what became of each commit, in git notes
//
// A local repository is opened where it stands; no git command is ever run.
// Refs are read with go-git, and so are packs while they arrive.
//
// # Distrust
//
// A server may be slow, broken or hostile. Every wait has a deadline, every
// reply a size; packs are checked while they arrive ([Limits]). Of a tree only
// regular files with plain names count; symbolic links and submodules do not.
package gitsource
