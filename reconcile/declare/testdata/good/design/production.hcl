# environments/production.hcl
environment "production" {
  aws {
    region   = "eu-west-1"
    role_arn = "arn:aws:iam::111122223333:role/moult" # one role per account
  }

  rollout { # defaults for this environment's groups
    min_healthy_percentage = 100
    max_healthy_percentage = 110
    auto_rollback          = true
  }

  group "web" {
    auto_scaling_group = "web-production"
    ami                = "ami-0f3c9d5e6a7b8c9d0" # webapp 2026.11.23, built from 4f2a91c

    rollout {
      checkpoint_percentages = [10, 50, 100]
      checkpoint_delay       = "10m"
      bake_time              = "5m"
      alarms                 = ["web-production-5xx"]
    }
  }
}
