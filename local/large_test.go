package local_test

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/checksum"
	"autobackup/internal/digest"
)

// Sizes of the object that TestALargeObject makes up, and of its ranges, in MiB.
// 64 GiB in ranges as they are deployed, with the memory it took:
//
//	go test ./local -run TestALargeObjectIsDecided -v -timeout 60m -mib 65536 -range-mib 4096
var (
	sizeMiB   = flag.Int64("mib", 192, "size of the large object in MiB")
	rangeMiB  = flag.Int64("range-mib", 32, "size of its ranges in MiB")
	algorithm = flag.String("digest", string(checksum.CRC64NVME), "digest of its blocks")
)

// maxMemory is in bytes: what a run may add to the process, S3 included.
const maxMemory = 300 << 20

// unit is the generated content's: its number in 8 bytes, then filling.
const unit = 4096

var filling = func() []byte {
	page := make([]byte, 64*unit)
	for i := range page {
		page[i] = byte(i*i>>7 + i)
	}
	return page
}()

// generated is content that follows from its offset: no two units of 4 KiB are
// alike, and nothing is stored. The byte at flipped differs from that; the two
// ranges from swapped[0] and swapped[1] on have changed places.
type generated struct {
	size, at int64
	flipped  int64 // -1: none
	swapped  [2]int64
	span     int64 // of each swapped range; 0: none
}

// Read fills whole units where it can: the caller reads in multiples of them
// from a multiple on.
func (g *generated) Read(p []byte) (int, error) {
	n := min(int64(len(p)), g.size-g.at, int64(len(filling))-g.at%int64(len(filling)))
	if n <= 0 {
		return 0, io.EOF
	}
	p = p[:n]
	copy(p, filling[g.at%int64(len(filling)):])
	for i := (unit - g.at%unit) % unit; i+8 <= n; i += unit {
		binary.BigEndian.PutUint64(p[i:], uint64(g.source(g.at+i)/unit))
	}
	if i := g.flipped - g.at; i >= 0 && i < n {
		p[i] ^= 1
	}
	g.at += n
	return int(n), nil
}

// source is where the unit at an offset was before ranges were swapped.
func (g *generated) source(at int64) int64 {
	for i, from := range g.swapped {
		if at >= from && at < from+g.span {
			return at - from + g.swapped[1-i]
		}
	}
	return at
}

// served answers HEAD and GET of large.bin in both buckets; everything else goes
// to the stack.
type served struct {
	next             aws.HTTPClient
	primary, replica generated
	gets             atomic.Int64
}

func (s *served) Do(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/large.bin") || r.URL.Query().Get("versionId") == "" {
		return s.next.Do(r)
	}
	object := s.primary
	status := "COMPLETED"
	if strings.Contains(r.URL.Path, "-replica-") {
		object, status = s.replica, "REPLICA"
	}
	answer := &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: r, Body: http.NoBody, ContentLength: object.size, Header: http.Header{
		"X-Amz-Version-Id": {r.URL.Query().Get("versionId")}, "Content-Length": {fmt.Sprint(object.size)}, "Etag": {`"no MD5"`},
		"X-Amz-Server-Side-Encryption": {"aws:kms"}, "X-Amz-Replication-Status": {status},
	}}
	if r.Method == http.MethodGet {
		s.gets.Add(1)
		var first, last int64
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &first, &last); err != nil {
			return nil, err
		}
		object.at = first
		answer.StatusCode, answer.ContentLength = http.StatusPartialContent, last+1-first
		answer.Header.Set("Content-Length", fmt.Sprint(answer.ContentLength))
		answer.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, object.size))
		answer.Body = io.NopCloser(io.LimitReader(&object, answer.ContentLength))
	}
	return answer, nil
}

