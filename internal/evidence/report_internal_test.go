package evidence

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

var (
	begin = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	later = time.Date(2026, 12, 5, 0, 0, 0, 0, time.UTC)
	crc   = Told{Verdict: Verified, Evidence: "full-object checksum CRC64NVME"}
	md5   = Told{Verdict: Verified, Evidence: verdict.SinglePartETag}
	meta  = Told{Verdict: Verified, Evidence: "full-object checksum CRC64NVME", Finding: reason.MetadataDiffers}
)

func because(v Verdict, code reason.Code) Told { return Told{Verdict: v, Reason: code} }

// ended is the ending of docs/KEY@v so many minutes after the beginning; of one replica,
// unless others are named.
func ended(minutes int, key string, t Told, replicas ...Replica) Record {
	r := Record{
		Time: begin.Add(time.Duration(minutes) * time.Minute), Source: Upload, Run: fmt.Sprint("run-", minutes), Bucket: "docs", Key: key, Version: "v", Told: t, Replicas: replicas, Program: "p",
	}
	if replicas == nil {
		r.Replicas = []Replica{{"copy", t}}
	}
	if t.Verdict == Accepted {
		r.Accepted = &Acceptance{Who: "Ana", Why: "meant", Until: later}
	}
	return r
}

// whole is a statement about a version that names no replica.
func whole(r Record) Record {
	r.Replicas = nil
	return r
}

// evidenceOf writes records into files, in parts as split says, and days' manifests.
func evidenceOf(t require.TestingT, records []Record, split func(i int) int) map[string][]byte {
	files := map[string][]Record{}
	for i, r := range records {
		name := FileName(r.Time, 1+split(i))
		files[name] = append(files[name], r)
	}
	all := map[string][]byte{}
	counted := map[string][]Counted{}
	for name, some := range files {
		content, err := Encode(some)
		require.NoError(t, err)
		all[name] = content
		c, err := CountFile(name, bytes.NewReader(content))
		require.NoError(t, err)
		p, _ := parse(name)
		counted[p.day] = append(counted[p.day], c)
	}
	var previous []byte
	for n := range 3 {
		d := begin.AddDate(0, 0, n)
		m, err := Make(d, Deployment{"dev", "1", "r"}, d.Add(25*time.Hour), counted[d.Format(day)], previous)
		require.NoError(t, err)
		previous, err = m.Encode()
		require.NoError(t, err)
		all[ManifestName(d)] = previous
	}
	return all
}

func opening(all map[string][]byte) Open {
	return func(name string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(all[name])), nil }
}

var threeDays = Options{From: "2026-11-28", To: "2026-11-30", Now: later}

func reported(t require.TestingT, all map[string][]byte, perPass int64) (Report, []Row) {
	var rows []Row
	r, err := makeReport(slices.Sorted(maps.Keys(all)), opening(all), threeDays, func(row Row) error { rows = append(rows, row); return nil }, perPass)
	require.NoError(t, err)
	return r, rows
}

func oneFile(int) int { return 0 }

