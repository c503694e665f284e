environment "production" {
  aws {
    region = "eu-west-1"
  }

  group "web" {
    auto_scaling_group = "web-production"
    ami                = "ami-0f3c9d5e6a7b8c9d0"
    rollout {
      alarms = ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10"]
    }
  }
}
