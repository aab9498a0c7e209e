package attach

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/internal/attach"
	"autobackup/internal/text"
)

// Options are the commands'.
type Options struct {
	Buckets        []string
	Stage          string
	Role           string // ARN of the stage's that looks; empty: as the templates name it
	Yes            bool
	SkipValidation bool // S3 asks no target of notifications whether it takes them
	EventBridgeOff bool // of detach
	Plan           string
	Apply          string
	Print          string // a form of code
	Write          string // the file that the stacks are deployed from
	// Choose puts a question to somebody; nil: nobody is there to answer.
	Choose func(question string) (string, error)
	// Show shows what was found out before anything is asked; nil: nobody looks.
	Show func(*Report) error
	Out  io.Writer // takes code that is printed
	Now  func() time.Time
	Wait func(context.Context, time.Duration) error
}

// Exit codes.
const (
	done    = 0
	notDone = 1 // of at least one bucket
)

// Result is a bucket with what came of it.
type Result struct {
	attach.Plan
	Facts attach.Bucket `json:"facts,omitzero"`
	// Record is what detach has of a bucket in the place of facts: it reads few.
	Record  *attach.Record `json:"record,omitempty"`
	Outcome string         `json:"outcome,omitempty"` // what was done, or why nothing was
	Failed  bool           `json:"failed"`
	Changed bool           `json:"changed"` // the bucket itself
	// well: what was asked for of it was done, which may change nothing.
	well bool
}

// Report is what was found out and done.
type Report struct {
	Stage   attach.Stage `json:"stage"`
	Buckets []*Result    `json:"buckets"`
	// Stacks are the parameters by which the stage takes the buckets, where they were asked for.
	Stacks []attach.Parameters `json:"stacks,omitempty"`
	// TakenOut are buckets that the stage takes by now, and would not with them.
	TakenOut []string `json:"takenOut,omitempty"`
	// Written are the files that have them now.
	Written []Written `json:"written,omitempty"`
	Changes string    `json:"changes"` // made, or why none were
	Exit    int       `json:"exit"`
}

