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
// # The wire
//
// go-git speaks version 0 of git's protocol, in which a server lists all its
// refs at each poll (69 bytes a ref). This package speaks version 2
// (gitprotocol-v2(5)), which names the one branch that is asked for: a poll
// without news is one request of about 700 bytes and no objects, however many
// refs there are. A server that knows only version 0 gets version 0. Packs,
// indexes, commits and trees are go-git's. A local repository is opened where
// it stands; no git command is ever run.
//
// # Distrust
//
// A server may be slow, broken or hostile. Every wait has a deadline, every
// reply a size; packs are checked while they arrive ([Limits]). Of a tree only
// regular files with plain names count; symbolic links and submodules do not.
package gitsource
