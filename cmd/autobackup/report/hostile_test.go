package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/internal/shell"
	"autobackup/local/testing/hostile"
)

// anyKey draws keys: hostile ones, parts of them put together, and any other.
func anyKey() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(hostile.Keys), rapid.String(), rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(hostile.Keys), 1, 3).Draw(t, "parts"), "")
	}))
}

// of are reports on versions with these keys, and the versions: each is gone, refused,
// accepted and failed in turn.
func of(keys ...string) ([]audit.Report, []audit.Item) {
	r := sample()
	r.Counts, r.Listed, r.Replicable = nil, 0, 0
	var items []audit.Item
	for n, key := range keys {
		i := [](func() audit.Item){func() audit.Item { return gone("", "") }, refused, accepted, failed}[n%4]()
		i.Key, i.Version = key, fmt.Sprintf("v%d", n)
		if n%8 == 0 {
			i.Size = 6 << 30
		}
		if i.Accepted != nil {
			i.Accepted.Key, i.Accepted.Prefix, i.Accepted.Why = key, key, key
		}
		if replicable(i) {
			r.Replicable++
		}
		items = append(items, i)
		r.Counts = append(r.Counts, audit.Count{Category: i.Category, Reason: i.Reason, Versions: 1, Bytes: i.Size, Examples: []audit.Item{i}})
		r.Listed++
	}
	r.Prefix, r.Since, r.Result = keys[0], keys[0], keys[0]
	r.Notes, r.Replica.Unread, r.Primary.Caller, r.Primary.Encryption = keys, keys, keys[0], keys[0]
	rules, _ := json.Marshal(map[string]string{"Prefix": keys[0]})
	r.Primary.Replication, r.Primary.Lifecycle = rules, json.RawMessage(keys[0])
	if !json.Valid(r.Primary.Lifecycle) {
		r.Primary.Lifecycle = rules
	}
	return []audit.Report{r}, items
}

// assertPrintable: nothing that a terminal takes for more than a character to show.
func assertPrintable(t require.TestingT, text string) {
	require.True(t, utf8.ValidString(text))
	for _, r := range text {
		require.True(t, r == '\n' || strconv.IsPrint(r), "%q in %q", r, text)
	}
}

func TestNothingHiddenReachesATerminalOrAFile(t *testing.T) {
	reports, items := of(hostile.Keys...)
	assertPrintable(t, screenOf(t, report.Options{}, reports...))
	for name, content := range written(t, items, report.Options{Replicable: replicable}, reports...) {
		if name == "findings.csv" {
			content = strings.ReplaceAll(content, "\r\n", "\n")
		}
		t.Run(name, func(t *testing.T) { assertPrintable(t, content) })
	}
	rapid.Check(t, func(t *rapid.T) {
		reports, _ := of(rapid.SliceOfN(anyKey(), 1, 4).Draw(t, "keys")...)
		assertPrintable(t, screenOf(t, report.Options{}, reports...))
	})
}

// back reads a cell as docs/audit.md says.
func back(t require.TestingT, cell string) string {
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(strings.TrimPrefix(cell, "'"), `"`, `\"`) + `"`)
	require.NoError(t, err, cell)
	return text
}

// assertNoFormula: however a spreadsheet parts the row, no cell begins as a formula.
func assertNoFormula(t require.TestingT, line string) {
	formula := regexp.MustCompile(`^[\s"']*[=+\-@＝＋－＠]`)
	for _, separator := range []rune{',', ';', '\t'} {
		r := csv.NewReader(strings.NewReader(line))
		r.Comma, r.LazyQuotes = separator, true
		cells, err := r.Read()
		require.NoError(t, err)
		for _, cell := range append(cells, strings.Split(line, string(separator))...) {
			if !strings.HasPrefix(strings.TrimLeft(cell, `"`), "'") {
				require.NotRegexp(t, formula, cell, "parted by %q", separator)
			}
		}
	}
}

