package audit_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/s3test"
	core "autobackup/internal/audit"
	"autobackup/local/testing/computed"
)

// auditComputed audits two buckets of so many rows that a server computes, of which
// every 10,007th differs.
func auditComputed(t testing.TB, rows int64, l core.Level) (*computed.Server, core.Report) {
	server, err := computed.New(computed.Pair{Rows: rows, Every: 10_007, Primary: primary, Replica: replica, PrimaryRegion: home, ReplicaRegion: away})
	require.NoError(t, err)
	url := s3test.Serve(t, server)
	w := &world{t: t, Server: &s3test.Server{URL: url}}
	result := w.run(level(l), func(o *audit.Options) {
		o.Workers, o.MaxRate, o.Budget.Agreed = 8, 1_000_000, true
	})
	require.Len(t, result.Reports, 1)
	return server, result.Reports[0]
}

func TestAHundredThousandVersionsAreCountedAsTheyWereComputed(t *testing.T) {
	server, report := auditComputed(t, 100_000, core.Rest)
	want := map[string]int64{}
	for kind, n := range server.Counts() {
		switch kind {
		case computed.Same:
			want["alike"] += n.Objects
			want["compared"] += n.Markers
		case computed.Missing:
			want["finding REPLICA_MISSING"] += n.Objects
			want["finding MARKER_MISSING"] += n.Markers
		case computed.Surplus:
			want["finding NOT_ERASED"] += n.Objects + n.Markers
		case computed.Damaged:
			want["finding CONTENT_MISMATCH"] += n.Objects
		case computed.Resized:
			want["finding SIZE_MISMATCH"] += n.Objects
		case computed.OtherETag:
			want["compared"] += n.Objects
		default:
			t.Fatalf("the kind %v is new", kind)
		}
	}
	got := map[string]int64{}
	for _, c := range report.Counts {
		got[strings.TrimSpace(string(c.Category)+" "+string(c.Reason))] += c.Versions
	}
	for name, n := range want {
		if n == 0 {
			delete(want, name)
		}
	}
	assert.Equal(t, want, got)
	assert.Equal(t, int64(100_000), report.Listed)
}

// BenchmarkAudit lists both sides at sizes that grow tenfold, to show that time grows
// as they do and memory does not. The server, which is in this process, takes no memory
// for its rows. "peak-MiB" is the most that the whole process took so far.
func BenchmarkAudit(b *testing.B) {
	for _, rows := range []int64{10_000, 100_000, 1_000_000, 10_000_000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			for b.Loop() {
				auditComputed(b, rows, core.Rest)
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "versions/s")
			b.ReportMetric(peak(b), "peak-MiB")
		})
	}
}

// peak is the largest resident set of this process, in MiB, as Linux tells it.
func peak(b *testing.B) (mib float64) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip("the peak of memory is read from /proc, which is not here")
	}
	for _, line := range strings.Split(string(status), "\n") {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			var kib float64
			_, err := fmt.Sscanf(strings.TrimSpace(rest), "%f kB", &kib)
			require.NoError(b, err)
			return kib / 1024
		}
	}
	return 0
}
