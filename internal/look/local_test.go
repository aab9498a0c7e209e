package look_test

import (
	"crypto/md5"
	"encoding/base64"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/look"
	"autobackup/internal/verdict"
	"autobackup/local/clock"
	"autobackup/local/s3"
	"autobackup/local/testing/memnet"
)

// regions is the local S3 with a primary bucket at home that replicates to
// another region, reached by the SDK's real client.
type regions struct {
	*s3.Server
	client *sdk.Client
	looker *look.Looker
}

func newRegions(t testing.TB) *regions {
	t.Helper()
	server, err := s3.New(s3.Config{Clock: clock.Real(), Dir: t.TempDir(), Account: "111122223333"})
	require.NoError(t, err)
	priority := int32(1)
	require.NoError(t, server.CreateBucket(s3.BucketConfig{Name: "copy", Region: away, Versioned: true}))
	require.NoError(t, server.CreateBucket(s3.BucketConfig{
		Name: "docs", Region: home, Versioned: true,
		Replication: &s3.ReplicationConfiguration{Role: "arn:aws:iam::111122223333:role/r", Rules: []s3.ReplicationRule{{
			Status: "Enabled", Priority: &priority, Filter: &s3.RuleFilter{},
			DeleteMarkerReplication: &s3.Switch{Status: "Enabled"}, Destination: s3.Destination{Bucket: "arn:aws:s3:::copy"},
		}}},
	}))
	network, stop := memnet.Client(server)
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		stop()
	})
	client := sdk.New(sdk.Options{
		Region: home, HTTPClient: network, BaseEndpoint: aws.String("http://127.0.0.1"),
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
	return &regions{server, client, look.New(client, client, time.Now)}
}

func (r *regions) put(t testing.TB, key, body string, change ...func(*sdk.PutObjectInput)) (version string) {
	t.Helper()
	in := &sdk.PutObjectInput{Bucket: aws.String("docs"), Key: &key, Body: strings.NewReader(body)}
	for _, c := range change {
		c(in)
	}
	out, err := r.client.PutObject(t.Context(), in)
	require.NoError(t, err)
	return *out.VersionId
}

func (r *regions) look(t testing.TB, key, version string) verdict.Look {
	t.Helper()
	body := strings.Replace(event("docs", key), `"v1"`, strconv.Quote(version), 1)
	got := r.looker.Look(t.Context(), messages(body)).Messages[0].Look
	require.NotNil(t, got)
	return *got
}

// against runs a test with the local S3 in a bubble.
func against(test func(t *testing.T, r *regions)) func(*testing.T) {
	return func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, newRegions(t)) })
	}
}

