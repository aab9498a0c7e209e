package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// anyReport has counts of all categories, and no items for its findings.
func anyReport(t *rapid.T) audit.Report {
	r := sample()
	r.Counts, r.Listed, r.Replicable = nil, 0, 0
	r.Since = rapid.SampledFrom([]string{"", "audit-6a1b"}).Draw(t, "since")
	add := func(n audit.Count) {
		n.Versions = rapid.Int64Range(0, 3_000_000).Draw(t, "versions")
		if r.Since != "" {
			n.New = rapid.Int64Range(0, n.Versions).Draw(t, "new")
		}
		r.Counts = append(r.Counts, n)
		r.Listed += n.Versions
	}
	for _, row := range report.Reasons() {
		if rapid.Bool().Draw(t, string(row.Code)) {
			add(audit.Count{Category: row.Category, Reason: row.Code})
		}
	}
	add(audit.Count{Category: audit.Accepted, Reason: reason.NotErased})
	add(audit.Count{Category: audit.Compared, Evidence: verdict.FullObjectChecksum + " CRC64NVME"})
	add(audit.Count{Category: audit.Alike})
	return r
}

func number(t require.TestingT, grouped string) int64 {
	n, err := strconv.ParseInt(strings.ReplaceAll(grouped, ",", ""), 10, 64)
	require.NoError(t, err)
	require.Regexp(t, `^\d{1,3}(,\d{3})*$`, grouped)
	return n
}

// sums are the counts of a report by the word that the first screen has for them.
func sums(r audit.Report) map[string]int64 {
	words := map[audit.Category]string{
		audit.Finding: "FINDINGS", audit.Unknown: "unknown", audit.Accepted: "accepted", audit.Expected: "expected", audit.Compared: "fine", audit.Alike: "fine",
	}
	want := map[string]int64{"fine": 0}
	for _, n := range r.Counts {
		if n.Versions == 0 {
			continue
		}
		want[words[n.Category]] += n.Versions
		if n.Category == audit.Finding && r.Since != "" {
			want["NEW"] += n.New
			want["FINDINGS"] -= n.New
		}
	}
	maps.DeleteFunc(want, func(word string, n int64) bool { return n == 0 && word != "fine" })
	return want
}

func TestTheFirstScreenHasEveryCountOnceAndTheirSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyReport(t)
		screen := screenOf(t, report.Options{}, r)
		got := map[string]int64{}
		var sum int64
		for _, line := range regexp.MustCompile(`(?m)^(\S+) +([\d,]+)(?:  (.*))?$`).FindAllStringSubmatch(screen, -1) {
			require.NotContains(t, got, line[1])
			got[line[1]] = number(t, line[2])
			if line[1] != "listed" {
				sum += got[line[1]]
			}
			if strings.Contains("NEW FINDINGS unknown accepted expected", line[1]) {
				var of int64
				for _, part := range regexp.MustCompile(`[A-Z_]+ ([\d,]+)(?:, | \(|$)`).FindAllStringSubmatch(line[3], -1) {
					of += number(t, part[1])
				}
				require.Equal(t, got[line[1]], of, line[0])
			}
		}
		require.Equal(t, r.Listed, got["listed"])
		require.Equal(t, r.Listed, sum)
		delete(got, "listed")
		require.Equal(t, sums(r), got)
		for _, n := range r.Counts { // each problem has a line of its own
			if (n.Category == audit.Finding || n.Category == audit.Unknown) && n.Versions > 0 {
				require.Regexp(t, fmt.Sprintf(`(?m)^(worst|then|unknown) +%s [\d,]+: `, n.Reason), screen)
			}
		}
		require.Regexp(t, `\nresult +findings .* exit 1\n$`, screen)
	})
}

