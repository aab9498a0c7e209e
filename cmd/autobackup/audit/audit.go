// Package audit is the command that compares all versions of buckets with their
// replicas: it lists both sides, looks at what the listings leave open, and reports.
package audit

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/cmd/autobackup/accept"
	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/audit"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Options says how to audit; the Plan, what.
type Options struct {
	Plan
	Folder  string // where the audit keeps what it knows, and writes its report
	Resume  bool   // go on with what the Folder holds; of the Plan, nothing counts then
	MaxRate int    // requests a second, of both sides together
	Workers int    // ranges of keys listed at once
	Budget  Budget
	// Versions is how many versions a bucket holds, where somebody knows; 0: AWS's
	// metrics are asked.
	Versions int64
	Watch    Watch
	// HTTP sends all requests; nil: as the SDK does.
	HTTP aws.HTTPClient
	// Clock ages what looks remember of buckets; Wait waits, or ends with the context.
	Clock func() time.Time
	Wait  func(context.Context, time.Duration) error

	bounds bounds
}

// bounds is how much is done at once. Tests have smaller ones, so that borders fall
// everywhere.
type bounds struct {
	stretch int64 // after so many rows a stretch ends, so that a stopped audit lists few rows again
	told    int64 // so many rows are listed before a worker says where it is
	long    int   // so many pages of a side an interval must have had before it is split
	block   int   // so many rows are looked at before what came of it is kept
	// erasures is how many versions that were NOT_ERASED a stage's report looks at.
	erasures int
}

// usual: stretches of 20 pages; a worker tells after every page; finding where to split
// an interval takes some requests, so that one of a few pages is not worth it.
var usual = bounds{stretch: 20_000, told: 1000, long: 4, block: 1000}

// Result is what an audit came to.
type Result struct {
	Reports  []audit.Report
	Redacted bool        // the report shows no keys
	Output   string      // s3://BUCKET/PREFIX that the report is to be copied to; empty: none
	From     pair.Access // who audited the primary
	outcomes []outcome
}

// Run audits. Where it ends with an error, what it knows is kept in the folder, and
// Resume goes on with it.
func Run(ctx context.Context, o Options) (result *Result, err error) {
	if o.bounds == (bounds{}) {
		o.bounds = usual
	}
	release, err := o.claim()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release(err == nil)) }()
	s, err := o.begin()
	if err != nil {
		return nil, err
	}
	o.Budget.Dollars = s.Dollars
	b := newBudget(o.Budget)
	b.bytes.Store(s.Bytes)
	b.agreed.Store(o.Budget.Agreed || s.Agreed)
	if err := b.more(s.Sent, 0, "what was done of the audit"); err != nil {
		return nil, err
	}
	pace := pair.NewPace(o.MaxRate, b.allow)
	pace.Add(s.Sent)
	pairs, err := pair.Open(ctx, pair.Options{
		Primary: s.Plan.Primary, Replicas: s.Plan.Replicas, From: s.Plan.From, To: s.Plan.To, Pace: pace, HTTP: o.HTTP,
		Now: s.Plan.Started, Clock: o.Clock,
	})
	if err != nil {
		return nil, err
	}
	if err := s.Plan.untouched(pairs); err != nil {
		return nil, err
	}
	is := describe(pairs)
	if s.Pairs == nil {
		s.Pairs = is
	} else if err := same(s.Pairs, is); err != nil {
		return nil, err
	}
	a := &auditor{Options: o, state: s, pairs: pairs, pace: pace, budget: b}
	if err := a.save(); err != nil {
		return nil, err
	}
	result, err = a.all(ctx)
	return result, errors.Join(err, a.save())
}

// auditor is an audit under way.
type auditor struct {
	Options
	state  state
	pairs  []*pair.Pair
	pace   *pair.Pace
	budget *budget
}

func (a *auditor) all(ctx context.Context) (*Result, error) {
	result := &Result{Redacted: a.state.Plan.Redact, Output: a.state.Plan.Output, From: a.state.Plan.From}
	accepted, err := accept.Read(a.state.Plan.Accepted)
	if err != nil {
		return nil, err
	}
	var old *before
	if a.state.Plan.Since != "" {
		if old, err = readBefore(a.state.Plan.Since); err != nil {
			return nil, err
		}
	}
	for i, p := range a.pairs {
		done, err := a.pair(ctx, p, a.work(i))
		if err != nil {
			return nil, err
		}
		done.accepted, done.before = accepted, old
		report := a.report(p)
		if err := done.count(&report); err != nil {
			return nil, err
		}
		report.Notes = notes(report)
		result.Reports, result.outcomes = append(result.Reports, report), append(result.outcomes, done)
	}
	sent, ended := a.pace.Sent(), a.Clock()
	for i := range result.Reports {
		r := &result.Reports[i]
		r.Ended, r.Requests, r.Dollars = ended, sent, a.budget.spent(sent)
		r.Result, r.Exit = a.state.Plan.FailOn.result(*r)
	}
	return result, a.write(result)
}

