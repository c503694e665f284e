# One machine to try things on. It may be gone for a few minutes while it is
# replaced, and what somebody changes on it by hand is shown, not undone.
environment "dev" {
  drift = "report"

  aws {
    region = "eu-west-1"
  }

  group "web" {
    auto_scaling_group = "web-dev"
    ami                = "ami-0f3c9d5e6a7b8c9d0" # webapp 2026.11.23, built from 4f2a91c

    rollout {
      min_healthy_percentage = 0
      max_healthy_percentage = 100
      instance_warmup        = "30s"
    }
  }
}
