package evidence_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/evidence"
	"autobackup/cmd/autobackup/report"
	core "autobackup/internal/evidence"
	"autobackup/internal/reason"
)

func options(where string) evidence.Options {
	return evidence.Options{Where: where, Now: now, Program: "v1.4.0", From: "2025-03-01", To: "2025-03-03"}
}

// golden holds what is shown against a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path) // #nosec G304: of testdata
	require.NoError(t, err)
	assert.Equal(t, string(want), got, "go test -update writes it")
}

func TestWhatWasWrittenOnceVerifiesForEver(t *testing.T) {
	if *update {
		require.NoError(t, os.RemoveAll(sample))
		plant(t, sample, 1, records())
	}
	v, err := evidence.Verify(t.Context(), options(sample))
	require.NoError(t, err)
	assert.Empty(t, v.Problems)
	assert.EqualValues(t, len(records()), v.Records)
	var b bytes.Buffer
	require.NoError(t, evidence.Screen(&b, "evidence-of-acme", v))
	golden(t, "verified.txt", b.String())
}

func TestTheScreenNamesEachProblem(t *testing.T) {
	folder := copied(t)
	require.NoError(t, os.Remove(filepath.Join(folder, "evidence/2025/03/01/09-1.jsonl.gz")))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "evidence/2025/03/02/13-1.jsonl.gz"), []byte("else"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "evidence/\x1b[2J.txt"), nil, 0o600))
	require.NoError(t, os.Remove(filepath.Join(folder, "evidence/2025/03/02/manifest.json")))
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "evidence/2025/03/05"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "evidence/2025/03/05/07-1.jsonl.gz"), nil, 0o600))
	v, err := evidence.Verify(t.Context(), options(folder))
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, evidence.Screen(&b, "evidence-of-\x1b[2J", v))
	golden(t, "problems.txt", b.String())

	for n := range 30 {
		v.Problems = append(v.Problems, core.Problem{Kind: core.ExtraFile, Name: strings.Repeat("x", n), Sentence: "s"})
	}
	b.Reset()
	require.NoError(t, evidence.Screen(&b, "w", v))
	assert.Contains(t, b.String(), "          and 13 more: --json has all\n")
	v.Problems = nil
	b.Reset()
	require.NoError(t, evidence.Screen(&b, "w", v))
	assert.Contains(t, b.String(), "result    as it was written, but for what waits   exit 0\n")
}

func TestAReportIsAFolderThatAnAuditorIsGiven(t *testing.T) {
	for name, redact := range map[string]bool{"report": false, "redacted": true} {
		o := options(sample)
		o.Folder, o.Redact = t.TempDir(), redact
		r, err := evidence.Report(t.Context(), o)
		require.NoError(t, err)
		assert.False(t, r.Fine())
		var screen bytes.Buffer
		require.NoError(t, evidence.ReportScreen(&screen, "evidence-of-acme", "evidence-20250305-090000", r))
		golden(t, name+"/screen.txt", screen.String())
		files, err := os.ReadDir(o.Folder)
		require.NoError(t, err)
		var names []string
		for _, f := range files {
			names = append(names, f.Name())
			content, err := os.ReadFile(filepath.Join(o.Folder, f.Name())) // #nosec G304: of the test's folder
			require.NoError(t, err)
			golden(t, name+"/"+f.Name(), string(content))
			if redact {
				for _, secret := range []string{"inv-", "people/", "4411.pdf", "calc"} {
					assert.NotContains(t, string(content), secret, f.Name())
				}
			}
			assert.NotContains(t, string(content), "\u202e", f.Name())
			if f.Name() == report.PageFile {
				assert.NotContains(t, string(content), "<script")
				assert.Equal(t, !redact, strings.Contains(string(content), `\u202e&lt;script&gt;`))
			}
		}
		assert.Equal(t, []string{"SHA256SUMS", "records.csv", "report.html", "report.json"}, names)
		if _, err := exec.LookPath("sha256sum"); err == nil {
			check := exec.CommandContext(t.Context(), "sha256sum", "-c", "--strict", "SHA256SUMS")
			check.Dir = o.Folder
			said, err := check.CombinedOutput()
			assert.NoError(t, err, string(said))
		}
	}
}

