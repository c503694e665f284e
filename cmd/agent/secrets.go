package main

import (
	"bytes"
	"log/slog"
	"regexp"

	"moult/gitsource/wire"
)

// warnOfSecret tells of a password in the arguments of the command. Every user
// of the machine can read those (proc(5), /proc/pid/cmdline), and shells and
// supervisors keep them.
func warnOfSecret(log *slog.Logger, url, shown string) {
	if wire.HoldsSecret(url) {
		log.Warn("password in the command's arguments, where every user of this machine can read it", "repository", shown,
			"advice", "write it into a file of its own, and name that as password_file in agent.hcl; docs/access.md shows how")
	}
}

// What stands in an agent.hcl and is nobody's business: the user and password
// of a URL, and what somebody wrote as a password although only files are read.
var (
	inURL    = regexp.MustCompile(`://[^\s"]*@`)
	inClear  = regexp.MustCompile(`(?i)([a-z_]*(?:password|passwd|secret|token|credential)[a-z_]*)["\s]*=[ \t]*(.*)`)
	inQuery  = regexp.MustCompile(`\?[^\s"]+`)
	fileName = regexp.MustCompile(`(?i)_files?$`)
)

// masked is the text of an agent.hcl as a mistake in it may be shown, of the
// same length.
func masked(text []byte) []byte {
	text = inURL.ReplaceAllFunc(text, func(found []byte) []byte {
		return append(append([]byte("://"), stars(len(found)-len("://@"))...), '@')
	})
	text = inQuery.ReplaceAllFunc(text, func(found []byte) []byte { return append([]byte("?"), stars(len(found)-1)...) })
	for _, at := range inClear.FindAllSubmatchIndex(text, -1) {
		if !fileName.Match(text[at[2]:at[3]]) {
			copy(text[at[4]:at[5]], stars(at[5]-at[4]))
		}
	}
	return text
}

func stars(n int) []byte { return bytes.Repeat([]byte("*"), n) }
