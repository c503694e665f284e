environment "production" {
  aws {
    region = "eu-west-1"
  }

  group "web" {
    auto_scaling_group = "web-production"
    ami                = "ami-0F3C9D5E6A7B8C9D0"
  }
}
