environment "production" {
  aws {
    regoin = "eu-west-1"
  }

  drift = "fix"

  group "web" {
    auto_scaling_group = "web-production"
    ami                = "ami-x"
    rollout {
      bake_time = 5
      alarms = 7
    }
  }
}
