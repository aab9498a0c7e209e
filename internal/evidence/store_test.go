package evidence_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autobackup/internal/evidence"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

const (
	crc     = verdict.Evidence("full-object checksum CRC64NVME")
	program = "v1.4.0"
	machine = "arn:aws:states:eu-central-1:111122223333:execution:autobackup-validation-dev:"
)

var (
	dev  = evidence.Deployment{Stage: "dev", Account: "111122223333", Region: "eu-central-1"}
	days = []time.Time{at("2026-11-28T00:00:00Z"), at("2026-11-29T00:00:00Z"), at("2026-11-30T00:00:00Z")}
	now  = at("2026-12-01T09:00:00Z")
)

func at(s string) time.Time {
	moment, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return moment
}

func told(v evidence.Verdict, why string) evidence.Told {
	switch v {
	case evidence.Verified:
		return evidence.Told{Verdict: v, Evidence: verdict.Evidence(why)}
	case evidence.Alike, evidence.Erased:
		return evidence.Told{Verdict: v}
	}
	return evidence.Told{Verdict: v, Reason: reason.Code(why)}
}

// record is the ending of docs/KEY@v at a time, of one replica.
func record(when, key string, t evidence.Told, change ...func(*evidence.Record)) evidence.Record {
	r := evidence.Record{
		Time: at(when), Source: evidence.Upload, Run: machine + "a", Bucket: "docs", Key: key, Version: "v", Told: t,
		Replicas: []evidence.Replica{{Bucket: "docs-copy", Told: t}}, Program: program,
	}
	if t.Verdict == evidence.Accepted {
		r.Source, r.Accepted = evidence.Audit, &evidence.Acceptance{Who: "Ana", Why: "meant", Until: at("2027-01-01T00:00:00Z")}
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

func run(id string) func(*evidence.Record) { return func(r *evidence.Record) { r.Run = id } }

// store is evidence in memory.
type store map[string][]byte

func (s store) names() []string { return slices.Sorted(maps.Keys(s)) }

func (s store) open(name string) (io.ReadCloser, error) {
	content, is := s[name]
	if !is {
		return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// put writes a file of an hour.
func (s store) put(t require.TestingT, hour string, part int, records ...evidence.Record) string {
	content, err := evidence.Encode(records)
	require.NoError(t, err)
	name := evidence.FileName(at(hour), part)
	s[name] = content
	return name
}

// close makes the manifest of a day, of all of its files.
func (s store) close(t require.TestingT, d time.Time, change ...func(*evidence.Manifest)) {
	var files []evidence.Counted
	for _, name := range s.names() {
		if strings.HasPrefix(name, "evidence/"+d.Format("2006/01/02/")) && strings.HasSuffix(name, ".gz") {
			c, err := evidence.CountFile(name, bytes.NewReader(s[name]))
			require.NoError(t, err)
			files = append(files, c)
		}
	}
	var previous []byte
	for _, name := range s.names() {
		if strings.HasSuffix(name, "manifest.json") && name < evidence.ManifestName(d) {
			previous = s[name]
		}
	}
	m, err := evidence.Make(d, dev, d.Add(26*time.Hour), files, previous)
	require.NoError(t, err)
	s.manifest(t, d, m, change...)
}

// manifest writes one with changes.
func (s store) manifest(t require.TestingT, d time.Time, m evidence.Manifest, change ...func(*evidence.Manifest)) {
	for _, c := range change {
		c(&m)
	}
	content, err := m.Encode()
	require.NoError(t, err)
	s[evidence.ManifestName(d)] = content
}

// edit changes a manifest that is there, and nothing after it.
func (s store) edit(t require.TestingT, d time.Time, change func(*evidence.Manifest)) {
	m, err := evidence.ParseManifest(s[evidence.ManifestName(d)])
	require.NoError(t, err)
	s.manifest(t, d, m, change)
}

// three is evidence of three days: 2, 3 and 1 records.
func three(t require.TestingT) store {
	s := store{}
	s.put(t, "2026-11-28T09:00:00Z", 1, record("2026-11-28T09:00:01Z", "a", told(evidence.Verified, string(crc))), record("2026-11-28T09:30:00Z", "b", told(evidence.Failed, "REPLICA_MISSING")))
	s.put(t, "2026-11-29T13:00:00Z", 1, record("2026-11-29T13:05:00Z", "b", told(evidence.Verified, string(crc)), run(machine+"b")))
	s.put(t, "2026-11-29T13:00:00Z", 2, record("2026-11-29T13:04:00Z", "c", told(evidence.Skipped, "IS_REPLICA")), record("2026-11-29T13:59:59Z", "d", told(evidence.Unknown, "ACCESS_DENIED"), run("audit-1")))
	s.put(t, "2026-11-30T23:00:00Z", 1, record("2026-11-30T23:59:59Z", "e", told(evidence.Accepted, "NOT_ERASED")))
	for _, d := range days {
		s.close(t, d)
	}
	return s
}

var errNetwork = errors.New("no network")

// verified is what verify says of a store, each problem as its kind and name.
func verified(t *testing.T, s store, o evidence.Options) (v evidence.Verification, problems []string) {
	t.Helper()
	if o.Now.IsZero() {
		o.Now = now
	}
	v, err := evidence.Verify(s.names(), s.open, o)
	require.NoError(t, err)
	for _, p := range v.Problems {
		require.NotEmpty(t, p.Sentence)
		problems = append(problems, string(p.Kind)+" "+strings.TrimPrefix(p.Name, "evidence/2026/11/"))
	}
	return v, problems
}
