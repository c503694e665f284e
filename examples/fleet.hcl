# A simulated AWS in which every group of examples/repo exists and runs what is
# declared for it: `moult sim --fleet examples/fleet.hcl`.

region  = "eu-west-1"
account = "111122223333"

# The web application: last week's image, this week's, and one that never
# becomes healthy.
image "ami-0a4f1c2d3e5b60718" {
  name = "webapp-2026.11.16"
}

image "ami-0f3c9d5e6a7b8c9d0" {
  name = "webapp-2026.11.23"
}

image "ami-0badc0de5badc0de5" {
  name      = "webapp-2026.11.24"
  behaviour = "unhealthy"
}

# The api: what runs, and the next.
image "ami-0d71a0c5e2b94f386" {
  name = "api-8.4.1"
}

image "ami-0c2b8e6f4a1d3957b" {
  name = "api-8.5.0"
}

template "web-dev" {
  image_id      = "ami-0f3c9d5e6a7b8c9d0"
  instance_type = "t3.small"
}

group "web-dev" {
  template          = "web-dev"
  desired_capacity  = 1
  max_size          = 2
  health_check_type = "ELB"
}

template "web-staging" {
  image_id      = "ami-0a4f1c2d3e5b60718"
  instance_type = "t3.small"
}

group "web-staging" {
  template          = "web-staging"
  desired_capacity  = 4
  health_check_type = "ELB"
}

template "api-staging" {
  image_id      = "ami-0d71a0c5e2b94f386"
  instance_type = "t3.small"
}

group "api-staging" {
  template          = "api-staging"
  desired_capacity  = 2
  health_check_type = "ELB"
}

template "web-production" {
  image_id      = "ami-0a4f1c2d3e5b60718"
  instance_type = "m5.large"
}

group "web-production" {
  template          = "web-production"
  desired_capacity  = 8
  health_check_type = "ELB"
}

alarm "web-production-5xx" {
  state = "OK"
}

template "api-production" {
  image_id      = "ami-0d71a0c5e2b94f386"
  instance_type = "m5.large"
}

group "api-production" {
  template          = "api-production"
  desired_capacity  = 6
  health_check_type = "ELB"
}

# The payments team's own account and region.
image "ami-07e5d4c3b2a190f8e" {
  name = "gateway-3.2.0"
  place {
    region  = "us-east-1"
    account = "444455556666"
  }
}

template "payments-gateway" {
  image_id      = "ami-07e5d4c3b2a190f8e"
  instance_type = "m5.large"
  place {
    region  = "us-east-1"
    account = "444455556666"
  }
}

group "payments-gateway" {
  template          = "payments-gateway"
  desired_capacity  = 3
  health_check_type = "ELB"
  place {
    region  = "us-east-1"
    account = "444455556666"
  }
}