func TestAReportHasEachVersionOnceByItsLastEnding(t *testing.T) {
	missing, differ := because(Failed, reason.ReplicaMissing), because(Failed, reason.ContentMismatch)
	for name, tc := range map[string]struct {
		records []Record
		ending  Told
		row     string // what failed, since when, what it became and when, in minutes; empty: no line
	}{
		"what is verified needs no line":                          {[]Record{ended(1, "a", crc)}, crc, ""},
		"what is alike needs none":                                {[]Record{ended(1, "a", Told{Verdict: Alike})}, Told{Verdict: Alike}, ""},
		"the later ending counts":                                 {[]Record{ended(1, "a", crc), ended(2, "a", md5)}, md5, ""},
		"whatever the order in which they were written":           {[]Record{ended(2, "a", md5), ended(1, "a", crc)}, md5, ""},
		"what failed still fails":                                 {[]Record{ended(1, "a", missing)}, missing, "REPLICA_MISSING 1"},
		"what failed was verified":                                {[]Record{ended(1, "a", missing), ended(90, "a", crc)}, crc, "REPLICA_MISSING 1 90"},
		"it was settled the first time that it did not fail":      {[]Record{ended(1, "a", missing), ended(90, "a", md5), ended(99, "a", crc)}, crc, "REPLICA_MISSING 1 90"},
		"unless it failed again":                                  {[]Record{ended(1, "a", missing), ended(90, "a", crc), ended(99, "a", differ)}, differ, "CONTENT_MISMATCH 1"},
		"and was settled again":                                   {[]Record{ended(1, "a", missing), ended(90, "a", crc), ended(95, "a", differ), ended(99, "a", crc)}, crc, "CONTENT_MISMATCH 1 99"},
		"what was verified before it failed":                      {[]Record{ended(1, "a", crc), ended(2, "a", missing)}, missing, "REPLICA_MISSING 2"},
		"what failed was skipped":                                 {[]Record{ended(1, "a", missing), ended(2, "a", because(Skipped, reason.SourceDeleted))}, because(Skipped, reason.SourceDeleted), "REPLICA_MISSING 1 2"},
		"what failed was accepted":                                {[]Record{ended(1, "a", missing), ended(2, "a", because(Accepted, reason.ReplicaMissing))}, because(Accepted, reason.ReplicaMissing), "REPLICA_MISSING 1 2 Ana"},
		"what was accepted is found again":                        {[]Record{ended(1, "a", because(Accepted, reason.ReplicaMissing)), ended(2, "a", missing)}, missing, "REPLICA_MISSING 2"},
		"what was not erased was erased later":                    {[]Record{ended(1, "a", because(Failed, reason.NotErased)), ended(90, "a", Told{Verdict: Erased})}, Told{Verdict: Erased}, "NOT_ERASED 1 90"},
		"and is not, where one replica still has it":              {[]Record{ended(1, "a", because(Failed, reason.NotErased), Replica{"one", because(Failed, reason.NotErased)}, Replica{"two", because(Failed, reason.NotErased)}), ended(2, "a", Told{Verdict: Erased}, Replica{"one", Told{Verdict: Erased}})}, because(Failed, reason.NotErased), "NOT_ERASED 1"},
		"what is unknown has a line":                              {[]Record{ended(1, "a", because(Unknown, reason.Archived))}, because(Unknown, reason.Archived), " "},
		"what was erased has a line":                              {[]Record{ended(1, "a", crc), ended(2, "a", Told{Verdict: Erased})}, Told{Verdict: Erased}, " "},
		"one replica's ending says nothing of another's":          {[]Record{ended(1, "a", missing, Replica{"one", missing}, Replica{"two", crc}), ended(2, "a", crc, Replica{"two", crc})}, missing, "REPLICA_MISSING 1"},
		"the worst replica counts":                                {[]Record{ended(1, "a", crc, Replica{"one", crc}), ended(2, "a", missing, Replica{"two", missing})}, missing, "REPLICA_MISSING 2"},
		"once the last replica is fine it is settled":             {[]Record{ended(1, "a", differ, Replica{"one", missing}, Replica{"two", differ}), ended(2, "a", crc, Replica{"two", crc}), ended(3, "a", md5, Replica{"one", md5})}, md5, "REPLICA_MISSING 1 3"},
		"of two verified replicas the weaker evidence counts":     {[]Record{ended(1, "a", md5, Replica{"one", crc}, Replica{"two", md5})}, md5, ""},
		"of two with the same evidence the finding counts":        {[]Record{ended(1, "a", meta, Replica{"one", crc}, Replica{"two", meta})}, meta, ""},
		"what is about all replicas ends what was said of each":   {[]Record{ended(1, "a", missing), whole(ended(2, "a", because(Skipped, reason.SourceDeleted)))}, because(Skipped, reason.SourceDeleted), "REPLICA_MISSING 1 2"},
		"and is ended by what is said of one":                     {[]Record{whole(ended(1, "a", because(Failed, reason.AccessDenied))), ended(2, "a", crc)}, crc, "ACCESS_DENIED 1 2"},
		"a record that stands in two parts counts once":           {[]Record{ended(1, "a", missing), ended(1, "a", missing)}, missing, "REPLICA_MISSING 1"},
		"of two endings in one moment the same one counts always": {[]Record{ended(1, "a", missing), ended(1, "a", crc)}, crc, "REPLICA_MISSING 1 1"},
		"days later": {[]Record{ended(1, "a", missing), ended(3000, "a", crc)}, crc, "REPLICA_MISSING 1 3000"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, split := range []func(int) int{oneFile, func(i int) int { return i }} {
				r, rows := reported(t, evidenceOf(t, tc.records, split), perPass)
				require.Len(t, r.Buckets, 1)
				assert.EqualValues(t, 1, r.Seen)
				assert.Equal(t, []Ending{{tc.ending, 1}}, r.Buckets[0].Endings)
				if tc.row == "" {
					assert.Empty(t, rows)
					continue
				}
				require.Len(t, rows, 1)
				assert.Equal(t, tc.ending, rows[0].Ended)
				assert.Equal(t, "a", rows[0].Key)
				assert.Equal(t, tc.row, shown(rows[0]))
			}
		})
	}
}