func TestWhatIsUnknownIsNeverInTheLineOfWhatIsFine(t *testing.T) {
	r := sample()
	r.Counts = []audit.Count{{Category: audit.Unknown, Reason: reason.Archived, Versions: 7}}
	r.Listed = 7
	screen := screenOf(t, report.Options{}, r)
	assert.Regexp(t, `(?m)^fine +0$`, screen)
	assert.Regexp(t, `(?m)^unknown +7  ARCHIVED 7$`, screen)
}

func TestThePageAndTheJSONHaveTheCountsOfTheReport(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := anyReport(rt)
		var items []audit.Item
		for n := range r.Counts {
			if r.Counts[n].Category == audit.Finding { // each has a line in the lists
				r.Listed -= r.Counts[n].Versions
				r.Counts[n].Versions %= 20
				r.Counts[n].New = min(r.Counts[n].New, r.Counts[n].Versions)
				r.Listed += r.Counts[n].Versions
				items = append(items, slices.Repeat([]audit.Item{item(audit.Finding, r.Counts[n].Reason, "k", "v")}, int(r.Counts[n].Versions))...)
			}
		}
		files := written(t, items, report.Options{}, r)
		want := map[string]int64{}
		for _, n := range r.Counts {
			if n.Versions > 0 {
				want[string(n.Category)+" "+firstOf(string(n.Reason), string(n.Evidence), string(n.Category))] += n.Versions
			}
		}
		got, foot := countsOnPage(rt, files["report.html"])
		require.Equal(rt, want, got)
		require.Equal(rt, r.Listed, foot)
		var again struct{ Reports []audit.Report }
		require.NoError(rt, json.Unmarshal([]byte(files["report.json"]), &again))
		require.Equal(rt, r.Counts, again.Reports[0].Counts)
		require.Len(rt, strings.Split(files["findings.jsonl"], "\n"), len(items)+1)
	})
}

func firstOf(texts ...string) string {
	return texts[slices.IndexFunc(texts, func(s string) bool { return s != "" })]
}

// countsOnPage are the rows of the table of counts, and its sum.
func countsOnPage(t require.TestingT, page string) (rows map[string]int64, sum int64) {
	rows = map[string]int64{}
	elements, _ := nodes(t, page)
	for _, n := range elements {
		if n.Data != "tr" || n.Parent.Parent.Data != "table" || !slices.Contains(n.Parent.Parent.Attr, html.Attribute{Key: "class", Val: "counts"}) {
			continue
		}
		var cells []string
		for c := range n.ChildNodes() {
			text := ""
			if c.FirstChild != nil {
				text = c.FirstChild.Data
			}
			cells = append(cells, text)
		}
		switch n.Parent.Data {
		case "tbody":
			rows[n.Attr[0].Val+" "+cells[1]] = number(t, cells[2])
		case "tfoot":
			sum = number(t, cells[1])
		}
	}
	return rows, sum
}

func TestWhatIsNewIsToldOfFindingsAndOfWhatIsUnknown(t *testing.T) {
	r := sample()
	r.Counts[2].New = 1
	assert.Regexp(t, `(?m)^unknown +1  ACCESS_DENIED 1 \(1 new\)$`, screenOf(t, report.Options{}, r))
	r.Counts[0].New, r.Counts[1].New, r.Counts[2].New = 0, 0, 0
	screen := screenOf(t, report.Options{}, r)
	assert.Regexp(t, `(?m)^FINDINGS +3  as in audit-6a1b: REPLICATION_FAILED 1, REPLICA_MISSING 2$`, screen)
	assert.NotContains(t, screen, "NEW")
	assert.Regexp(t, `result +findings \(3 findings; 1 unknown\)`, screen)
	r.Counts[0].New, r.Counts[1].New = 2, 1
	screen = screenOf(t, report.Options{}, r)
	assert.Regexp(t, `(?m)^NEW +3  not in audit-6a1b: REPLICATION_FAILED 1, REPLICA_MISSING 2$`, screen)
	assert.NotContains(t, screen, "FINDINGS")
}

