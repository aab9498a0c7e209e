package audit

// Bounded has borders of stretches, intervals and blocks fall everywhere.
func Bounded(o *Options) { o.bounds = bounds{stretch: 7, told: 2, long: 2, block: 5} }

// Unbounded has them fall where they do for everybody.
func Unbounded(o *Options) { o.bounds = bounds{} }

// BoundedParts has borders fall everywhere in the parts of an audit of a stage.
func BoundedParts(d *Deployed) {
	d.bounds = bounds{stretch: 40, told: 2, long: 2, block: 5, erasures: 2}
}

// UnboundedParts has them fall where they do for everybody.
func UnboundedParts(d *Deployed) { d.bounds = bounds{} }