func shown(r Row) string {
	s := string(r.Failed) + " "
	if !r.Since.IsZero() {
		s += fmt.Sprint(r.Since.Sub(begin).Minutes())
	}
	if !r.Settled.IsZero() {
		s += fmt.Sprint(" ", r.Settled.Sub(begin).Minutes())
	}
	if r.Accepted != nil {
		s += " " + r.Accepted.Who
	}
	return s
}

func TestAReportSaysHowFailuresWereSettledAndOnWhoseWord(t *testing.T) {
	missing := because(Failed, reason.ReplicaMissing)
	ben := ended(2, "c", because(Accepted, reason.NotErased))
	ben.Accepted = &Acceptance{Who: "Ben", Until: later}
	settled := ended(61, "a", crc)
	settled.Template, settled.Marker = "t", true
	other := ended(7, "z", crc)
	other.Bucket = "media"
	message := Record{Time: begin, Source: Upload, Run: "r", Message: "m-1", Told: because(Failed, reason.MalformedEvent), Program: "p"}
	r, rows := reported(t, evidenceOf(t, []Record{
		ended(1, "a", missing), settled, ended(1, "b", missing), ended(2, "b", crc), ended(1, "d", missing), other, message,
		ended(1, "c", because(Failed, reason.NotErased)), ben, ended(3, "e", because(Accepted, reason.NotErased)),
		ended(4, "f", Told{Verdict: Erased}), ended(4, "g", because(Failed, reason.NotErased)), ended(4, "h", because(Skipped, reason.ErasureRecent)), ended(4, "i", because(Skipped, reason.SourceDeleted)),
	}, oneFile), perPass)
	assert.EqualValues(t, 11, r.Seen)
	require.Len(t, r.Buckets, 3)
	assert.Equal(t, []string{"", "docs", "media"}, []string{r.Buckets[0].Bucket, r.Buckets[1].Bucket, r.Buckets[2].Bucket})
	docs := r.Buckets[1]
	assert.EqualValues(t, 9, docs.Seen)
	assert.Equal(t, []Ending{
		{missing, 1}, {because(Failed, reason.NotErased), 1}, {because(Accepted, reason.NotErased), 2}, {because(Skipped, reason.ErasureRecent), 1}, {because(Skipped, reason.SourceDeleted), 1}, {crc, 2}, {Told{Verdict: Erased}, 1},
	}, docs.Endings)
	assert.Equal(t, []Settlement{
		{Reason: reason.ReplicaMissing, Versions: 3, Became: map[Verdict]int64{Failed: 1, Verified: 2}, Longest: time.Hour, Seconds: 3600},
		{Reason: reason.NotErased, Versions: 2, Became: map[Verdict]int64{Accepted: 1, Failed: 1}, Longest: time.Minute, Seconds: 60},
	}, docs.Failures)
	assert.Equal(t, []OnWord{{"Ana", reason.NotErased, 1}, {"Ben", reason.NotErased, 1}}, docs.Accepted)
	assert.Equal(t, Erasures{Both: 1, OnReplica: 4, NotLooked: 1}, docs.Erasures, "what is accepted is still there, too")
	assert.EqualValues(t, 3, r.Of(Failed))
	var keys []string
	for _, row := range rows {
		keys = append(keys, row.Bucket+"/"+row.Key+row.Message)
	}
	assert.Equal(t, []string{"/m-1", "docs/a", "docs/b", "docs/c", "docs/d", "docs/e", "docs/f", "docs/g", "docs/h", "docs/i"}, keys)
	assert.Equal(t, Row{
		Bucket: "docs", Key: "a", Version: "v", Ended: crc, Replicas: []Replica{{"copy", crc}}, At: begin.Add(61 * time.Minute), Source: Upload, Run: "run-61", Program: "p", Template: "t", Marker: true,
		Failed: reason.ReplicaMissing, Since: begin.Add(time.Minute), Settled: begin.Add(61 * time.Minute),
	}, rows[1])
}

