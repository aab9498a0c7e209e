package keep_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/keep"
)

// refusing is an S3 that answers each call with a status, and says what it was asked for.
type refusing int

func (r refusing) answer(bucket, key *string) error {
	return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: int(r)}}, Err: fmt.Errorf("no %s of %s", aws.ToString(key), aws.ToString(bucket))}
}

// GetObject implements keep.Client.
func (r refusing) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return nil, r.answer(in.Bucket, in.Key)
}

// PutObject implements keep.Client.
func (r refusing) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	return nil, r.answer(in.Bucket, in.Key)
}

// DeleteObject implements keep.Client.
func (r refusing) DeleteObject(_ context.Context, in *s3.DeleteObjectInput, _ ...func(*s3.Options)) (*s3.DeleteObjectOutput, error) {
	return nil, r.answer(in.Bucket, in.Key)
}

// ListObjectsV2 implements keep.Client.
func (r refusing) ListObjectsV2(_ context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	return nil, r.answer(in.Bucket, in.Prefix)
}

func TestARefusalOfABucketSaysWhatWasAskedOfWhichObject(t *testing.T) {
	for _, status := range []refusing{403, 404, 409, 412, 503} {
		b := keep.Bucket{Client: status, Name: "work"}
		for operation, call := range map[string]func() error{
			"GetObject":     func() error { _, err := b.Open(t.Context(), "facts/a"); return err },
			"PutObject":     func() error { _, err := b.Make(t.Context(), "facts/a", nil); return err },
			"DeleteObject":  func() error { return b.Delete(t.Context(), "facts/a") },
			"ListObjectsV2": func() error { _, err := b.List(t.Context(), "facts/a", ""); return err },
		} {
			why := status.answer(aws.String("work"), aws.String("facts/a")).Error()
			switch {
			case operation == "GetObject" && status == 404:
				why = fs.ErrNotExist.Error()
			case operation == "PutObject" && status == 412:
				continue // which is no error
			}
			assert.EqualError(t, call(), operation+" of s3://work/facts/a: "+why, status)
		}
	}
}

func TestAnObjectThatIsNotThereIsToldFromARefusal(t *testing.T) {
	_, err := keep.Bucket{Client: refusing(404)}.Open(t.Context(), "facts/a")
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, err = keep.Bucket{Client: refusing(403)}.Open(t.Context(), "facts/a")
	assert.NotErrorIs(t, err, fs.ErrNotExist)
}

// What is there stays. Of an object that another is just writing nobody knows yet whether it will be there.
func TestAnObjectIsMadeAgainOnlyWhereAnotherWriterMayFail(t *testing.T) {
	retryables := retry.IsErrorRetryables(retry.DefaultRetryables)
	for status, again := range map[refusing]bool{409: true, 403: false, 404: false} {
		made, err := keep.Bucket{Client: status}.Make(t.Context(), "facts/a", nil)
		assert.False(t, made, status)
		assert.Error(t, err, status)
		assert.Equal(t, again, retryables.IsErrorRetryable(err) == aws.TrueTernary, status)
	}
	made, err := keep.Bucket{Client: refusing(412)}.Make(t.Context(), "facts/a", nil)
	assert.NoError(t, err)
	assert.False(t, made)
}

// paged is an S3 that lists a page at a time.
type paged struct {
	keep.Client
	pages []*s3.ListObjectsV2Output
	asked []string // where each page begins
}

// ListObjectsV2 implements keep.Client.
func (p *paged) ListObjectsV2(_ context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	p.asked = append(p.asked, aws.ToString(in.StartAfter)+"|"+aws.ToString(in.ContinuationToken))
	page := p.pages[0]
	p.pages = p.pages[1:]
	return page, nil
}

func TestAListingHasTheObjectsOfAllPages(t *testing.T) {
	at := time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)
	object := func(name string) types.Object { return types.Object{Key: &name, LastModified: &at} }
	p := &paged{pages: []*s3.ListObjectsV2Output{
		{Contents: []types.Object{object("b"), object("c")}, IsTruncated: aws.Bool(true), NextContinuationToken: aws.String("c")},
		{Contents: []types.Object{object("d"), object("e")}},
	}}
	all, err := keep.Bucket{Client: p}.List(t.Context(), "", "a")
	require.NoError(t, err)
	assert.Equal(t, []keep.Object{{Name: "b", Put: at}, {Name: "c", Put: at}, {Name: "d", Put: at}, {Name: "e", Put: at}}, all)
	assert.Equal(t, []string{"a|", "a|c"}, p.asked)
}
