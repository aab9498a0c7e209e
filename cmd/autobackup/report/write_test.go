package report_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
)

var everything = report.Options{Replicable: replicable}

// names are the files of a folder.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestTheFolderIsItsOwnersAloneAndHoldsWhatItSays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "folder")
	require.NoError(t, report.Write(dir, []audit.Report{sample()}, each(sampleItems(), nil), everything))
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
	want := []string{"SHA256SUMS", "findings.csv", "findings.jsonl", "manifest.csv", "mend.md", "report.html", "report.json"}
	require.Equal(t, want, names(t, dir))
	for _, name := range want {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), name)
	}
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	require.NoError(t, err)
	assert.Len(t, regexp.MustCompile(`(?m)^[0-9a-f]{64}  [a-z.]+$`).FindAllString(string(sums), -1), len(want)-1)
	check := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "SHA256SUMS")
	check.Dir = dir
	out, err := check.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, len(want)-1, strings.Count(string(out), ": OK"))
}

func TestAReportThatIsWrittenAgainLeavesNothingOfTheFirst(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, report.Write(dir, []audit.Report{sample()}, each(sampleItems(), nil), everything))
	require.Contains(t, names(t, dir), "manifest.csv")
	require.NoError(t, report.Write(dir, []audit.Report{sample()}, each(sampleItems(), nil), report.Options{RedactKeys: true}))
	assert.NotContains(t, names(t, dir), "manifest.csv")
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	require.NoError(t, err)
	assert.NotContains(t, string(page), "inv-88121")
}

func TestABrokenOffReportIsNotPutInPlace(t *testing.T) {
	broken := errors.New("disk on fire")
	dir := t.TempDir()
	err := report.Write(dir, []audit.Report{sample()}, each(sampleItems(), broken), everything)
	require.ErrorIs(t, err, broken)
	assert.ErrorContains(t, err, "write the report into "+dir+": read the versions that were found: disk on fire")
	assert.Empty(t, names(t, dir), "neither half of a file nor a temporary one")

	require.NoError(t, report.Write(dir, []audit.Report{sample()}, each(sampleItems(), nil), everything))
	require.Error(t, report.Write(dir, []audit.Report{sample()}, each(sampleItems(), broken), everything))
	assert.NotContains(t, names(t, dir), "SHA256SUMS", "nothing vouches for a report that is being replaced")
}

func TestWhatCannotBeWrittenIsNamed(t *testing.T) {
	at := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(at, nil, 0o600))
	err := report.Write(at, []audit.Report{sample()}, each(nil, nil), everything)
	require.ErrorContains(t, err, "write the report into "+at)
	for _, taken := range []string{"report.html", "SHA256SUMS", "manifest.csv"} { // by a folder that is not empty
		dir := t.TempDir()
		require.NoError(t, os.MkdirAll(filepath.Join(dir, taken, "x"), 0o700))
		err := report.Write(dir, []audit.Report{sample()}, each(sampleItems(), nil), everything)
		require.ErrorContains(t, err, taken)
		for _, name := range names(t, dir) {
			assert.False(t, strings.HasPrefix(name, "."), "%s is left", name)
		}
	}
	assert.ErrorContains(t, report.Screen(full{}, []audit.Report{sample()}, "folder", everything), "write the first screen: no space")
	assert.ErrorContains(t, report.JSON(full{}, []audit.Report{sample()}, report.Options{}), "no space")
}

func TestAFolderThatGoesAwayMeanwhileIsAnError(t *testing.T) {
	for name, before := range map[string]int{"create manifest.csv": 0, "create report.json": len(sampleItems())} {
		dir := filepath.Join(t.TempDir(), "folder")
		err := report.Write(dir, []audit.Report{sample()}, func(yield func(audit.Item, error) bool) {
			for n, i := range sampleItems() {
				if n == before {
					require.NoError(t, os.RemoveAll(dir))
				}
				if !yield(i, nil) {
					return
				}
			}
			require.NoError(t, os.RemoveAll(dir))
		}, everything)
		require.ErrorContains(t, err, "write the report into "+dir+": "+name)
	}
}

func TestWhatTakesAFilesPlaceMeanwhileIsAnError(t *testing.T) {
	for _, taken := range []string{"report.html", "SHA256SUMS"} {
		dir := t.TempDir()
		err := report.Write(dir, []audit.Report{sample()}, func(yield func(audit.Item, error) bool) {
			require.NoError(t, os.MkdirAll(filepath.Join(dir, taken, "x"), 0o700))
			each(sampleItems(), nil)(yield)
		}, everything)
		require.ErrorContains(t, err, "write "+filepath.Join(dir, taken))
	}
}