func TestAReportIsFineOnlyWithoutFailuresUnknownProblemsAndGaps(t *testing.T) {
	report := func(o Options, records ...Record) Report {
		all := evidenceOf(t, records, oneFile)
		r, err := MakeReport(slices.Sorted(maps.Keys(all)), opening(all), o, func(Row) error { return nil })
		require.NoError(t, err)
		return r
	}
	assert.True(t, report(threeDays, ended(1, "a", crc), ended(1, "b", because(Skipped, reason.Young)), ended(1, "c", because(Accepted, reason.NotErased))).Fine())
	assert.False(t, report(threeDays, ended(1, "a", because(Failed, reason.ReplicaMissing))).Fine())
	assert.False(t, report(threeDays, ended(1, "a", because(Unknown, reason.Archived))).Fine())
	assert.False(t, report(threeDays, ended(1, "a", because(Unknown, reason.Archived)), ended(1, "b", because(Failed, reason.ReplicaMissing))).Fine())
	gaps := report(Options{From: "2026-11-26", To: "2026-12-31", Now: later})
	assert.False(t, gaps.Fine())
	assert.Equal(t, []string{"2026-11-26", "2026-12-31"}, []string{gaps.From, gaps.To})
	assert.Equal(t, []Span{{"2026-11-26", "2026-11-27", 2}, {"2026-12-01", "2026-12-03", 3}}, gaps.Without, "12-04 is not due, and what is later is to come")
	assert.True(t, gaps.Verification.Sound())

	all := evidenceOf(t, []Record{ended(1, "a", crc), ended(1441, "b", crc)}, oneFile)
	delete(all, ManifestName(begin.AddDate(0, 0, 1)))
	r, _ := reported(t, all, perPass)
	assert.Equal(t, []Span{{"2026-11-29", "2026-11-29", 1}}, r.Without, "a day with files, too")
	assert.EqualValues(t, 1, r.Seen, "what nothing vouches for does not count")

	all = evidenceOf(t, []Record{ended(1, "a", crc), ended(61, "b", crc)}, oneFile)
	all[FileName(begin, 1)] = nil
	r, _ = reported(t, all, perPass)
	assert.False(t, r.Fine())
	assert.EqualValues(t, 1, r.Seen, "what is not as it was written does not count")
}

func TestAReportOfASpanCountsNothingOutsideOfIt(t *testing.T) {
	all := evidenceOf(t, []Record{ended(1, "a", crc), ended(1441, "b", crc), ended(2900, "c", crc)}, oneFile)
	r, err := MakeReport(slices.Sorted(maps.Keys(all)), opening(all), Options{From: "2026-11-29", To: "2026-11-29", Now: later}, func(Row) error { return nil })
	require.NoError(t, err)
	assert.EqualValues(t, 1, r.Seen)
	assert.True(t, r.Fine())
}

func TestAnErrorOfALineEndsTheReport(t *testing.T) {
	all := evidenceOf(t, []Record{ended(1, "a", because(Skipped, reason.Young)), ended(1, "b", because(Skipped, reason.Young))}, oneFile)
	lines := 0
	_, err := MakeReport(slices.Sorted(maps.Keys(all)), opening(all), threeDays, func(Row) error { lines++; return io.ErrShortWrite })
	assert.ErrorIs(t, err, io.ErrShortWrite)
	assert.Equal(t, 1, lines)
}

