package evidence_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/evidence"
)

const manifestText = `{
  "format": 1,
  "day": "2026-11-29",
  "stage": "dev",
  "account": "111122223333",
  "region": "eu-central-1",
  "made": "2026-11-30T02:00:00Z",
  "previous": {
    "day": "2026-11-28",
    "sha256": "PREVIOUS"
  },
  "files": [
    {
      "name": "evidence/2026/11/29/13-1.jsonl.gz",
      "sha256": "FIRST",
      "bytes": 236,
      "records": 1,
      "executions": 1
    },
    {
      "name": "evidence/2026/11/29/13-2.jsonl.gz",
      "sha256": "SECOND",
      "bytes": 271,
      "records": 2,
      "executions": 2
    }
  ],
  "records": 3,
  "counts": [
    {
      "source": "upload",
      "verdict": "unknown",
      "reason": "ACCESS_DENIED",
      "records": 1
    },
    {
      "source": "upload",
      "verdict": "skipped",
      "reason": "IS_REPLICA",
      "records": 1
    },
    {
      "source": "upload",
      "verdict": "verified",
      "records": 1
    }
  ],
  "executions": 3
}
`

func TestAManifestSaysWhatItsFilesAre(t *testing.T) {
	s := three(t)
	m, err := evidence.ParseManifest(s[evidence.ManifestName(days[1])])
	require.NoError(t, err)
	sizes := map[int64]string{m.Files[0].Bytes: "236", m.Files[1].Bytes: "271"}
	want := strings.NewReplacer("PREVIOUS", evidence.SHA256(s[evidence.ManifestName(days[0])]), "FIRST", evidence.SHA256(s[m.Files[0].Name]), "SECOND", evidence.SHA256(s[m.Files[1].Name])).Replace(manifestText)
	got := string(s[evidence.ManifestName(days[1])])
	for i, f := range m.Files {
		assert.EqualValues(t, len(s[f.Name]), f.Bytes, i)
	}
	assert.Len(t, sizes, 2)
	for is, shown := range sizes { // which the compression of this version of Go decides
		got = strings.Replace(got, `"bytes": `+strconv.FormatInt(is, 10), `"bytes": `+shown, 1)
	}
	assert.Equal(t, want, got)
}

func TestTheFilesOfAManifestMayComeInAnyOrder(t *testing.T) {
	var files []evidence.Counted
	for part := 1; part <= 3; part++ {
		content, err := evidence.Encode([]evidence.Record{record("2026-11-29T13:05:00Z", strings.Repeat("k", part), told(evidence.Verified, string(crc)))})
		require.NoError(t, err)
		c, err := evidence.CountFile(evidence.FileName(at("2026-11-29T13:00:00Z"), part), bytes.NewReader(content))
		require.NoError(t, err)
		files = append(files, c)
	}
	first, err := evidence.Make(days[1], dev, now, files, nil)
	require.NoError(t, err)
	assert.Nil(t, first.Previous)
	assert.EqualValues(t, 3, first.Records)
	again, err := evidence.Make(days[1], dev, now.In(time.FixedZone("", 3600)).Add(time.Millisecond), []evidence.Counted{files[2], files[0], files[1]}, nil)
	require.NoError(t, err)
	assert.Equal(t, first, again)
}

func TestNoManifestVouchesForWhatVerifyRefuses(t *testing.T) {
	good, err := evidence.Encode([]evidence.Record{line})
	require.NoError(t, err)
	counted := func(hour string, content []byte) []evidence.Counted {
		c, err := evidence.CountFile(evidence.FileName(at(hour), 1), bytes.NewReader(content))
		require.NoError(t, err)
		return []evidence.Counted{c}
	}
	for name, tc := range map[string]struct {
		files    []evidence.Counted
		previous []byte
		want     string
	}{
		"a torn file":                {counted("2026-11-29T13:00:00Z", good[:30]), nil, "13-1.jsonl.gz is broken, or has records of another hour"},
		"a file of another hour":     {counted("2026-11-29T14:00:00Z", good), nil, "14-1.jsonl.gz is broken, or has records of another hour"},
		"a file of another day":      {counted("2026-11-28T13:00:00Z", packed(t, "")), nil, "it names a file that is not of its day"},
		"a file that is there twice": {append(counted("2026-11-29T13:00:00Z", good), counted("2026-11-29T13:00:00Z", good)...), nil, "its files stand twice or in another order"},
		"a torn manifest before it":  {nil, []byte("{"), "the one before: it is not in the form that this program writes"},
	} {
		_, err := evidence.Make(days[1], dev, now, tc.files, tc.previous)
		assert.ErrorContains(t, err, "make the manifest of 2026-11-29: ", name)
		assert.ErrorContains(t, err, tc.want, name)
	}
}

