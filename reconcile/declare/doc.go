// Package declare is the declaration language: HCL text to declarations, with
// diagnostics that point at file, line and column, and the fold of a
// repository's history into what is in force.
//
// # A file
//
// Every .hcl file below the configured path is read, whatever the folders are
// called. A file holds environment blocks and nothing else:
//
//	environment "production" {
//	  aws {
//	    region = "eu-west-1"
//	  }
//
//	  group "web" {
//	    auto_scaling_group = "web-production"
//	    ami                = "ami-0f3c9d5e6a7b8c9d0"
//	  }
//	}
//
// Values are literals: text in double quotes, whole numbers, true and false,
// lists in square brackets. There are no variables, functions, expressions or
// includes. Everything that decides what runs stands in the file, and a change
// of it can be read in the diff.
//
// # environment "name"
//
// The name is unique in the repository. It has 1 to 64 letters, digits, "-",
// "_" and ".", and begins with a letter or digit.
//
//	drift    text   "heal" (default): a change that did not come from git is put right;
//	                "report": it is shown, and the group is left alone
//	aws      block  exactly one
//	rollout  block  at most one: the defaults of the groups of this environment
//	group    block  any number, up to 10,000
//
// # aws
//
// Where the groups are, and through which role they are reached.
//
//	region       text  required   "eu-west-1"
//	role_arn     text  optional   the role to assume; without it the agent's own credentials
//	external_id  text  optional   2 to 1224 characters, only with role_arn
//
// # group "name"
//
// The name is unique in its environment; the rule is that of environments. An
// Auto Scaling group may be declared once in an account and region. The
// account is that of role_arn; environments without a role share the agent's.
//
//	auto_scaling_group  text        required   AutoScalingGroupName, 1 to 255 characters
//	ami                 text        required   ImageId: "ami-" and 17 (or 8) lower-case hexadecimal digits
//	drift               text        the environment's, then "heal"
//	stateful            true/false  false      instances keep what replacing them would lose
//	rollout             block       at most one, laid over the environment's
//
// # rollout
//
// How instances are replaced. Each attribute that a group does not write is
// its environment's; one that neither writes is left to Moult and AWS. In a
// group, an empty list takes back a list of the environment (with
// checkpoint_percentages, its checkpoint_delay too). Percentages are whole
// numbers; durations are text in hours, minutes and seconds: "90s", "10m",
// "1h30m". The names of AWS are those of RefreshPreferences in the Auto Scaling
// API.
//
//	min_healthy_percentage        0 to 100 percent of desired capacity       MinHealthyPercentage
//	max_healthy_percentage        100 to 200, at most 100 above the minimum,
//	                              which must be given                        MaxHealthyPercentage
//	instance_warmup               duration, counted after InService          InstanceWarmup
//	checkpoint_percentages        list of 1 to 100, rising, the last 100     CheckpointPercentages
//	checkpoint_delay              duration up to "48h", at each checkpoint   CheckpointDelay
//	bake_time                     duration up to "48h", after the last       BakeTime
//	alarms                        list of at most 10 alarm names             AlarmSpecification.Alarms
//	auto_rollback                 true or false                              AutoRollback
//	scale_in_protected_instances  "refresh", "ignore" or "wait"              ScaleInProtectedInstances
//	standby_instances             "terminate", "ignore" or "wait"            StandbyInstances
//
// # The environment is the unit of failure
//
// A mistake leaves the environment that it is in on its last good commit; the
// others move on, those in the same file too. A mistake between files (two
// environments of one name, an Auto Scaling group declared twice) holds back
// every environment that has a part in it. What follows an environment and
// belongs nowhere counts as its mistake, because a misplaced brace may have
// ended it too early.
//
// An environment that is removed is let go: its groups stay as they are. It is
// kept only while it may still be there unseen: while the file that it was in
// cannot be read as a whole, or some file is so broken that nobody can tell
// which environments it holds.
//
// An environment that stays on an older commit still holds the Auto Scaling
// groups that it declared there. Another that newly declares one of them waits
// until the first has moved, so that one Auto Scaling group never has two
// declarations in force. See [Timeline].
//
// # Hostile text
//
// A file may have 1 MiB; a larger one is refused unread. Before HCL's parser,
// which calls itself for nested text, sees a file, its words, brackets,
// operators and unclosed comments are counted. So any text ends in
// declarations or in diagnostics, in time and memory proportional to its size.
//
// What is plain, as nearly all that people write, is read without that parser,
// into the same nodes; a fuzz target holds the two together.
package declare
