// Package hint hears webhooks: a forge says that a repository may have changed.
// It is a hint and nothing else. What the forge writes is hashed, to see
// whether it comes from somebody who has the secret, and is then thrown away;
// it is never parsed. The worst that a forged or replayed hook can do is a
// poll that was not needed.
//
// Signatures that count, with HMAC-SHA256 (RFC 2104) throughout:
//
//	X-Hub-Signature-256: sha256=HEX     of the body. GitHub, and Gitea and Forgejo beside their own
//	X-Gitea-Signature: HEX              of the body. Gitea and Forgejo
//	X-Forgejo-Signature: HEX            of the body. Forgejo
//	X-Signature-256: sha256=HEX         of the body. For anybody else
//	webhook-signature: v1,BASE64 ...    of webhook-id.webhook-timestamp.body. Standard Webhooks; GitLab's signing token
//	X-Gitlab-Token: SECRET              the secret itself. GitLab's secret token
//
// Each that is there must be right, and one must be there. SHA-1
// (X-Hub-Signature) is not looked at.
//
// Sources: GitHub, "Validating webhook deliveries"; Gitea, services/webhook/deliver.go;
// Forgejo, "Webhooks"; GitLab, app/services/web_hook_service.rb and merge
// request 230944; Standard Webhooks 1.0.0, spec/standard-webhooks.md.
package hint