func TestAgainstLocalS3(t *testing.T) {
	t.Run("a replica lags and then arrives with the same checksum", against(func(t *testing.T, r *regions) {
		r.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Lag: time.Minute} }
		version := r.put(t, "a.txt", "content")
		early := r.look(t, "a.txt", version)
		assert.Equal(t, "PENDING", early.Primary.Replication)
		assert.Equal(t, []verdict.Replica{{Side: verdict.Side{Bucket: "copy", Region: away, Found: verdict.Missing}, IgnoresKMS: true}}, early.Replicas)
		time.Sleep(2 * time.Minute)
		late := r.look(t, "a.txt", version)
		require.Len(t, late.Replicas, 1)
		assert.Equal(t, "COMPLETED", late.Primary.Replication)
		assert.Equal(t, "REPLICA", late.Replicas[0].Replication)
		assert.Equal(t, int64(7), late.Replicas[0].Size)
		assert.NotEmpty(t, late.Primary.Checksums)
		assert.Equal(t, late.Primary.Checksums, late.Replicas[0].Checksums)
		assert.Equal(t, late.Primary.ETag, late.Replicas[0].ETag)
	}))
	t.Run("an overwrite does not change what is seen of the version before", against(func(t *testing.T, r *regions) {
		first := r.put(t, "a.txt", "first")
		r.put(t, "a.txt", "a longer second")
		time.Sleep(time.Second)
		got := r.look(t, "a.txt", first)
		assert.Equal(t, int64(5), got.Primary.Size)
		assert.Equal(t, int64(5), got.Replicas[0].Size)
	}))
	t.Run("a delete marker is seen on both sides", against(func(t *testing.T, r *regions) {
		r.put(t, "a.txt", "content")
		out, err := r.client.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: aws.String("docs"), Key: aws.String("a.txt")})
		require.NoError(t, err)
		time.Sleep(time.Second)
		got := r.look(t, "a.txt", *out.VersionId)
		assert.Equal(t, verdict.Marker, got.Primary.Found)
		assert.Equal(t, verdict.Marker, got.Replicas[0].Found)
	}))
	t.Run("a version deleted in the primary is missing there only", against(func(t *testing.T, r *regions) {
		version := r.put(t, "a.txt", "content")
		time.Sleep(time.Second)
		_, err := r.client.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: aws.String("docs"), Key: aws.String("a.txt"), VersionId: &version})
		require.NoError(t, err)
		got := r.look(t, "a.txt", version)
		assert.Equal(t, verdict.Missing, got.Primary.Found)
		assert.Equal(t, verdict.Object, got.Replicas[0].Found)
	}))
	t.Run("an object with a customer's key is told from other bad requests", against(func(t *testing.T, r *regions) {
		version := r.put(t, "a.txt", "content", func(in *sdk.PutObjectInput) {
			key := []byte("32 bytes that only a user can say")[:32]
			sum := md5.Sum(key)
			in.SSECustomerAlgorithm = aws.String("AES256")
			in.SSECustomerKey = aws.String(base64.StdEncoding.EncodeToString(key))
			in.SSECustomerKeyMD5 = aws.String(base64.StdEncoding.EncodeToString(sum[:]))
		})
		assert.Equal(t, verdict.SSEC, r.look(t, "a.txt", version).Primary.Found)
	}))
	t.Run("odd keys are found on both sides", against(func(t *testing.T, r *regions) {
		for _, key := range []string{"a b+c%2F", `"q"`, "line\nbreak", "🎉", strings.Repeat("ä", 512), "a//b", "/a", "../a", "a/./b/..", "?a#b"} {
			version := r.put(t, key, key)
			time.Sleep(time.Second)
			got := r.look(t, key, version)
			assert.Equal(t, verdict.Object, got.Primary.Found, "%q: %s", key, got.Primary.Detail)
			assert.Equal(t, verdict.Object, got.Replicas[0].Found, "%q: %s", key, got.Replicas[0].Detail)
		}
	}))
}

func TestFaultsOfLocalS3AreSeenOnTheirSideOnly(t *testing.T) {
	tests := map[string]struct {
		fault s3.Fault
		want  verdict.Found
	}{
		"access denied":        {s3.Fault{Status: http.StatusForbidden}, verdict.Denied},
		"an overloaded S3":     {s3.Fault{Status: http.StatusServiceUnavailable}, verdict.Unreachable},
		"an expired token":     {s3.Fault{Status: http.StatusBadRequest, Code: "ExpiredToken"}, verdict.Unreachable},
		"no answer":            {s3.Fault{Hang: true}, verdict.Unreachable},
		"a dropped connection": {s3.Fault{Drop: true}, verdict.Unreachable},
	}
	for name, tt := range tests {
		t.Run(name, against(func(t *testing.T, r *regions) {
			version := r.put(t, "a.txt", "content")
			time.Sleep(time.Second)
			r.Fault = func(request s3.Request) *s3.Fault {
				if request.Bucket == "copy" && request.Key != "" {
					return &tt.fault
				}
				return nil
			}
			got := r.look(t, "a.txt", version)
			assert.Equal(t, verdict.Object, got.Primary.Found)
			assert.Equal(t, tt.want, got.Replicas[0].Found)
			assert.Regexp(t, `^[ -~]+$`, got.Replicas[0].Detail)
		}))
	}
}

// BenchmarkLook looks at batches of 25 replicated objects: two HEADs each.
func BenchmarkLook(b *testing.B) {
	const size = 25
	log.SetOutput(io.Discard)
	r := newRegions(b)
	var bodies []string
	for i := range size {
		key := "docs/" + strconv.Itoa(i)
		version := r.put(b, key, strings.Repeat("x", 4096))
		bodies = append(bodies, strings.Replace(event("docs", key), `"v1"`, strconv.Quote(version), 1))
	}
	for r.Pending() > 0 {
		time.Sleep(time.Millisecond)
	}
	input := messages(bodies...)
	for b.Loop() {
		for _, m := range r.looker.Look(b.Context(), input).Messages {
			if m.Look.Primary.Found != verdict.Object || m.Look.Replicas[0].Found != verdict.Object {
				b.Fatal(*m.Look)
			}
		}
	}
	b.ReportMetric(size*float64(b.N)/b.Elapsed().Seconds(), "objects/s")
}
