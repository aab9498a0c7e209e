package evidence_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/evidence"
	"autobackup/internal/reason"
)

// line is the record that encodes to the line of the documents.
var line = record("2026-11-29T13:05:00Z", "2026/\u202einv.pdf", told(evidence.Verified, string(crc)))

const lineText = `{"time":"2026-11-29T13:05:00Z","source":"upload","run":"arn:aws:states:eu-central-1:111122223333:execution:autobackup-validation-dev:a","bucket":"docs","key":"2026/\u202einv.pdf","version":"v","verdict":"verified","evidence":"full-object checksum CRC64NVME","replicas":[{"bucket":"docs-copy","verdict":"verified","evidence":"full-object checksum CRC64NVME"}],"program":"v1.4.0"}` + "\n"

// all reads a file to its end.
func all(content []byte) (records []evidence.Record, err error) {
	for r, err := range evidence.Read(bytes.NewReader(content)) {
		if err != nil {
			return records, err
		}
		records = append(records, r)
	}
	return records, nil
}

func packed(t require.TestingT, text string) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	require.NoError(t, err)
	_, err = io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestAFileIsCompressedLinesThatGzipAndJqRead(t *testing.T) {
	content, err := evidence.Encode([]evidence.Record{line})
	require.NoError(t, err)
	r, err := gzip.NewReader(bytes.NewReader(content))
	require.NoError(t, err)
	assert.True(t, r.ModTime.IsZero())
	assert.Empty(t, r.Name)
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, lineText, string(text))
	records, err := all(content)
	require.NoError(t, err)
	assert.Equal(t, []evidence.Record{line}, records)
}

// records are any that a writer may make, of an hour, of few objects.
func records(t *rapid.T, label string) []evidence.Record {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) evidence.Record {
		r := evidence.Record{
			Time: at("2026-11-29T13:00:00Z").Add(time.Duration(rapid.IntRange(0, 3_599_999).Draw(t, "ms")) * time.Millisecond),
			Run:  rapid.SampledFrom([]string{"a", "b"}).Draw(t, "run"), Bucket: "docs", Key: rapid.StringN(1, 5, 20).Draw(t, "key"), Program: "p",
			Source: rapid.SampledFrom([]evidence.Source{evidence.Upload, evidence.Audit, evidence.Scrub}).Draw(t, "source"),
			Marker: rapid.Bool().Draw(t, "marker"), Template: rapid.SampledFrom([]string{"", "t"}).Draw(t, "template"),
			Told: told(rapid.SampledFrom([]evidence.Verdict{evidence.Verified, evidence.Failed, evidence.Erased}).Draw(t, "verdict"), "WHY"),
		}
		return r
	}), 0, 20).Draw(t, label)
}

func TestTheSameRecordsAreTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := records(t, "records")
		first, err := evidence.Encode(some)
		require.NoError(t, err)
		again, err := evidence.Encode(rapid.Permutation(append(append([]evidence.Record{}, some...), some[:len(some)/2]...)).Draw(t, "again"))
		require.NoError(t, err)
		assert.Equal(t, first, again)
		read, err := all(first)
		require.NoError(t, err)
		for _, r := range some {
			assert.Contains(t, read, r)
		}
		for i := range read[:max(0, len(read)-1)] {
			assert.False(t, read[i].Time.After(read[i+1].Time))
		}
		back, err := evidence.Encode(read)
		require.NoError(t, err)
		assert.Equal(t, first, back)
	})
}

