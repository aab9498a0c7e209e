// Package look reads both sides of every object version in a batch: the primary
// at the event's version id, and the same version in every bucket that the
// primary's own replication rules name. It tells what S3 showed and judges
// nothing: an error of S3 is something to show, not an error of the look.
package look

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"autobackup/internal/batch"
	"autobackup/internal/s3error"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
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

// Marks tells whether operators were alerted that destination gets no replica of
// a version. It tells so once.
type Marks interface {
	Take(ctx context.Context, v s3event.ObjectVersion, destination string) bool
}

// Looker looks at object versions. It keeps what it learned of buckets for
// directoryAge, so one Looker serves all invocations of a function.
type Looker struct {
	objects   Objects
	directory *directory
	marks     Marks
}

// New returns a Looker. Both clients are asked with the bucket's region set in
// each call's options; now tells the age of what is known of buckets.
func New(objects Objects, buckets Buckets, marks Marks, now func() time.Time) *Looker {
	return &Looker{objects: objects, directory: newDirectory(buckets, now), marks: marks}
}

// Look looks at every message's object version and counts the look. Messages
// that are no S3 event get no look. Failed and Alert are empty, as nothing has
// failed in this round yet. It returns before ctx's deadline: what was
// not reached in time is Unreachable.
func (l *Looker) Look(ctx context.Context, b batch.Batch) batch.Batch {
	ctx, cancel := beforeDeadline(ctx)
	defer cancel()
	b.Messages = slices.Clone(b.Messages)
	var all errgroup.Group
	all.SetLimit(concurrency)
	for i := range b.Messages {
		all.Go(func() error {
			b.Messages[i].Look = l.message(ctx, b.Messages[i].Body)
			return nil
		})
	}
	_ = all.Wait() // no message has an error: it has a look, or none
	b.Looks++
	b.Failed, b.Alert = []batch.Failed{}, batch.Alert{}
	b.Summary.Objects = append([]batch.Settled{}, b.Summary.Objects...)
	return b
}

func beforeDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, deadline.Add(-reserve))
	}
	return context.WithCancel(ctx)
}

func (l *Looker) message(ctx context.Context, body string) *verdict.Look {
	version, err := s3event.Parse(body)
	if err != nil {
		return nil // compare-etags parses it again and tells why
	}
	seen := l.version(ctx, version)
	return &seen
}

func (l *Looker) version(ctx context.Context, v s3event.ObjectVersion) verdict.Look {
	region, err := l.directory.region(ctx, v.Bucket)
	if err != nil {
		return verdict.Look{Primary: bounded(bucketSide(v.Bucket, err))}
	}
	destinations, err := l.directory.destinations(ctx, v.Bucket, region, v.Key)
	if err != nil {
		return verdict.Look{Primary: bounded(rulesSide(v.Bucket, region, err))}
	}
	return l.bothSides(ctx, v, region, destinations)
}

func (l *Looker) bothSides(ctx context.Context, v s3event.ObjectVersion, region string, destinations []destination) (seen verdict.Look) {
	var sides errgroup.Group
	sides.Go(func() error {
		seen.Primary = bounded(l.side(ctx, v.Bucket, region, v))
		return nil
	})
	seen.Replicas = make([]verdict.Side, len(destinations))
	for i, d := range destinations {
		sides.Go(func() error {
			seen.Replicas[i] = bounded(l.replica(ctx, d, v))
			return nil
		})
	}
	_ = sides.Wait() // as in Look
	for i := range seen.Replicas {
		l.byParts(ctx, v, seen.Primary, &seen.Replicas[i])
	}
	l.tags(ctx, v, &seen)
	if destination := seen.FailedReplica(); destination != "" {
		_ = call(ctx, func(ctx context.Context) error {
			seen.Alerted = l.marks.Take(ctx, v, destination)
			return nil
		})
	}
	return seen
}

func (l *Looker) replica(ctx context.Context, d destination, v s3event.ObjectVersion) (side verdict.Side) {
	region, err := l.directory.region(ctx, d.bucket)
	switch {
	case s3error.Status(err) == 404:
		side = verdict.Side{Bucket: d.bucket, Found: verdict.Missing, Detail: noBucket}
	case err != nil:
		side = bucketSide(d.bucket, err)
	default:
		side = l.side(ctx, d.bucket, region, v)
	}
	side.IgnoresMarkers = d.ignoresMarkers
	return side
}
