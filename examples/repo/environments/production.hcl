# Production never has less than it asks for: new instances come first, old ones
# go after.
environment "production" {
  aws {
    region = "eu-west-1"
  }

  rollout {
    min_healthy_percentage = 100
    max_healthy_percentage = 125
    instance_warmup        = "2m"
    auto_rollback          = true
  }

  group "api" {
    auto_scaling_group = "api-production"
    ami                = "ami-0d71a0c5e2b94f386" # api 8.4.1
  }

  # The shop window: a quarter first, then a look at the alarms, then the rest.
  group "web" {
    auto_scaling_group = "web-production"
    ami                = "ami-0a4f1c2d3e5b60718" # webapp 2026.11.16

    rollout {
      checkpoint_percentages = [25, 100]
      checkpoint_delay       = "10m"
      bake_time              = "5m"
      alarms                 = ["web-production-5xx"]
    }
  }
}
