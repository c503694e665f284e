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
#     paths   = ["environments/production/**"]
#     signers = ["ops@example.com"]
#   }
# }

# How often git is asked for a new commit, and how often AWS is looked at while
# nothing moves.
# poll     = "30s"
# interval = "60s"

# Where the mirror of the repository is kept. It is a cache: deleting it costs a
# clone. systemd gives the directory, so it need not be named here.
# state_dir = "/var/lib/moult"

# Where `moult status` finds the running agent.
socket = "/run/moult/agent.sock"

# log {
#   level  = "info"               # debug, info, warn or error
#   format = "json"               # json or text; without it: text on a terminal, JSON elsewhere
# }
