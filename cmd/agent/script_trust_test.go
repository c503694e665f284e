package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha512"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
)

// gitReset moves the branch and its files, as `git reset --hard` does.
func gitReset(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "git-reset DIR COMMIT")
	repository, err := git.PlainOpen(ts.MkAbs(args[0]))
	ts.Check(err)
	tree, err := repository.Worktree()
	ts.Check(err)
	ts.Check(tree.Reset(&git.ResetOptions{Commit: plumbing.NewHash(args[1]), Mode: git.HardReset}))
}

// gitSigner writes the allowed_signers file that trusts the key of
// git-commit-signed.
func gitSigner(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "git-signer FILE PRINCIPAL")
	signer, err := newCommitSigner()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), signer.line(args[1]), 0o644))
}

func gitCommitSigned(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "git-commit-signed DIR MESSAGE")
	signer, err := newCommitSigner()
	ts.Check(err)
	ts.Check(commitAll(ts.MkAbs(args[0]), args[1], time.Now(), signer))
}

// commitSigner signs commits as git does with gpg.format=ssh. Its key is the
// same in every story.
type commitSigner struct{ ssh.Signer }

func newCommitSigner() (commitSigner, error) {
	signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize)))
	return commitSigner{signer}, err
}

// line trusts the key, in an allowed_signers file.
func (s commitSigner) line(principal string) []byte {
	return fmt.Appendf(nil, "%s namespaces=\"git\" %s", principal, ssh.MarshalAuthorizedKey(s.PublicKey()))
}

// Sign makes an armored signature (openssh, PROTOCOL.sshsig).
func (s commitSigner) Sign(message io.Reader) ([]byte, error) {
	content, err := io.ReadAll(message)
	if err != nil {
		return nil, err
	}
	hash := sha512.Sum512(content)
	magic := [6]byte([]byte("SSHSIG"))
	signature, err := s.Signer.Sign(rand.Reader, ssh.Marshal(struct {
		Magic                     [6]byte
		Namespace, Reserved, Algo string
		Hash                      []byte
	}{magic, "git", "", "sha512", hash[:]}))
	if err != nil {
		return nil, err
	}
	blob := ssh.Marshal(struct {
		Magic                     [6]byte
		Version                   uint32
		PublicKey                 []byte
		Namespace, Reserved, Algo string
		Signature                 []byte
	}{magic, 1, s.PublicKey().Marshal(), "git", "", "sha512", ssh.Marshal(signature)})
	return pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: blob}), nil
}
