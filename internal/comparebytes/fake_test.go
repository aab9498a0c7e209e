package comparebytes_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/comparebytes"
	"autobackup/internal/verdict"
)

// content is what one bucket of the fake has as k@v1.
type content interface {
	io.ReadSeeker
	Size() int64
}

// fakeS3 has one object version in a primary and a replica bucket, and a
// working bucket. It is for contents that the local S3 can't make, or need not
// store.
type fakeS3 struct {
	open  map[string]func() content                           // by bucket
	fault func(bucket, span string) (status int, code string) // 0: none
	mu    sync.Mutex                                          // guards all fields
	files map[string][]byte                                   // of the working bucket
}

func (f *fakeS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if bucket == working {
		f.file(w, r, key)
		return
	}
	f.mu.Lock() // a client that gave up leaves its handler running while a test goes on
	open, fault := f.open[bucket], f.fault
	f.mu.Unlock()
	if key != "k" || r.URL.Query().Get("versionId") != "v1" || open == nil {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	if fault != nil {
		if status, code := fault(bucket, r.Header.Get("Range")); status != 0 {
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
			return
		}
	}
	w.Header().Set("X-Amz-Version-Id", "v1")
	http.ServeContent(w, r, "", time.Time{}, open())
}

func (f *fakeS3) file(w http.ResponseWriter, r *http.Request, key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
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
	f.files = map[string][]byte{}
	return connect(t, f)
}

// hold puts contents into both buckets.
func (f *fakeS3) hold(primary, replica []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open = map[string]func() content{
		"docs": func() content { return bytes.NewReader(primary) },
		"copy": func() content { return bytes.NewReader(replica) },
	}
}

// refuse makes buckets answer so from now on.
func (f *fakeS3) refuse(fault func(bucket, span string) (status int, code string)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

// pairOf is a pair as a look would have it, with these stored CRC64NVMEs.
func pairOf(primarySize, replicaSize int64, primaryCRC, replicaCRC string) comparebytes.Pair {
	side := func(bucket, region string, size int64, crc string) verdict.Side {
		s := verdict.Side{Bucket: bucket, Region: region, Found: verdict.Object, Size: size}
		if crc != "" {
			s.Checksums, s.ChecksumType = map[string]string{"CRC64NVME": crc}, "FULL_OBJECT"
		}
		return s
	}
	return comparebytes.Pair{Key: "k", Version: "v1",
		Primary: side("docs", home, primarySize, primaryCRC), Replica: side("copy", away, replicaSize, replicaCRC)}
}
