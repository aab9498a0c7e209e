// Package look reads both sides of the object versions of a batch: the primary
// at the event's version id, and the same version in every bucket that the
// primary's own replication rules name. It tells what S3 answered and judges
// nothing: an error of S3 is something to tell, not an error of the look.
package look

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"autobackup/internal/batch"
)

const (
	// concurrency is how many messages are looked at together, each with one
	// HEAD a side. BenchmarkLook gains nothing from more; S3 itself allows
	// thousands of HEADs a second for a prefix.
	concurrency = 32
	// callTimeout bounds one call of S3 with all retries of the SDK. S3 answers a
	// HEAD in some 50 ms, from another continent in 500.
	callTimeout = 8 * time.Second
	// reserve is what is kept of the function's time for sending the answer.
	reserve = time.Second
)

// Objects reads object versions.
type Objects interface {
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	GetObjectAttributes(context.Context, *s3.GetObjectAttributesInput, ...func(*s3.Options)) (*s3.GetObjectAttributesOutput, error)
	GetObjectTagging(context.Context, *s3.GetObjectTaggingInput, ...func(*s3.Options)) (*s3.GetObjectTaggingOutput, error)
}

// Looker looks at object versions. It keeps what it learned of buckets for
// directoryAge at most, so one Looker serves all invocations of a function.
type Looker struct {
	objects   Objects
	directory *directory
}

// New returns a Looker. Both clients are asked with the bucket's region set in
// each call's options; now tells the age of what is known of buckets.
func New(objects Objects, buckets Buckets, now func() time.Time) *Looker {
	return &Looker{objects: objects, directory: newDirectory(buckets, now)}
}

// Within returns a Looker like this one whose calls may take so long, with all retries
// and all waiting for a turn. It is for who has no invocation that ends.
func (l *Looker) Within(timeout time.Duration) *Looker {
	d := newDirectory(l.directory.buckets, l.directory.now)
	d.timeout = timeout
	return &Looker{objects: l.objects, directory: d}
}

// Look begins a round: it looks at the batch's Messages or, where there are none,
// at those that lagged, which become the Messages. It looks at as many as the
// workflow's state has room for, at least one. Those that have to wait for the
// next round are the last of the Messages; they have no look, and neither have
// messages that name no object version. Failed is emptied, because what failed
// before has been told and parked.
//
// Look returns before ctx's deadline: what was not reached in time is Unreachable.
func (l *Looker) Look(ctx context.Context, b batch.Batch) batch.Batch {
	ctx, cancel := beforeDeadline(ctx)
	defer cancel()
	b, versions := round(b)
	var all errgroup.Group
	all.SetLimit(concurrency)
	for i := range b.Messages {
		version, ok := versions[i]
		if !ok {
			continue
		}
		all.Go(func() error {
			seen := l.version(ctx, version)
			b.Messages[i].Look = &seen
			return nil
		})
	}
	_ = all.Wait() // a look has no error: it tells of S3's
	return b
}

func beforeDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, deadline.Add(-reserve))
	}
	return context.WithCancel(ctx)
}