func TestWhatChangesOnceItWasVerifiedEndsTheReport(t *testing.T) {
	all := evidenceOf(t, []Record{ended(1, "a", crc), ended(2, "a", md5), ended(61, "c", crc)}, func(i int) int { return i % 2 })
	other, err := Encode([]Record{ended(1, "b", crc)})
	require.NoError(t, err)
	const first = "evidence/2026/11/28/00-1.jsonl.gz: "
	answer := func(r io.Reader) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return io.NopCloser(r), nil }
	}
	for want, second := range map[string]func() (io.ReadCloser, error){
		"read " + first + "it changed while it was read":                    answer(bytes.NewReader(other)),
		"read " + first + "it changed while it was read: have nobody write": answer(strings.NewReader("no file of gzip")),
		"read " + first + "broken":                                          answer(iotest.ErrReader(errors.New("broken"))),
		"open " + first:                                                     func() (io.ReadCloser, error) { return nil, io.ErrClosedPipe },
	} {
		opened := 0
		_, err := MakeReport(slices.Sorted(maps.Keys(all)), func(name string) (io.ReadCloser, error) {
			if name == FileName(begin, 1) {
				if opened++; opened > 1 {
					return second()
				}
			}
			return opening(all)(name)
		}, threeDays, func(Row) error { return nil })
		assert.ErrorContains(t, err, want)
	}
}

// model is the report by a second, plain way: all records in a list.
func model(records []Record) (endings map[Told]int64, failed map[reason.Code]int64, still int64) {
	type named struct{ bucket, key string }
	by := map[named][]Record{}
	for _, r := range records {
		by[named{r.Bucket, r.Key}] = append(by[named{r.Bucket, r.Key}], r)
	}
	endings, failed = map[Told]int64{}, map[reason.Code]int64{}
	for _, some := range by {
		slices.SortFunc(some, func(a, b Record) int { return a.Time.Compare(b.Time) })
		var last Told
		var why reason.Code
		for n := range some {
			said := map[string]Told{} // what stands after the first n+1, by replica
			for _, r := range some[:n+1] {
				if r.Replicas == nil {
					said = map[string]Told{"": r.Told}
					continue
				}
				delete(said, "")
				for _, one := range r.Replicas {
					said[one.Bucket] = one.Told
				}
			}
			last = slices.MinFunc(slices.Collect(maps.Values(said)), func(a, b Told) int {
				return cmp.Compare(slices.Index(order, a), slices.Index(order, b))
			})
			if last.Verdict == Failed {
				why = last.Reason
			}
		}
		endings[last]++
		if why != "" {
			failed[why]++
		}
		if last.Verdict == Failed {
			still++
		}
	}
	return endings, failed, still
}

// order is some endings, the worst first.
var order = []Told{
	because(Failed, reason.ContentMismatch), because(Failed, reason.ReplicaMissing), because(Failed, "A_NEW_ONE"), because(Unknown, reason.Archived),
	because(Accepted, reason.NotErased), because(Skipped, reason.NotSelected), {Verdict: Alike}, {Verdict: Verified, Evidence: "new evidence"}, {Verdict: Verified, Evidence: verdict.DeleteMarker},
	{Verdict: Verified, Evidence: verdict.MultipartETag}, md5, {Verdict: Verified, Evidence: "composite checksum CRC32"}, meta, crc, {Verdict: Verified, Evidence: verdict.BytesRead}, {Verdict: Erased},
}

func TestTheWorstOfSeveralEndingsIsTheSameAlways(t *testing.T) {
	for i, a := range order {
		assert.Zero(t, worse(a, a))
		for _, b := range order[i+1:] {
			assert.Negative(t, worse(a, b), "%v is worse than %v", a, b)
			assert.Positive(t, worse(b, a))
			assert.Equal(t, a, worst([]Replica{{"one", b}, {"two", a}, {"three", b}}))
		}
	}
}

func TestWhatWasAcceptedOfOneReplicaSaysNothingOfAnother(t *testing.T) {
	accepted := because(Accepted, reason.NotErased)
	r, rows := reported(t, evidenceOf(t, []Record{ended(1, "a", accepted, Replica{"one", accepted}, Replica{"two", md5}), ended(2, "a", crc, Replica{"one", crc})}, oneFile), perPass)
	require.Len(t, rows, 1)
	assert.Equal(t, md5, rows[0].Ended)
	assert.Nil(t, rows[0].Accepted)
	assert.Empty(t, r.Buckets[0].Accepted)
}

