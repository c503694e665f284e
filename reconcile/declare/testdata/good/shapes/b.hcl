# The same Auto Scaling group name in another region is another group.
environment "elsewhere" {
  aws { region = "ap-southeast-2" }

  group "overlays" {
    auto_scaling_group = "overlays"
    ami                = "ami-0f3c9d5e6a7b8c9d0"
  }
}