// bucketName is that of a general purpose bucket, also as they were before 2018.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
var bucketName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$`)

// directory ends the names of directory buckets.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/directory-bucket-naming-rules.html
const directory = "--x-s3"

// Names reads what was typed as buckets.
func Names(typed []string) (names []string, err error) {
	for _, t := range typed {
		name, is := strings.CutPrefix(t, "s3://")
		name = strings.TrimSuffix(name, "/")
		switch {
		case strings.HasPrefix(t, "arn:"):
			return nil, fmt.Errorf("%s is an ARN: write s3://BUCKET, with credentials of the bucket's own account and partition", text.Quoted(t, 200))
		case !is:
			return nil, fmt.Errorf("%s is no address of a bucket: write s3://BUCKET", text.Quoted(t, 200))
		case strings.Contains(name, "/"):
			return nil, fmt.Errorf("%s names more than a bucket, and buckets are attached as a whole: write s3://%s", text.Quoted(t, 200), text.Line(strings.SplitN(name, "/", 2)[0], 100))
		case strings.HasSuffix(name, directory):
			return nil, fmt.Errorf("%s is a directory bucket, which has neither replication nor events: there is nothing to attach", text.Quoted(name, 200))
		case !bucketName.MatchString(name):
			return nil, fmt.Errorf("%s is no bucket's name: see aws s3 ls", text.Quoted(name, 200))
		case !slices.Contains(names, name):
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, errors.New("name the buckets: s3://BUCKET, several with spaces between")
	}
	return names, nil
}

// Run attaches buckets. An error means that nothing could be found out; what came of each
// bucket is in the report.
func Run(ctx context.Context, cfg aws.Config, o Options) (*Report, error) {
	a, err := identify(ctx, cfg, o.Stage)
	if err != nil {
		return nil, err
	}
	a.stage.Looks = o.Role
	var planned *file
	if o.Apply != "" {
		if planned, err = open(o.Apply, a.stage); err != nil {
			return nil, err
		}
		o.Buckets, a.stage = planned.names(), planned.Stage
	}
	facts, err := a.read(ctx, o.Buckets)
	if err != nil {
		return nil, err
	}
	r := judge(a.stage, facts)
	if planned != nil {
		planned.compare(r)
	}
	if o.Show != nil {
		if err := o.Show(r); err != nil {
			return nil, err
		}
	}
	if err := a.decide(ctx, o, r); err != nil {
		return nil, err
	}
	r.exit()
	return r, nil
}

func judge(s attach.Stage, facts []attach.Bucket) *Report {
	r := &Report{Stage: s}
	for _, b := range facts {
		r.Buckets = append(r.Buckets, &Result{Plan: attach.Judge(s, b), Facts: b})
	}
	slices.SortStableFunc(r.Buckets, func(x, y *Result) int { return attach.Worse(x.State, y.State) })
	return r
}

func (r *Report) exit() {
	for _, b := range r.Buckets {
		if b.Failed || b.State != attach.Attached && !b.well {
			r.Exit = notDone
		}
	}
}

// open are the buckets that can be changed. Those that code owns, or may own, are among
// them where somebody who saw the warning says so.
func (r *Report) open(owned bool) (all []*Result) {
	for _, b := range r.Buckets {
		if !b.Failed && (b.State == attach.Ready || b.State.Asks() && owned) {
			all = append(all, b)
		}
	}
	return all
}

const (
	nothingYet = "Nothing is changed yet."
	planFile   = "attach-plan.json" // of who answers with p
	forCode    = "nothing was changed: what was printed is for your own code"
	stopped    = "nothing was changed: it was stopped at the question"
	nobody     = "nothing was changed: there is no terminal to ask on; --yes changes without asking, --plan FILE writes what would be changed"
)

// decide does what was asked for, or asks.
func (a *account) decide(ctx context.Context, o Options, r *Report) error {
	switch {
	case o.Print == OfStacks:
		return r.printParameters(o.Out, a.listed)
	case o.Write != "":
		return r.writeParameters(o.Write, a.listed)
	case o.Print != "":
		r.Changes = forCode
		return r.print(o.Out, o.Print)
	case o.Plan != "":
		return r.plan(o.Plan)
	case o.Apply != "":
		a.apply(ctx, o, r, r.open(true))
		return nil
	case len(r.open(true)) == 0:
		r.Changes = "nothing was changed: " + r.nothing()
		return nil
	case o.Yes:
		a.apply(ctx, o, r, r.open(false))
		return r.printOwned(o.Out)
	case o.Choose == nil:
		r.Changes = nobody
		return nil
	}
	return a.ask(ctx, o, r)
}

// nothing says why nothing can be changed.
func (r *Report) nothing() string {
	for _, b := range r.Buckets {
		if b.State == attach.Refused || b.State == attach.Waiting {
			return "what the lines FAIL and next say comes first"
		}
	}
	return "there is nothing to change"
}

// interrupted is the answer of who ends the program instead.
const interrupted = "^C"

func (o Options) choose(ctx context.Context, question string) (answer string, err error) {
	if answer, err = o.Choose(question); ctx.Err() != nil {
		answer, err = interrupted, nil
	}
	return answer, err
}

// ask lets somebody choose. What code owns is printed where nothing is chosen.
func (a *account) ask(ctx context.Context, o Options, r *Report) error {
	byDefault := "N stop"
	if len(r.open(false)) == 0 {
		byDefault = "N print it for the code that owns it"
		if !slices.ContainsFunc(r.Buckets, func(b *Result) bool { return b.State == attach.Owned }) {
			byDefault = "N print it for the code that may own it"
		}
	}
	answer, err := o.choose(ctx, nothingYet+"  y apply   p write "+planFile+"   c print code: "+r.forms()+"   "+byDefault+":")
	if err != nil {
		return err
	}
	switch answer {
	case interrupted:
		r.Changes = stopped
		return nil
	case "y", "yes":
		a.apply(ctx, o, r, r.open(true))
		return nil
	case "p":
		return r.plan(planFile)
	case "c":
		r.Changes = forCode
		return r.print(o.Out, "")
	}
	r.Changes = "nothing was changed"
	if len(r.open(false)) == 0 {
		return r.printOwned(o.Out)
	}
	return nil
}

// forms are those in which the buckets' code is printed.
func (r *Report) forms() string {
	var all []string
	for _, b := range r.Buckets {
		if form := attach.Form(b.Facts.Tags); b.State != attach.Refused && !slices.Contains(all, form) {
			all = append(all, form)
		}
	}
	return strings.Join(all, ", ")
}

// printOwned prints the change of what code owns, or may own, in its own form.
func (r *Report) printOwned(w io.Writer) error {
	for _, b := range r.Buckets {
		if !b.State.Asks() || b.well || b.Failed {
			continue
		}
		b.Outcome = "it was left to the code that owns it: what that needs is printed"
		if b.State == attach.Unclear {
			b.Outcome = "it was left as it is, as code may own it: what that needs is printed; answer y at the question where none does"
		}
		if err := b.print(w, attach.Form(b.Facts.Tags)); err != nil {
			return err
		}
	}
	return nil
}