func TestCountFileRefusesANameOfNoFile(t *testing.T) {
	for _, name := range []string{
		"", "a", "evidence/2026/11/29/manifest.json", "evidence/2026/11/31/13-1.jsonl.gz", "evidence/2026/11/29/24-1.jsonl.gz", "evidence/2026/11/29/13-0.jsonl.gz", "evidence/2026/11/29/13-01.jsonl.gz",
		"evidence/2026/11/29/13-100.jsonl.gz", "x/evidence/2026/11/29/13-1.jsonl.gz", "evidence/2026/11/29/13-1.jsonl.gz\n", "evidence/2026/11/29/3-1.jsonl.gz",
	} {
		_, err := evidence.CountFile(name, strings.NewReader(""))
		assert.ErrorContains(t, err, strconv.Quote(name)+" is no name of a file of evidence", name)
	}
	for _, name := range []string{"evidence/2026/11/29/00-1.jsonl.gz", "evidence/2024/02/29/23-99.jsonl.gz"} {
		c, err := evidence.CountFile(name, strings.NewReader(""))
		assert.NoError(t, err)
		assert.Error(t, c.Broken)
	}
	assert.Equal(t, "evidence/2026/11/29/03-12.jsonl.gz", evidence.FileName(at("2026-11-29T04:59:59+01:00"), 12))
	assert.Equal(t, "evidence/2026/11/28/manifest.json", evidence.ManifestName(at("2026-11-29T00:30:00+01:00")))
}

func TestParseManifestRefusesWhatIsNotInItsOneForm(t *testing.T) {
	good := string(three(t)[evidence.ManifestName(days[1])])
	sum := evidence.SHA256([]byte("x"))
	was, _, _ := strings.Cut(strings.Split(good, `"sha256": "`)[2], `"`) // of the first file
	const impossible = "what it says of evidence/2026/11/29/13-1.jsonl.gz can't be"
	for name, tc := range map[string]struct{ content, want string }{
		"nothing":                   {"", "torn, edited, or of something else"},
		"a line break more":         {good + "\n", "torn, edited"},
		"one that is cut off":       {good[:100], "torn, edited"},
		"a name that is not known":  {strings.Replace(good, `"day"`, `"x": 1, "day"`, 1), "torn, edited"},
		"a name of a later format":  {strings.Replace(strings.Replace(good, `"day"`, `"x": 1, "day"`, 1), `"format": 1`, `"format": 2`, 1), "it is of format 2, and this program knows formats up to 1: take a newer autobackup"},
		"a name and format 1":       {strings.Replace(good, `"format": 1`, `"x": 1, "format": 1`, 1), "torn, edited"},
		"a later format alone":      {strings.Replace(good, `"format": 1`, `"format": 3`, 1), "it is of format 3"},
		"no format":                 {strings.Replace(good, `"format": 1`, `"format": 0`, 1), "it is of format 0"},
		"a day that is none":        {strings.Replace(good, `"day": "2026-11-29"`, `"day": "2026-11-31"`, 1), "its day is none"},
		"a day before that is none": {strings.Replace(good, `"day": "2026-11-28"`, `"day": "yesterday"`, 1), "named without a day or checksum"},
		"a long checksum before": {strings.Replace(good, `"day": "2026-11-28",
    "sha256": "`, `"day": "2026-11-28",
    "sha256": "00`, 1), "named without a day or checksum"},
		"a short checksum":                    {strings.Replace(good, was, sum[:62], 1), impossible},
		"a checksum of no digits":             {strings.Replace(good, was, sum[:63]+"g", 1), impossible},
		"a time of another zone":              {strings.Replace(good, `02:00:00Z`, `03:00:00+01:00`, 1), "not in UTC"},
		"a file of another day":               {strings.Replace(good, `11/29/13-1`, `11/28/13-1`, 1), "it names a file that is not of its day"},
		"a manifest among the files":          {strings.Replace(good, `13-1.jsonl.gz`, `manifest.json`, 1), "it names a file that is not of its day"},
		"a name with an escape of a terminal": {strings.Replace(good, `13-1.jsonl.gz`, `\u001b[2J`, 1), `it names a file that is not of its day: "evidence/2026/11/29/\x1b[2J"`},
		"a path out of the folder":            {strings.Replace(good, `evidence/2026/11/29/13-1`, `../../etc/passwd`, 1), "it names a file that is not of its day"},
		"files in another order":              {strings.Replace(good, `13-1.`, `14-1.`, 1), "its files stand twice or in another order: evidence/2026/11/29/13-2.jsonl.gz"},
		"a file twice":                        {strings.Replace(good, `13-2.`, `13-1.`, 1), "its files stand twice or in another order"},
		"a negative number of bytes":          {strings.Replace(good, `"bytes": `, `"bytes": -`, 1), impossible},
		"a negative number of records":        {strings.Replace(good, `"records": 1`, `"records": -1`, 1), impossible},
		"a negative number of executions":     {strings.Replace(good, `"executions": 1`, `"executions": -1`, 1), impossible},
		"a checksum in capitals":              {strings.Replace(good, was, strings.ToUpper(sum[:63])+"A", 1), impossible},
	} {
		_, err := evidence.ParseManifest([]byte(tc.content))
		assert.ErrorContains(t, err, tc.want, name)
	}
}

