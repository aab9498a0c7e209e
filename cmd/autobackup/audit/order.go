package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/cmd/autobackup/accept"
	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/audit"
	"autobackup/internal/s3error"
)

// auditsFolder is where all audits are in the working bucket, each in a folder of its
// bucket's.
const auditsFolder = "audits/"

// Input is the execution's: an Order, whose bucket may be left out, or what a schedule sends,
// which says nothing.
type Input struct {
	Order
	Buckets []string `json:"buckets,omitempty"`
}

// Orders are what is to be audited.
type Orders struct {
	Orders []Order `json:"orders"`
}

// buckets are those that an execution audits: those that its input names, or all of the
// stage.
func (d Deployed) buckets(r Request) (Orders, error) {
	known := named(r.Names)
	for _, category := range named(r.Categories) {
		known = append(known, strings.Replace(r.Category, "*", category, 1))
	}
	slices.Sort(known)
	in := Input{}
	if r.Input != nil {
		in = *r.Input
	}
	if in.Bucket != "" {
		in.Buckets = append(in.Buckets, in.Bucket)
	}
	for _, name := range in.Buckets {
		if !slices.Contains(known, name) {
			return Orders{}, fmt.Errorf("audit the bucket %+.70q: this stage does not validate it: it has %s", name, strings.Join(known, ", "))
		}
	}
	if len(in.Buckets) == 0 {
		in.Buckets = known
	}
	if err := in.check(); err != nil {
		return Orders{}, err
	}
	slices.Sort(in.Buckets)
	all := Orders{Orders: []Order{}}
	for _, name := range slices.Compact(in.Buckets) {
		one := in.Order
		one.Bucket = name
		all.Orders = append(all.Orders, one)
	}
	return all, nil
}

func named(list string) []string {
	return slices.DeleteFunc(strings.Split(list, ","), func(name string) bool { return name == "" })
}

func (o Order) check() error {
	switch {
	case o.Level == audit.Bytes:
		return errors.New("level bytes: audits of a stage read no sample: have them read all bytes in turns with ScrubDays, run autobackup audit --level bytes on a machine, or choose listed, rest or all")
	case o.Level != "" && o.Level != audit.Listed && o.Level != audit.Rest && o.Level != audit.AllLooked:
		return fmt.Errorf("level %+.20q: it is none of listed, rest and all", o.Level)
	case o.Rate < 0 || o.Rate > 0 && o.Rate < LeastRate:
		return fmt.Errorf("rate %d: it is how many requests a second are sent, at least %d", o.Rate, LeastRate)
	case o.Dollars < 0:
		return fmt.Errorf("dollars %g: it is what the audit of a bucket may cost, more than 0", o.Dollars)
	}
	return nil
}

// lock is who audits a bucket.
type lock struct {
	Execution string `json:"execution"` // ARN
	Folder    string `json:"folder"`
}

const lockName = "lock.json"

