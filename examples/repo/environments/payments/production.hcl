# The payments team has an AWS account and a region of its own, and an
# environment of its own: a mistake in this file stops nobody else, and a mistake
# elsewhere does not stop payments.
environment "payments-production" {
  aws {
    region   = "us-east-1"
    role_arn = "arn:aws:iam::444455556666:role/moult"
  }

  group "gateway" {
    auto_scaling_group = "payments-gateway"
    ami                = "ami-07e5d4c3b2a190f8e" # gateway 3.2.0

    rollout {
      min_healthy_percentage       = 100
      max_healthy_percentage       = 110
      instance_warmup              = "3m"
      scale_in_protected_instances = "wait" # an instance protects itself while it settles
    }
  }
}