func TestTheResultIsGreenOnlyWhereSomethingWasListedAndAllOfItIsFine(t *testing.T) {
	only := func(exit int, counts ...audit.Count) audit.Report {
		r := sample()
		r.Counts, r.Listed, r.Exit, r.Result, r.Replicable = counts, int64(len(counts)), exit, "so it is", 0
		return r
	}
	one := func(c audit.Category, code reason.Code) audit.Count {
		return audit.Count{Category: c, Reason: code, Versions: 1}
	}
	for name, tt := range map[string]struct {
		r      audit.Report
		colour string
		class  string
	}{
		"a finding":              {only(1, one(audit.Finding, reason.ReplicaOnly)), "\x1b[1;31m", "finding"},
		"a finding and unknown":  {only(1, one(audit.Finding, reason.ReplicaOnly), one(audit.Unknown, reason.Archived)), "\x1b[1;31m", "finding"},
		"unknown":                {only(1, one(audit.Unknown, reason.Archived)), "\x1b[33m", "unknown"},
		"expected, on which":     {only(1, one(audit.Expected, reason.BeforeRule)), "\x1b[1;31m", "finding"}, // --fail-on says so
		"nothing, as it may be":  {only(0), "\x1b[33m", "unknown"},
		"nothing, as it may not": {only(2), "\x1b[33m", "unknown"},
		"all fine":               {only(0, one(audit.Alike, "")), "\x1b[32m", "fine"},
		"a finding that passes":  {only(0, one(audit.Finding, reason.ReplicaOnly)), "\x1b[32m", "fine"}, // --fail-on says so
	} {
		t.Run(name, func(t *testing.T) {
			screen := screenOf(t, report.Options{Colour: true}, tt.r)
			assert.Contains(t, screen, tt.colour+"exit "+strconv.Itoa(tt.r.Exit))
			var items []audit.Item
			if tt.r.Counts != nil && tt.r.Counts[0].Category == audit.Finding {
				items = []audit.Item{item(audit.Finding, reason.ReplicaOnly, "k", "V")}
			}
			page := written(t, items, everything, tt.r)["report.html"]
			assert.Contains(t, page, `Result: <strong class="`+tt.class+`">so it is</strong>: `)
			if tt.r.Listed == 0 {
				assert.NotContains(t, screen, "\x1b[32m", "green")
				assert.NotContains(t, page, `class="fine"`)
			}
		})
	}
}

func TestThePageSaysHowManyOfAllExamplesAre(t *testing.T) {
	r := sample()
	r.Counts[1].Versions += 15
	r.Listed += 15
	var items []audit.Item
	for range 15 {
		items = append(items, failed())
	}
	page := written(t, append(items, failed(), gone("2026/inv-88121.pdf", "3xQ"), gone("2026/inv-88122.pdf", "3xR")), report.Options{}, r)["report.html"]
	assert.Contains(t, page, "1 of 16 shown; all are in findings.csv and findings.jsonl.")
	assert.Contains(t, page, "0 of 25,462 shown; the others are only counted.")
	assert.Contains(t, page, "18 findings")
	assert.Equal(t, 1, strings.Count(page, "status FAILED"), "the detail does not tell it")
	told := failed()
	told.Detail = "the replica does not have the version; replication status FAILED"
	r.Counts[1].Examples = []audit.Item{told}
	items = append(items, told, gone("2026/inv-88121.pdf", "3xQ"), gone("2026/inv-88122.pdf", "3xR"))
	assert.Equal(t, 1, strings.Count(written(t, items, report.Options{}, r)["report.html"], "status FAILED"), "the detail tells it")
	told.Detail = "it was written there: its own replication status is COMPLETED"
	r.Counts[1].Examples[0] = told
	assert.Contains(t, written(t, items, report.Options{}, r)["report.html"], "status FAILED", "the detail tells another's")
}

