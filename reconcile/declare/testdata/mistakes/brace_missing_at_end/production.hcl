environment "production" {
  aws {
    region = "eu-west-1"
  }

  group "web" {
    auto_scaling_group = "web-production"
    ami                = "ami-0f3c9d5e6a7b8c9d0"
  }