func TestTheTableRoundTripsAndRunsNothing(t *testing.T) {
	reports, items := of(hostile.Keys...)
	content := written(t, items, report.Options{Replicable: replicable}, reports...)["findings.csv"]
	assert.Equal(t, strings.Count(content, "\n"), strings.Count(content, "\r\n"))
	rows, err := csv.NewReader(strings.NewReader(content)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+len(items))
	for n, i := range items {
		row := map[string]string{}
		for c, name := range rows[0] {
			row[name] = back(t, rows[n+1][c])
		}
		want := map[string]string{
			"primary": i.Primary, "replica": i.Replica, "key": i.Key, "versionId": i.Version, "deleteMarker": "", "size": strconv.FormatInt(i.Size, 10),
			"modified": "2026-09-28T09:00:00Z", "listedOn": i.On, "category": string(i.Category), "reason": string(i.Reason), "evidence": "",
			"replicationStatus": i.Status, "lifecycleRule": "", "damaged": "", "new": map[bool]string{true: "true"}[i.New], "detail": i.Detail,
			"acceptedBy": "", "acceptedUntil": "", "acceptedWhy": "",
		}
		if i.Accepted != nil {
			want["acceptedBy"], want["acceptedUntil"], want["acceptedWhy"] = "ada", "2027-05-28T09:00:00Z", i.Key
		}
		assert.Equal(t, want, row, "%q", i.Key)
	}
	for _, line := range strings.Split(strings.TrimSuffix(content, "\r\n"), "\r\n") {
		assertNoFormula(t, line)
	}
}

func TestTheLinesAndTheReportRoundTrip(t *testing.T) {
	reports, items := of(hostile.Keys...)
	files := written(t, items, report.Options{Replicable: replicable}, reports...)
	lines := strings.Split(strings.TrimSuffix(files["findings.jsonl"], "\n"), "\n")
	require.Len(t, lines, len(items))
	for n, want := range items {
		var got audit.Item
		require.NoError(t, json.Unmarshal([]byte(lines[n]), &got))
		if !utf8.ValidString(want.Key) {
			assert.Equal(t, strings.ToValidUTF8(want.Key, "\ufffd"), strings.ToValidUTF8(regexp.MustCompile("\ufffd+").ReplaceAllString(got.Key, "\ufffd"), ""), "%q", want.Key)
			continue
		}
		assert.Equal(t, want, got)
	}
	reports, items = of(append([]string{"first"}, hostile.Keys[:60]...)...)
	var got struct{ Reports []audit.Report }
	require.NoError(t, json.Unmarshal([]byte(written(t, items, report.Options{Replicable: replicable}, reports...)["report.json"]), &got))
	for i := range got.Reports {
		var want bytes.Buffer
		require.NoError(t, json.Compact(&want, got.Reports[i].Primary.Replication))
		got.Reports[i].Primary.Replication, got.Reports[i].Primary.Lifecycle = reports[i].Primary.Replication, reports[i].Primary.Lifecycle
		assert.JSONEq(t, string(reports[i].Primary.Replication), want.String())
	}
	assert.Equal(t, reports, got.Reports)
}

// nodes are all elements of a page, and its text.
func nodes(t require.TestingT, page string) (elements []*html.Node, text string) {
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	var b strings.Builder
	for n := range root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			elements = append(elements, n)
		case html.TextNode:
			b.WriteString(n.Data)
		}
	}
	return elements, b.String()
}

// assertStill: the page loads nothing and runs nothing.
func assertStill(t require.TestingT, page string) {
	elements, _ := nodes(t, page)
	allowed := "html head meta title style body h1 h2 h3 h4 p strong a code section table thead tbody tfoot tr th td span br ul li pre"
	links := "report.json findings.jsonl findings.csv manifest.csv mend.md SHA256SUMS"
	policies := 0
	for _, n := range elements {
		require.Contains(t, strings.Fields(allowed), n.Data)
		for _, a := range n.Attr {
			switch {
			case n.Data == "a" && a.Key == "href":
				require.Contains(t, strings.Fields(links), a.Val)
			case n.Data == "meta" && a.Val == "default-src 'none'; style-src 'unsafe-inline'":
				policies++
			default:
				require.Contains(t, []string{"lang", "charset", "http-equiv", "name", "content", "class", "scope", "colspan"}, a.Key, n.Data)
				require.NotContains(t, a.Val, "//")
			}
		}
		if n.Data == "style" {
			require.NotRegexp(t, `url|import|//`, n.FirstChild.Data)
		}
	}
	require.Equal(t, 1, policies, "the browser is told to load nothing")
}

