package awssim

import (
	"cmp"
	"slices"
	"time"
)

// readHook takes a lifecycle hook out of a request, with AWS's defaults: an
// hour, then ABANDON.
func readHook(f form) hook {
	h := hook{
		name: f.Get("LifecycleHookName"), transition: f.Get("LifecycleTransition"),
		result: cmp.Or(f.Get("DefaultResult"), hookAbandon), heartbeat: 3600,
		target: f.Get("NotificationTargetARN"), role: f.Get("RoleARN"), metadata: f.Get("NotificationMetadata"),
	}
	set(&h.heartbeat, f.number("HeartbeatTimeout"))
	return h
}

func (g *group) setHook(h hook) {
	g.hooks = slices.DeleteFunc(g.hooks, func(other hook) bool { return other.name == h.name })
	g.hooks = append(g.hooks, h)
	slices.SortFunc(g.hooks, func(a, b hook) int { return cmp.Compare(a.name, b.name) })
}

func putHook(g *group, c *call) (any, *failure) {
	h := readHook(c.form)
	f := firstFailure(
		c.form.malformed(),
		oneOf("lifecycleTransition", h.transition, hookLaunching, hookTerminating),
		oneOf("defaultResult", h.result, hookContinue, hookAbandon),
		inRange("heartbeatTimeout", &h.heartbeat, 30, 7200),
	)
	switch {
	case f != nil:
		return nil, f
	case h.name == "":
		return nil, missing("lifecycleHookName")
	case h.transition == "":
		return nil, missing("lifecycleTransition")
	}
	g.setHook(h)
	return struct{}{}, nil
}

func deleteHook(g *group, c *call) (any, *failure) {
	name := c.form.Get("LifecycleHookName")
	if !slices.ContainsFunc(g.hooks, func(h hook) bool { return h.name == name }) {
		return nil, noHook(g, name)
	}
	g.hooks = slices.DeleteFunc(g.hooks, func(h hook) bool { return h.name == name })
	return struct{}{}, nil
}

func noHook(g *group, name string) *failure {
	return invalid("No Lifecycle Hook found with name " + name + " for Auto Scaling group " + g.name)
}

type hookView struct {
	Name       string `xml:"LifecycleHookName"`
	Group      string `xml:"AutoScalingGroupName"`
	Transition string `xml:"LifecycleTransition"`
	Heartbeat  int    `xml:"HeartbeatTimeout"`
	Global     int    `xml:"GlobalTimeout"`
	Result     string `xml:"DefaultResult"`
	Target     string `xml:"NotificationTargetARN,omitempty"`
	Role       string `xml:"RoleARN,omitempty"`
	Metadata   string `xml:"NotificationMetadata,omitempty"`
}

type hooksResult struct {
	Hooks []hookView `xml:"LifecycleHooks>member"`
}

func describeHooks(r *region, c *call) (any, *failure) {
	g, f := r.groupOf(c)
	if f != nil {
		return nil, f
	}
	names := c.list("LifecycleHookNames")
	var out hooksResult
	for _, h := range g.hooks {
		if len(names) == 0 || slices.Contains(names, h.name) {
			out.Hooks = append(out.Hooks, hookView{
				Name: h.name, Group: g.name, Transition: h.transition, Heartbeat: h.heartbeat,
				Global: int(hookLimit(h.heartbeat) / time.Second), Result: h.result,
				Target: h.target, Role: h.role, Metadata: h.metadata,
			})
		}
	}
	return out, nil
}

// waitAsked is the instance, and its wait at a hook, that a request is about:
// by instance id or by token.
func (g *group) waitAsked(c *call) (*instance, *hookWait, *failure) {
	name, token, id := c.form.Get("LifecycleHookName"), c.form.Get("LifecycleActionToken"), c.form.Get("InstanceId")
	for _, i := range slices.Concat(g.instances, g.warm) {
		for n := range i.waits {
			w := &i.waits[n]
			if w.hook == name && (id == i.id || id == "" && token == w.token) {
				return i, w, nil
			}
		}
	}
	return nil, nil, invalid("No active Lifecycle Action found with instance ID " + id)
}

func completeLifecycleAction(g *group, c *call) (any, *failure) {
	i, w, f := g.waitAsked(c)
	result := c.form.Get("LifecycleActionResult")
	if f = firstFailure(f, oneOf("lifecycleActionResult", result, hookContinue, hookAbandon)); f != nil {
		return nil, f
	}
	g.completeHook(i, w.hook, result, g.region.now)
	return struct{}{}, nil
}

func recordHeartbeat(g *group, c *call) (any, *failure) {
	_, w, f := g.waitAsked(c)
	if f != nil {
		return nil, f
	}
	for _, h := range g.hooks {
		if until := g.region.now.Add(seconds(h.heartbeat)); h.name == w.hook && until.Before(w.limit) {
			w.until = until
		}
	}
	return struct{}{}, nil
}