func TestTheTableHasALineForEachVersionThatNeedsOneAndRunsNothing(t *testing.T) {
	o := options(sample)
	o.Folder = t.TempDir()
	_, err := evidence.Report(t.Context(), o)
	require.NoError(t, err)
	content, err := os.ReadFile(filepath.Join(o.Folder, "records.csv"))
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	require.NoError(t, err)
	cell := func(row []string, name string) string {
		for i, column := range rows[0] {
			if column == name {
				return row[i]
			}
		}
		t.Fatal(name)
		return ""
	}
	got := map[string]string{}
	for _, row := range rows[1:] {
		got[cell(row, "versionId")+cell(row, "messageId")] = strings.Join([]string{cell(row, "verdict"), cell(row, "reason"), cell(row, "failed"), cell(row, "settledAt"), cell(row, "acceptedBy")}, "|")
		for _, text := range row {
			assert.NotRegexp(t, `^[=+@-]`, text)
		}
	}
	assert.Equal(t, map[string]string{
		"0b1c": "failed|MALFORMED_EVENT|MALFORMED_EVENT||", "3xQ2": "verified||REPLICA_MISSING|2025-03-02T13:05:00Z|", "3xQ3": "erased||||", "3xQ5": "skipped|IS_REPLICA|||",
		"3xQ4": "failed|REPLICATION_FAILED|REPLICATION_FAILED||", "2aB1": "accepted|NOT_ERASED|||ana@example.com", "1zZ8": "unknown|ACCESS_DENIED|||",
	}, got)
}

func TestAReportOfNothingWrongIsFine(t *testing.T) {
	folder := t.TempDir()
	plant(t, folder, 10, records()[:1])
	o := options(folder)
	o.To, o.Folder = o.From, t.TempDir()
	r, err := evidence.Report(t.Context(), o)
	require.NoError(t, err)
	assert.True(t, r.Fine())
	var b bytes.Buffer
	require.NoError(t, evidence.ReportScreen(&b, "w", "f", r))
	assert.Contains(t, b.String(), "result    as it must be   exit 0\n")
	page, err := os.ReadFile(filepath.Join(o.Folder, report.PageFile))
	require.NoError(t, err)
	assert.Contains(t, string(page), `<strong class="fine">as it must be</strong>; 1 seen, each once: object versions`)
}

func TestThePageAndTheScreenTellWhatTheEvidenceLacks(t *testing.T) {
	folder := copied(t)
	require.NoError(t, os.RemoveAll(filepath.Join(folder, "evidence/2025/03/02")))
	o := options(folder)
	o.From, o.Folder = "2025-02-27", t.TempDir()
	r, err := evidence.Report(t.Context(), o)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, evidence.ReportScreen(&b, "w", "f/", r))
	assert.Contains(t, b.String(), "WITHOUT   a manifest: 2025-02-27 to 2025-02-28, 2 days\nWITHOUT   a manifest: 2025-03-02\n")
	assert.Contains(t, b.String(), "report    f/report.html, ")
	assert.Contains(t, b.String(), "2 failed; 1 unknown; 3 days without a manifest; 1 problem with the evidence itself   exit 1\n")
	page, err := os.ReadFile(filepath.Join(o.Folder, report.PageFile))
	require.NoError(t, err)
	for _, shown := range []string{"2025-02-27 to 2025-02-28, 2 days: nothing vouches for them", "2025-03-02: nothing vouches for it", "manifest missing", "There is none of 2025-03-02"} {
		assert.Contains(t, string(page), shown)
	}
}

