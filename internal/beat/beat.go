package beat

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"autobackup/internal/checksum"
	"autobackup/internal/hashbytes"
	"autobackup/internal/heartbeat"
	"autobackup/internal/s3error"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Objects are S3's calls, with the region of the bucket set in each call's options.
type Objects interface {
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	DeleteObject(context.Context, *s3.DeleteObjectInput, ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
}

// Queue is SQS's call.
type Queue interface {
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
}

// Hasher has hash-bytes of a region read a list, as comparebytes.Functions does.
type Hasher interface {
	HashList(ctx context.Context, region string, list []hashbytes.Request) ([]hashbytes.Answer, error)
}

// Invoker invokes Lambda functions.
type Invoker interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// Side is a bucket of heartbeats.
type Side struct{ Bucket, Region string }

// Beater makes heartbeats.
type Beater struct {
	Objects      Objects
	Queue        Queue
	Hasher       Hasher
	Functions    Invoker
	Stage        string
	Account      string // of the primary, 12 digits
	Partition    string
	Primary      Side
	Replica      Side
	Prefix       string // of keys, as a stage's rule may ask for
	QueueURL     string // of the validation queue
	CompareETags string // ARN
	Algorithm    checksum.Algorithm
}

// Beat is what one heartbeat came to. What is missing of it is what Err says.
type Beat struct {
	Put       int  `json:"put"`       // objects
	Lost      bool `json:"lost"`      // a loss was planted, which the validation is to find
	Different bool `json:"different"` // all known answers were given
}

// version is the version of a heartbeat that is there from the time before.
type version struct {
	key, id, etag string
	size          int64
	at            time.Time
}

// Beat makes one heartbeat. Whatever fails of it, the rest is tried all the same: above all the
// objects are put, whose absence an alarm tells of. At the first time nothing is there to lose
// or to read; and what S3 has not replicated since is left alone, as it would lag and not be lost.
func (b Beater) Beat(ctx context.Context, now time.Time) (done Beat, err error) {
	before, err := b.before(ctx)
	problems := []error{err}
	for _, key := range []string{heartbeat.Verified, heartbeat.Lost} {
		err := b.put(ctx, key, now)
		if err == nil {
			done.Put++
		}
		problems = append(problems, err)
	}
	told := b.tells(ctx)
	problems = append(problems, told)
	if len(before) == 2 {
		read := b.reads(ctx, before)
		done.Different = told == nil && read == nil
		lost := b.lose(ctx, before[1]) // after its bytes were read
		done.Lost = lost == nil
		problems = append(problems, read, lost)
	}
	return done, errors.Join(problems...)
}

// before are the versions of the heartbeat before, of Verified and of Lost, where both are
// replicated.
func (b Beater) before(ctx context.Context) (all []version, err error) {
	for _, key := range []string{b.Prefix + heartbeat.Verified, b.Prefix + heartbeat.Lost} {
		out, err := b.Objects.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.Primary.Bucket, Key: &key}, in(b.Primary))
		switch {
		case s3error.Found(err) == verdict.Missing:
			return nil, nil
		case err != nil:
			return nil, b.failed("HeadObject", b.Primary, key, err)
		case out.ReplicationStatus != types.ReplicationStatusCompleted && out.ReplicationStatus != types.ReplicationStatusComplete:
			return nil, nil
		}
		all = append(all, version{key, aws.ToString(out.VersionId), aws.ToString(out.ETag), aws.ToInt64(out.ContentLength), aws.ToTime(out.LastModified)})
	}
	return all, nil
}

func (b Beater) put(ctx context.Context, key string, now time.Time) error {
	key = b.Prefix + key
	content := fmt.Sprintf("heartbeat of stage %s at %s, %s %s\n", b.Stage, now.UTC().Format(time.RFC3339), key, rand.Text())
	_, err := b.Objects.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.Primary.Bucket, Key: &key, Body: strings.NewReader(content)}, in(b.Primary))
	return b.failed("PutObject", b.Primary, key, err)
}

// lose deletes the replica of a version, and has it validated once more.
func (b Beater) lose(ctx context.Context, v version) error {
	if _, err := b.Objects.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.Replica.Bucket, Key: &v.key, VersionId: &v.id}, in(b.Replica)); err != nil {
		return b.failed("DeleteObject", b.Replica, v.key, err)
	}
	body, err := s3event.Event(s3event.ObjectVersion{
		Bucket: b.Primary.Bucket, Key: v.key, VersionID: v.id, Region: b.Primary.Region, Account: b.Account,
		Size: v.size, ETag: strings.Trim(v.etag, `"`), Time: v.at, Reason: "autobackup heartbeat",
	}, b.Partition)
	if err != nil {
		return err
	}
	if _, err := b.Queue.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &b.QueueURL, MessageBody: &body}); err != nil {
		return fmt.Errorf("SendMessage to %s: %w", b.QueueURL, err)
	}
	return nil
}

func (b Beater) failed(operation string, of Side, key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s of s3://%s/%s: %w", operation, of.Bucket, key, err)
}

func in(of Side) func(*s3.Options) { return func(o *s3.Options) { o.Region = of.Region } }