func TestThatBytesDifferIsEndedByNobodyWhoHasNotReadThem(t *testing.T) {
	rotten := because(Failed, reason.ContentMismatch)
	read := Told{Verdict: Verified, Evidence: verdict.BytesRead}
	for name, c := range map[string]struct {
		source Source
		then   Told
		ends   bool
	}{
		"stored checksums are as they were": {Scrub, crc, false},
		"alike in both listings":            {Scrub, Told{Verdict: Alike}, false},
		"the bytes were read":               {Scrub, read, true},
		"it was erased":                     {Scrub, Told{Verdict: Erased}, true},
		"somebody accepted it":              {Scrub, because(Accepted, reason.ContentMismatch), true},
		"checksums differed, and no longer": {Upload, crc, true},
	} {
		first := ended(1, "a", rotten)
		first.Source = c.source
		_, rows := reported(t, evidenceOf(t, []Record{first, ended(2, "a", c.then)}, oneFile), perPass)
		require.Len(t, rows, 1, name)
		assert.Equal(t, c.ends, rows[0].Ended.Verdict != Failed, name)
		assert.Equal(t, c.ends, !rows[0].Settled.IsZero(), name)
	}
	for name, between := range map[string]Record{
		"nobody could read them": ended(2, "a", because(Unknown, reason.BytesNotRead)),
		"a rule explained it":    ended(2, "a", because(Skipped, reason.LifecycleOnReplica)),
		"somebody accepted it":   ended(2, "a", because(Accepted, reason.ContentMismatch)),
		"of no replica":          whole(ended(2, "a", because(Skipped, reason.IsReplica))),
	} {
		first := ended(1, "a", rotten)
		first.Source = Scrub
		_, rows := reported(t, evidenceOf(t, []Record{first, between, ended(3, "a", crc)}, oneFile), perPass)
		require.Len(t, rows, 1, name)
		assert.Equal(t, between.Told, rows[0].Ended, "%s, and then checksums were equal", name)
		_, rows = reported(t, evidenceOf(t, []Record{first, between, ended(3, "a", read), ended(4, "a", crc)}, oneFile), perPass)
		assert.Equal(t, crc, rows[0].Ended, "%s, and then bytes were equal", name)
	}
	first := ended(1, "a", rotten)
	first.Source = Scrub
	_, gone := reported(t, evidenceOf(t, []Record{first, ended(2, "a", Told{Verdict: Erased}), ended(3, "a", crc)}, oneFile), perPass)
	assert.Equal(t, crc, gone[0].Ended, "what was erased differs no more")
	first = ended(1, "a", rotten, Replica{"one", rotten}, Replica{"two", crc})
	first.Source = Scrub
	_, rows := reported(t, evidenceOf(t, []Record{first, ended(2, "a", crc, Replica{"two", crc})}, oneFile), perPass)
	assert.Equal(t, rotten, rows[0].Ended, "of another replica nothing is ended")
}

func TestWhoAcceptedIsToldByNameAndReason(t *testing.T) {
	r, _ := reported(t, evidenceOf(t, []Record{
		ended(1, "a", because(Accepted, reason.ReplicaMissing)), ended(2, "b", because(Accepted, reason.NotErased)), ended(3, "c", because(Accepted, reason.Archived)), ended(4, "d", because(Accepted, reason.Archived)),
	}, oneFile), perPass)
	assert.Equal(t, []OnWord{{"Ana", reason.Archived, 2}, {"Ana", reason.NotErased, 1}, {"Ana", reason.ReplicaMissing, 1}}, r.Buckets[0].Accepted)
}

func TestTheVersionsOfAReportSpreadOverItsPasses(t *testing.T) {
	in := map[uint64]int{}
	for n := range 3000 {
		in[identify(ended(0, fmt.Sprint(n), crc)).pass(3)]++
	}
	require.Len(t, in, 3)
	for pass, n := range in {
		assert.InDelta(t, 1000, n, 200, pass)
	}
	names := map[identity]bool{}
	for _, r := range []Record{{Bucket: "a", Key: "bc"}, {Bucket: "ab", Key: "c"}, {Bucket: "a", Key: "b", Version: "c"}, {Message: "abc"}, {Bucket: "a", Key: "b", Version: "d"}} {
		names[identify(r)] = true
	}
	assert.Len(t, names, 5)
}

