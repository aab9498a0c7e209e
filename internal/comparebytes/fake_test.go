package comparebytes_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/comparebytes"
	"autobackup/internal/verdict"
)

// fakeS3 has one object version, k@v1, in a primary and a replica bucket, or one of
// each of several keys, and a working bucket. It is for contents and answers that the local S3 can't make.
// What it does not expect is answered 418, which no test expects.
type fakeS3 struct {
	mu      sync.Mutex                                          // guards all fields
	content map[string][]byte                                   // by bucket, or by bucket/key where it is not k
	fault   func(bucket, span string) (status int, code string) // 0: none
	files   map[string][]byte                                   // of the working bucket
	asked   map[string]int                                      // GETs of the version, by bucket
}

func (f *fakeS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if bucket == working {
		f.file(w, r, key)
		return
	}
	place := bucket
	if key != "k" {
		place += "/" + key
	}
	content, known := f.content[place]
	if !known || r.URL.Query().Get("versionId") != "v1" || r.Method != http.MethodGet {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	f.asked[bucket]++
	if f.fault != nil {
		if status, code := f.fault(bucket, r.Header.Get("Range")); status != 0 {
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
			return
		}
	}
	w.Header().Set("X-Amz-Version-Id", "v1")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func (f *fakeS3) file(w http.ResponseWriter, r *http.Request, key string) {
	if r.Method == http.MethodPut {
		f.files[key], _ = io.ReadAll(r.Body)
		return
	}
	file, known := f.files[key]
	if !known {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_, _ = w.Write(file)
}

// start serves the fake and gives the clients of both regions.
func (f *fakeS3) start(t testing.TB) map[string]*s3.Client {
	t.Helper()
	f.files, f.asked = map[string][]byte{}, map[string]int{}
	return connect(t, f)
}

// hold puts contents into both buckets.
func (f *fakeS3) hold(primary, replica []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.content = map[string][]byte{"docs": primary, "copy": replica}
}

// refuse makes buckets answer so from now on, and counts anew.
func (f *fakeS3) refuse(fault func(bucket, span string) (status int, code string)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.asked = fault, map[string]int{}
}

// store keeps a file in the working bucket.
func (f *fakeS3) store(key, content string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files[key] = []byte(content)
}

// primaryOf and replicaOf are objects of a size as a look has them.
func primaryOf(size int64) verdict.Side {
	return verdict.Side{Bucket: "docs", Region: home, Found: verdict.Object, Size: size, Replication: "COMPLETED"}
}

func replicaOf(size int64) verdict.Side {
	return verdict.Side{Bucket: "copy", Region: away, Found: verdict.Object, Size: size, Replication: "REPLICA"}
}

// batchOf is one of an execution that has the bytes of k@v1 read, in the second
// of three replicas: the first was read before.
func batchOf(size int64) batch.Batch { return about("k", "v1", primaryOf(size), replicaOf(size)) }

func about(key, version string, primary, replica verdict.Side) batch.Batch {
	object, _ := json.Marshal(map[string]any{"key": key, "version-id": version})
	body := fmt.Sprintf(`{"source":"aws.s3","detail-type":"Object Created","region":%q,"detail":{"bucket":{"name":"docs"},"object":%s}}`, home, object)
	read := verdict.Read{Found: verdict.Object, CRC64NVME: "AAAAAAAAAAA="}
	first, third := replica, replica
	first.Bucket, third.Bucket = "copy1", "copy3"
	return batch.Batch{
		Execution: "arn:aws:states:eu-central-1:111122223333:execution:m:read-1", Reads: true, Replica: 1,
		Reading: []batch.Message{{ID: "1", Body: body, Progress: verdict.Progress{Looks: 2, Waited: 5}, Look: &verdict.Look{
			Primary: primary,
			Replicas: []verdict.Replica{
				{Side: first, Bytes: &verdict.Bytes{Primary: read, Replica: read}}, {Side: replica, IgnoresKMS: true}, {Side: third},
			},
		}}},
	}.Count()
}

// planOf is one of 5 ranges of k@v1, 25 bytes.
func planOf() comparebytes.Plan {
	return comparebytes.Plan{
		Object: comparebytes.Object{Bucket: working, Key: "plans/p.json"},
		Pair: comparebytes.Pair{
			Key: "k", Version: "v1", Size: 25,
			Primary: comparebytes.Place{Bucket: "docs", Region: home}, Replica: comparebytes.Place{Bucket: "copy", Region: away},
		},
		Ranges: 5, RangeSize: 5, BlockSize: 5, Algorithm: "SHA256", Concurrency: 1,
	}
}

// decoded is a request as package handler decodes it.
func decoded(t require.TestingT, in comparebytes.Request) (out comparebytes.Request) {
	payload, err := json.Marshal(in)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(payload, &out))
	return out
}
