package awssim

// ec2Operations is the part of EC2 that is simulated: launch templates,
// images, tags, and looking at instances.
var ec2Operations = map[string]operation{
	"ec2:CreateLaunchTemplate":           idempotent(createLaunchTemplate),
	"ec2:CreateLaunchTemplateVersion":    idempotent(createLaunchTemplateVersion),
	"ec2:DescribeLaunchTemplates":        reading(describeLaunchTemplates),
	"ec2:DescribeLaunchTemplateVersions": reading(describeLaunchTemplateVersions),
	"ec2:ModifyLaunchTemplate":           idempotent(modifyLaunchTemplate),
	"ec2:DeleteLaunchTemplate":           deleteLaunchTemplate,
	"ec2:DeleteLaunchTemplateVersions":   deleteLaunchTemplateVersions,

	"ec2:RegisterImage":           registerImage,
	"ec2:CreateImage":             createImage,
	"ec2:CopyImage":               idempotent(copyImage),
	"ec2:DescribeImages":          reading(describeImages),
	"ec2:DescribeImageAttribute":  reading(describeImageAttribute),
	"ec2:ModifyImageAttribute":    modifyImageAttribute,
	"ec2:DeregisterImage":         deregisterImage,
	"ec2:EnableImage":             enableImage,
	"ec2:DisableImage":            disableImage,
	"ec2:EnableImageDeprecation":  enableImageDeprecation,
	"ec2:DisableImageDeprecation": disableImageDeprecation,

	"ec2:ReplaceImageInstanceTypeSpecification":       replaceImageInstanceTypeSpecification,
	"ec2:GetAllowedImagesSettings":                    reading(getAllowedImagesSettings),
	"ec2:EnableAllowedImagesSettings":                 enableAllowedImagesSettings,
	"ec2:DisableAllowedImagesSettings":                disableAllowedImagesSettings,
	"ec2:ReplaceImageCriteriaInAllowedImagesSettings": replaceImageCriteria,

	"ec2:CreateTags":   createResourceTags,
	"ec2:DeleteTags":   deleteResourceTags,
	"ec2:DescribeTags": reading(describeResourceTags),

	"ec2:DescribeInstances":             reading(describeEC2Instances),
	"ec2:DescribeInstanceImageMetadata": reading(describeInstanceImageMetadata),
	"ec2:DescribeInstanceTypes":         reading(describeInstanceTypes),
	"ec2:DescribeRegions":               reading(describeRegions),
}
