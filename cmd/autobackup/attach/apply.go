package attach

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/cmd/autobackup/identity"
	"autobackup/internal/attach"
	"autobackup/internal/s3error"
	"autobackup/internal/text"
)

// apply changes buckets, one after the other. Where the credentials end, nothing else is
// tried; what was done before, and what was not, each bucket says.
func (a *account) apply(ctx context.Context, o Options, r *Report, buckets []*Result) {
	n := inTurn(ctx, buckets, func(b *Result) (string, error) {
		record := attach.Record{
			Version: attach.RecordVersion, Stage: a.stage.Name, Bucket: b.Bucket, Region: b.Facts.Region, By: a.arn,
			At: o.Now().UTC().Format(time.RFC3339), Was: b.Was, Change: b.Change,
		}
		if before := b.Facts.Record; before != nil {
			record.Was, record.Change = before.Was, before.Change.And(b.Change)
		}
		err := a.change(ctx, o, b, func() error { return a.keep(ctx, record, "nothing was changed of it: record what would be") })
		if !b.Changed {
			return "somebody, or another run, has just made the same change: " + what(b.Change), err
		}
		return "changed: " + what(b.Change) + ", as read back after it", err
	})
	changed := 0
	for _, b := range buckets {
		if b.Changed {
			changed++
		}
	}
	r.Changes = text.Count(changed, "bucket") + " changed" + rest(n, len(buckets))
}

// inTurn does something to buckets, one after the other, which answers what is to be told where it went
// well, and counts of how many that is so. Where an error would come of all, nothing else is tried.
func inTurn(ctx context.Context, buckets []*Result, do func(*Result) (well string, err error)) (n int) {
	for i, b := range buckets {
		well, err := do(b)
		if b.tell(err, well) {
			n++
			continue
		}
		if over(ctx, err) {
			for _, left := range buckets[i+1:] {
				left.Failed, left.Outcome = true, "not tried: nothing of it was changed"
			}
			break
		}
	}
	return n
}

// rest says what to do about those of all buckets that it did not go well with.
func rest(n, all int) string {
	if n == all {
		return ""
	}
	return fmt.Sprintf(" of %d; the same command again goes on with the rest", all)
}

// tell notes what came of a change.
func (b *Result) tell(err error, well string) bool {
	if err != nil {
		b.Failed, b.Outcome = true, err.Error()
		return false
	}
	b.well, b.Outcome = true, well
	return true
}

// over says whether an error would come of every other bucket, too.
func over(ctx context.Context, err error) bool {
	_, denied := identity.Denied(err)
	return denied || ctx.Err() != nil
}

func what(c attach.Change) string {
	var all []string
	if c.EventBridge {
		all = append(all, "EventBridge on")
	}
	if c.Notification != nil {
		all = append(all, "failure notices to "+c.Notification.Target)
	}
	return strings.Join(all, ", ")
}

// patience is how long a configuration may take to be read as it was written.
var patience = []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second}

// change replaces a bucket's configuration where it is what was decided on. It is read
// right before and right after: S3 replaces it as a whole, and knows no condition. It asks
// queues and topics by a test event whether they take it, and functions' policies.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
func (a *account) change(ctx context.Context, o Options, b *Result, first func() error) error {
	now, err := a.configuration(ctx, b.Bucket, a.stage.Region)
	if err != nil {
		return doing("read its notifications", "GetBucketNotificationConfiguration", err)
	}
	if now.Equal(b.Becomes) {
		return nil
	}
	if !now.Equal(b.Was) {
		return fmt.Errorf("nothing was changed of it: somebody has changed its notifications since they were looked at; look again\n%s", compared("when looked at", b.Was, "now", now))
	}
	if first != nil {
		if err := first(); err != nil {
			return err
		}
	}
	_, err = a.s3.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{
		Bucket: &b.Bucket, ExpectedBucketOwner: &a.stage.Account, NotificationConfiguration: sdk(b.Becomes), SkipDestinationValidation: aws.Bool(o.SkipValidation),
	}, in(a.stage.Region))
	if err != nil {
		return doing("change its notifications"+unsure(err), "PutBucketNotificationConfiguration", err)
	}
	b.Changed = true
	for _, wait := range patience {
		if err := o.Wait(ctx, wait); err != nil {
			return fmt.Errorf("it was changed, and not read back: %w", err)
		}
		if now, err = a.configuration(ctx, b.Bucket, a.stage.Region); err != nil {
			return fmt.Errorf("it was changed, and could not be read back: %w", doing("read its notifications", "GetBucketNotificationConfiguration", err))
		}
		if now.Equal(b.Becomes) {
			return nil
		}
	}
	return fmt.Errorf("it was changed, and what stands there is not what was written: somebody changed it in between; look again\n%s", compared("written", b.Becomes, "there", now))
}

// unsure says that a change may have been made where its answer does not tell.
func unsure(err error) string {
	if s3error.Status(err)/100 == 4 || s3error.Code(err) == "SlowDown" {
		return ""
	}
	return ", of which nobody knows whether they were changed; the same command again tells"
}

// compared are two configurations to compare.
func compared(a string, x attach.Configuration, b string, y attach.Configuration) string {
	return a + ":\n  " + strings.Join(x.Lines(), "\n  ") + "\n" + b + ":\n  " + strings.Join(y.Lines(), "\n  ")
}

// doing is an error with what to do next.
func doing(what, operation string, err error) error {
	why := s3error.Explain(operation, err)
	if message := strings.TrimSpace(s3error.Message(err)); message != "" {
		why += message
	}
	next := "try again"
	if again, is := identity.Denied(err); is {
		next = again
	} else if s3error.Code(err) == "InvalidArgument" {
		next = "where a target of its own notifications is gone or refuses, --skip-validation leaves its validation out; where it is the stage's queue, name the bucket in Buckets and deploy"
	} else if s3error.Status(err)/100 == 4 {
		next = "grant " + grant(operation, err)
	}
	return refusal{fmt.Errorf("%s: %s: %s", what, why, next), err}
}

// refusal says what to do in the place of what a service answered, which stays for others
// to look at.
type refusal struct {
	error
	cause error
}

func (r refusal) Unwrap() error { return r.cause }

// keep writes a record, and says with an error what was done and is to be done.
func (a *account) keep(ctx context.Context, r attach.Record, so string) error {
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the record: %w", err)
	}
	_, err = a.s3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(a.stage.WorkBucket()), Key: aws.String(attach.RecordKey(r.Bucket)), ExpectedBucketOwner: &a.stage.Account,
		Body: bytes.NewReader(content), ContentType: aws.String("application/json"),
	}, in(a.stage.Region))
	if err != nil {
		return doing(so+" in "+a.stage.WorkBucket(), "PutObject", err)
	}
	return nil
}
