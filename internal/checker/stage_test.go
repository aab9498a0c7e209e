package checker_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/s3"
)

// stage is the local S3 with a primary bucket that replicates to another region.
// What the replica's bucket answers for a version can be exchanged.
type stage struct {
	*s3.Server
	clients map[string]*sdk.Client
	// served is which version HeadObject and GetObject of the replica answer
	// with in place of another; read is that of GetObject alone, so that headers
	// stay as they were: damage under the server.
	served, read map[string]string
	edit         func(r *http.Request, h http.Header) // of answers about objects
	before       func(r *http.Request)
}

func newStage(t *testing.T) *stage {
	t.Helper()
	server, err := s3.New(s3.Config{Clock: clock.Real(), Dir: t.TempDir(), Account: "111122223333"})
	require.NoError(t, err)
	priority := int32(1)
	for _, bucket := range []s3.BucketConfig{
		{Name: working, Region: home}, {Name: replica, Region: away, Versioned: true},
		{Name: primary, Region: home, Versioned: true, Replication: &s3.ReplicationConfiguration{
			Role: "arn:aws:iam::111122223333:role/r", Rules: []s3.ReplicationRule{{
				Status: "Enabled", Priority: &priority, Filter: &s3.RuleFilter{}, DeleteMarkerReplication: &s3.Switch{Status: "Enabled"},
				SourceSelectionCriteria: &s3.SourceSelectionCriteria{SseKmsEncryptedObjects: &s3.Switch{Status: "Enabled"}},
				Destination: s3.Destination{
					Bucket: "arn:aws:s3:::" + replica, EncryptionConfiguration: &s3.EncryptionConfiguration{ReplicaKmsKeyID: "alias/theirs"}},
			}},
		}},
	} {
		require.NoError(t, server.CreateBucket(bucket))
	}
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	st := &stage{Server: server, served: map[string]string{}, read: map[string]string{}}
	st.clients = connect(t, st)
	return st
}

func (st *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if st.before != nil {
		st.before(r)
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	version := r.URL.Query().Get("versionId")
	if version == "" || key == "" || bucket == working {
		st.Server.ServeHTTP(w, r)
		return
	}
	other := ""
	if bucket == replica && r.Method != http.MethodDelete {
		other = st.served[version]
		if hidden := st.read[version]; hidden != "" && r.Method == http.MethodGet {
			other = hidden
			r.Header.Del("If-Match") // a server that does not see the damage finds the ETag as it was
		}
	}
	if other != "" {
		query := r.URL.Query()
		query.Set("versionId", other)
		r.URL.RawQuery = query.Encode()
	}
	st.Server.ServeHTTP(&edited{ResponseWriter: w, edit: func(h http.Header) {
		if other != "" && h.Get("X-Amz-Version-Id") != "" {
			h.Set("X-Amz-Version-Id", version)
		}
		if st.edit != nil {
			st.edit(r, h)
		}
	}}, r)
}

// edited edits headers before they are sent.
type edited struct {
	http.ResponseWriter
	edit func(http.Header)
	sent bool
}

func (e *edited) WriteHeader(status int) {
	if !e.sent {
		e.sent = true
		e.edit(e.Header())
	}
	e.ResponseWriter.WriteHeader(status)
}

func (e *edited) Write(p []byte) (int, error) {
	if !e.sent {
		e.WriteHeader(http.StatusOK)
	}
	return e.ResponseWriter.Write(p)
}

// method is how an object is uploaded.
type method struct {
	algorithm  types.ChecksumAlgorithm // CRC32, CRC64NVME or SHA256
	kind       types.ChecksumType      // of an upload in parts
	part       int                     // size of the parts; 0: PutObject
	encryption types.ServerSideEncryption
}

// put uploads to a bucket and answers the version id.
func (st *stage) put(t *testing.T, bucket, key string, body []byte, m method) string {
	t.Helper()
	client := st.clients[map[string]string{primary: home, replica: away}[bucket]]
	if m.part > 0 {
		return parts{t, client, bucket, key}.put(body, m)
	}
	out, err := client.PutObject(t.Context(), &sdk.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: bytes.NewReader(body), ChecksumAlgorithm: m.algorithm, ServerSideEncryption: m.encryption})
	require.NoError(t, err)
	return *out.VersionId
}

// parts is an upload in parts.
type parts struct {
	t           *testing.T
	client      *sdk.Client
	bucket, key string
}

func (u parts) put(body []byte, m method) string {
	created, err := u.client.CreateMultipartUpload(u.t.Context(), &sdk.CreateMultipartUploadInput{
		Bucket: &u.bucket, Key: &u.key, ChecksumAlgorithm: m.algorithm, ChecksumType: m.kind, ServerSideEncryption: m.encryption})
	require.NoError(u.t, err)
	var all []types.CompletedPart
	for number := int32(1); number == 1 || len(body) > 0; number++ {
		n := min(m.part, len(body))
		out, err := u.client.UploadPart(u.t.Context(), &sdk.UploadPartInput{Bucket: &u.bucket, Key: &u.key, UploadId: created.UploadId,
			PartNumber: aws.Int32(number), Body: bytes.NewReader(body[:n]), ChecksumAlgorithm: m.algorithm})
		require.NoError(u.t, err)
		all = append(all, types.CompletedPart{PartNumber: aws.Int32(number), ETag: out.ETag,
			ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC64NVME: out.ChecksumCRC64NVME, ChecksumSHA256: out.ChecksumSHA256})
		body = body[n:]
	}
	out, err := u.client.CompleteMultipartUpload(u.t.Context(), &sdk.CompleteMultipartUploadInput{Bucket: &u.bucket, Key: &u.key,
		UploadId: created.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: all}})
	require.NoError(u.t, err)
	return *out.VersionId
}

// remove deletes a version for good or, without one, makes a delete marker.
func (st *stage) remove(t *testing.T, bucket, key, version string) string {
	t.Helper()
	in := &sdk.DeleteObjectInput{Bucket: &bucket, Key: &key}
	if version != "" {
		in.VersionId = &version
	}
	out, err := st.clients[map[string]string{primary: home, replica: away}[bucket]].DeleteObject(t.Context(), in)
	require.NoError(t, err)
	return aws.ToString(out.VersionId)
}

// settle lets replication end.
func (st *stage) settle() { time.Sleep(time.Minute) }

func (st *stage) validate(t *testing.T, reading string, body string) ending {
	t.Helper()
	return st.cut(t, reading, body, rangeSize, blockSize)
}

// cut is validate with other sizes of ranges and blocks.
func (st *stage) cut(t *testing.T, reading string, body string, ranges, blocks int64) ending {
	t.Helper()
	s := newStack(st.clients, readings[reading])
	s.cut(ranges, blocks)
	got, err := s.validate(t.Context(), body)
	require.NoError(t, err)
	return got
}

func (e ending) is(w want) bool {
	return e.Verdict == w.outcome && e.Reason == w.reason && strings.HasPrefix(string(e.Evidence), string(w.evidence)) &&
		(w.evidence == "") == (e.Evidence == "")
}
