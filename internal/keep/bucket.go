package keep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/internal/s3error"
)

// Object is one of a listing.
type Object struct {
	Name string
	Put  time.Time // by the clock of S3
}

// Store is a bucket.
type Store interface {
	// List lists what begins with a prefix and comes after a name, in the order of names.
	List(ctx context.Context, prefix, after string) ([]Object, error)
	// Open opens an object. An error that is fs.ErrNotExist says that it is not there.
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	// Make puts an object where there is none, and says whether it did.
	Make(ctx context.Context, name string, content []byte) (made bool, err error)
	// Delete deletes an object; one that is not there is no error.
	Delete(ctx context.Context, name string) error
}

// Client is what a Bucket calls, as *s3.Client has it.
type Client interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	DeleteObject(context.Context, *s3.DeleteObjectInput, ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
}

// Bucket is a bucket of S3.
type Bucket struct {
	Client Client
	Name   string
}

func (b Bucket) failed(operation, name string, err error) error {
	return fmt.Errorf("%s of s3://%s/%s: %w", operation, b.Name, name, err)
}

// List implements Store.
func (b Bucket) List(ctx context.Context, prefix, after string) (all []Object, err error) {
	in := &s3.ListObjectsV2Input{Bucket: &b.Name, Prefix: &prefix}
	if after != "" {
		in.StartAfter = &after
	}
	for pages := s3.NewListObjectsV2Paginator(b.Client, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, b.failed("ListObjectsV2", prefix, err)
		}
		for _, o := range page.Contents {
			all = append(all, Object{aws.ToString(o.Key), aws.ToTime(o.LastModified)})
		}
	}
	return all, nil
}

// Open implements Store.
func (b Bucket) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	out, err := b.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.Name, Key: &name})
	if s3error.Status(err) == http.StatusNotFound {
		return nil, b.failed("GetObject", name, fs.ErrNotExist)
	}
	if err != nil {
		return nil, b.failed("GetObject", name, err)
	}
	return out.Body, nil
}

// Make implements Store. S3 holds the content against its SHA-256; where a bucket locks
// what it gets, it asks for a checksum.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html#object-lock-put-object
func (b Bucket) Make(ctx context.Context, name string, content []byte) (bool, error) {
	_, err := b.Client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.Name, Key: &name, Body: bytes.NewReader(content), IfNoneMatch: aws.String("*"), ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
	})
	switch {
	case err == nil:
		return true, nil
	case s3error.Status(err) == http.StatusPreconditionFailed:
		return false, nil
	case s3error.Status(err) == http.StatusConflict: // another is just writing it
		err = s3error.Transient(err)
	}
	return false, b.failed("PutObject", name, err)
}

// Delete implements Store.
func (b Bucket) Delete(ctx context.Context, name string) error {
	if _, err := b.Client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.Name, Key: &name}); err != nil {
		return b.failed("DeleteObject", name, err)
	}
	return nil
}

// content reads an object as a whole, of which more than limit bytes are an error.
func content(ctx context.Context, s Store, name string, limit int64) ([]byte, error) {
	r, err := s.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // read only
	all, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(all)) > limit {
		return nil, fmt.Errorf("read %s: %w", name, errLong)
	}
	return all, nil
}

var errLong = errors.New("it is longer than anything that is written there")