func TestRulesThatAreNoJSONAreAnError(t *testing.T) {
	r := sample()
	r.Primary.Replication = json.RawMessage("{broken")
	dir := t.TempDir()
	require.ErrorContains(t, report.Write(dir, []audit.Report{r}, each(sampleItems(), nil), everything), "write as JSON")
	assert.Empty(t, names(t, dir))
}

type full struct{}

// Write implements io.Writer.
func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestNoKeyIsInARedactedReport(t *testing.T) {
	items := sampleItems()
	items[1].Accepted.Key = "2024/old.pdf"
	r := sample()
	r.Counts[3].Examples = items[1:2]
	before, err := json.Marshal(r)
	require.NoError(t, err)
	o := report.Options{Replicable: replicable, RedactKeys: true}
	all := written(t, items, o, r)
	all["screen"] = screenOf(t, o, r)
	for name, content := range all {
		for _, key := range []string{"inv-", "old.pdf", "locked.pdf", "2019/a", "2024/"} {
			assert.NotContains(t, content, key, name)
		}
	}
	assert.NotContains(t, all, "manifest.csv")
	hash := report.RedactedKey(primary, "2026/inv-88121.pdf")
	assert.Equal(t, "sha256:862b587227d27f20", hash, "the same in every version")
	for _, name := range []string{"findings.jsonl", "findings.csv", "report.html", "report.json"} {
		assert.Contains(t, all[name], hash, name)
	}
	assert.Contains(t, all["findings.jsonl"], `"versionId":"3xQ"`)
	assert.Contains(t, all["findings.jsonl"], `"prefix":"`+report.RedactedKey(primary, "2024/")+`"`)
	reports := []audit.Report{r}
	require.NotEqual(t, reports, report.Redacted(reports))
	after, err := json.Marshal(reports[0])
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after), "the caller's report keeps its keys")
	assert.Equal(t, "2024/old.pdf", items[1].Accepted.Key)
}

func TestTheJobIsOneThatS3Takes(t *testing.T) {
	for _, tt := range []struct{ region, account, arn, owner string }{
		{"eu-central-1", "111122223333", "arn:aws:", "111122223333"},
		{"cn-north-1", "", "arn:aws-cn:", "ACCOUNT"},
		{"us-gov-west-1", "x; id", "arn:aws-us-gov:", "ACCOUNT"},
		{"", "1", "arn:aws:", "1"},
	} {
		side := audit.SideReport{Bucket: primary, Region: tt.region, Account: tt.account}
		job := strings.NewReplacer("store=STORE", "store=my-store").Replace(report.CreateJob(side, "audit 7"))
		got := typed(t, `tr() { echo "$etag"abc; }`+"\n"+job, "")
		require.NotEmpty(t, got)
		args := options(t, got[len(got)-1][:len(got[len(got)-1])-1])
		want := map[string]string{
			"": "s3control create-job", "--account-id": tt.owner, "--operation": `{"S3ReplicateObject":{}}`, "--priority": "10",
			"--role-arn": tt.arn + "iam::" + tt.owner + ":role/ROLE", "--description": "what autobackup audit found missing",
			"--manifest": "Spec={Format=S3BatchOperations_CSV_20180820,Fields=[Bucket,Key,VersionId]},Location={ObjectArn=" + tt.arn + "s3:::my-store/autobackup/manifest.csv,ETag=abc}",
			"--report":   "Bucket=" + tt.arn + "s3:::my-store,Prefix=autobackup/batch-replication,Format=Report_CSV_20180820,Enabled=true,ReportScope=FailedTasksOnly",
		}
		if tt.region != "" {
			want["--region"] = tt.region
		}
		assert.Equal(t, want, args)
		assert.Equal(t, "--no-confirmation-required", got[len(got)-1][len(got[len(got)-1])-1])
		assert.Contains(t, job, "--body 'audit 7/manifest.csv' --server-side-encryption AES256", "S3 takes no manifest under a KMS key")
		role := report.JobRole(side)
		for _, policy := range []string{role.Trust, role.Permissions} {
			assert.True(t, json.Valid([]byte(policy)), policy)
		}
		assert.Contains(t, role.Permissions, `"`+tt.arn+`s3:::acme-invoices/*"`)
	}
	assert.Empty(t, report.CreateJob(audit.SideReport{Endpoint: "http://127.0.0.1:9000"}, "f"), "S3 Batch Operations are AWS's")
	elsewhere := sample()
	elsewhere.Primary.Endpoint = "http://127.0.0.1:9000"
	mend := written(t, sampleItems(), everything, elsewhere)["mend.md"]
	assert.Contains(t, mend, "the primary is another S3")
	assert.Contains(t, mend, "\n```sh\nexport AWS_ENDPOINT_URL=http://127.0.0.1:9000\n[ ")
}

