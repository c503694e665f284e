environment "everything" {
  drift = "report"

  aws {
    region      = "us-gov-west-1"
    role_arn    = "arn:aws-us-gov:iam::444455556666:role/path/to/moult"
    external_id = "4711:abc"
  }

  rollout {
    min_healthy_percentage       = 90
    max_healthy_percentage       = 190
    instance_warmup              = "90s"
    checkpoint_percentages       = [50, 100]
    checkpoint_delay             = "1h30m"
    bake_time                    = "48h"
    alarms                       = ["5xx", "queue depth (high)"]
    auto_rollback                = true
    scale_in_protected_instances = "refresh"
    standby_instances            = "terminate"
  }

  group "inherits" {
    auto_scaling_group = "inherits"
    ami                = "ami-0f3c9d5e"
  }

  group "overlays" {
    auto_scaling_group = "overlays"
    ami                = "ami-0f3c9d5e6a7b8c9d0"
    drift              = "heal"
    stateful           = true

    rollout {
      min_healthy_percentage       = 100
      instance_warmup              = "0s"
      checkpoint_percentages       = [] # takes back the delay too
      alarms                       = []
      auto_rollback                = false
      scale_in_protected_instances = "ignore"
      standby_instances            = "wait"
    }
  }
}

environment bare {
  aws { region = "eu-west-1" }
}
