environment "production" {
  aws {
    region = "eu-west-1"
  }

  rollout {
    min_healthy_percentage = 0
    max_healthy_percentage = 100
  }

  group "web" {
    auto_scaling_group = "web-production"
    ami                = "ami-0f3c9d5e6a7b8c9d0"
    rollout {
      max_healthy_percentage = 120
    }
  }

  group "api" {
    auto_scaling_group = "api-production"
    ami                = "ami-0f3c9d5e6a7b8c9d0"
  }
}
