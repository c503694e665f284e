# The agent's own file: /etc/moult/agent.hcl. What is commented out shows what
# the agent does without it. Flags of the command win over what stands here.
#
# Keep this file out of the repository that the agent obeys: nobody may grant
# themselves trust by a commit.

repository {
  # https, http, ssh, git@host:path, file, or a plain path.
  url = "https://git.example.com/fleet.git"

  # branch = "main"
  # path   = ""                   # the folder with the declarations; empty is all of the repository

  # docs/access.md says more about all of these.
  # For https: a token or password, in a file of its own.
  # username      = "moult"
  # password_file = "/run/credentials/moult.service/git-password"
  # authorization = "basic"       # or bearer, for servers that want a token alone
  # ca_file       = "/etc/moult/ca.pem"    # your own authorities, beside the system's

  # For https servers that ask for a certificate.
  # client_certificate_file = "/etc/moult/client.pem"
  # client_key_file         = "/run/credentials/moult.service/git-client-key"

  # For ssh: a key without passphrase, and the host keys to trust.
  # ssh_key_file      = "/run/credentials/moult.service/git-ssh-key"
  # known_hosts_files = ["/etc/moult/known_hosts"]

  # A proxy: http, https or socks5. Without it https goes by HTTPS_PROXY.
  # proxy               = "http://moult@proxy.example.com:3128"
  # proxy_password_file = "/run/credentials/moult.service/proxy-password"
}

# Which commits are obeyed; docs/trust.md says more. Without this block none need
# be signed. A rewritten branch is held in any case, until `moult trust COMMIT`.
# trust {
#   require         = "head"                          # none, head, or all commits
#   allowed_signers = "/etc/moult/allowed_signers"    # SSH keys, as for git and ssh-keygen
#   revoked_keys    = "/etc/moult/revoked_keys"       # SSH keys that never count
#   openpgp_keyring = "/etc/moult/keyring.asc"        # as gpg --armor --export writes it
#   merges_vouch    = true                            # for all: a signed merge speaks for what it brings
#   start           = "4f2a91c2b7d05e8863f1a90c4d5e6b7a81920314"    # the commit to begin after
#   scope "production" {
#     paths   = ["environments/production.hcl", "environments/payments/**"]
#     signers = ["ops@example.com"]
#   }
# }

# What becomes of each commit is written into refs/notes/moult of the
# repository; docs/ledger.md says more. While the agent may not write there, it
# is kept in the state directory.
# ledger {
#   enabled          = true
#   push             = true
#   username         = "moult"                                          # who writes; without
#   password_file    = "/run/credentials/moult.service/ledger-password" # these three, as in
#   ssh_key_file     = "/run/credentials/moult.service/ledger-ssh-key"  # the block repository
#   signing_key_file = "/run/credentials/moult.service/ledger-key"      # signs what the agent writes
#   name             = "moult on bastion-1"
#   email            = "moult@bastion-1"
# }

# How often git is asked for a new commit, and how often AWS is looked at while
# nothing moves.
# poll     = "30s"
# interval = "60s"

# Where a forge may say that there is something new; docs/webhooks.md says more.
# Without this block nothing listens.
# webhook {
#   listen           = "127.0.0.1:8642"
#   secret_file      = "/run/credentials/moult.service/webhook-secret"
#   path             = "/hook"
#   certificate_file = "/etc/moult/tls/fullchain.pem"    # TLS; without the two: plain HTTP
#   key_file         = "/etc/moult/tls/key.pem"
# }

# Where the mirror of the repository, the last accepted commit and the ledger
# are kept. Deleting it costs a clone, and what was not sent of the ledger.
# systemd gives the directory, so it need not be named here.
# state_dir = "/var/lib/moult"

# Where `moult status` finds the running agent.
socket = "/run/moult/agent.sock"

# log {
#   level  = "info"               # debug, info, warn or error
#   format = "json"               # json or text; without it: text on a terminal, JSON elsewhere
# }