func TestARecordThatSaysTooLittleOrTwoThingsIsNotWritten(t *testing.T) {
	long := strings.Repeat("x", 2049)
	for want, change := range map[string]func(*evidence.Record){
		"time is missing":                                  func(r *evidence.Record) { r.Time = time.Time{} },
		"time is not in UTC to the millisecond":            func(r *evidence.Record) { r.Time = r.Time.Add(time.Microsecond) },
		"source is none of upload, audit and scrub":        func(r *evidence.Record) { r.Source = "guess" },
		"run is missing":                                   func(r *evidence.Record) { r.Run = "" },
		"program is missing":                               func(r *evidence.Record) { r.Program = "" },
		"it names neither an object version nor a message": func(r *evidence.Record) { r.Bucket = "" },
		"it names neither an object version nor":           func(r *evidence.Record) { r.Key = "" },
		"it names neither an object version":               func(r *evidence.Record) { r.Bucket, r.Version, r.Message = "", "", "m" },
		"it names neither an object":                       func(r *evidence.Record) { r.Bucket, r.Key, r.Message = "", "", "m" },
		"it names neither an":                              func(r *evidence.Record) { r.Key, r.Version, r.Message = "", "", "m" },
		"accepted does not say by whom": func(r *evidence.Record) {
			*r = record("2026-11-29T13:05:00Z", "a", told(evidence.Accepted, "X"))
			r.Accepted.Who = ""
		},
		"is no short line of printable":            func(r *evidence.Record) { r.Evidence = "é" },
		"it names an object version and a message": func(r *evidence.Record) { r.Message = "m" },
		"accepted stands beside another verdict":   func(r *evidence.Record) { r.Accepted = &evidence.Acceptance{Who: "a", Until: now} },
		"accepted does not say by whom or until when": func(r *evidence.Record) {
			*r = record("2026-11-29T13:05:00Z", "a", told(evidence.Accepted, "X"))
			r.Accepted = &evidence.Acceptance{Who: "a"}
		},
		"bucket is longer than 255 bytes":    func(r *evidence.Record) { r.Bucket = long[:256] },
		"key is longer than 1024 bytes":      func(r *evidence.Record) { r.Key = long[:1025] },
		"version is longer than 1024 bytes":  func(r *evidence.Record) { r.Version = long[:1025] },
		"message is longer than 2048 bytes":  func(r *evidence.Record) { r.Message = long },
		"run is longer than 2048 bytes":      func(r *evidence.Record) { r.Run = long },
		"program is longer than 2048 bytes":  func(r *evidence.Record) { r.Program = long },
		"template is longer than 2048 bytes": func(r *evidence.Record) { r.Template = long },
		"accepted is longer than 2048 bytes": func(r *evidence.Record) {
			*r = record("2026-11-29T13:05:00Z", "a", told(evidence.Accepted, "X"))
			r.Accepted.Why = long
		},
		"the verdict is none that this program knows":   func(r *evidence.Record) { r.Verdict = "lagging" },
		"verified has no evidence":                      func(r *evidence.Record) { r.Evidence = "" },
		"or another verdict has some":                   func(r *evidence.Record) { r.Verdict = evidence.Alike },
		"the reason is missing, or stands beside":       func(r *evidence.Record) { r.Told = evidence.Told{Verdict: evidence.Failed} },
		"or stands beside a verdict that needs none":    func(r *evidence.Record) { r.Reason = reason.Archived },
		"a finding stands beside what is not verified":  func(r *evidence.Record) { r.Told = evidence.Told{Verdict: evidence.Alike, Finding: "F"} },
		"a reason or evidence is no short line":         func(r *evidence.Record) { r.Evidence = "a\nb" },
		"is no short line of printable ASCII":           func(r *evidence.Record) { r.Finding = reason.Code(long[:256]) },
		"a replica stands twice":                        func(r *evidence.Record) { r.Replicas = append(r.Replicas, r.Replicas[0]) },
		"a replica has no name":                         func(r *evidence.Record) { r.Replicas[0].Bucket = "" },
		"a replica has no name, or none of a bucket":    func(r *evidence.Record) { r.Replicas[0].Bucket = long[:256] },
		"of a replica: verified has no evidence":        func(r *evidence.Record) { r.Replicas[0].Evidence = "" },
		"a replica is accepted, and nobody accepted it": func(r *evidence.Record) { r.Replicas[0].Told = told(evidence.Accepted, "X") },
		"its verdict is not the worst of its replicas":  func(r *evidence.Record) { r.Replicas[0].Told = told(evidence.Failed, "X") },
		"it has more than 100 replicas": func(r *evidence.Record) {
			for n := range 100 {
				r.Replicas = append(r.Replicas, evidence.Replica{Bucket: fmt.Sprint(n), Told: r.Told})
			}
		},
		"it has ": func(r *evidence.Record) { // a line of more than 64 KiB
			r.Replicas = nil
			for n := range 100 {
				told := told(evidence.Failed, long[:255])
				told.Reason = reason.Code(strings.Repeat(`"`, 255))
				r.Told = told
				r.Replicas = append(r.Replicas, evidence.Replica{Bucket: fmt.Sprint(n, strings.Repeat("\u202e", 80)), Told: told})
			}
		},
	} {
		r := record("2026-11-29T13:05:00Z", "a", told(evidence.Verified, string(crc)))
		change(&r)
		_, err := evidence.Encode([]evidence.Record{line, r})
		assert.ErrorContains(t, err, "write record 2 of 2 as evidence: ", want)
		assert.ErrorContains(t, err, want)
	}
	_, err := evidence.Encode([]evidence.Record{record("2026-11-29T13:05:00Z", "\xff", told(evidence.Verified, string(crc)))})
	assert.Error(t, err, "a key is UTF-8")
}

