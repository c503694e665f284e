package declare

import (
	"fmt"
	"slices"
	"strings"
)

// grammar is what a block may hold.
type grammar struct {
	block      string // its type
	attributes []string
	required   []string // those of the attributes that must be there
	blocks     []string // every block may stand once, a group once for each name
}

var (
	inFile        = grammar{blocks: []string{"environment"}}
	inEnvironment = grammar{
		block:      "environment",
		attributes: []string{"drift"},
		blocks:     []string{"aws", "rollout", "group"},
	}
	inAWS = grammar{
		block:      "aws",
		attributes: []string{"region", "role_arn", "external_id"},
		required:   []string{"region"},
	}
	inGroup = grammar{
		block:      "group",
		attributes: []string{"auto_scaling_group", "ami", "drift", "stateful"},
		required:   []string{"auto_scaling_group", "ami"},
		blocks:     []string{"rollout"},
	}
	inRollout = grammar{
		block: "rollout",
		attributes: []string{
			"min_healthy_percentage", "max_healthy_percentage", "instance_warmup",
			"checkpoint_percentages", "checkpoint_delay", "bake_time", "alarms", "auto_rollback",
			"scale_in_protected_instances", "standby_instances",
		},
	}
	everywhere = []grammar{inFile, inEnvironment, inAWS, inGroup, inRollout}
)

// Words that people know from AWS, Terraform or habit, and what to say.
const (
	noCapacity  = "Leave it out: Moult decides no capacity, and never changes the size of a group."
	noTemplate  = "Leave it out: of a launch template Moult changes nothing but the image."
	noStrategy  = "Leave it out: Moult always replaces instances, a part at a time."
	alwaysSkips = "Leave it out: Moult never replaces an instance that runs the declared image already."
	nameIsLabel = "Leave it out: the name is what stands in quotes after the word that begins the block."
	noLanguage  = "Leave it out and write each value where it is used: a file holds environment blocks and nothing else."
	noTags      = "Leave it out: Moult tags what it makes by itself, with the commit it came from."
)

var strangers = map[string]string{
	"desired_capacity": noCapacity, "min_size": noCapacity, "max_size": noCapacity, "capacity": noCapacity,
	"size": noCapacity, "desired": noCapacity, "instances": noCapacity, "replicas": noCapacity, "count": noCapacity,
	"launch_template": noTemplate, "launch_configuration": noTemplate, "instance_type": noTemplate,
	"mixed_instances_policy": noTemplate, "user_data": noTemplate, "key_name": noTemplate,
	"security_groups": noTemplate, "iam_instance_profile": noTemplate, "version": noTemplate,
	"strategy": noStrategy, "triggers": noStrategy,
	"skip_matching": alwaysSkips,
	"name":          nameIsLabel,
	"tags":          noTags, "tag": noTags,
	"variable": noLanguage, "locals": noLanguage, "local": noLanguage, "output": noLanguage, "module": noLanguage,
	"resource": noLanguage, "provider": noLanguage, "terraform": noLanguage, "data": noLanguage,
	"import": noLanguage, "include": noLanguage, "dynamic": noLanguage, "for_each": noLanguage,
}

// synonyms are words for something that the language has by another name.
var synonyms = map[string]string{
	"image": "ami", "image_id": "ami", "ami_id": "ami", "imageid": "ami",
	"asg": "auto_scaling_group", "asg_name": "auto_scaling_group", "autoscaling_group": "auto_scaling_group",
	"autoscaling_group_name": "auto_scaling_group", "auto_scaling_group_name": "auto_scaling_group",
	"min_healthy": "min_healthy_percentage", "min_healthy_percent": "min_healthy_percentage",
	"max_healthy": "max_healthy_percentage", "max_healthy_percent": "max_healthy_percentage",
	"warmup": "instance_warmup", "default_instance_warmup": "instance_warmup", "warm_up": "instance_warmup",
	"checkpoints": "checkpoint_percentages", "alarm_specification": "alarms", "alarm": "alarms",
	"rollback": "auto_rollback", "bake": "bake_time", "role": "role_arn", "assume_role": "role_arn",
	"preferences": "rollout", "instance_refresh": "rollout", "env": "environment",
}

// words are all that may begin an item of the block.
func (g grammar) words() []string { return slices.Concat(g.attributes, g.blocks) }

// list names them for a person.
func (g grammar) list() string {
	if g.block == "" {
		return "A file holds environment blocks and nothing else."
	}
	return fmt.Sprintf("It may have %s.", enumerate(g.words()))
}

// unknownAttribute is the problem with an attribute that the block does not have.
func (g grammar) unknownAttribute(name, where string) problem {
	p := problem{summary: fmt.Sprintf("unknown attribute %s in %s", quote(name), where)}
	if slices.Contains(g.blocks, name) {
		p.summary = fmt.Sprintf("%s is a block, not an attribute", quote(name))
		p.hint = fmt.Sprintf("Write it as %s, without \"=\".", blockForm(name))
		return p
	}
	p.detail, p.hint = g.advice(name)
	return p
}

// unknownBlock is the problem with a block that may not stand here.
func (g grammar) unknownBlock(name, where string) problem {
	p := problem{summary: fmt.Sprintf("unknown block %s in %s", quote(name), where)}
	if slices.Contains(g.attributes, name) {
		p.summary = fmt.Sprintf("%s is an attribute, not a block", quote(name))
		p.hint = fmt.Sprintf("Write it as %s = value, without braces.", name)
		return p
	}
	p.detail, p.hint = g.advice(name)
	return p
}

// advice is the best hint about a word that does not belong here, and what the
// block may have if nothing better than that is known.
func (g grammar) advice(name string) (detail, hint string) {
	if hint := g.hintFor(name); hint != "" {
		return "", hint
	}
	return g.list(), "Leave it out, or look for a bracket above that closes too early."
}

func (g grammar) hintFor(name string) string {
	if hint := strangers[name]; hint != "" {
		return hint
	}
	if letter := lookAlike(name); letter != "" {
		return letter
	}
	known := name
	if meant := synonyms[strings.ToLower(name)]; meant != "" {
		known = meant
	}
	if home := homeOf(known, g); home != "" {
		return home
	}
	if meant := g.means(name); meant != "" {
		return fmt.Sprintf("Did you mean %q?", meant)
	}
	return ""
}

// means is the word of this block that another word was most likely meant to
// be, or "".
func (g grammar) means(word string) string {
	word = strings.ToLower(word)
	if meant := synonyms[word]; slices.Contains(g.words(), meant) {
		return meant
	}
	return nearest(word, g.words())
}

// homeOf says where a word belongs that stands in the wrong block.
func homeOf(name string, wrong grammar) string {
	var homes []string
	if slices.Contains(wrong.words(), name) {
		return ""
	}
	for _, g := range everywhere {
		if g.block != wrong.block && slices.Contains(g.words(), name) {
			homes = append(homes, homeOfBlock(g.block))
		}
	}
	if len(homes) == 0 {
		return ""
	}
	return fmt.Sprintf("Move it: %q belongs %s.", name, strings.Join(homes, " or "))
}

func homeOfBlock(block string) string {
	switch block {
	case "":
		return "at the top of a file, outside every block"
	case "aws", "environment":
		return "in the " + block + " block"
	}
	return "in a " + block + " block"
}

// blockForm shows how a block is written.
func blockForm(name string) string {
	switch name {
	case "environment", "group":
		return name + ` "name" { ... }`
	}
	return name + " { ... }"
}