func TestTheSampleOfBytesIsToldBesideTheLevel(t *testing.T) {
	r := sample()
	r.Level, r.Sample = audit.Bytes, "10 of 1,000 versions; of STANDARD"
	const how = "listed, rest looked at, bytes of a sample read (10 of 1,000 versions; of STANDARD)"
	assert.Contains(t, screenOf(t, report.Options{}, r), "   "+how+"\n")
	assert.Contains(t, written(t, sampleItems(), everything, r)["report.html"], "<td>"+how+"</td>")
}

func TestAReportInABucketIsNamedByItsAddress(t *testing.T) {
	for folder, want := range map[string]string{"s3://reports/nightly": "s3://reports/nightly/report.html", "s3://reports/": "s3://reports/report.html", "kept/": "kept/report.html"} {
		var b bytes.Buffer
		require.NoError(t, report.Screen(&b, []audit.Report{sample()}, folder, report.Options{}))
		assert.Contains(t, b.String(), "report    "+want+", ")
	}
}

func TestTheWorstLeadsAndOfEquallyBadTheNew(t *testing.T) {
	r := sample()
	fresh := failed()
	old := fresh
	old.Key, old.New = "first", false
	r.Counts[1].Examples = []audit.Item{old, fresh}
	r.Counts = append(r.Counts, audit.Count{Category: audit.Finding, Reason: "NEVER_HEARD_OF", Versions: 1}, audit.Count{Category: audit.Finding, Reason: reason.ContentMismatch, Versions: 1})
	r.Listed += 2
	var got []string
	for _, line := range regexp.MustCompile(`(?m)^(?:worst|then) +(\S+) .*(?:\n {10}(.*))?$`).FindAllStringSubmatch(screenOf(t, report.Options{}, r), -1) {
		got = append(got, line[1]+" "+line[2])
	}
	assert.Equal(t, []string{
		"CONTENT_MISMATCH ", "REPLICATION_FAILED autobackup explain 's3://acme-invoices/2026/inv-1.pdf?versionId=F1'",
		"REPLICA_MISSING autobackup explain 's3://acme-invoices/2026/inv-88121.pdf?versionId=3xQ'", "NEVER_HEARD_OF ",
	}, got)
}

func TestTheResultIsOfTheWorstPair(t *testing.T) {
	pair := func(result string, exit int) audit.Report {
		r := sample()
		r.Result, r.Exit = result, exit
		if exit == 0 {
			r.Counts = r.Counts[3:]
			r.Listed -= 4
		}
		return r
	}
	fine, found, broken := pair("all as it must be", 0), pair("findings", 1), pair("could not", 2)
	for _, tt := range []struct {
		reports []audit.Report
		want    string
	}{
		{[]audit.Report{fine, fine}, `result    all as it must be \(0 findings; 0 unknown\)   exit 0`},
		{[]audit.Report{fine, found}, `result    findings \(3 findings, 2 new; 1 unknown\)   exit 1`},
		{[]audit.Report{found, fine}, `result    findings \(3 findings, 2 new; 1 unknown\)   exit 1`},
		{[]audit.Report{found, broken, fine}, `result    could not \(6 findings, 4 new; 2 unknown\)   exit 2`},
	} {
		assert.Regexp(t, tt.want+`\n$`, screenOf(t, report.Options{}, tt.reports...))
	}
	tolerated := pair("findings", 1) // by --fail-on
	tolerated.Exit = 0
	assert.Regexp(t, `result    findings .*   exit 0\n$`, screenOf(t, report.Options{}, fine, tolerated))
}