func TestARecordMayBeAsLongAsItSays(t *testing.T) {
	text := func(n int) string { return strings.Repeat("x", n) }
	r := record("2026-11-29T13:05:00Z", text(1024), told(evidence.Accepted, text(255)))
	r.Bucket, r.Version, r.Run, r.Program, r.Template = text(255), text(1024), text(2048), text(2048), text(2048)
	r.Accepted.Who, r.Accepted.Why, r.Replicas[0].Bucket = text(2048), text(2048), text(255)
	many := record("2026-11-29T13:05:00Z", " ~", told(evidence.Verified, " ~"))
	many.Replicas = nil
	for n := range 100 {
		many.Replicas = append(many.Replicas, evidence.Replica{Bucket: fmt.Sprint(n), Told: many.Told})
	}
	message := evidence.Record{Time: r.Time, Source: evidence.Upload, Run: "r", Message: text(2048), Told: told(evidence.Failed, "X"), Program: "p"}
	content, err := evidence.Encode([]evidence.Record{r, many, message})
	require.NoError(t, err)
	read, err := all(content)
	require.NoError(t, err)
	assert.ElementsMatch(t, []evidence.Record{r, many, message}, read)
}

func TestReadRefusesWhatIsNotInTheOneForm(t *testing.T) {
	later := strings.Replace(lineText, "13:05:00Z", "13:05:01Z", 1)
	whole := packed(t, lineText)
	for name, tc := range map[string]struct {
		content []byte
		want    string
	}{
		"nothing":                           {nil, "it is no gzip file: it ends in the middle"},
		"no gzip file":                      {[]byte(lineText), "it is no gzip file: gzip: invalid header"},
		"a file that is cut off":            {whole[:len(whole)-1], "line 2: it ends in the middle"},
		"a file with a wrong checksum":      {append(append([]byte{}, whole[:len(whole)-8]...), make([]byte, 8)...), "gzip: invalid checksum"},
		"a second file behind it":           {append(append([]byte{}, whole...), whole...), "something follows its end"},
		"a line that does not end":          {packed(t, lineText+strings.TrimSpace(later)), "line 2 does not end"},
		"a line that is too long":           {packed(t, strings.Repeat("x", 64<<10)), "line 1: it is longer than 65536 bytes"},
		"a line twice":                      {packed(t, lineText+lineText), "line 2 stands twice, or before one that is to come first"},
		"lines in another order":            {packed(t, later+lineText), "line 2 stands twice, or before"},
		"an empty line":                     {packed(t, "\n"), "line 1: it is no record that this version of the program knows"},
		"no JSON":                           {packed(t, lineText+"{\n"), "line 2: it is no record"},
		"a name that is not known":          {packed(t, strings.Replace(lineText, `"time"`, `"extra":1,"time"`, 1)), "line 1: it is no record"},
		"a name that stands twice":          {packed(t, strings.Replace(lineText, `"source"`, `"source":"audit","source"`, 1)), "line 1: it is no record"},
		"a space more":                      {packed(t, strings.Replace(lineText, `,"source"`, `, "source"`, 1)), "line 1: it is not in the one form of a record"},
		"another spelling of a time":        {packed(t, strings.Replace(lineText, "13:05:00Z", "13:05:00.000Z", 1)), "line 1: it is not in the one form"},
		"a time of another zone":            {packed(t, strings.Replace(lineText, "13:05:00Z", "14:05:00+01:00", 1)), "line 1: time is not in UTC"},
		"a key that is shown as it is":      {packed(t, strings.Replace(lineText, `\u202e`, "\u202e", 1)), "line 1: it is not in the one form"},
		"a verdict that this does not know": {packed(t, strings.ReplaceAll(lineText, `"verified"`, `"fine"`)), "line 1: the verdict is none that this program knows"},
		"names in another order":            {packed(t, strings.Replace(strings.Replace(lineText, `"source":"upload",`, "", 1), `"program"`, `"source":"upload","program"`, 1)), "line 1: it is not in the one form"},
	} {
		_, err := all(tc.content)
		assert.ErrorContains(t, err, tc.want, name)
	}
	read, err := all(packed(t, lineText+later))
	require.NoError(t, err)
	assert.Len(t, read, 2)
	none, err := all(packed(t, ""))
	require.NoError(t, err)
	assert.Empty(t, none)
}

