package audit

import (
	"context"
	"fmt"

	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/audit"
)

// estimate tells what the levels cost, and asks where the chosen one costs more than is
// free.
func (a *auditor) estimate(ctx context.Context, p *pair.Pair) error {
	plan := a.state.Plan
	size := a.size(ctx, p)
	var levels []Estimate
	coming := 0.0
	for _, level := range []audit.Level{audit.Listed, audit.Rest, audit.AllLooked, audit.Bytes} {
		e := EstimateOf(level, size, plan.Bytes.PerMille, p.KMS(), a.MaxRate)
		if levels = append(levels, e); level == plan.Level {
			coming = e.Dollars
		}
	}
	a.Watch.Estimated(p, size, levels, plan.Level)
	if !size.Known {
		return a.budget.unknown(p.Primary.Bucket)
	}
	return a.budget.more(a.pace.Sent(), coming, "the audit of "+p.Primary.Bucket)
}

func (a *auditor) size(ctx context.Context, p *pair.Pair) Size {
	if a.Versions > 0 {
		return Size{Versions: [2]int64{a.Versions, a.Versions}, Known: true}
	}
	if a.state.Plan.Prefix != "" {
		return Size{} // the metrics are the whole bucket's
	}
	one, bytes, knownOne := p.Primary.Size(ctx, a.state.Plan.Started)
	other, _, knownOther := p.Replica.Size(ctx, a.state.Plan.Started)
	return Size{Versions: [2]int64{one, other}, Bytes: bytes, Known: knownOne && knownOther}
}

// looking asks where looking at what the listings left open costs more than is free.
func (a *auditor) looking(p *pair.Pair, all []stretch, looks string, bytes int64) error {
	open := int64(0)
	for _, s := range all {
		open += s.Rows
	}
	a.Watch.Looking(open)
	_, err := eachBlock(looks, func(b block) error {
		open -= b.Rows
		return nil
	})
	if err != nil {
		return err
	}
	if a.state.Plan.Level == audit.Listed {
		return nil
	}
	what := fmt.Sprintf("looking at the %d versions that the listings leave open", open)
	if a.state.Plan.Level == audit.AllLooked {
		what = fmt.Sprintf("looking at all %d versions", open)
	}
	if bytes > 0 {
		what += fmt.Sprintf(", and reading %d bytes,", bytes)
	}
	return a.budget.more(a.pace.Sent(), EstimateOfLooks(open, p.KMS(), a.MaxRate).Dollars+dollarsOf(bytes), what)
}