func TestEveryReasonIsExplainedInItsCategory(t *testing.T) {
	seen := map[string]int{}
	for _, r := range report.Reasons() {
		seen[string(r.Category)+string(r.Code)]++
		assert.Equal(t, r, report.Explain(r.Category, r.Code))
		for _, words := range []string{r.Meaning, r.Next} {
			assert.Regexp(t, `^[A-Z][ -~]{10,200}[.]$`, words, r.Code)
			assert.NotContains(t, words, "|", "the documents have a table")
		}
	}
	assert.Equal(t, 1, slices.Max(slices.Collect(maps.Values(seen))))
	assert.NotEqual(t, report.Explain(audit.Expected, reason.LeftOut).Next, report.Explain(audit.Finding, reason.LeftOut).Next)
	assert.Equal(t, report.Explain(audit.Finding, reason.NotErased), report.Explain(audit.Accepted, reason.NotErased), "what was accepted keeps its reason")
	for _, c := range []audit.Category{audit.Finding, audit.Accepted} {
		assert.Equal(t, report.Reason{Code: "NEW_ONE", Category: c, Meaning: "This version of Autobackup has no words for the reason.", Next: "Run autobackup explain on the version."},
			report.Explain(c, "NEW_ONE"))
	}
}

func TestEveryLevelSaysWhetherBytesWereRead(t *testing.T) {
	for level, want := range map[audit.Level]string{
		audit.Listed: "listed (nothing was looked at, no bytes were read)", audit.Rest: "listed, rest looked at (no bytes were read)",
		audit.AllLooked: "all looked at (no bytes were read)", audit.Bytes: "listed, rest looked at, bytes of a sample read", "fut\x1bure": `fut\x1bure`,
	} {
		r := sample()
		r.Level = level
		first, _, _ := strings.Cut(screenOf(t, report.Options{}, r), "\n")
		assert.Equal(t, "acme-invoices → acme-invoices-dr   "+want, first)
	}
}

func TestCountsThatDoNotAddUpAreNotShown(t *testing.T) {
	short := sample()
	short.Listed++
	strange := sample()
	strange.Counts = append(strange.Counts, audit.Count{Category: "lost", Versions: 1})
	strange.Listed++
	other := sample()
	other.Primary.Bucket = "another"
	lost := sample()
	lost.Counts[0].Versions++
	lost.Listed++
	more := sample()
	more.Replicable++
	empty := sample()
	empty.Counts, empty.Listed = empty.Counts[:2], 3
	all, none := sampleItems(), []audit.Item{}
	for name, tt := range map[string]struct {
		reports []audit.Report
		items   []audit.Item
		want    string
		screen  bool
	}{
		"fewer in the lines":        {[]audit.Report{short}, all, "report on acme-invoices → acme-invoices-dr: its counts add up to 41206429, and 41206430 versions were listed; this is a fault of autobackup", true},
		"a category without a line": {[]audit.Report{strange}, all, "its counts add up to 41206429, and 41206430 versions were listed", true},
		"no pair":                   {nil, all, "report on no pair of buckets: an audit has one at least", true},
		"two primaries":             {[]audit.Report{sample(), other}, all, "report on acme-invoices → acme-invoices-dr and on another → acme-invoices-dr: an audit has one primary", true},
		"a finding not in the list": {[]audit.Report{lost}, all, ": report on acme-invoices → acme-invoices-dr: 4 findings were counted, and 3 are in the list; this is a fault", false},
		"no items at all":           {[]audit.Report{empty}, none, "3 findings were counted, and 0 are in the list; this is a fault", false},
		"fewer in the manifest":     {[]audit.Report{more}, all, ": report on acme-invoices → acme-invoices-dr: 3 versions were counted that can be replicated again, and 2 are in the list; this is a fault", false},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			err := report.Screen(&b, tt.reports, "folder", report.Options{})
			if tt.screen {
				require.ErrorContains(t, err, tt.want)
				assert.Empty(t, b.String())
			} else {
				require.NoError(t, err)
			}
			err = report.Write(t.TempDir(), tt.reports, each(tt.items, nil), report.Options{Replicable: replicable})
			require.ErrorContains(t, err, tt.want)
		})
	}
}