func TestTheFolderIsOneWordOfEveryCommand(t *testing.T) {
	for folder, want := range map[string]string{
		"audit-7f3a": "audit-7f3a/report.html", "/tmp/a b": "'/tmp/a b/report.html'", "it's": `'it'\''s/report.html'`, "-x": "./-x/report.html",
		"prüfung": "'prüfung/report.html'", "a\x1b[31m": `'a\x1b[31m/report.html'`, ".": "report.html", "$(id)": "'$(id)/report.html'",
	} {
		var b strings.Builder
		require.NoError(t, report.Screen(&b, []audit.Report{sample()}, folder, everything))
		assert.Contains(t, b.String(), "\nreport    "+want+", findings.jsonl", folder)
	}
}

// lost are versions of which both replicas lack all, for the same reason, but for the
// last version, which only the second lacks.
func lost(n int, of audit.Item) ([]audit.Report, []audit.Item) {
	var reports []audit.Report
	var items []audit.Item
	for pair, name := range []string{"first", "second"} {
		r := sample()
		r.Replica.Bucket, r.Replicable, r.Listed = name, 0, int64(n-1+pair)
		r.Counts = []audit.Count{{Category: audit.Finding, Reason: of.Reason, Versions: r.Listed}}
		for k := range r.Listed {
			i := of
			i.Replica, i.Key = name, fmt.Sprintf("k%d", k)
			items = append(items, i)
		}
		if of.Replicable() {
			r.Replicable = r.Listed
		}
		reports = append(reports, r)
	}
	return reports, items
}

func TestWhatSeveralReplicasLackIsMendedOnce(t *testing.T) {
	reports, items := lost(3, failed())
	files := written(t, items, everything, reports...)
	assert.Equal(t, "acme-invoices,k0,F1\nacme-invoices,k1,F1\nacme-invoices,k2,F1\n", files["manifest.csv"])
	assert.Contains(t, files["mend.md"], "`manifest.csv` lists 3 versions:")
	assert.Equal(t, 5, strings.Count(files["findings.jsonl"], "\n"), "each pair has its findings")
	other := failed()
	other.Version = "F2" // of the same key
	reports[1].Listed++
	reports[1].Replicable++
	reports[1].Counts[0].Versions++
	other.Replica, other.Key = "second", "k0"
	files = written(t, append(items, other), everything, reports...)
	assert.Contains(t, files["manifest.csv"], "\nacme-invoices,k0,F2\n")
}

func TestBothWaysToMendAreNamedWhereThereIsOne(t *testing.T) {
	only := func(i audit.Item, replicable int64) audit.Report {
		r := sample()
		r.Replicable, r.Listed = replicable, 2
		other := audit.Count{Category: audit.Finding, Reason: reason.ReplicaOnly, Versions: 1} // needs none, and is last
		r.Counts = []audit.Count{{Category: i.Category, Reason: i.Reason, Versions: 1}, other}
		return r
	}
	surplus := item(audit.Finding, reason.ReplicaOnly, "s", "S")
	both := only(gone("k", "V"), 1)
	both.Counts[1].Reason = reason.ReplicationFailed
	for name, tt := range map[string]struct {
		r     audit.Report
		items []audit.Item
		want  string
	}{
		"the copy in place": {only(gone("k", "V"), 0), []audit.Item{gone("k", "V"), surplus}, "the copy in place, as S3 can replicate none of it again"},
		"the job":           {only(failed(), 1), []audit.Item{failed(), surplus}, "S3 can replicate 1 again (manifest.csv)"},
		"both":              {both, []audit.Item{gone("k", "V"), failed()}, "S3 can replicate 1 again (manifest.csv); the copy in place for what it can't"},
		"neither":           {only(surplus, 0), []audit.Item{surplus, surplus}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := regexp.MustCompile(`(?m)^mend      audit-7f3a/mend.md: (.*)$`).FindStringSubmatch(screenOf(t, everything, tt.r))
			if tt.want == "" {
				assert.Nil(t, got)
			} else {
				require.NotNil(t, got)
				assert.Equal(t, tt.want, got[1])
			}
			page := written(t, tt.items, everything, tt.r)["report.html"]
			assert.Equal(t, tt.r.Replicable > 0, strings.Contains(page, "1 version can be replicated again."))
			assert.Equal(t, tt.want != "" && tt.r.Replicable == 0, strings.Contains(page, "has the copy in place: S3 can replicate none of it again."))
			redacted := "mend      all mending needs the keys"
			if tt.r.Replicable > 0 {
				redacted = "mend      S3 can replicate 1 again; all mending needs the keys"
			}
			assert.Equal(t, tt.want != "", strings.Contains(screenOf(t, report.Options{RedactKeys: true}, tt.r), redacted))
		})
	}
}

