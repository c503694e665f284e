package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclparse"

	"moult/gitsource/wire"
)

// configFile is the agent's own file. It is not read from the repository that
// the agent obeys: nobody may grant themselves trust by a commit.
const configFile = "/etc/moult/agent.hcl"

// fileSchema is what agent.hcl may hold.
type fileSchema struct {
	Repository *repositorySchema `hcl:"repository,block"`
	Trust      *trustSchema      `hcl:"trust,block"`
	Webhook    *webhookSchema    `hcl:"webhook,block"`
	Ledger     *ledgerSchema     `hcl:"ledger,block"`
	StateDir   string            `hcl:"state_dir,optional"`
	Socket     string            `hcl:"socket,optional"`
	Poll       *hcl.Attribute    `hcl:"poll,optional"`
	Interval   *hcl.Attribute    `hcl:"interval,optional"`
	Log        *logSchema        `hcl:"log,block"`
}

// repositorySchema is the block repository of agent.hcl; docs/access.md says what
// each setting means.
type repositorySchema struct {
	URL    string `hcl:"url,optional"`
	Branch string `hcl:"branch,optional"`
	Path   string `hcl:"path,optional"`

	Username      string `hcl:"username,optional"`
	PasswordFile  string `hcl:"password_file,optional"`
	Authorization string `hcl:"authorization,optional"`

	SSHKeyFile      string   `hcl:"ssh_key_file,optional"`
	KnownHostsFiles []string `hcl:"known_hosts_files,optional"`

	CAFile                string `hcl:"ca_file,optional"`
	ClientCertificateFile string `hcl:"client_certificate_file,optional"`
	ClientKeyFile         string `hcl:"client_key_file,optional"`

	Proxy             string `hcl:"proxy,optional"`
	ProxyPasswordFile string `hcl:"proxy_password_file,optional"`
}

// access is how the repository is reached.
func (r repositorySchema) access() wire.Access {
	return wire.Access{
		Username: r.Username, PasswordFile: r.PasswordFile, Authorization: r.Authorization,
		KeyFile: r.SSHKeyFile, KnownHosts: r.KnownHostsFiles,
		CAFile: r.CAFile, CertificateFile: r.ClientCertificateFile, CertificateKeyFile: r.ClientKeyFile,
		Proxy: r.Proxy, ProxyPasswordFile: r.ProxyPasswordFile,
	}
}

type logSchema struct {
	Level  *hcl.Attribute `hcl:"level,optional"`
	Format *hcl.Attribute `hcl:"format,optional"`
}

// configMistakes are all that is wrong with a file in HCL, such as agent.hcl,
// drawn with the source lines.
type configMistakes struct {
	path  string
	count int
	text  string
}

func (m configMistakes) Error() string {
	return fmt.Sprintf("read %s: %s\n\n%s", m.path, plural(m.count, "mistake"), strings.TrimRight(m.text, "\n"))
}

// readConfig lays the values of an agent.hcl over s. All its mistakes are in
// the error.
func readConfig(path string, s settings) (settings, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return s, advise(fmt.Errorf("read the configuration: %w", err), "name a file that exists with --config, or leave the flag out")
	}
	parser := hclparse.NewParser()
	file, diagnostics := parser.ParseHCL(content, path)
	if !diagnostics.HasErrors() {
		var schema fileSchema
		diagnostics = append(diagnostics, gohcl.DecodeBody(file.Body, nil, &schema)...)
		s = schema.over(s, &diagnostics)
	}
	if !diagnostics.HasErrors() {
		return s, nil
	}
	return s, advise(drawn(path, masked(content), diagnostics), "correct %s; an example is in systemd/agent.hcl", path)
}

// drawn are the mistakes in a file.
func drawn(path string, content []byte, diagnostics hcl.Diagnostics) configMistakes {
	var text strings.Builder
	shown := map[string]*hcl.File{path: {Bytes: content}}
	_ = hcl.NewDiagnosticTextWriter(&text, shown, 0, false).WriteDiagnostics(diagnostics)
	return configMistakes{path: path, count: len(diagnostics), text: text.String()}
}

// over lays what the file says over s.
func (f fileSchema) over(s settings, diagnostics *hcl.Diagnostics) settings {
	if f.Repository != nil {
		s.repository = *f.Repository
	}
	if f.Trust != nil {
		s.trust = f.Trust.read(attributes{diagnostics})
	}
	if f.Webhook != nil {
		s.webhook = f.Webhook.read(attributes{diagnostics})
	}
	if f.Ledger != nil {
		s.ledger = f.Ledger.read()
	}
	s.stateDir, s.socket = or(f.StateDir, s.stateDir), or(f.Socket, s.socket)
	read := attributes{diagnostics}
	s.poll, s.interval = read.duration(f.Poll, s.poll), read.duration(f.Interval, s.interval)
	if f.Log != nil {
		s.logLevel = read.word(f.Log.Level, s.logLevel, "debug", "info", "warn", "error")
		s.logFormat = read.word(f.Log.Format, s.logFormat, "text", "json")
	}
	return s
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// attributes reads attributes that HCL has no type for, and collects what is
// wrong with them.
type attributes struct{ diagnostics *hcl.Diagnostics }

func (r attributes) duration(a *hcl.Attribute, fallback time.Duration) time.Duration {
	text, ok := r.text(a)
	if !ok {
		return fallback
	}
	d, ok := parseWait(text)
	if !ok {
		r.mistake(a, "Not a duration", fmt.Sprintf("%s is %s; %q is not.", a.Name, waitForm, text))
		return fallback
	}
	return d
}

func (r attributes) word(a *hcl.Attribute, fallback string, allowed ...string) string {
	text, ok := r.text(a)
	if !ok {
		return fallback
	}
	for _, word := range allowed {
		if text == word {
			return text
		}
	}
	r.mistake(a, "Unknown word", fmt.Sprintf("%s is one of %s; %q is none of them.", a.Name, strings.Join(allowed, ", "), text))
	return fallback
}

func (r attributes) text(a *hcl.Attribute) (string, bool) {
	if a == nil {
		return "", false
	}
	var text string
	diagnostics := gohcl.DecodeExpression(a.Expr, nil, &text)
	*r.diagnostics = append(*r.diagnostics, diagnostics...)
	return text, !diagnostics.HasErrors()
}

func (r attributes) mistake(a *hcl.Attribute, summary, detail string) {
	r.mistakeAt(a.Expr.Range(), summary, detail)
}

func (r attributes) mistakeAt(place hcl.Range, summary, detail string) {
	*r.diagnostics = append(*r.diagnostics, &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &place,
	})
}
