package comparebytes_test

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/checksum"
	"autobackup/internal/comparebytes"
	"autobackup/internal/digest"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// Sizes of the object that TestALargeObject makes up, and of its ranges, in MiB.
// 64 GiB in ranges as they are deployed, with the memory it took:
//
//	go test ./internal/comparebytes -run TestALargeObject -v -timeout 60m -mib 65536 -range-mib 4096
var (
	sizeMiB   = flag.Int64("mib", 192, "size of the large object in MiB")
	rangeMiB  = flag.Int64("range-mib", 32, "size of its ranges in MiB")
	algorithm = flag.String("digest", string(checksum.CRC64NVME), "digest of its blocks")
)

// maxMemory is in bytes, for the whole test process, S3 included.
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

func (g *generated) Size() int64 { return g.size }

func (g *generated) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		g.at = offset
	case io.SeekEnd:
		g.at = g.size + offset
	default:
		return 0, errors.New("unexpected seek")
	}
	return g.at, nil
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

func TestALargeObject(t *testing.T) {
	size, rangeSize := *sizeMiB<<20, *rangeMiB<<20
	last := (size - 1) / rangeSize * rangeSize // where the last range starts
	for name, tt := range map[string]struct {
		replica generated
		first   int64 // offset of the first block that differs
		verdict verdict.Outcome
	}{
		"equal":                        {generated{flipped: -1}, 0, verdict.Verified},
		"one bit flipped near the end": {generated{flipped: size - 70_001}, (size - 70_001) / digest.BlockSize * digest.BlockSize, verdict.Failed},
		"two ranges swapped":           {generated{flipped: -1, swapped: [2]int64{last - rangeSize, last - 3*rangeSize}, span: rangeSize}, last - 3*rangeSize, verdict.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			gets := &counter{}
			fake := &fakeS3{open: map[string]func() content{
				"docs": gets.open(generated{size: size, flipped: -1}), "copy": gets.open(tt.replica.of(size)),
			}}
			d := deploy(fake.start(t), func(c *comparebytes.Comparer) {
				c.RangeSize, c.Algorithm = rangeSize, checksum.Algorithm(*algorithm)
			})
			started := time.Now()
			got := d.must(t, pairOf(size, size, "", ""))
			assert.Equal(t, tt.verdict, got.Verdict, got.Detail)
			if tt.verdict == verdict.Failed {
				assert.Equal(t, reason.ContentMismatch, got.Reason)
				assert.Contains(t, got.Detail, fmt.Sprintf("of %d bytes from byte %d on", min(digest.BlockSize, size-tt.first), tt.first))
			}
			assert.Len(t, d.results, int((size+rangeSize-1)/rangeSize))
			blocks := digest.Pieces{Length: size, Size: digest.BlockSize}.Count()
			assert.Equal(t, 2*blocks, gets.all, "every block is read once on each side")
			peak := peakMemory(t)
			assert.Less(t, peak, int64(maxMemory))
			elapsed := time.Since(started)
			t.Logf("%d MiB on each side in %s: %.0f MB/s; peak memory of the process, S3 included: %d MiB",
				size>>20, elapsed.Round(time.Millisecond), 2*float64(size)/1e6/elapsed.Seconds(), peak>>20)
		})
	}
}

func (g generated) of(size int64) generated {
	g.size = size
	return g
}

// counter counts what is opened.
type counter struct {
	mu  sync.Mutex
	all int64
}

func (c *counter) open(g generated) func() content {
	return func() content {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.all++
		return &generated{size: g.size, flipped: g.flipped, swapped: g.swapped, span: g.span}
	}
}

// peakMemory is the process's largest resident set so far, in bytes.
func peakMemory(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if errors.Is(err, os.ErrNotExist) {
		t.Log("peak memory is not measured: there is no /proc/self/status here")
		return 0
	}
	require.NoError(t, err)
	found := regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`).FindSubmatch(status)
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