// plan begins an audit: it reads what the buckets say of themselves, and writes the first
// round. One that is planned again is the same.
func (d Deployed) plan(ctx context.Context, r Request) (Step, error) {
	of := d.shelf(auditsFolder + r.Order.Bucket + "/")
	mine := lock{r.Execution.ID, auditsFolder + r.Order.Bucket + "/" + name(r.Execution) + "/"}
	held, err := d.claim(ctx, of, mine)
	if err != nil || held != mine {
		return Step{Phase: PhaseBusy, Bucket: r.Order.Bucket, Folder: held.Folder, By: held.Execution}, err
	}
	a := stored{Deployed: d, shelf: d.shelf(mine.Folder), step: Step{Bucket: r.Order.Bucket, Folder: mine.Folder}}
	plan := d.Plan
	plan.Started, plan.Primary, plan.Prefix = r.Execution.Start, r.Order.Bucket, r.Order.Prefix
	if r.Order.Level != "" {
		plan.Level = r.Order.Level
	}
	rate, dollars := d.Rate, d.Dollars
	if r.Order.Rate > 0 {
		rate = r.Order.Rate
	}
	if r.Order.Dollars > 0 {
		dollars = r.Order.Dollars
	}
	pace := pair.NewPace(rate, func(map[string]int64) error { return nil })
	pairs, err := pair.Open(ctx, pair.Options{Primary: plan.Primary, Pace: pace, Config: &d.Config, HTTP: d.HTTP, Now: plan.Started, Clock: d.Now})
	if err != nil {
		return Step{}, err
	}
	a.state = state{Plan: plan, Pairs: describe(pairs), Stage: &limits{Rate: rate, Dollars: dollars, AtOnce: d.AtOnce, Seconds: int64(d.Time / time.Second)}}
	if a.state.Scrub, err = d.scrubbing(ctx, plan, a.state.Pairs); err != nil {
		return Step{}, err
	}
	if err := a.accepted(ctx); err != nil {
		return Step{}, err
	}
	if err := a.put(ctx, stateFile, a.state); err != nil {
		return Step{}, err
	}
	var first []part
	for i := range pairs {
		first = append(first, part{Pair: i})
	}
	return a.next(ctx, progress{Sent: pace.Sent()}, PhaseList, first)
}

// name is the folder of an execution's audit: in the order of time, and no other
// execution's.
func name(e Execution) string {
	sum := sha256.Sum256([]byte(e.ID))
	return e.Start.UTC().Format("20060102-150405") + "-" + hex.EncodeToString(sum[:4])
}

// claim takes the bucket for an execution, unless another one that is under way has it.
func (d Deployed) claim(ctx context.Context, of shelf, mine lock) (held lock, err error) {
	text, err := json.Marshal(mine)
	if err != nil {
		return held, err
	}
	err = of.write(ctx, lockName, bytes.NewReader(text), "*", "")
	if !conflicts(err) {
		return mine, err
	}
	etag, err := of.get(ctx, lockName, &held)
	switch {
	case errors.Is(err, errAbsent): // its holder has just ended
		return d.claim(ctx, of, mine)
	case err != nil || held == mine:
		return held, err
	}
	out, err := d.Executions.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &held.Execution})
	var gone *types.ExecutionDoesNotExist
	switch {
	case errors.As(err, &gone):
	case err != nil:
		return held, fmt.Errorf("ask for the execution that audits the bucket, %s: %w", held.Execution, err)
	case out.Status == types.ExecutionStatusRunning || out.Status == types.ExecutionStatusPendingRedrive:
		return held, nil
	}
	err = of.write(ctx, lockName, bytes.NewReader(text), "", etag)
	if conflicts(err) {
		return d.claim(ctx, of, mine)
	}
	return mine, err
}

// conflicts says whether a write came too late: another has written meanwhile.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func conflicts(err error) bool {
	status := s3error.Status(err)
	return status == http.StatusPreconditionFailed || status == http.StatusConflict
}

// holds says whether it is this audit that has the bucket.
func (a stored) holds(ctx context.Context) (bool, error) {
	var held lock
	_, err := a.Deployed.shelf(auditsFolder+a.step.Bucket+"/").get(ctx, lockName, &held)
	if errors.Is(err, errAbsent) {
		return false, nil
	}
	return err == nil && held.Folder == a.step.Folder, err
}

// release lets the next audit of the bucket begin.
func (a stored) release(ctx context.Context) error {
	held, err := a.holds(ctx)
	if err != nil || !held {
		return err
	}
	return a.Deployed.shelf(auditsFolder+a.step.Bucket+"/").remove(ctx, lockName)
}

// accepted keeps what people accepted as it was when the audit began, where the working
// bucket has their file.
func (a stored) accepted(ctx context.Context) error {
	var entries json.RawMessage
	_, err := a.Deployed.shelf(auditsFolder).get(ctx, accept.File, &entries)
	if errors.Is(err, errAbsent) {
		return nil
	}
	if err == nil {
		err = a.put(ctx, accept.File, entries)
	}
	return err
}
