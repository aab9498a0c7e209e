package replication_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
	"autobackup/local/sqs"
)

// version is an object version in the primary bucket.
type version struct{ key, id string }

func (v version) uri() string { return "s3://" + bucket + "/" + v.key + "@" + v.id }

func versionOf(t *testing.T, body string) version {
	parsed, err := s3event.Parse(body)
	assert.NoError(t, err)
	return version{parsed.Key, parsed.VersionID}
}

// put uploads an object and tells the stack, as S3 would.
func (w *world) put(key, content string, change ...func(*s3.PutObjectInput)) version {
	w.t.Helper()
	v := w.upload(key, content, change...)
	w.tell(v, "Object Created", "PutObject")
	return v
}

// upload is put without the event.
func (w *world) upload(key, content string, change ...func(*s3.PutObjectInput)) version {
	w.t.Helper()
	in := &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader(content)}
	for _, c := range change {
		c(in)
	}
	out, err := w.from.PutObject(w.t.Context(), in)
	require.NoError(w.t, err)
	return version{key, *out.VersionId}
}

// multipart uploads an object in parts.
func (w *world) multipart(key string, in s3.CreateMultipartUploadInput, parts ...string) version {
	t, ctx := w.t, w.t.Context()
	in.Bucket, in.Key = aws.String(bucket), &key
	plain := func(o *s3.Options) {
		if in.ChecksumAlgorithm == "" {
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		}
	}
	created, err := w.from.CreateMultipartUpload(ctx, &in, plain)
	require.NoError(t, err)
	var done types.CompletedMultipartUpload
	for i, part := range parts {
		number := aws.Int32(int32(i + 1))
		out, err := w.from.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: in.Bucket, Key: in.Key, UploadId: created.UploadId, PartNumber: number,
			Body: strings.NewReader(part), ChecksumAlgorithm: in.ChecksumAlgorithm,
		}, plain)
		require.NoError(t, err)
		done.Parts = append(done.Parts, types.CompletedPart{
			PartNumber: number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC32C: out.ChecksumCRC32C,
			ChecksumCRC64NVME: out.ChecksumCRC64NVME, ChecksumSHA1: out.ChecksumSHA1, ChecksumSHA256: out.ChecksumSHA256,
		})
	}
	out, err := w.from.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: in.Bucket, Key: in.Key, UploadId: created.UploadId, MultipartUpload: &done, ChecksumType: in.ChecksumType,
	}, plain)
	require.NoError(t, err)
	v := version{key, *out.VersionId}
	w.tell(v, "Object Created", "CompleteMultipartUpload")
	return v
}

// remove makes a delete marker and tells the stack.
func (w *world) remove(key string) version {
	out, err := w.from.DeleteObject(w.t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: &key})
	require.NoError(w.t, err)
	v := version{key, *out.VersionId}
	w.tell(v, "Object Deleted", "DeleteObject")
	return v
}

// tell puts an event of S3 on the primary region's bus, in the form in which
// EventBridge has it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
func (w *world) tell(v version, detailType, reason string) {
	detail := map[string]any{
		"version": "0", "bucket": map[string]string{"name": bucket}, "request-id": "N4N7GDK58NMKJ12R", "requester": account, "reason": reason,
		"object": map[string]any{"key": v.key, "version-id": v.id, "etag": "d41d8cd98f00b204e9800998ecf8427e", "sequencer": "0062E99A88DC407460"},
	}
	if detailType == "Object Deleted" {
		detail["deletion-type"] = "Delete Marker Created"
	}
	event, err := json.Marshal(map[string]any{
		"version": "0", "id": "17793124-05d4-b198-2fde-7ededc63b103", "detail-type": detailType, "source": "aws.s3", "account": account,
		"time": w.Clock.Now().UTC().Format(time.RFC3339), "region": w.primary.Region, "resources": []string{"arn:aws:s3:::" + bucket}, "detail": detail,
	})
	require.NoError(w.t, err)
	w.S3.OnEvent(w.primary.Region, event)
}

// head looks at a version on one side; status is 200, 404, 405 … and 0 where no
// server answers.
func head(ctx context.Context, client *s3.Client, bucket string, v version) (out *s3.HeadObjectOutput, status int) {
	out, err := client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &bucket, Key: &v.key, VersionId: &v.id, ChecksumMode: types.ChecksumModeEnabled,
	}, func(o *s3.Options) { o.RetryMaxAttempts = 1 })
	var refused *awshttp.ResponseError
	switch {
	case err == nil:
		return out, http.StatusOK
	case errors.As(err, &refused):
		return nil, refused.HTTPStatusCode()
	default:
		return nil, 0
	}
}

// replicated tells whether the replica has the version.
func (w *world) replicated(ctx context.Context, v version) bool {
	_, status := head(ctx, w.to, replicaBucket, v)
	return status == http.StatusOK || status == http.StatusMethodNotAllowed
}

// status is the version's replication status in the primary.
func (w *world) status(v version) types.ReplicationStatus {
	out, status := head(w.t.Context(), w.from, bucket, v)
	if out == nil {
		assert.Fail(w.t, "the primary did not answer", "%s: %d", v.key, status)
		return ""
	}
	return out.ReplicationStatus
}

// await polls until check is content, and fails the test after patience. Holds
// run it too, so it doesn't end the goroutine.
func (w *world) await(what string, check func() bool) {
	w.t.Helper()
	assert.Eventually(w.t, check, patience, 50*time.Millisecond, what)
}

// untilReplicated holds looks after the first until the servers have got on, so
// that the clock can't skip past what takes real time.
func (w *world) untilReplicated(ctx context.Context, looks int, versions []version) {
	if looks == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second) // the state's own time-out is longer
	defer cancel()
	for _, v := range versions {
		for !w.replicated(ctx, v) && !w.gaveUp(ctx, v) && ctx.Err() == nil {
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// gaveUp tells whether the primary's server says that replication failed.
func (w *world) gaveUp(ctx context.Context, v version) bool {
	out, _ := head(ctx, w.from, bucket, v)
	return out != nil && out.ReplicationStatus == types.ReplicationStatusFailed
}

// settle waits until everything sent has come to its end, and answers the
// summary lines by object.
func (w *world) settle() map[string]batch.Settled {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*patience)
	defer cancel()
	require.NoError(w.t, w.WaitIdle(ctx))
	all := map[string]batch.Settled{}
	for _, e := range w.States.Executions() {
		require.Equal(w.t, "SUCCEEDED", string(e.Result.Status), "%s: %s", e.Result.Error, e.Result.Cause)
		var s batch.Summary
		require.NoError(w.t, json.Unmarshal(e.Result.Output, &s))
		for _, line := range s.Objects {
			if line.Verdict != verdict.Reading { // another execution has its verdict
				all[line.Object] = line
			}
		}
	}
	return all
}

// parked are the messages in the validation DLQ.
func (w *world) parked() []sqs.Message {
	all, err := w.SQS.Messages(w.queue("validation-dlq"))
	require.NoError(w.t, err)
	return all
}

// large is content of a size that MinIO does not keep inside its metadata.
func large(size int) string { return string(bytes.Repeat([]byte("0123456789abcdef"), size/16)) }

// read reads the replica's bytes to their end.
func (w *world) read(v version) error {
	out, err := w.to.GetObject(w.t.Context(), &s3.GetObjectInput{Bucket: aws.String(replicaBucket), Key: &v.key, VersionId: &v.id})
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, out.Body)
	return errors.Join(err, out.Body.Close())
}
