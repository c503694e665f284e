# Staging runs what production will run next. Nobody waits here: half of a group
# is replaced at a time, and what fails is rolled back.
environment "staging" {
  aws {
    region = "eu-west-1"
  }

  rollout {
    min_healthy_percentage = 50
    max_healthy_percentage = 100
    instance_warmup        = "60s"
    auto_rollback          = true
  }

  group "api" {
    auto_scaling_group = "api-staging"
    ami                = "ami-0d71a0c5e2b94f386" # api 8.4.1
  }

  group "web" {
    auto_scaling_group = "web-staging"
    ami                = "ami-0a4f1c2d3e5b60718" # webapp 2026.11.16
  }
}
