environment "production" {
  aws {
    region = "eu-west-1"
  }

  group "web" {
    auto_scaling_group = "web-production"
    ami = 17
  }
}
