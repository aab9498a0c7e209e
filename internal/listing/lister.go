package listing

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// API is what is called, as *s3.Client has it.
type API interface {
	ListObjectVersions(ctx context.Context, in *s3.ListObjectVersionsInput, options ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error)
}

// Lister lists the keys with a prefix in a bucket.
type Lister struct {
	Client API
	Bucket string
	Region string // of the bucket; empty where the client's is right
	Prefix string
}

// Marker is where a page begins: behind this version, or behind all versions of the
// key where VersionID is empty.
type Marker struct{ Key, VersionID string }

// Page reads the rows behind after, at most max of them; with max 0 as many as the
// server gives at once. An error names the bucket and what is wrong, without keys.
func (l Lister) Page(ctx context.Context, after Marker, max int32) (Page, error) {
	if !strings.HasPrefix(after.Key, l.Prefix) { // MinIO would answer with an empty page
		if after.Key > l.Prefix {
			return Page{Name: l.Bucket}, nil
		}
		after = Marker{}
	}
	in := &s3.ListObjectVersionsInput{
		Bucket: &l.Bucket, EncodingType: types.EncodingTypeUrl,
		Prefix: given(l.Prefix), KeyMarker: given(after.Key), VersionIdMarker: given(after.VersionID),
	}
	if max > 0 {
		in.MaxKeys = &max
	}
	var answer answer
	_, err := l.Client.ListObjectVersions(ctx, in, l.options(&answer))
	switch {
	case err != nil:
		return Page{}, l.failed(err)
	case !answer.read:
		return Page{}, l.failed(errNotRead)
	}
	if err := l.check(answer.page, after, int(max)); err != nil {
		return Page{}, err
	}
	return answer.page, nil
}

func (l Lister) options(answer *answer) func(*s3.Options) {
	return func(o *s3.Options) {
		if l.Region != "" {
			o.Region = l.Region
		}
		o.APIOptions = append(o.APIOptions[:len(o.APIOptions):len(o.APIOptions)], answer.readInstead)
	}
}

// Has says whether the bucket lists a version of a key now.
func (l Lister) Has(ctx context.Context, key, version string) (bool, error) {
	l.Prefix = key
	rows := l.Rows(ctx, "", key)
	defer rows.Close()
	for {
		row, ok, err := rows.Next()
		if !ok || err != nil || row.VersionID == version {
			return ok && err == nil, err
		}
	}
}

func given(value string) *string {
	if value == "" {
		return nil
	}
	return &value
}
