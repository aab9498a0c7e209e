package alerted_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/alerted"
	"autobackup/internal/s3event"
)

// store is S3 with one bucket; fail is the error of an operation.
type store struct {
	keys map[string]bool
	fail map[string]error
}

func answered(status int) error {
	return &smithy.OperationError{Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: errors.New(http.StatusText(status)),
	}}
}

func (s *store) HeadObject(_ context.Context, in *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	if err := s.fail["HeadObject"]; err != nil {
		return nil, err
	}
	if !s.keys[*in.Bucket+"/"+*in.Key] {
		return nil, answered(404)
	}
	return &s3.HeadObjectOutput{}, nil
}

func (s *store) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	if err := s.fail["PutObject"]; err != nil {
		return nil, err
	}
	s.keys[*in.Bucket+"/"+*in.Key] = true
	return &s3.PutObjectOutput{}, nil
}

func (s *store) DeleteObject(_ context.Context, in *s3.DeleteObjectInput, _ ...func(*s3.Options)) (*s3.DeleteObjectOutput, error) {
	if err := s.fail["DeleteObject"]; err != nil {
		return nil, err
	}
	delete(s.keys, *in.Bucket+"/"+*in.Key)
	return &s3.DeleteObjectOutput{}, nil
}

var version = s3event.ObjectVersion{Bucket: "docs", Key: "a/b.txt", VersionID: "v1"}

func marks(s *store, log *bytes.Buffer) alerted.Marks {
	return alerted.Marks{Objects: s, Bucket: "work", Log: slog.New(slog.NewTextHandler(log, nil))}
}

func TestAMarkIsTakenOnceByItsVersionAndDestination(t *testing.T) {
	var log bytes.Buffer
	s := &store{keys: map[string]bool{}}
	m := marks(s, &log)
	assert.False(t, m.Take(t.Context(), version, "copy"), "there is none yet")
	require.NoError(t, m.Put(t.Context(), version, "copy"))
	require.NoError(t, m.Put(t.Context(), version, "copy"), "twice is once")
	other := version
	other.VersionID = "v2"
	assert.False(t, m.Take(t.Context(), other, "copy"))
	assert.False(t, m.Take(t.Context(), version, "another copy"))
	assert.True(t, m.Take(t.Context(), version, "copy"))
	assert.False(t, m.Take(t.Context(), version, "copy"), "taken")
	assert.Empty(t, s.keys)
	assert.Empty(t, log.String())
}

func TestAMarkThatCannotBeTakenIsNone(t *testing.T) {
	for _, operation := range []string{"HeadObject", "DeleteObject"} {
		for _, err := range []error{answered(403), answered(503), context.DeadlineExceeded} {
			var log bytes.Buffer
			s := &store{keys: map[string]bool{"work/" + alerted.Key(version, "copy"): true}, fail: map[string]error{operation: err}}
			assert.False(t, marks(s, &log).Take(t.Context(), version, "copy"), operation)
			assert.Contains(t, log.String(), `level=WARN msg="the mark of an alert can't be taken; operators may be alerted twice" mark=s3://work/alerted/`)
			assert.Len(t, s.keys, 1)
		}
	}
}

func TestAMarkThatCannotBePutIsAnError(t *testing.T) {
	s := &store{fail: map[string]error{"PutObject": answered(403)}}
	err := marks(s, new(bytes.Buffer)).Put(t.Context(), version, "copy")
	assert.ErrorContains(t, err, "put mark s3://work/alerted/")
	assert.ErrorContains(t, err, "Forbidden")
}

func TestNoTwoVersionsShareAMark(t *testing.T) {
	assert.Regexp(t, `^alerted/[0-9a-f]{64}$`, alerted.Key(version, "copy"))
	text := rapid.StringOf(rapid.SampledFrom([]rune("a:/1é\x00")))
	rapid.Check(t, func(t *rapid.T) {
		parts := func(name string) [4]string {
			return [4]string{text.Draw(t, name), text.Draw(t, name), text.Draw(t, name), text.Draw(t, name)}
		}
		a, b := parts("a"), parts("b")
		key := func(p [4]string) string {
			return alerted.Key(s3event.ObjectVersion{Bucket: p[0], Key: p[1], VersionID: p[2]}, p[3])
		}
		assert.Equal(t, a == b, key(a) == key(b))
	})
}
