package attach

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/cmd/autobackup/discover"
	"autobackup/internal/attach"
	"autobackup/internal/s3error"
	"autobackup/internal/text"
)

// Detach takes back what attach changed of buckets, as it is recorded.
func Detach(ctx context.Context, cfg aws.Config, o Options) (*Report, error) {
	a, err := identify(ctx, cfg, o.Stage)
	if err != nil {
		return nil, err
	}
	r := &Report{Stage: a.stage}
	for _, name := range o.Buckets {
		b, err := a.recorded(ctx, name, o.EventBridgeOff)
		if err != nil {
			return nil, err
		}
		r.Buckets = append(r.Buckets, b)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(r.Buckets, func(x, y *Result) int { return attach.Worse(x.State, y.State) })
	if o.Show != nil {
		if err := o.Show(r); err != nil {
			return nil, err
		}
	}
	if err := a.takeBack(ctx, o, r); err != nil {
		return nil, err
	}
	r.exit()
	for _, b := range r.Buckets { // which were not read but for few: what stands there would be wrong
		b.Record, b.Facts = b.Facts.Record, attach.Bucket{}
	}
	return r, nil
}

// recorded plans what to take back of a bucket.
func (a *account) recorded(ctx context.Context, name string, off bool) (*Result, error) {
	b := attach.Bucket{Side: side(name), Stages: []string{}, Replicas: []attach.Side{}, Rules: []attach.Rule{}, Tags: map[string]string{}}
	unread := func(f attach.Fact, operation string, err error) error {
		if err == nil {
			return nil
		}
		return failed(&b.Side, f, operation, err)
	}
	var err error
	b.Record, err = a.record(ctx, name)
	if err := unread(attach.Recorded, "GetObject", err); err != nil {
		return nil, err
	}
	if b.Record == nil {
		return &Result{Facts: b, Plan: attach.Return(a.stage, b, attach.Takers{})}, nil
	}
	b.Region, b.Account = a.stage.Region, a.stage.Account // as it was attached
	b.Configuration, err = a.configuration(ctx, name, b.Region)
	if named := s3error.Header(err).Get("X-Amz-Bucket-Region"); named != "" {
		b.Region = named
	}
	b.Gone = s3error.Code(err) == "NoSuchBucket"
	if err := unread(attach.Notifications, "GetBucketNotificationConfiguration", err); err != nil {
		return nil, err
	}
	others, own, err := a.takers(ctx, name)
	if err := unread(attach.Triggers, "ListRules", err); err != nil {
		return nil, err
	}
	return &Result{Facts: b, Plan: attach.Return(a.stage, b, attach.Takers{Off: off, Others: others, Own: own})}, nil
}

// takers are the EventBridge rules that take events of a bucket, or may: others than the
// stage's, and the stage's own.
func (a *account) takers(ctx context.Context, bucket string) (others, own []string, err error) {
	err = discover.EachRule(ctx, a.cfg, a.stage.Region, "", func(rule types.Rule) error {
		name := aws.ToString(rule.Name)
		switch {
		case !discover.MayTake(aws.ToString(rule.EventPattern), a.stage.Account, a.stage.Region, bucket):
		case strings.HasPrefix(name, attach.TriggerPrefix) && attach.StageOf(name) == a.stage.Name:
			own = append(own, name)
		default:
			others = append(others, text.Line(name, 100))
		}
		return nil
	})
	return others, own, err
}

func (a *account) takeBack(ctx context.Context, o Options, r *Report) error {
	open := r.open(true)
	if len(open) == 0 {
		r.Changes = "nothing was changed: there is nothing to take back"
		return nil
	}
	if !o.Yes {
		if o.Choose == nil {
			r.Changes = "nothing was changed: there is no terminal to ask on; --yes takes back without asking"
			return nil
		}
		answer, err := o.choose(ctx, nothingYet+"  y take back   N stop:")
		if err != nil {
			return err
		}
		if answer == interrupted {
			r.Changes = stopped
			return nil
		}
		if answer != "y" && answer != "yes" {
			r.Changes = "nothing was changed"
			return nil
		}
	}
	n := inTurn(ctx, open, func(b *Result) (string, error) {
		left := b.left(o)
		return b.back(left != nil), a.undo(ctx, o, b, left)
	})
	r.Changes = "taken back of " + text.Count(n, "bucket") + rest(n, len(open))
	return nil
}

// left is what stays on record; nil: nothing does.
func (b *Result) left(o Options) *attach.Record {
	if b.Facts.Record == nil || b.Change.None() { // the bucket is not there any more
		return nil
	}
	return b.Facts.Record.Leaves(b.Becomes, o.Now().UTC().Format(time.RFC3339))
}

// undo changes a bucket back, and then forgets that it was attached, but for what is left.
func (a *account) undo(ctx context.Context, o Options, b *Result, left *attach.Record) error {
	if !b.Becomes.Equal(b.Was) {
		if err := a.change(ctx, o, b, nil); err != nil {
			return err
		}
	}
	if left != nil {
		return a.keep(ctx, *left, b.sofar()+", and stays on record: record what is left")
	}
	_, err := a.s3.DeleteObject(ctx, &s3.DeleteObjectInput{
		Bucket: aws.String(a.stage.WorkBucket()), Key: aws.String(attach.RecordKey(b.Bucket)), ExpectedBucketOwner: &a.stage.Account,
	}, in(a.stage.Region))
	if err != nil {
		return doing(b.sofar()+", and stays on record", "DeleteObject", err)
	}
	return nil
}

// sofar is what was done of it until then.
func (b *Result) sofar() string {
	if b.Changed {
		return "it was taken back"
	}
	return "nothing was changed of it"
}

// back says what was taken back, and what is on record then.
func (b *Result) back(left bool) string {
	record := "its record is forgotten"
	if left {
		record = "that attach turned EventBridge on stays on record"
	}
	var all []string
	if b.Was.EventBridge && !b.Becomes.EventBridge {
		all = append(all, "EventBridge off")
	}
	if len(b.Becomes.Notifications) < len(b.Was.Notifications) {
		all = append(all, "no failure notices to "+b.Change.Notification.Target)
	}
	if len(all) == 0 {
		return "nothing had to be changed of it; " + record
	}
	return "taken back: " + strings.Join(all, ", ") + ", as read back after it; " + record
}
