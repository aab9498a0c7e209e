package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/s3error"
	"autobackup/internal/told"
)

// memoryKey is the memory's object in the working bucket.
const memoryKey = "told/memory.json"

// tries is how often a change is made to what somebody else has written meanwhile.
// Two invocations at once, which write twice each, need three.
const tries = 10

// errOvertaken says that the memory is not what it was when it was read.
var errOvertaken = errors.New("somebody else has changed it since it was read")

// update changes the memory, as often as somebody else changes it meanwhile, and
// sees to it that the sender is woken up while something is open in it.
func (n Notifier) update(ctx context.Context, change func(told.Memory, time.Time) told.Memory) (told.Memory, error) {
	var sent wakeUp
	var overtaken error
	for range tries {
		before, err := n.load(ctx)
		if err != nil {
			return told.Memory{}, err
		}
		memory, err := n.wakeLater(ctx, &sent, change(before.memory, before.at), before.at)
		if err != nil {
			return told.Memory{}, err
		}
		if overtaken = n.save(ctx, before, memory); !errors.Is(overtaken, errOvertaken) {
			return memory, overtaken
		}
	}
	return told.Memory{}, fmt.Errorf("no luck in %d tries, lower the function's concurrency: %w", tries, overtaken)
}

func (n Notifier) where() string { return "s3://" + n.Bucket + "/" + memoryKey }

// loaded is the memory as it was read.
type loaded struct {
	memory told.Memory
	data   []byte
	etag   *string // nil where there is none yet
	// at is when it was read, by the clock of S3: two invocations at once have one
	// clock so.
	at time.Time
}

func (n Notifier) load(ctx context.Context) (loaded, error) {
	out, err := n.S3.GetObject(ctx, &s3.GetObjectInput{Bucket: &n.Bucket, Key: aws.String(memoryKey)})
	if s3error.Code(err) == "NoSuchKey" {
		date, _ := http.ParseTime(s3error.Header(err).Get("Date"))
		return loaded{at: n.now(date)}, nil
	}
	if err != nil {
		return loaded{}, fmt.Errorf("read the sender's memory %s: %w", n.where(), err)
	}
	defer func() { _ = out.Body.Close() }() // what was read is what counts
	date, _ := middleware.GetServerTime(out.ResultMetadata)
	l := loaded{etag: out.ETag, at: n.now(date)}
	if l.data, err = io.ReadAll(io.LimitReader(out.Body, told.MaxBytes+1)); err != nil {
		return loaded{}, fmt.Errorf("read the sender's memory %s: %w", n.where(), err)
	}
	if l.memory, err = told.Decode(l.data); err != nil {
		return loaded{}, fmt.Errorf("%w; move %s away, and the sender begins anew", err, n.where())
	}
	return l, nil
}

// now is the time that S3 gave or, where it gave none, the function's own, without
// what only this process can tell of it.
func (n Notifier) now(date time.Time) time.Time {
	if date.IsZero() {
		date = n.Now()
	}
	return date.UTC().Round(0)
}

// save writes the memory where it has changed and nobody else has written it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func (n Notifier) save(ctx context.Context, before loaded, m told.Memory) error {
	data, err := m.Encode()
	if err != nil {
		return err
	}
	if bytes.Equal(data, before.data) {
		return nil
	}
	in := &s3.PutObjectInput{Bucket: &n.Bucket, Key: aws.String(memoryKey), Body: bytes.NewReader(data),
		ContentType: aws.String("application/json"), IfMatch: before.etag}
	if before.etag == nil {
		in.IfNoneMatch = aws.String("*")
	}
	_, err = n.S3.PutObject(ctx, in)
	switch status := s3error.Status(err); {
	case err == nil:
		return nil
	case status == http.StatusPreconditionFailed, status == http.StatusConflict, s3error.Code(err) == "NoSuchKey":
		return fmt.Errorf("write the sender's memory %s: %w: %w", n.where(), errOvertaken, err)
	default:
		return fmt.Errorf("write the sender's memory %s: %w", n.where(), err)
	}
}
