package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/audit"
	"autobackup/internal/keep"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Deployed does the parts of an audit that a state machine puts together: a function has
// minutes, and an audit may take days. Each part is done by the code of Run, and leaves
// what it knows in the working bucket, in a folder for each audit. A part that is done
// again writes the same again.
type Deployed struct {
	Objects    keep.Client
	Executions Executions
	Config     aws.Config // reaches both sides
	Bucket     string     // the working bucket
	Stage      string
	Plan       Plan    // of every audit, but for what an Order says and what the buckets are
	Rate       int     // requests a second, of both sides together
	Dollars    float64 // what one audit of a bucket may cost
	AtOnce     int     // parts of a round at the same time
	Scrub      Scrub
	Time       time.Duration
	// Looks has versions looked at in their bucket and in one other.
	Looks Looks
	// Validation is where findings go; nil: nowhere.
	Validation *Validation
	// Facts is where what is told is left for the evidence; nil: nowhere.
	Facts   keep.Store
	Metrics io.Writer
	Now     func() time.Time
	Wait    func(context.Context, time.Duration) error
	Dir     string // where a part keeps its files while it works
	// HTTP sends all requests to both sides; nil: as the Config says.
	HTTP aws.HTTPClient

	bounds bounds
}

// Executions are asked whether an execution is under way.
type Executions interface {
	DescribeExecution(context.Context, *sfn.DescribeExecutionInput, ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error)
}

// Looks looks at versions, each in its own bucket and in the replica that is named. The
// answer has a look for each, in their order.
type Looks interface {
	LookAt(ctx context.Context, replica string, versions []s3event.ObjectVersion) ([]verdict.Look, error)
}

// The operations of the function.
const (
	OpBuckets   = "buckets"
	OpPlan      = "plan"
	OpWork      = "work"
	OpCollect   = "collect"
	OpReport    = "report"
	OpSummarize = "summarize"
)

// The phases of an audit.
const (
	PhaseList   = "list"   // both sides are listed
	PhaseLook   = "look"   // what the listings leave open is looked at
	PhaseReport = "report" // all is there for the report
	PhaseBusy   = "busy"   // another audit of the bucket is at work
)

// Request is what the state machine sends.
type Request struct {
	Operation string    `json:"operation"`
	Execution Execution `json:"execution"`
	Order     *Order    `json:"order,omitempty"` // of plan
	Step      *Step     `json:"step,omitempty"`  // of work, collect and report
	Part      int       `json:"part"`            // of work: which one of the round
	Input     *Input    `json:"input,omitempty"` // of buckets
	// Of buckets: those of the stage, between commas, and the categories, for each of which
	// there is a bucket whose name has it in the place of *.
	Names      string    `json:"names,omitempty"`
	Categories string    `json:"categories,omitempty"`
	Category   string    `json:"category,omitempty"`
	Summaries  []Summary `json:"summaries,omitempty"` // of summarize
	Chat       string    `json:"chat,omitempty"`      // of summarize: Enabled where the words for chat are asked for
	Events     string    `json:"events,omitempty"`    // of summarize: Enabled where the event is asked for
}

// Execution is the one that asks: its ARN, its name and when it began, as the context
// object has them.
type Execution struct {
	ID    string    `json:"id"`
	Name  string    `json:"name"`
	Start time.Time `json:"start"`
}

// Order is what is to be audited. What is empty is as the stage has it.
type Order struct {
	Bucket  string      `json:"bucket"`
	Prefix  string      `json:"prefix,omitempty"`
	Level   audit.Level `json:"level,omitempty"`
	Rate    int         `json:"rate,omitempty"`
	Dollars float64     `json:"dollars,omitempty"`
}

// Step is where an audit is: the state of the state machine. It has no key in it, because
// whoever may see executions need not see those.
type Step struct {
	Phase  string `json:"phase"`
	Bucket string `json:"bucket"` // that is audited
	Folder string `json:"folder"` // of the audit, in the working bucket
	Round  int    `json:"round"`
	// Items is the list of the round's parts, for the state machine's Map.
	Items       *Object `json:"items,omitempty"`
	Concurrency int     `json:"concurrency"`
	// By is the execution that audits the bucket, where another one does.
	By string `json:"by,omitempty"`
}

// Object is a place in S3, with the names that Step Functions has.
type Object struct {
	Bucket string `json:"Bucket"`
	Key    string `json:"Key"`
}

// Do does what a request asks for.
func (d Deployed) Do(ctx context.Context, r Request) (any, error) {
	if d.bounds == (bounds{}) {
		d.bounds = deployedBounds
	}
	switch {
	case r.Operation == OpBuckets:
		return d.buckets(r)
	case r.Operation == OpPlan && r.Order != nil:
		return d.plan(ctx, r)
	case r.Operation == OpSummarize:
		return d.summarize(r), nil
	case r.Step == nil:
		return nil, fmt.Errorf("operation %+.20q: it is none of the function's, or lacks its step or order", r.Operation)
	}
	a := stored{Deployed: d, step: *r.Step, shelf: d.shelf(r.Step.Folder)}
	if _, err := a.get(ctx, stateFile, &a.state); err != nil {
		return nil, err
	}
	switch r.Operation {
	case OpWork:
		return a.work(ctx, r.Part)
	case OpCollect:
		return a.collect(ctx)
	case OpReport:
		return a.report(ctx)
	}
	return nil, fmt.Errorf("operation %+.20q is none of the function's", r.Operation)
}

// deployedBounds: a stretch is as much as a look has to read at most to find its rows. The
// rest is as in an audit on a machine, because the reports are to be the same.
var deployedBounds = bounds{stretch: 200_000, told: usual.told, long: usual.long, block: usual.block, erasures: 10_000}

func (d Deployed) shelf(folder string) shelf { return shelf{d.Objects, d.Bucket, folder} }

// stored is an audit whose state is in the working bucket.
type stored struct {
	Deployed
	shelf
	step  Step
	state state
}

// open reads what one pair's buckets say of themselves, and refuses where that is no
// longer what it was: the report would be of two states at once.
func (a stored) open(ctx context.Context, i int, rate int) (*pair.Pair, *pair.Pace, error) {
	was := a.state.Pairs[i]
	pace := pair.NewPace(rate, func(map[string]int64) error { return nil })
	pairs, err := pair.Open(ctx, pair.Options{
		Primary: was.Primary.Bucket, Replicas: []string{was.Replica.Bucket}, Pace: pace, Config: &a.Config, HTTP: a.HTTP, Now: a.state.Plan.Started, Clock: a.Now,
	})
	if err != nil {
		return nil, pace, err
	}
	return pairs[0], pace, same([]sides{was}, describe(pairs))
}

// judge is that of Run.
func (a stored) judge(p *pair.Pair) audit.Judge {
	return (&auditor{state: a.state}).judge(p)
}

// retryables is the SDK's own list of what is worth another try.
var retryables = retry.IsErrorRetryables(retry.DefaultRetryables)

// permanent says whether an error would come again, so that nothing is gained by trying
// the part once more.
func permanent(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) &&
		retryables.IsErrorRetryable(err) != aws.TrueTernary
}