func TestTheCountsOfAManifestAreBySourceVerdictAndReason(t *testing.T) {
	s := store{}
	with := func(source evidence.Source, t evidence.Told) evidence.Record {
		return record("2026-11-29T13:05:00Z", string(source)+string(t.Verdict)+string(t.Reason), t, func(r *evidence.Record) { r.Source = source })
	}
	s.put(t, "2026-11-29T13:00:00Z", 1, with(evidence.Upload, told(evidence.Verified, "e")), with(evidence.Upload, told(evidence.Failed, "B")), with(evidence.Upload, told(evidence.Failed, "A")),
		with(evidence.Scrub, told(evidence.Verified, "e")), with(evidence.Audit, told(evidence.Unknown, "C")), with(evidence.Audit, told(evidence.Alike, "")))
	s.close(t, days[1])
	m, err := evidence.ParseManifest(s[evidence.ManifestName(days[1])])
	require.NoError(t, err)
	assert.Equal(t, []evidence.Count{
		{Source: "audit", Verdict: "unknown", Reason: "C", Records: 1}, {Source: "audit", Verdict: "alike", Records: 1}, {Source: "scrub", Verdict: "verified", Records: 1},
		{Source: "upload", Verdict: "failed", Reason: "A", Records: 1}, {Source: "upload", Verdict: "failed", Reason: "B", Records: 1}, {Source: "upload", Verdict: "verified", Records: 1},
	}, m.Counts)
}

func FuzzParseManifest(f *testing.F) {
	f.Add(three(f)[evidence.ManifestName(days[1])])
	f.Fuzz(func(t *testing.T, content []byte) {
		m, err := evidence.ParseManifest(content)
		if err != nil {
			return
		}
		again, err := m.Encode()
		require.NoError(t, err)
		assert.Equal(t, content, again)
	})
}

// The counts of a day sum to what was seen, whatever that is.
func TestTheCountsOfAManifestSumToWhatWasSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := store{}
		seen := 0
		for part := range rapid.IntRange(0, 3).Draw(t, "parts") {
			some := records(t, "records")
			name := s.put(t, "2026-11-29T13:00:00Z", part+1, some...)
			read, err := all(s[name])
			require.NoError(t, err)
			seen += len(read)
		}
		s.close(t, days[1])
		m, err := evidence.ParseManifest(s[evidence.ManifestName(days[1])])
		require.NoError(t, err)
		sum := int64(0)
		for _, c := range m.Counts {
			sum += c.Records
		}
		assert.EqualValues(t, seen, sum)
		assert.EqualValues(t, seen, m.Records)
		v, err := evidence.Verify(s.names(), s.open, evidence.Options{Now: now})
		require.NoError(t, err)
		assert.Empty(t, v.Problems)
		assert.EqualValues(t, seen, v.Records)
	})
}
