package s3_test

import (
	"crypto/md5" //nolint:gosec // S3's own ETag
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/s3"
)

func TestObjectFilesLiveAsLongAsTheirVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		server, err := s3.New(s3.Config{Clock: clock.Real(), Dir: dir, Account: account})
		require.NoError(t, err)
		l := &local{server: server}
		l.http = &http.Client{Transport: direct{server}}
		require.NoError(t, server.CreateBucket(s3.BucketConfig{Name: destination, Region: replica, Versioned: true}))
		require.NoError(t, server.CreateBucket(s3.BucketConfig{Name: source, Region: primary, Versioned: true, Replication: rules(destination)}))
		files := func() int {
			found, err := filepath.Glob(dir + "/*/*")
			require.NoError(t, err)
			return len(found)
		}
		long := strings.Repeat("v", 16<<10+1) // shorter bodies have no files
		put := l.put(t, "k", long)
		l.settle()
		assert.Equal(t, 1, files(), "a replica shares the file of its source")
		l.remove(t, primary, source, "k", put.VersionId)
		assert.Equal(t, 1, files(), "the replica still needs it")
		l.remove(t, replica, destination, "k", put.VersionId)
		assert.Equal(t, 0, files())

		l.server.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Corrupt: s3.FlipBit} }
		put = l.put(t, "k", long)
		l.settle()
		assert.Equal(t, 2, files(), "a corrupt replica has a file of its own")
		l.remove(t, primary, source, "k", put.VersionId)
		l.remove(t, replica, destination, "k", put.VersionId)

		client := l.client("http", primary)
		_, err = client.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: aws.String(source), Key: aws.String("k"), Body: strings.NewReader(long), ContentMD5: aws.String("1B2M2Y8AsgTpgAmY7PhCfg==")})
		require.Error(t, err)
		id := l.parts(t, client, long, 1, 1)
		assert.Equal(t, 1, files(), "neither the refused object nor the replaced part is kept")
		_, err = client.AbortMultipartUpload(t.Context(), &awss3.AbortMultipartUploadInput{Bucket: aws.String(source), Key: aws.String("k"), UploadId: id})
		require.NoError(t, err)
		assert.Equal(t, 0, files())

		server.Replicate = nil
		id = l.parts(t, client, long, 1, 2)
		digest := md5.Sum([]byte(long)) //nolint:gosec // S3's own ETag
		made, err := client.CompleteMultipartUpload(t.Context(), &awss3.CompleteMultipartUploadInput{
			Bucket: aws.String(source), Key: aws.String("k"), UploadId: id, MultipartUpload: &types.CompletedMultipartUpload{
				Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: aws.String(hex.EncodeToString(digest[:]))}},
			},
		})
		require.NoError(t, err)
		assert.Equal(t, 1, files(), "the part that was not asked for is gone")
		l.settle()
		l.remove(t, primary, source, "k", made.VersionId)
		l.remove(t, replica, destination, "k", made.VersionId)
		assert.Equal(t, 0, files())

		require.NoError(t, server.Close())
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		assert.Empty(t, left)
	})
}

// parts starts an upload and uploads body under each number.
func (l *local) parts(t *testing.T, client *awss3.Client, body string, numbers ...int32) (id *string) {
	t.Helper()
	created, err := client.CreateMultipartUpload(t.Context(), &awss3.CreateMultipartUploadInput{Bucket: aws.String(source), Key: aws.String("k")})
	require.NoError(t, err)
	for _, number := range numbers {
		_, err = client.UploadPart(t.Context(), &awss3.UploadPartInput{
			Bucket: aws.String(source), Key: aws.String("k"), UploadId: created.UploadId, PartNumber: &number, Body: strings.NewReader(body),
		})
		require.NoError(t, err)
	}
	return created.UploadId
}

func (l *local) remove(t *testing.T, region, bucket, key string, version *string) {
	t.Helper()
	_, err := l.client("http", region).DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: &bucket, Key: &key, VersionId: version})
	require.NoError(t, err)
}

// direct calls the handler without a connection.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.RemoteAddr = "192.0.2.1:1234"
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// discard is a ResponseWriter that keeps no bytes.
type discard struct {
	header http.Header
	n      int64
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(p []byte) (int, error) { d.n += int64(len(p)); return len(p), nil }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestObjectsAreStreamed(t *testing.T) {
	const size, bound = 64 << 20, 4 << 20
	l := pair(t, nil)
	allocated := func(method string, body io.Reader) uint64 {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://s3.memory/source/big", body)
		require.NoError(t, err)
		if body != nil {
			r.ContentLength = size
		} else {
			r.Body = http.NoBody
		}
		r.Header.Set("Authorization", authorization)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		w := &discard{header: http.Header{}, status: http.StatusOK}
		l.server.ServeHTTP(w, r)
		runtime.ReadMemStats(&after)
		require.Equal(t, http.StatusOK, w.status)
		if method == http.MethodGet {
			require.Equal(t, int64(size), w.n)
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	assert.Less(t, allocated(http.MethodPut, io.LimitReader(zeros{}, size)), uint64(bound))
	assert.Less(t, allocated(http.MethodGet, nil), uint64(bound))
}

func TestManyRequestsAtOnceDoNotMixUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, rules(destination), destination)
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				client, key, bucket := l.client("https", primary), strings.Repeat("k", i%4+1), aws.String(source)
				for range 10 {
					put, err := client.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: bucket, Key: &key, Body: strings.NewReader(key)})
					if !assert.NoError(t, err) {
						return
					}
					out, err := client.HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: bucket, Key: &key, VersionId: put.VersionId})
					if assert.NoError(t, err) {
						assert.Equal(t, int64(len(key)), aws.ToInt64(out.ContentLength))
					}
					_, err = client.ListObjectsV2(t.Context(), &awss3.ListObjectsV2Input{Bucket: bucket})
					assert.NoError(t, err)
				}
			})
		}
		all.Wait()
		l.settle()
		for i := range 4 {
			assert.Equal(t, types.ReplicationStatusCompleted, l.status(t, strings.Repeat("k", i+1)))
		}
		assert.Equal(t, 80, l.server.Requests()[s3.Counted{Operation: "PutObject", Bucket: source}])
	})
}

// net/http keeps a request's headers in one string, which a value of any of them holds.
func TestAVersionKeepsNothingOfItsRequestButItsOwn(t *testing.T) {
	l := pair(t, nil)
	header := map[string]string{"Content-Type": "text/plain", "X-Amz-Meta-Owner": "me", "X-Amz-User-Agent": strings.Repeat("x", 100_000)}
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := live()
	for i := range 200 {
		require.Equal(t, http.StatusOK, l.send(t, http.MethodPut, "/source/"+strconv.Itoa(i), header, []byte("v")).status)
	}
	assert.Less(t, live(), before+5<<20, "200 headers of 100 kB are 20 MB")
	runtime.KeepAlive(l)
}
