package awssim

import "cmp"

func putWarmPool(g *group, c *call) (any, *failure) {
	p := warmPool{maxPrepared: c.form.number("MaxGroupPreparedCapacity"), state: cmp.Or(c.form.Get("PoolState"), "Stopped")}
	set(&p.minSize, c.form.number("MinSize"))
	set(&p.reuse, c.under("InstanceReusePolicy").truth("ReuseOnScaleIn"))
	if p.maxPrepared != nil && *p.maxPrepared == -1 {
		p.maxPrepared = nil
	}
	f := firstFailure(c.form.malformed(), oneOf("poolState", p.state, "Stopped", "Running", "Hibernated"))
	if f == nil && g.recipe.mixed != nil {
		f = invalid("You can't add a warm pool to an Auto Scaling group that has a mixed instances policy.")
	}
	if f != nil {
		return nil, f
	}
	g.warmPool = &p
	return struct{}{}, nil
}

func deleteWarmPool(g *group, c *call) (any, *failure) {
	if g.warmPool == nil {
		return nil, invalid("No warm pool found for Auto Scaling group " + g.name)
	}
	g.warmPool.deleting = true
	if c.form.Get("ForceDelete") == "true" {
		g.warmPool, g.warm = nil, nil
	}
	return struct{}{}, nil
}

// warmPoolPage is the reply of DescribeWarmPool.
type warmPoolPage struct {
	pool      *warmPool
	instances []*instance
	next      string
}

func (p warmPoolPage) appendXML(b *xmlText) {
	b.warmPoolConfiguration(p.pool)
	b.open("Instances")
	for _, i := range p.instances {
		b.instance(i, "")
	}
	b.close("Instances")
	b.text("NextToken", p.next)
}

func describeWarmPool(r *region, c *call) (any, *failure) {
	g, f := r.groupOf(c)
	if f != nil {
		return nil, f
	}
	page, next, f := pageOf(c, g.warm, func(i *instance) string { return i.id }, 50)
	if f != nil {
		return nil, f
	}
	return warmPoolPage{g.warmPool, page, next}, nil
}

// warmPool is what the listing of a group says of its warm pool.
func (b *xmlText) warmPool(g *group) {
	if g.warmPool == nil {
		return
	}
	b.warmPoolConfiguration(g.warmPool)
	b.number("WarmPoolSize", len(g.warm))
}

func (b *xmlText) warmPoolConfiguration(p *warmPool) {
	if p == nil {
		return
	}
	b.open("WarmPoolConfiguration")
	b.number("MinSize", p.minSize)
	b.maybe("MaxGroupPreparedCapacity", p.maxPrepared)
	b.text("PoolState", p.state)
	if p.deleting {
		b.text("Status", "PendingDelete")
	}
	if p.reuse {
		b.raw("<InstanceReusePolicy><ReuseOnScaleIn>true</ReuseOnScaleIn></InstanceReusePolicy>")
	}
	b.close("WarmPoolConfiguration")
}
