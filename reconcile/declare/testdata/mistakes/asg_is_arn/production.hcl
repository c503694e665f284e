environment "production" {
  aws {
    region = "eu-west-1"
  }

  group "web" {
    auto_scaling_group = "arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:1:autoScalingGroupName/web"
    ami                = "ami-0f3c9d5e6a7b8c9d0"
  }
}
