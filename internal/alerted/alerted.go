// Package alerted remembers which failed replications operators were alerted
// about, so that failure-notifier, which is told by S3, and the workflow, which
// looks, send one alert between them. A mark is an empty object in the working
// bucket. It can be taken once: what fails again later is alerted again.
package alerted

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/s3error"
	"autobackup/internal/s3event"
)

// Objects is what Marks needs of S3.
type Objects interface {
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	DeleteObject(context.Context, *s3.DeleteObjectInput, ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
}

// Marks are the marks in a bucket. Nothing else writes under their prefix.
type Marks struct {
	Objects Objects
	Bucket  string
	Log     *slog.Logger
}

// Put leaves a mark: operators were alerted that destination, a bucket, gets no
// replica of a version.
func (m Marks) Put(ctx context.Context, v s3event.ObjectVersion, destination string) error {
	key := Key(v, destination)
	if _, err := m.Objects.PutObject(ctx, &s3.PutObjectInput{Bucket: &m.Bucket, Key: &key}); err != nil {
		return fmt.Errorf("put mark s3://%s/%s: %w", m.Bucket, key, err)
	}
	return nil
}

// Take says whether there was a mark, and removes it. Where S3 does not answer,
// or does not remove it, there was none: a second alert is better than none. Log
// has a warning then.
func (m Marks) Take(ctx context.Context, v s3event.ObjectVersion, destination string) bool {
	key := Key(v, destination)
	_, err := m.Objects.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &m.Bucket, Key: &key})
	if s3error.Status(err) == http.StatusNotFound { // without s3:ListBucket, S3 would answer 403
		return false
	}
	if err == nil {
		_, err = m.Objects.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &m.Bucket, Key: &key})
	}
	if err != nil {
		m.Log.WarnContext(ctx, "the mark of an alert can't be taken; operators may be alerted twice",
			"mark", "s3://"+m.Bucket+"/"+key, "error", err.Error())
		return false
	}
	return true
}

// Key is alerted/ and 64 hexadecimal digits. Lengths are part of what is hashed:
// no two versions and destinations share a mark.
func Key(v s3event.ObjectVersion, destination string) string {
	digest := sha256.New()
	for _, part := range []string{v.Bucket, v.Key, v.VersionID, destination} {
		_, _ = fmt.Fprintf(digest, "%d:%s", len(part), part) // a hash takes everything
	}
	return "alerted/" + hex.EncodeToString(digest.Sum(nil))
}