func TestTheWorstFindingCanBeAccepted(t *testing.T) {
	const command = "autobackup accept --primary acme-invoices --replica acme-invoices-dr --key 2026/inv-1.pdf --version F1 --reason REPLICATION_FAILED --why WHY --until 2027-02-28"
	one, none := sample(), sample()
	one.Replicable, one.Listed, one.Counts = 1, 1, one.Counts[1:2]
	none.Replicable, none.Listed, none.Counts = 0, 1, none.Counts[2:3]
	assert.Contains(t, screenOf(t, everything, one), "\n          "+command+"\n")
	assert.Contains(t, written(t, []audit.Item{failed()}, everything, one)["report.html"], "<code>"+command+"</code>")
	assert.NotContains(t, screenOf(t, everything, none), "autobackup accept")
	assert.NotContains(t, written(t, []audit.Item{refused()}, everything, none)["report.html"], "autobackup accept")
}

func TestWhatPeopleAcceptedIsNotBroughtBack(t *testing.T) {
	i := failed()
	i.Category = audit.Accepted
	r := sample()
	r.Replicable, r.Listed = 0, 1
	r.Counts = []audit.Count{{Category: audit.Accepted, Reason: i.Reason, Versions: 1}}
	files := written(t, []audit.Item{i}, everything, r)
	assert.NotContains(t, files, "manifest.csv")
	assert.Contains(t, files["findings.jsonl"], i.Key)
}

func TestMendHasTheFirstThousandCopiesAndSaysHowManyMoreThereAre(t *testing.T) {
	for n, want := range map[int]string{1: "replicated them: 1 version.", 1000: "replicated them: 1,000 versions.", 1001: "There are 1 version more", 3001: "There are 2,001 versions more"} {
		reports, items := lost(n, gone("", "V"))
		mend := written(t, items, report.Options{}, reports...)["mend.md"]
		assert.True(t, strings.Contains(mend, want), want)
		assert.Equal(t, n > 1000, strings.Contains(mend, "These are the first"), n)
		assert.Equal(t, min(n, 1000), strings.Count(mend, "aws s3api copy-object"))
	}
}

func TestOnlyWhatIsGoneFromTheReplicaIsCopiedInPlace(t *testing.T) {
	for name, change := range map[string]func(*audit.Item){
		"a delete marker":          func(i *audit.Item) { i.Marker = true },
		"another reason":           func(i *audit.Item) { i.Reason = reason.ContentMismatch },
		"what was accepted":        func(i *audit.Item) { i.Category = audit.Accepted },
		"what the primary has not": func(i *audit.Item) { i.On = "replica" },
	} {
		i := gone("k", "V")
		change(&i)
		r := sample()
		r.Replicable, r.Listed = 0, 1
		r.Counts = []audit.Count{{Category: i.Category, Reason: i.Reason, Versions: 1}}
		mend := written(t, []audit.Item{i}, report.Options{}, r)["mend.md"]
		assert.NotContains(t, mend, "copy-object", name)
		assert.Contains(t, mend, "Nothing that was found needs this.", name)
		assert.Contains(t, mend, "Nothing that was found is of a kind that S3 Batch Replication can replicate again.", name)
	}
}

// TestNothingIsKeptOfWhatWasWritten: there may be millions of versions.
func TestNothingIsKeptOfWhatWasWritten(t *testing.T) {
	const n, size = 5_000, 1000
	r := sample()
	r.Replicable, r.Listed = n, n
	r.Counts = []audit.Count{{Category: audit.Finding, Reason: reason.ReplicationFailed, Versions: n}}
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, kept := heap(), int64(0)
	require.NoError(t, report.Write(t.TempDir(), []audit.Report{r}, func(yield func(audit.Item, error) bool) {
		for v := range n {
			i := failed()
			i.Key = fmt.Sprintf("%0*d", size, v)
			if !yield(i, nil) {
				return
			}
		}
		kept = heap() - before
	}, everything))
	assert.Less(t, kept, int64(n*size/2))
}
