environment "production" {
  aws {
    region = "us-east-1"
  }

  group "web" {
    auto_scaling_group = "web-us"
    ami                = "ami-0f3c9d5e6a7b8c9d0"
  }
}