func TestALineHasWhatWasLastSaidOfEachReplica(t *testing.T) {
	missing := because(Failed, reason.ReplicaMissing)
	_, rows := reported(t, evidenceOf(t, []Record{
		ended(1, "a", missing, Replica{"two", missing}, Replica{"three", crc}), ended(2, "a", md5, Replica{"one", md5}), whole(ended(1, "b", missing)),
	}, oneFile), perPass)
	require.Len(t, rows, 2)
	assert.Equal(t, []Replica{{"one", md5}, {"three", crc}, {"two", missing}}, rows[0].Replicas)
	assert.Equal(t, "run-2", rows[0].Run)
	assert.Empty(t, rows[1].Replicas)
}

func TestTheSumsOfAReportAddUpAndAreThoseOfAPlainCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minutes := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) int {
			return 60*rapid.SampledFrom([]int{0, 1, 30, 71}).Draw(t, "hour") + rapid.IntRange(0, 59).Draw(t, "minute")
		}), 0, 25, rapid.ID).Draw(t, "minutes")
		var records []Record
		for _, m := range minutes {
			r := ended(m, rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key"), rapid.SampledFrom(order).Draw(t, "told"))
			r.Bucket = rapid.SampledFrom([]string{"docs", "media"}).Draw(t, "bucket")
			if rapid.Bool().Draw(t, "whole") {
				r.Replicas = nil
			} else {
				r.Replicas[0].Bucket = rapid.SampledFrom([]string{"one", "two"}).Draw(t, "replica")
			}
			records = append(records, r)
		}
		all := evidenceOf(t, records, func(int) int { return rapid.IntRange(0, 1).Draw(t, "part") })
		r, rows := reported(t, all, rapid.SampledFrom([]int64{1, 3, perPass}).Draw(t, "in a pass"))
		require.Empty(t, r.Verification.Problems)
		endings, failed, still := model(records)

		var versions, fails, sum int64
		for _, b := range r.Buckets {
			var seen int64
			for _, e := range b.Endings {
				seen += e.Versions
				endings[e.Told] -= e.Versions
			}
			assert.Equal(t, b.Seen, seen, "the endings of a bucket are what was seen")
			versions += seen
			for _, s := range b.Failures {
				var became int64
				for _, n := range s.Became {
					became += n
				}
				assert.Equal(t, s.Versions, became, "each that failed became something")
				failed[s.Reason] -= s.Versions
				fails += s.Became[Failed]
			}
			assert.Equal(t, b.Of(Failed), sumOf(b.Failures, Failed), "what ends as failed did fail")
			for _, a := range b.Accepted {
				sum += a.Versions
			}
		}
		assert.Equal(t, r.Seen, versions)
		assert.Equal(t, still, fails)
		assert.Equal(t, r.Of(Accepted), sum, "each accepted one is on somebody's word")
		for told, n := range endings {
			assert.Zero(t, n, told)
		}
		for why, n := range failed {
			assert.Zero(t, n, why)
		}
		for _, row := range rows {
			assert.Equal(t, row.Failed != "" && row.Ended.Verdict != Failed, !row.Settled.IsZero())
			assert.Equal(t, row.Failed != "", !row.Since.IsZero())
		}
	})
}

func sumOf(all []Settlement, v Verdict) (n int64) {
	for _, s := range all {
		n += s.Became[v]
	}
	return n
}

// BenchmarkReport says what verifying and reporting on a hundred thousand versions takes.
func BenchmarkReport(b *testing.B) {
	var records []Record
	for n := range 100_000 {
		r := ended(0, fmt.Sprint("some/folder/file-", n), crc)
		r.Time = r.Time.Add(time.Duration(n) * time.Millisecond)
		records = append(records, r)
	}
	all := evidenceOf(b, records, oneFile)
	b.ReportAllocs()
	for b.Loop() {
		reported(b, all, perPass)
	}
}
