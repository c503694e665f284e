package awssim

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Apply adds a fleet to what there is. It fails for what AWS would refuse, and
// names what that is; what comes before it in the fleet is then there.
func (s *Server) Apply(f Fleet) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := fleetMaker{s, f}
	return errors.Join(
		each(f.Images, a.image), each(f.Parameters, a.parameter), each(f.Templates, a.template),
		each(f.LaunchConfigurations, a.launchConfiguration), each(f.Alarms, a.alarm), each(f.Groups, a.group),
		each(f.Roles, a.role),
	)
}

func each[T any](all []T, make func(T) error) error {
	for _, v := range all {
		if err := make(v); err != nil {
			return err
		}
	}
	return nil
}

// fleetMaker makes the things of a fleet. The server's lock is held.
type fleetMaker struct {
	server *Server
	fleet  Fleet
}

// region is where a thing goes, brought up to the present.
func (m fleetMaker) region(p *Place) *region {
	if p == nil {
		p = &Place{}
	}
	r := m.server.at(place{
		account: cmp.Or(p.Account, m.fleet.Account, DefaultAccount),
		region:  cmp.Or(p.Region, m.fleet.Region, defaultRegion),
	})
	r.advance(m.server.now())
	return r
}

func (m fleetMaker) image(v Image) error {
	r := m.region(v.Place)
	i := image{id: v.ID, name: v.Name, architecture: v.Architecture, tags: maps.Clone(v.Tags), sharedWith: map[string]bool{}}
	if malformedID(v.ID, "ami") {
		return fmt.Errorf("make image %q: an id is ami- and 8 or 17 hexadecimal digits", v.ID)
	}
	for _, account := range v.SharedWith {
		i.sharedWith[account] = true
	}
	if v.Behaviour != "" {
		b, f := parseBehaviour(v.Behaviour)
		if f != nil {
			return fmt.Errorf("make image %s: %s", v.ID, f.message)
		}
		i.behaviour = b
	}
	if v.Deprecated != "" {
		at, err := time.Parse(time.RFC3339, v.Deprecated)
		if err != nil {
			return fmt.Errorf("make image %s: read deprecated: %w", v.ID, err)
		}
		i.deprecated = m.server.timeline.simulated(at)
	}
	switch v.State {
	case "", "available":
	case "pending":
		i.ready = r.now.Add(imageMaking)
	case "disabled":
		i.disabled = true
	case "deregistered":
		i.deregistered = r.now
	default:
		return fmt.Errorf("make image %s: state %q is not one of available, pending, disabled, deregistered", v.ID, v.State)
	}
	r.addImage(i)
	return nil
}

func (m fleetMaker) parameter(v Parameter) error {
	m.region(v.Place).addParameter(v.Name, v.Value)
	return nil
}

func (m fleetMaker) alarm(v Alarm) error {
	state := cmp.Or(v.State, alarmOK)
	if !alarmStateName(state) {
		return fmt.Errorf("make alarm %s: state %q is not one of OK, ALARM, INSUFFICIENT_DATA", v.Name, state)
	}
	m.region(v.Place).addAlarm(v.Name, state)
	return nil
}

func (m fleetMaker) role(v Role) error {
	source := cmp.Or(v.SourceIdentity, sourceAllowed)
	if source != sourceAllowed && source != sourceRefused && source != sourceRequired {
		return fmt.Errorf("make role %s: source_identity %q is not one of allowed, refused, required", v.Name, source)
	}
	if m.server.roles == nil {
		m.server.roles = map[roleName]string{}
	}
	m.server.roles[roleName{cmp.Or(v.Account, m.fleet.Account, DefaultAccount), v.Name}] = source
	return nil
}

func (m fleetMaker) launchConfiguration(v LaunchConfiguration) error {
	r := m.region(v.Place)
	r.launchConfigs[v.Name] = &launchConfiguration{name: v.Name, imageID: v.ImageID, instanceType: v.InstanceType, created: r.now}
	return nil
}

func (m fleetMaker) template(v Template) error {
	r := m.region(v.Place)
	for n := range max(v.Count, 1) {
		name := numbered(v.Name, v.Count, n)
		if !templateName(name) || r.ec2.templateNames[name] != "" {
			return fmt.Errorf("make template %q: the name is taken, or not 3 to 128 letters, digits and ( ) . - / _", name)
		}
		t := r.addTemplate(name, v.members())
		for _, version := range v.Versions {
			t.add(templateVersion{
				description: version.Description, created: r.now, createdBy: t.createdBy,
				data: t.newest().data.overlaid(newTemplateData(version.members())),
			})
		}
		t.byDefault = cmp.Or(v.Default, 1)
		if t.numbered(t.byDefault) == nil {
			return fmt.Errorf("make template %s: there is no version %d", name, t.byDefault)
		}
	}
	return nil
}

// members are a template's, by EC2's request names.
func (v Template) members() map[string]string {
	all := maps.Clone(v.Members)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, Version{ImageID: v.ImageID, InstanceType: v.InstanceType}.members())
	if v.UserData != "" {
		all["UserData"] = base64.StdEncoding.EncodeToString([]byte(v.UserData))
	}
	if len(v.InstanceTags) > 0 {
		all["TagSpecification.1.ResourceType"] = "instance"
	}
	for n, key := range slices.Sorted(maps.Keys(v.InstanceTags)) {
		tag := "TagSpecification.1.Tag." + strconv.Itoa(n+1)
		all[tag+".Key"], all[tag+".Value"] = key, v.InstanceTags[key]
	}
	return all
}

func (v Version) members() map[string]string {
	all := map[string]string{}
	if v.ImageID != "" {
		all["ImageId"] = v.ImageID
	}
	if v.InstanceType != "" {
		all["InstanceType"] = v.InstanceType
	}
	return all
}

// numbered puts the number of a repeated thing into its name.
func numbered(name string, count, n int) string {
	if count == 0 || !strings.Contains(name, "%") {
		return name
	}
	return fmt.Sprintf(name, n)
}