func TestThePageShowsEveryKeyAndRunsNone(t *testing.T) {
	for _, key := range hostile.Keys {
		reports, items := of(key, "b", "c", "d")
		page := written(t, items, everything, reports...)["report.html"]
		assertStill(t, page)
		assertPrintable(t, page)
		elements, _ := nodes(t, page)
		var shown []string
		for _, n := range elements {
			if n.Data == "code" && n.FirstChild != nil {
				shown = append(shown, n.FirstChild.Data)
			}
		}
		quoted := strconv.Quote(key)
		assert.Contains(t, shown, strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`), "%q", key)
	}
}

func TestTheManifestNamesEveryKey(t *testing.T) {
	var items []audit.Item
	r := sample()
	for n, key := range hostile.Keys {
		i := failed()
		i.Key, i.Version = key, fmt.Sprintf("v%d", n)
		items = append(items, i)
	}
	r.Replicable = int64(len(items))
	r.Counts = []audit.Count{{Category: audit.Finding, Reason: reason.ReplicationFailed, Versions: r.Replicable}}
	r.Listed = r.Replicable
	manifest := written(t, items, report.Options{Replicable: replicable}, r)["manifest.csv"]
	rows, err := csv.NewReader(strings.NewReader(manifest)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, len(hostile.Keys))
	assert.Equal(t, strings.Count(manifest, "\n"), len(hostile.Keys))
	for n, row := range rows {
		require.Len(t, row, 3)
		key, err := url.PathUnescape(row[1])
		require.NoError(t, err)
		assert.Equal(t, []string{primary, hostile.Keys[n], fmt.Sprintf("v%d", n)}, []string{row[0], key, row[2]})
		assert.Regexp(t, `^[A-Za-z0-9_.~%/-]+$`, row[1])
	}
}

// typed runs commands in a shell in which aws and autobackup print their arguments, and
// head-object answers the version that the test names.
func typed(t *testing.T, script, latest string) (commands [][]string) {
	t.Helper()
	stub := "show() { printf '%s\\000' \"$@\"; printf '\\000'; }\nautobackup() { show \"$@\"; }\n" +
		"aws() { if [ \"$2\" = head-object ]; then show \"$@\" >&2; echo '" + latest + "'; else show \"$@\"; fi; }\n"
	for _, name := range []string{"sh", "bash", "zsh"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Logf("no %s here", name)
			continue
		}
		cmd := exec.CommandContext(t.Context(), path, "-c", stub+script) //nolint:gosec // the point of the test
		cmd.Dir = t.TempDir()
		var out, heads bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &heads
		err = cmd.Run()
		if latest != "other" { // then the last command's test fails, as it must
			require.NoError(t, err, "%s", heads.String())
		}
		var got [][]string
		for _, command := range strings.Split(heads.String()+out.String(), "\x00\x00") {
			if command != "" {
				got = append(got, strings.Split(command, "\x00"))
			}
		}
		if commands != nil {
			require.Equal(t, commands, got, name)
		}
		commands = got
	}
	return commands
}

func TestTheCommandOfTheFirstScreenNamesItsVersion(t *testing.T) {
	keys := slices.DeleteFunc(slices.Clone(hostile.Keys), func(key string) bool { return !utf8.ValidString(key) })
	var script strings.Builder
	for _, key := range keys {
		script.WriteString(shell.Explain("bucket", key, "v.1_x") + "\n")
	}
	script.WriteString(shell.Explain("bucket", "k", "it's") + "\n")
	got := typed(t, script.String(), "")
	require.Len(t, got, len(keys)+1)
	for n, key := range keys {
		if shell.Odd(key) || strings.Contains(key, "?versionId=") {
			require.Equal(t, []string{"explain", "--object"}, got[n][:2])
			assert.JSONEq(t, string(encoded(t, map[string]string{"Bucket": "bucket", "Key": key, "VersionId": "v.1_x"})), got[n][2])
			continue
		}
		assert.Equal(t, []string{"explain", "s3://bucket/" + key + "?versionId=v.1_x"}, got[n])
	}
	assert.Equal(t, `{"Bucket":"bucket","Key":"k","VersionId":"it\u0027s"}`, got[len(keys)][2])
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

// copying is the block of commands in mend.md.
func copying(t *testing.T, mend string) string {
	t.Helper()
	_, rest, found := strings.Cut(mend, "\n## Copy in place\n")
	require.True(t, found)
	_, rest, found = strings.Cut(rest, "\n```sh\n")
	require.True(t, found, rest)
	block, _, found := strings.Cut(rest, "\n```\n")
	require.True(t, found)
	return block + "\n"
}

func TestTheCopyInPlaceIsOfTheLatestVersionOnly(t *testing.T) {
	var items, copied []audit.Item
	for _, key := range hostile.Keys {
		if !utf8.ValidString(key) {
			continue // S3 has no such key, and JSON no such text
		}
		for _, size := range []int64{5 << 30, 5<<30 + 1} {
			i := gone(key, "V1")
			i.Size = size
			items = append(items, i)
			inParts := !shell.Odd(key) && !strings.HasSuffix(key, "/")
			if size == 5<<30 && !strings.Contains(key, "?versionId=") || size > 5<<30 && inParts {
				copied = append(copied, i)
			}
		}
	}
	r := sample()
	r.Replicable, r.Listed = 0, int64(len(items))
	r.Counts = []audit.Count{{Category: audit.Finding, Reason: reason.ReplicaMissing, Versions: r.Listed}}
	script := copying(t, written(t, items, report.Options{}, r)["mend.md"])
	assert.Equal(t, len(items)-len(copied), strings.Count(script, ": 'no command names it safely: {"))
	got := typed(t, script, "V1")
	require.Len(t, got, 2*len(copied), "all looks, then all copies")
	for n, i := range copied {
		assert.Equal(t, map[string]string{"": "s3api head-object", "--region": "eu-central-1", "--bucket": primary, "Key": i.Key, "--query": "VersionId", "--output": "text"}, options(t, got[n]))
		args := got[len(copied)+n]
		if i.Size > 5<<30 {
			uri := "s3://" + primary + "/" + i.Key
			assert.Equal(t, []string{"s3", "cp", "--region", "eu-central-1", uri, uri, "--copy-props", "default", "--storage-class", "STANDARD"}, args)
			continue
		}
		assert.Equal(t, map[string]string{"": "s3api copy-object", "--region": "eu-central-1", "--bucket": primary, "Key": i.Key,
			"CopySource": primary + "/" + i.Key + "?versionId=V1", "--storage-class": "STANDARD"}, options(t, args))
	}
	assert.Len(t, typed(t, script, "other"), len(copied), "an older version is looked at and not copied")
}

// options reads arguments as the AWS CLI does.
func options(t *testing.T, args []string) map[string]string {
	t.Helper()
	got := map[string]string{"": args[0] + " " + args[1]}
	members := map[string]string{"--key": "Key", "--copy-source": "CopySource"}
	for i := 2; i+1 < len(args); i += 2 {
		require.NotRegexp(t, `^-|^$|^(?i)(fileb?|https?)://`, args[i+1], "the CLI takes it for something else")
		switch {
		case args[i] == "--cli-input-json":
			require.NoError(t, json.Unmarshal([]byte(args[i+1]), &got))
		case members[args[i]] != "":
			got[members[args[i]]] = args[i+1]
		default:
			got[args[i]] = args[i+1]
		}
	}
	return got
}
