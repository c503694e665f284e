package main

import (
	"fmt"
	"net"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// webhookSchema is the block webhook of agent.hcl.
type webhookSchema struct {
	Listen          string    `hcl:"listen"`
	ListenAt        hcl.Range `hcl:"listen,attr_value_range"`
	SecretFile      string    `hcl:"secret_file"`
	Path            string    `hcl:"path,optional"`
	PathAt          hcl.Range `hcl:"path,attr_value_range"`
	CertificateFile string    `hcl:"certificate_file,optional"`
	CertificateAt   hcl.Range `hcl:"certificate_file,attr_value_range"`
	KeyFile         string    `hcl:"key_file,optional"`
	KeyAt           hcl.Range `hcl:"key_file,attr_value_range"`
}

// webhookSettings are where hooks are heard, and who may send them. Without
// Listen none are.
type webhookSettings struct {
	Listen                   string // host:port; port 0 is any that is free
	Path                     string
	SecretFile               string
	CertificateFile, KeyFile string // empty: plain HTTP
}

// usualHookPath is where hooks are posted, unless agent.hcl says otherwise.
const usualHookPath = "/hook"

func (f webhookSchema) read(r attributes) webhookSettings {
	s := webhookSettings{
		Listen: f.Listen, Path: or(f.Path, usualHookPath), SecretFile: f.SecretFile,
		CertificateFile: f.CertificateFile, KeyFile: f.KeyFile,
	}
	if _, port, err := net.SplitHostPort(s.Listen); err != nil || port == "" {
		r.mistakeAt(f.ListenAt, "Not an address", fmt.Sprintf("listen is a host and a port, such as \"127.0.0.1:8642\"; %q is not.", s.Listen))
	}
	if !strings.HasPrefix(s.Path, "/") || strings.ContainsAny(s.Path, "?#% ") {
		r.mistakeAt(f.PathAt, "Not a path", fmt.Sprintf("path begins with a slash and is written plainly, such as %q; %q is not.", usualHookPath, s.Path))
	}
	const halves = "certificate_file and key_file belong together: give both, or neither."
	switch {
	case s.CertificateFile != "" && s.KeyFile == "":
		r.mistakeAt(f.CertificateAt, "Half of a pair", halves)
	case s.CertificateFile == "" && s.KeyFile != "":
		r.mistakeAt(f.KeyAt, "Half of a pair", halves)
	}
	return s
}