func TestALargeObjectIsDecidedBlockByBlock(t *testing.T) {
	size, rangeSize := *sizeMiB<<20, *rangeMiB<<20
	last := (size - 1) / rangeSize * rangeSize // where the last range starts
	for name, tt := range map[string]struct {
		replica generated
		first   int64 // offset of the first block that differs
		ends    string
	}{
		"equal":                        {generated{flipped: -1}, 0, "1 object after 2 looks: 1 verified"},
		"one bit flipped near the end": {generated{flipped: size - 70_001}, (size - 70_001) / digest.BlockSize * digest.BlockSize, "1 object after 2 looks: 1 failed (CONTENT_MISMATCH)"},
		"two ranges swapped":           {generated{flipped: -1, swapped: [2]int64{last - rangeSize, last - 3*rangeSize}, span: rangeSize}, last - 3*rangeSize, "1 object after 2 looks: 1 failed (CONTENT_MISMATCH)"},
	} {
		t.Run(name, func(t *testing.T) {
			s3 := &served{primary: generated{size: size, flipped: -1}, replica: tt.replica}
			s3.replica.size = size
			functionClient = func(next aws.HTTPClient) aws.HTTPClient { s3.next = next; return s3 }
			defer func() { functionClient = unchanged }()
			_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o600) // forget the peak of the tests before, where that can be
			before := memory(t, "VmRSS")
			started := time.Now() //nolint:forbidigo // outside the bubble: what the run took
			inWorld(t, func(w *world) {
				w.send(fmt.Sprintf(`{"source":"aws.s3","detail-type":"Object Created","region":%q,"detail":{"bucket":{"name":%q},`+
					`"object":{"key":"large.bin","version-id":"v1","size":%d}}}`, w.region, w.bucket(), size))
				w.settle()
				require.Len(t, w.States.Executions(), 2)
				reads := w.States.Executions()[1]
				assert.Equal(t, tt.ends, w.summary(reads).Text)
				assert.Contains(t, strings.Join(reads.Result.Path, " "), "ReadRanges ConcludeBytes BytesRead")
				require.Len(t, w.parked(), strings.Count(tt.ends, "failed"))
				for _, m := range w.parked() {
					assert.Contains(t, m.Attributes["detail"].Value, fmt.Sprintf("of %d bytes from byte %d on", min(digest.BlockSize, size-tt.first), tt.first))
				}
			}, replace("template.yaml", `RANGE_BYTES: "4294967296"`, fmt.Sprintf("RANGE_BYTES: %q", fmt.Sprint(rangeSize))),
				replace("template.yaml", "Default: SHA256", "Default: "+*algorithm))
			assert.Equal(t, 2*digest.Pieces{Length: size, Size: digest.BlockSize}.Count(), s3.gets.Load(), "every block is read once on each side")
			peak := memory(t, "VmHWM")
			assert.Less(t, peak-before, int64(maxMemory))
			elapsed := time.Since(started)
			t.Logf("%d MiB on each side in %s: %.0f MB/s; peak memory of the process, S3 included: %d MiB",
				size>>20, elapsed.Round(time.Millisecond), 2*float64(size)/1e6/elapsed.Seconds(), peak>>20)
		})
	}
}

// memory is a value of /proc/self/status in bytes: VmRSS is the process's resident
// set, VmHWM the largest so far
// (https://man7.org/linux/man-pages/man5/proc_pid_status.5.html).
func memory(t *testing.T, name string) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if errors.Is(err, os.ErrNotExist) {
		t.Log("memory is not measured: there is no /proc/self/status here")
		return 0
	}
	require.NoError(t, err)
	found := regexp.MustCompile(`(?m)^` + name + `:\s+(\d+) kB$`).FindSubmatch(status)
	require.NotNil(t, found)
	kib, err := strconv.ParseInt(string(found[1]), 10, 64)
	require.NoError(t, err)
	return kib << 10
}

func TestGeneratedContentHasNoTwoUnitsAlike(t *testing.T) {
	content, err := io.ReadAll(&generated{size: 1 << 20, flipped: -1})
	require.NoError(t, err)
	require.Len(t, content, 1<<20)
	seen := map[string]bool{}
	for i := 0; i < len(content); i += unit {
		seen[string(content[i:i+unit])] = true
	}
	assert.Len(t, seen, 1<<20/unit)
	flipped, err := io.ReadAll(&generated{size: 1 << 20, flipped: 5000})
	require.NoError(t, err)
	content[5000] ^= 1
	assert.Equal(t, content, flipped)
}