func TestThePageShowsSomeOfManyFailures(t *testing.T) {
	var all []core.Record
	for n := range 60 {
		r := record("2025-03-01T09:12:07Z", "a", strings.Repeat("k", n+1), "v", because(core.Failed, reason.ReplicaMissing))
		all = append(all, r)
	}
	folder := t.TempDir()
	plant(t, folder, 100, all)
	o := options(folder)
	o.To, o.Folder = o.From, t.TempDir()
	_, err := evidence.Report(t.Context(), o)
	require.NoError(t, err)
	page, err := os.ReadFile(filepath.Join(o.Folder, report.PageFile))
	require.NoError(t, err)
	assert.Contains(t, string(page), `10 more are in <a href="records.csv">records.csv</a>`)
	assert.Equal(t, 50, strings.Count(string(page), "failed since"))
}

func TestTheJSONHasTheSums(t *testing.T) {
	o := options(sample)
	o.Folder = t.TempDir()
	r, err := evidence.Report(t.Context(), o)
	require.NoError(t, err)
	content, err := os.ReadFile(filepath.Join(o.Folder, report.JSONFile))
	require.NoError(t, err)
	var back core.Report
	require.NoError(t, json.Unmarshal(content, &back))
	assert.Equal(t, r.Seen, back.Seen)
	assert.EqualValues(t, 9, back.Seen)
	assert.Equal(t, "v1.4.0", back.Program)
}

func TestWhatCanNotBeReadOrWrittenSaysWhyAndWhatToDo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	empty := t.TempDir()
	for want, o := range map[string]evidence.Options{
		"open the folder of evidence: open nowhere: no such file or directory: name the one that the folder evidence is in": {Where: "nowhere"},
		"there is nothing in evidence/ there: name the folder or the prefix that it is in":                                  {Where: empty},
		`"s3://" is no address of a bucket`: {Where: "s3://"},
	} {
		o.Now = now
		_, err := evidence.Verify(t.Context(), o)
		assert.ErrorContains(t, err, "verify "+o.Where+": ")
		assert.ErrorContains(t, err, want)
	}
	for want, change := range map[string]func(*evidence.Options){
		"--from 2025-02-29: it is no day: write one as 2026-01-31":                                           func(o *evidence.Options) { o.From = "2025-02-29" },
		`--to \x1b: it is no day`:                                                                            func(o *evidence.Options) { o.To = "\x1b" },
		"--from 2025-03-04 is later than --to 2025-03-03: name the first day and the last":                   func(o *evidence.Options) { o.From = "2025-03-04" },
		"report on testdata/sample: make the folder: mkdir " + file + ": not a directory; name another with": func(o *evidence.Options) { o.Folder = file },
	} {
		o := options(sample)
		o.Folder = t.TempDir()
		change(&o)
		_, err := evidence.Report(t.Context(), o)
		assert.ErrorContains(t, err, want)
	}
	later := options(sample)
	later.From = "2025-03-04"
	_, err := evidence.Verify(t.Context(), later)
	assert.ErrorContains(t, err, "verify testdata/sample: no manifest of these days is there, and none is due: verify again")

	stopped, stop := context.WithCancel(t.Context())
	stop()
	_, err = evidence.Verify(stopped, options(sample))
	assert.ErrorIs(t, err, context.Canceled)
	o := options(sample)
	o.Folder = t.TempDir()
	_, err = evidence.Report(stopped, o)
	assert.ErrorIs(t, err, context.Canceled)
	left, err := os.ReadDir(o.Folder)
	require.NoError(t, err)
	assert.Empty(t, left, "what is not complete is taken away")
}

func TestALinkOutOfTheFolderIsNotFollowed(t *testing.T) {
	folder := copied(t)
	name := "evidence/2025/03/01/10-1.jsonl.gz"
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	require.NoError(t, os.Rename(filepath.Join(folder, name), elsewhere))
	require.NoError(t, os.Symlink(elsewhere, filepath.Join(folder, name)))
	_, err := evidence.Verify(t.Context(), options(folder))
	assert.ErrorContains(t, err, "path escapes from parent")
}