func TestAFileTakesAsManyRecordsAsItSays(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes fifty thousand lines")
	}
	many := make([]evidence.Record, evidence.MaxRecords+1)
	for i := range many {
		many[i] = evidence.Record{Time: at("2026-11-29T13:00:00Z").Add(time.Duration(i) * time.Millisecond), Source: evidence.Scrub, Run: "r", Bucket: "b", Key: "k", Told: evidence.Told{Verdict: evidence.Erased}, Program: "p"}
	}
	_, err := evidence.Encode(many)
	assert.ErrorContains(t, err, "write 50001 records as evidence: a file takes at most 50000: begin another part")
	content, err := evidence.Encode(many[1:])
	require.NoError(t, err)
	c, err := evidence.CountFile("evidence/2026/11/29/13-1.jsonl.gz", bytes.NewReader(content))
	require.NoError(t, err)
	require.NoError(t, c.Broken)
	assert.EqualValues(t, evidence.MaxRecords, c.Records)

	unpacked, err := gzip.NewReader(bytes.NewReader(content))
	require.NoError(t, err)
	text, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	one, err := evidence.Encode(many[:1])
	require.NoError(t, err)
	unpacked, err = gzip.NewReader(bytes.NewReader(one))
	require.NoError(t, err)
	first, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	_, err = all(packed(t, string(first)+string(text)))
	assert.ErrorContains(t, err, "it has more than 50000 lines")
}

func TestAReaderThatStopsIsNotGivenMore(t *testing.T) {
	content := packed(t, lineText+strings.Replace(lineText, "13:05:00Z", "13:05:01Z", 1)+"torn")
	for r, err := range evidence.Read(bytes.NewReader(content)) {
		require.NoError(t, err)
		assert.Equal(t, line, r)
		break
	}
}

func FuzzRead(f *testing.F) {
	f.Add(packed(f, lineText))
	f.Add([]byte(lineText))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, c := range [][]byte{content, packed(t, string(content))} {
			read, err := all(c)
			if err != nil {
				assert.NotContains(t, err.Error(), "inv.pdf")
				continue
			}
			again, err := evidence.Encode(read)
			require.NoError(t, err)
			back, err := all(again)
			require.NoError(t, err)
			assert.Equal(t, read, back)
		}
	})
}
