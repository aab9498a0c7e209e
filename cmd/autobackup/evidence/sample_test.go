package evidence_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	core "autobackup/internal/evidence"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

var update = flag.Bool("update", false, "write testdata anew")

const (
	sample     = "testdata/sample" // three days; it also holds that what was written once verifies for ever
	execution  = "arn:aws:states:eu-central-1:111122223333:execution:autobackup-validation-prod:"
	fullObject = verdict.Evidence("full-object checksum CRC64NVME")
)

var now = time.Date(2025, 3, 5, 9, 0, 0, 0, time.UTC)

func verified(e verdict.Evidence) core.Told { return core.Told{Verdict: core.Verified, Evidence: e} }

func because(v core.Verdict, why reason.Code) core.Told { return core.Told{Verdict: v, Reason: why} }

// record is the ending of a version of acme-invoices.
func record(at, run, key, version string, t core.Told) core.Record {
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		panic(err)
	}
	r := core.Record{
		Time: when, Source: core.Upload, Run: execution + run, Bucket: "acme-invoices", Key: key, Version: version, Told: t,
		Replicas: []core.Replica{{Bucket: "acme-invoices-dr", Told: t}}, Program: "v1.4.0 3f2c9a1", Template: "v1.4.0",
	}
	if strings.HasPrefix(run, "audit-") {
		r.Source, r.Run, r.Template = core.Audit, run, ""
	}
	if t.Verdict == core.Accepted {
		r.Accepted = &core.Acceptance{Who: "ana@example.com", Why: "erasure request 4411", Until: time.Date(2025, 6, 1, 9, 0, 0, 0, time.UTC)}
	}
	return r
}

// records are those of the sample: an invoice that was lost and came back, one that is still
// missing, an erasure that was done on both sides, one that people accepted, a message that names nothing, and
// a key that is meant to be read as something else.
func records() []core.Record {
	message := record("2025-03-01T09:14:02Z", "b", "", "", because(core.Failed, reason.MalformedEvent))
	message.Bucket, message.Message, message.Replicas = "", "0b1c", nil
	return []core.Record{
		record("2025-03-01T09:12:07Z", "a", "2025/inv-88120.pdf", "3xQ1", verified(fullObject)),
		record("2025-03-01T09:12:07Z", "a", "2025/inv-88121.pdf", "3xQ2", because(core.Failed, reason.ReplicaMissing)),
		message,
		record("2025-03-01T10:00:00Z", "c", "people/4411.pdf", "3xQ3", verified(verdict.SinglePartETag)),
		record("2025-03-02T13:05:00Z", "d", "2025/inv-88121.pdf", "3xQ2", verified(fullObject)),
		record("2025-03-02T13:40:10.25Z", "e", "=cmd|' /C calc'!A0\u202e<script>", "3xQ4", because(core.Failed, reason.ReplicationFailed)),
		record("2025-03-02T23:59:59.999Z", "f", "2025/inv-88122.pdf", "3xQ5", because(core.Skipped, reason.IsReplica)),
		record("2025-03-03T02:00:00Z", "audit-20250303-020000", "people/4411.pdf", "3xQ3", core.Told{Verdict: core.Erased}),
		record("2025-03-03T02:00:00Z", "audit-20250303-020000", "people/0007.pdf", "2aB1", because(core.Accepted, reason.NotErased)),
		record("2025-03-03T02:00:00Z", "audit-20250303-020000", "2024/inv-1.pdf", "1zZ9", core.Told{Verdict: core.Alike}),
		record("2025-03-03T02:00:00Z", "audit-20250303-020000", "2024/inv-2.pdf", "1zZ8", because(core.Unknown, reason.AccessDenied)),
	}
}

// plant writes evidence of records into a folder: what comes within the same hour, in parts of
// so many records.
func plant(t testing.TB, folder string, most int, all []core.Record) {
	t.Helper()
	hours := map[time.Time][]core.Record{}
	for _, r := range all {
		hour := r.Time.Truncate(time.Hour)
		hours[hour] = append(hours[hour], r)
	}
	put := func(name string, content []byte) {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
	var previous []byte
	for day := all[0].Time.Truncate(24 * time.Hour); !day.After(all[len(all)-1].Time); day = day.AddDate(0, 0, 1) {
		var files []core.Counted
		for hour := day; hour.Before(day.AddDate(0, 0, 1)); hour = hour.Add(time.Hour) {
			for part, some := 1, hours[hour]; len(some) > 0; part, some = part+1, some[min(most, len(some)):] {
				content, err := core.Encode(some[:min(most, len(some))])
				require.NoError(t, err)
				put(core.FileName(hour, part), content)
				counted, err := core.CountFile(core.FileName(hour, part), bytes.NewReader(content))
				require.NoError(t, err)
				files = append(files, counted)
			}
		}
		m, err := core.Make(day, core.Deployment{Stage: "prod", Account: "111122223333", Region: "eu-central-1"}, day.Add(26*time.Hour), files, previous)
		require.NoError(t, err)
		previous, err = m.Encode()
		require.NoError(t, err)
		put(core.ManifestName(day), previous)
	}
}

// copied is a copy of the sample that may be changed.
func copied(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.CopyFS(folder, os.DirFS(sample)))
	return folder
}