// work is the folder of the i-th pair.
func (a *auditor) work(i int) string { return filepath.Join(a.Folder, workFolder, strconv.Itoa(i)) }

// pair lists a pair, and looks at what that leaves open.
func (a *auditor) pair(ctx context.Context, p *pair.Pair, dir string) (outcome, error) {
	done := outcome{looks: filepath.Join(dir, "looks.jsonl"), judge: a.judge(p)}
	if p.KMS() {
		a.budget.kms.Store(true)
	}
	st := store{dir}
	if err := clearSpills(dir); err != nil {
		return done, err
	}
	all, err := st.stretches()
	if err != nil {
		return done, err
	}
	for _, s := range all {
		a.Watch.Listed(s.Listed)
	}
	if len(all) == 0 {
		if err := a.estimate(ctx, p); err != nil {
			return done, err
		}
	}
	l := lister{
		primary: p.Primary.Lister(a.state.Plan.Prefix), replica: p.Replica.Lister(a.state.Plan.Prefix), judge: done.judge, store: st,
		spills: func() audit.Spill { return &spill{dir: dir} }, workers: a.Workers, bounds: a.bounds, progress: a.Watch.Listed,
	}
	if l.sampler, err = a.state.Plan.sampler(all); err != nil {
		return done, err
	}
	todo, err := gaps(all, interval{})
	if err != nil {
		return done, err
	}
	if err := l.run(ctx, todo); err != nil {
		return done, err
	}
	var bytes int64
	done.judge.Policy.Bytes.PerMille, bytes = l.sampler.sample()
	if done.stretches, err = st.stretches(); err != nil {
		return done, err
	}
	if left, err := gaps(done.stretches, interval{}); err != nil || len(left) > 0 {
		return done, errors.Join(err, fmt.Errorf("%d ranges of keys were not listed: this is a bug", len(left)))
	}
	if err := a.looking(p, done.stretches, done.looks, bytes); err != nil {
		return done, err
	}
	return done, a.looks(p, done).run(ctx, done.stretches)
}

func (a *auditor) looks(p *pair.Pair, o outcome) looks {
	primary, replica := p.Primary.Lister(a.state.Plan.Prefix), p.Replica.Lister(a.state.Plan.Prefix)
	l := looks{
		file: o.looks, blockRows: a.bounds.block, wait: a.Wait, progress: a.Watch.Looked,
		ready: func(ctx context.Context) error { return ready(ctx, primary, replica) }, save: a.save,
		Eye: Eye{Sides: p, Judge: o.judge, Region: p.Primary.Region, Listed: p.Has, Read: func(ctx context.Context, v s3event.ObjectVersion, look verdict.Look) verdict.Bytes {
			a.budget.bytes.Add(sides2 * look.Primary.Size)
			return p.Read(ctx, v, look)
		}},
	}
	switch plan := a.state.Plan; {
	case plan.Locks:
		l.Locks = p.Locks
	case plan.Metadata: // differences are told where both sides show a lock
		l.Locks = func(ctx context.Context, v s3event.ObjectVersion, look verdict.Look) ([]string, error) {
			_, err := p.Locks(ctx, v, look)
			return nil, err
		}
	}
	return l
}

func (a *auditor) judge(p *pair.Pair) audit.Judge {
	plan := a.state.Plan
	return audit.Judge{
		Level: plan.Level, Now: plan.Started, Erased: plan.Erased, Rules: p.Rules(), Bucket: p.Primary.Bucket, Replica: p.Replica.Bucket, Classes: plan.Classes,
		Policy: verdict.Policy{Deadline: plan.Deadline, MarkerDeadline: plan.MarkerDeadline, Bytes: plan.Bytes, AlertMetadata: plan.Metadata},
	}
}

func (a *auditor) report(p *pair.Pair) audit.Report {
	plan := a.state.Plan
	return audit.Report{
		Program: plan.Program, Level: plan.Level, Prefix: plan.Prefix, Redacted: plan.Redact, Started: plan.Started, Deadline: plan.Deadline.String(), Sample: plan.sample(),
		Primary: p.Primary.SideReport, Replica: p.Replica.SideReport, Since: plan.Since, Flags: plan.flags(p.Replica.Bucket),
	}
}
