// Package wire speaks git's protocol with the server that keeps a repository:
// where a ref is, what lies behind it, and moving a ref of one's own.
//
//	Server    one repository on a server: Tip, Branches, Fetch, Push
//	Location  a repository URL taken apart, and shown without secrets
//	Access    how to prove who asks, and who may answer
//
// go-git speaks version 0 of the protocol, in which a server lists all its refs
// at each poll (69 bytes a ref). This package speaks version 2
// (gitprotocol-v2(5)), which names the one ref that is asked for. A server that
// knows only version 0 gets version 0; pushing is version 0 with every server.
//
// A server may be slow, broken or hostile. Every wait has a deadline, every
// reply a size, and nothing that it says reaches a terminal as it is.
package wire
