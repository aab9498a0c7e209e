package evidence_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/evidence"
)

func TestEvidenceAsItWasWrittenHasNoProblem(t *testing.T) {
	s := three(t)
	v, problems := verified(t, s, evidence.Options{})
	assert.Empty(t, problems)
	assert.True(t, v.Sound())
	assert.Equal(t, dev, v.Deployment)
	assert.Equal(t, []int64{3, 4, 6, 0}, []int64{v.Manifests, v.Files, v.Records, v.Waiting})
	assert.Equal(t, &evidence.Link{Day: "2026-11-28", SHA256: evidence.SHA256(s[evidence.ManifestName(days[0])])}, v.First)
	assert.Equal(t, &evidence.Link{Day: "2026-11-30", SHA256: evidence.SHA256(s[evidence.ManifestName(days[2])])}, v.Last)
}

func TestNoEvidenceIsNoProblemAndHasNoManifest(t *testing.T) {
	v, problems := verified(t, store{}, evidence.Options{})
	assert.Empty(t, problems)
	assert.Nil(t, v.First)
	assert.Zero(t, v.Manifests)
}

// Each of these is done to three days of evidence.
func TestVerifyNamesWhatIsMissingChangedOrOutOfOrder(t *testing.T) {
	file := evidence.FileName(at("2026-11-29T13:00:00Z"), 1)
	manifest := func(i int) string { return evidence.ManifestName(days[i]) }
	other := record("2026-11-29T13:05:00Z", "x", told(evidence.Verified, string(crc)))
	for name, tc := range map[string]struct {
		do       func(t *testing.T, s store)
		problems []string
		sentence string // of the first one
	}{
		"a file that was removed": {func(_ *testing.T, s store) { delete(s, file) },
			[]string{"file missing 29/13-1.jsonl.gz"}, "it is not there: restore it from a copy; its SHA-256 is "},
		"a file with a record changed": {func(t *testing.T, s store) { s.put(t, "2026-11-29T13:00:00Z", 1, other) },
			[]string{"file changed 29/13-1.jsonl.gz"}, "It is not the file that the manifest of its day names"},
		"a file that was cut off": {func(_ *testing.T, s store) { s[file] = s[file][:20] },
			[]string{"file changed 29/13-1.jsonl.gz"}, ""},
		"a file with something behind its end": {func(_ *testing.T, s store) { s[file] = append(s[file], 0) },
			[]string{"file changed 29/13-1.jsonl.gz"}, ""},
		"a file that became empty": {func(_ *testing.T, s store) { s[file] = nil },
			[]string{"file changed 29/13-1.jsonl.gz"}, ""},
		"a file that was added": {func(t *testing.T, s store) { s.put(t, "2026-11-29T13:00:00Z", 3, other) },
			[]string{"file in no manifest 29/13-3.jsonl.gz"}, "The manifest of its day does not name it"},
		"a file of no name that there is": {func(_ *testing.T, s store) { s["evidence/2026/11/29/24-1.jsonl.gz"] = nil },
			[]string{"file in no manifest 29/24-1.jsonl.gz"}, "no name that a file of evidence has"},
		"two files that were swapped": {func(_ *testing.T, s store) {
			second := evidence.FileName(at("2026-11-29T13:00:00Z"), 2)
			s[file], s[second] = s[second], s[file]
		}, []string{"file changed 29/13-1.jsonl.gz", "file changed 29/13-2.jsonl.gz"}, ""},
		"a manifest that was removed": {func(_ *testing.T, s store) { delete(s, manifest(1)) },
			[]string{"manifest missing 29/manifest.json"}, "There is none of 2026-11-29, and there are older and newer ones"},
		"a day that was removed": {func(_ *testing.T, s store) {
			for name := range s {
				if strings.HasPrefix(name, "evidence/2026/11/29/") {
					delete(s, name)
				}
			}
		}, []string{"manifest missing 29/manifest.json"}, ""},
		"the first manifest removed": {func(_ *testing.T, s store) { delete(s, manifest(0)) },
			[]string{"manifest missing 28/manifest.json"}, "The manifest of 2026-11-29 names it as the one before, and it is not there"},
		"the last manifest removed, which was due": {func(_ *testing.T, s store) { delete(s, manifest(2)); delete(s, manifest(1)) },
			[]string{"manifest missing 29/manifest.json"}, "The day has 2 files that nothing vouches for"},
		"the last manifest removed, and a file added": {func(_ *testing.T, s store) {
			delete(s, manifest(2))
			delete(s, manifest(1))
			s["evidence/x"] = nil
		}, []string{"file in no manifest evidence/x", "manifest missing 29/manifest.json"}, ""},
		"a manifest in which a file is left out and the counts agree": {func(t *testing.T, s store) {
			s.edit(t, days[1], func(m *evidence.Manifest) {
				m.Files, m.Counts, m.Records, m.Executions = m.Files[1:], m.Counts[:2], 2, 2
				m.Counts[0], m.Counts[1] = evidence.Count{Source: "audit", Verdict: "unknown", Reason: "ACCESS_DENIED", Records: 1}, evidence.Count{Source: "upload", Verdict: "skipped", Reason: "IS_REPLICA", Records: 1}
			})
		}, []string{"counts do not sum 29/manifest.json", "file in no manifest 29/13-1.jsonl.gz", "chain broken 30/manifest.json"}, ""},
		"a manifest whose counts were edited": {func(t *testing.T, s store) {
			s.edit(t, days[2], func(m *evidence.Manifest) { m.Counts[0].Verdict = evidence.Skipped })
		}, []string{"counts do not sum 30/manifest.json"}, "is not what its files hold"},
		"a manifest whose sum was edited": {func(t *testing.T, s store) {
			s.edit(t, days[2], func(m *evidence.Manifest) { m.Records = 7 })
		}, []string{"counts do not sum 30/manifest.json"}, "It says that 7 records were seen; its files have 1 and its counts sum to 1"},
		"a manifest whose counts sum to something else": {func(t *testing.T, s store) {
			s.edit(t, days[2], func(m *evidence.Manifest) { m.Counts[0].Records = 2 })
		}, []string{"counts do not sum 30/manifest.json"}, "its counts sum to 2"},
		"a manifest whose executions were edited": {func(t *testing.T, s store) {
			s.edit(t, days[2], func(m *evidence.Manifest) { m.Executions = 2 })
		}, []string{"counts do not sum 30/manifest.json"}, "It says 2 executions, and its files 1"},
		"a manifest that says more of a file than it has": {func(t *testing.T, s store) {
			s.edit(t, days[2], func(m *evidence.Manifest) {
				m.Files[0].Records, m.Counts[0].Records, m.Records = 2, 2, 2
			})
		}, []string{"counts do not sum 30/manifest.json", "counts do not sum 30/manifest.json"}, "has 2 records of 1 executions, and it has 1 of 1"},
		"a manifest that says more of a file alone": {func(t *testing.T, s store) {
			s.edit(t, days[0], func(m *evidence.Manifest) { m.Files[0].Records = 3 })
		}, []string{"counts do not sum 28/manifest.json", "counts do not sum 28/manifest.json", "chain broken 29/manifest.json"}, "has 3 records of 1 executions, and it has 2 of 1."},
		"a manifest that says more executions of a file than it has": {func(t *testing.T, s store) {
			s.edit(t, days[2], func(m *evidence.Manifest) { m.Files[0].Executions, m.Executions = 2, 2 })
		}, []string{"counts do not sum 30/manifest.json", "counts do not sum 30/manifest.json"}, "has 1 records of 2 executions"},
		"a manifest that says more bytes of a file than it has": {func(t *testing.T, s store) {
			s.edit(t, days[2], func(m *evidence.Manifest) { m.Files[0].Bytes++ })
		}, []string{"file changed 30/23-1.jsonl.gz"}, ""},
		"a manifest that says fewer bytes of a file than it has": {func(t *testing.T, s store) {
			s.edit(t, days[2], func(m *evidence.Manifest) { m.Files[0].Bytes-- })
		}, []string{"file changed 30/23-1.jsonl.gz"}, ""},
		"a manifest that was made anew after an edit, and its successor not": {func(t *testing.T, s store) {
			s.put(t, "2026-11-29T13:00:00Z", 1, other)
			s.close(t, days[1])
		}, []string{"chain broken 30/manifest.json"}, "one of the two was changed after it was written"},
		"a manifest that is no longer JSON": {func(_ *testing.T, s store) { s[manifest(1)] = []byte("{") },
			[]string{"unreadable 29/manifest.json", "chain broken 30/manifest.json"}, "torn, edited, or of something else"},
		"a manifest of a later format": {func(t *testing.T, s store) { s.edit(t, days[2], func(m *evidence.Manifest) { m.Format = 2 }) },
			[]string{"unreadable 30/manifest.json"}, "it is of format 2"},
		"a manifest that is too long to be one": {func(_ *testing.T, s store) { s[manifest(2)] = make([]byte, 16<<20+1) },
			[]string{"unreadable 30/manifest.json"}, "It is longer than 16777216 bytes"},
		"two manifests that were swapped": {func(_ *testing.T, s store) {
			s[manifest(0)], s[manifest(1)] = s[manifest(1)], s[manifest(0)]
		}, []string{
			"out of order 28/manifest.json", "out of order 28/manifest.json", "file missing 29/13-1.jsonl.gz", "file missing 29/13-2.jsonl.gz", "file in no manifest 28/09-1.jsonl.gz",
			"out of order 29/manifest.json", "chain broken 29/manifest.json", "clock wrong 29/manifest.json", "file missing 28/09-1.jsonl.gz", "file in no manifest 29/13-1.jsonl.gz", "file in no manifest 29/13-2.jsonl.gz", "chain broken 30/manifest.json",
		}, "It is the manifest of 2026-11-29: manifests were swapped or renamed."},
		"a manifest that says it is the first": {func(t *testing.T, s store) { s.edit(t, days[2], func(m *evidence.Manifest) { m.Previous = nil }) },
			[]string{"chain broken 30/manifest.json"}, "It says that it is the first, and there is one of 2026-11-29"},
		"a manifest that follows on an older one than the one before": {func(t *testing.T, s store) {
			s.edit(t, days[2], func(m *evidence.Manifest) { m.Previous.Day = "2026-11-28" })
		}, []string{"out of order 30/manifest.json"}, "names the manifest of 2026-11-28 as the one before it, and that is the one of 2026-11-29"},
		"a manifest that follows on itself": {func(t *testing.T, s store) {
			s.edit(t, days[2], func(m *evidence.Manifest) { m.Previous.Day = "2026-11-30" })
		}, []string{"out of order 30/manifest.json"}, "which is not before 2026-11-30"},
		"a first manifest that follows on a later one": {func(t *testing.T, s store) {
			s.edit(t, days[0], func(m *evidence.Manifest) {
				m.Previous = &evidence.Link{Day: "2026-12-24", SHA256: evidence.SHA256(nil)}
			})
		}, []string{"out of order 28/manifest.json", "chain broken 29/manifest.json"}, "It names the manifest of 2026-12-24 as the one before it, which is not before 2026-11-28."},
		"a manifest made before its day was over": {func(t *testing.T, s store) {
			s.edit(t, days[2], func(m *evidence.Manifest) { m.Made = at("2026-11-30T23:59:59Z") })
		}, []string{"clock wrong 30/manifest.json"}, "before its day was over"},
		"a manifest made in the future": {func(t *testing.T, s store) {
			s.edit(t, days[2], func(m *evidence.Manifest) { m.Made = now.Add(5*time.Minute + time.Second) })
		}, []string{"clock wrong 30/manifest.json"}, "which is yet to come"},
		"a manifest made by a clock that is a little fast": {func(t *testing.T, s store) {
			s.edit(t, days[2], func(m *evidence.Manifest) { m.Made = now.Add(5 * time.Minute) })
		}, nil, ""},
		"a manifest made when its day was just over": {func(t *testing.T, s store) {
			s.edit(t, days[1], func(m *evidence.Manifest) { m.Made = at("2026-11-30T02:00:00Z") })
			s.close(t, days[2], func(m *evidence.Manifest) { m.Made = at("2026-12-01T00:00:00Z") })
		}, nil, ""},
		"a manifest made before the one before it": {func(t *testing.T, s store) {
			s.close(t, days[1], func(m *evidence.Manifest) { m.Made = at("2026-12-01T03:00:00Z") })
			s.close(t, days[2])
		}, []string{"clock wrong 30/manifest.json"}, "and the one before it later, at 2026-12-01T03:00:00Z"},
		"a manifest dated in the future": {func(t *testing.T, s store) {
			s.close(t, at("2026-12-01T00:00:00Z"))
		}, []string{"clock wrong evidence/2026/12/01/manifest.json"}, "which is yet to come"},
		"a manifest of another stage": {func(t *testing.T, s store) { s.edit(t, days[2], func(m *evidence.Manifest) { m.Stage = "pro\nd" }) },
			[]string{"of another deployment 30/manifest.json"}, `It is of stage "pro\nd" in account "111122223333"`},
		"a manifest of another account": {func(t *testing.T, s store) { s.edit(t, days[2], func(m *evidence.Manifest) { m.Account = "2" }) },
			[]string{"of another deployment 30/manifest.json"}, ""},
		"a manifest of another region": {func(t *testing.T, s store) { s.edit(t, days[2], func(m *evidence.Manifest) { m.Region = "x" }) },
			[]string{"of another deployment 30/manifest.json"}, ""},
		"a file with a record of another hour": {func(t *testing.T, s store) {
			name := s.put(t, "2026-11-30T23:00:00Z", 1, record("2026-11-30T22:59:59Z", "e", told(evidence.Accepted, "NOT_ERASED")))
			s.edit(t, days[2], func(m *evidence.Manifest) {
				m.Files[0].SHA256, m.Files[0].Bytes = evidence.SHA256(s[name]), int64(len(s[name]))
			})
		}, []string{"record outside its hour 30/23-1.jsonl.gz"}, "1 of its 1 records are of another hour"},
		"a file with a record of the same hour of another day": {func(t *testing.T, s store) {
			name := s.put(t, "2026-11-30T23:00:00Z", 1, record("2026-11-29T23:00:00Z", "e", told(evidence.Accepted, "NOT_ERASED")))
			s.edit(t, days[2], func(m *evidence.Manifest) {
				m.Files[0].SHA256, m.Files[0].Bytes = evidence.SHA256(s[name]), int64(len(s[name]))
			})
		}, []string{"record outside its hour 30/23-1.jsonl.gz"}, ""},
		"a file that was written torn": {func(t *testing.T, s store) {
			name := evidence.FileName(at("2026-11-30T23:00:00Z"), 1)
			s[name] = s[name][:40]
			s.edit(t, days[2], func(m *evidence.Manifest) {
				m.Files[0].SHA256, m.Files[0].Bytes = evidence.SHA256(s[name]), 40
			})
		}, []string{"unreadable 30/23-1.jsonl.gz"}, "It is as it was written, and is no file of evidence: line 1: it ends in the middle."},
		"files of the day that is not over": {func(t *testing.T, s store) { s.put(t, "2026-12-01T08:00:00Z", 1) }, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := three(t)
			tc.do(t, s)
			v, problems := verified(t, s, evidence.Options{})
			assert.Equal(t, tc.problems, problems)
			if len(v.Problems) > 0 {
				assert.Contains(t, v.Problems[0].Sentence, tc.sentence)
			}
			assert.Equal(t, len(problems) == 0, v.Sound())
			assert.Equal(t, len(problems) == 0, v.Summary() == "")
		})
	}
}

func TestABrokenChainTellsBothChecksums(t *testing.T) {
	s := three(t)
	was := evidence.SHA256(s[evidence.ManifestName(days[1])])
	s.edit(t, days[1], func(m *evidence.Manifest) { m.Made = m.Made.Add(time.Second) })
	v, _ := verified(t, s, evidence.Options{})
	require.Len(t, v.Problems, 1)
	assert.Contains(t, v.Problems[0].Sentence, "It has the SHA-256 "+was+" of the manifest of 2026-11-29, which has "+evidence.SHA256(s[evidence.ManifestName(days[1])])+": one of the two")
}

func TestFilesWaitForTheirManifestForADay(t *testing.T) {
	s := store{}
	s.put(t, "2026-11-29T13:00:00Z", 1)
	s.put(t, "2026-11-29T13:00:00Z", 2)
	v, problems := verified(t, s, evidence.Options{Now: at("2026-11-30T23:59:59Z")})
	assert.Empty(t, problems)
	assert.EqualValues(t, 2, v.Waiting)
	v, problems = verified(t, s, evidence.Options{Now: at("2026-12-01T00:00:00Z")})
	assert.Equal(t, []string{"manifest missing 29/manifest.json"}, problems)
	assert.Zero(t, v.Waiting)
}

func TestAGapOfSeveralDaysIsOneProblem(t *testing.T) {
	s := three(t)
	s.close(t, at("2026-12-04T00:00:00Z"))
	s.put(t, "2026-12-02T09:00:00Z", 1)
	v, problems := verified(t, s, evidence.Options{Now: at("2026-12-09T00:00:00Z")})
	assert.Equal(t, []string{"manifest missing evidence/2026/12/01/manifest.json"}, problems)
	assert.Contains(t, v.Problems[0].Sentence, "There is none from 2026-12-01 to 2026-12-03")
	assert.Equal(t, "manifest missing 1", v.Summary())
}

func TestASpanOfDaysIsHeldAgainstTheManifestBeforeIt(t *testing.T) {
	s := three(t)
	span := evidence.Options{From: "2026-11-29", To: "2026-11-29", Now: at("2026-12-09T00:00:00Z")}
	v, problems := verified(t, s, span)
	assert.Empty(t, problems)
	assert.Equal(t, []int64{1, 2, 3}, []int64{v.Manifests, v.Files, v.Records})
	assert.Equal(t, v.First, v.Last)

	s.edit(t, days[0], func(m *evidence.Manifest) { m.Stage = "other" })
	delete(s, evidence.ManifestName(days[2]))
	delete(s, evidence.FileName(at("2026-11-28T09:00:00Z"), 1))
	_, problems = verified(t, s, span)
	assert.Equal(t, []string{"chain broken 29/manifest.json"}, problems)

	_, err := evidence.Verify(s.names(), func(name string) (io.ReadCloser, error) {
		if name == evidence.ManifestName(days[0]) {
			return nil, errNetwork
		}
		return s.open(name)
	}, span)
	assert.ErrorIs(t, err, errNetwork)

	delete(s, evidence.ManifestName(days[0]))
	_, problems = verified(t, s, span)
	assert.Empty(t, problems, "what is left out need not be kept")
	span.From = "2026-11-28"
	_, problems = verified(t, s, span)
	assert.Equal(t, []string{"manifest missing 28/manifest.json"}, problems)
}

func TestAManifestBeforeASpanThatIsTooLongToBeOneBreaksNoChain(t *testing.T) {
	s := three(t)
	s[evidence.ManifestName(days[0])] = make([]byte, 16<<20+1)
	_, problems := verified(t, s, evidence.Options{From: "2026-11-29"})
	assert.Equal(t, []string{"unreadable 28/manifest.json"}, problems)
}

func TestASummaryCountsTheProblemsOfEachKind(t *testing.T) {
	v := evidence.Verification{}
	for i, k := range evidence.Kinds() {
		for range i + 1 {
			v.Problems = append(v.Problems, evidence.Problem{Kind: k})
		}
	}
	assert.Equal(t, "file missing 1, file changed 2, file in no manifest 3, manifest missing 4, chain broken 5, out of order 6, clock wrong 7, counts do not sum 8, "+
		"record outside its hour 9, of another deployment 10, unreadable 11", v.Summary())
	assert.Empty(t, evidence.Verification{}.Summary())
}

// closing notes what is open.
type closing struct {
	io.ReadCloser
	open *int
}

func (c closing) Close() error {
	*c.open--
	return c.ReadCloser.Close()
}

func TestWhatIsOpenedIsClosed(t *testing.T) {
	s, open, most := three(t), 0, 0
	opening := func(name string) (io.ReadCloser, error) {
		r, err := s.open(name)
		open++
		most = max(most, open)
		return closing{r, &open}, err
	}
	_, err := evidence.Verify(s.names(), opening, evidence.Options{Now: now})
	require.NoError(t, err)
	assert.Zero(t, open)
	assert.Equal(t, 1, most)
	_, err = evidence.MakeReport(s.names(), opening, evidence.Options{From: "2026-11-28", To: "2026-11-30", Now: now}, func(evidence.Row) error { return nil })
	require.NoError(t, err)
	assert.Zero(t, open)
	assert.Equal(t, 2, most, "no more than an hour has parts")
}

func TestWhatCanNotBeReadIsAnErrorOfTheReport(t *testing.T) {
	s := three(t)
	_, err := evidence.MakeReport(s.names(), func(string) (io.ReadCloser, error) { return nil, errNetwork }, evidence.Options{From: "2026-11-28", To: "2026-11-30", Now: now}, func(evidence.Row) error { return nil })
	assert.ErrorIs(t, err, errNetwork)
}

// What verify refuses counts in no report.
func TestAReportCountsNoRecordsOfAnotherDeploymentDayOrHour(t *testing.T) {
	for name, do := range map[string]func(s store){
		"of another deployment": func(s store) { s.edit(t, days[2], func(m *evidence.Manifest) { m.Stage = "prod" }) },
		"of another hour": func(s store) {
			name := s.put(t, "2026-11-30T23:00:00Z", 1, record("2026-11-30T22:59:59Z", "e", told(evidence.Accepted, "NOT_ERASED")))
			s.edit(t, days[2], func(m *evidence.Manifest) {
				m.Files[0].SHA256, m.Files[0].Bytes = evidence.SHA256(s[name]), int64(len(s[name]))
			})
		},
		"of a manifest with the name of another day": func(s store) {
			s[evidence.ManifestName(days[2].AddDate(0, 0, 1))] = s[evidence.ManifestName(days[2])]
			delete(s, evidence.ManifestName(days[2]))
		},
	} {
		s := three(t)
		do(s)
		r, err := evidence.MakeReport(s.names(), s.open, evidence.Options{From: "2026-11-28", To: "2026-12-01", Now: now}, func(evidence.Row) error { return nil })
		require.NoError(t, err)
		assert.EqualValues(t, 4, r.Seen, name)
		assert.NotEmpty(t, r.Verification.Problems, name)
	}
}

// failing answers with an error in the middle of what it reads.
type failing struct{ io.Reader }

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p[:min(len(p), 30)])
	if err == io.EOF {
		err = errNetwork
	}
	return n, err
}

func (failing) Close() error { return nil }

func TestWhatCanNotBeReadIsAnErrorAndNoProblem(t *testing.T) {
	s := three(t)
	for _, broken := range s.names() {
		_, err := evidence.Verify(s.names(), func(name string) (io.ReadCloser, error) {
			if name == broken {
				return nil, errNetwork
			}
			return s.open(name)
		}, evidence.Options{Now: now})
		assert.ErrorIs(t, err, errNetwork, broken)
		assert.ErrorContains(t, err, "open "+broken)
		_, err = evidence.Verify(s.names(), func(name string) (io.ReadCloser, error) {
			r, err := s.open(name)
			if name == broken {
				return failing{io.LimitReader(r, 30)}, err
			}
			return r, err
		}, evidence.Options{Now: now})
		assert.ErrorIs(t, err, errNetwork, broken)
		assert.ErrorContains(t, err, "read "+broken)
	}
}

func TestWhatIsGoneOnceItWasListedIsMissing(t *testing.T) {
	for gone, want := range map[string]evidence.Kind{evidence.ManifestName(days[2]): evidence.MissingManifest, evidence.FileName(at("2026-11-30T23:00:00Z"), 1): evidence.MissingFile} {
		s := three(t)
		listed := s.names()
		delete(s, gone)
		v, err := evidence.Verify(listed, s.open, evidence.Options{Now: now})
		require.NoError(t, err)
		require.Len(t, v.Problems, 1)
		assert.Equal(t, want, v.Problems[0].Kind)
		assert.Equal(t, gone, v.Problems[0].Name)
	}
}

func TestWhateverIsRemovedOrSwappedIsSeen(t *testing.T) {
	whole := three(t)
	soundWithout := func(change func(s store)) bool {
		s := store{}
		for name, content := range whole {
			s[name] = content
		}
		change(s)
		v, err := evidence.Verify(s.names(), s.open, evidence.Options{Now: at("2026-12-09T00:00:00Z")})
		require.NoError(t, err)
		return v.Sound()
	}
	assert.True(t, soundWithout(func(store) {}))
	for i, one := range whole.names() {
		assert.False(t, soundWithout(func(s store) { delete(s, one) }), one)
		for _, other := range whole.names()[i+1:] {
			assert.False(t, soundWithout(func(s store) { s[one], s[other] = s[other], s[one] }), "%s and %s", one, other)
		}
	}
}

// Nothing is as it was once a byte of anything but the last manifest changed, for which
// nothing vouches: its checksum is to be kept elsewhere.
func TestAChangedByteIsSeenWhereverItIs(t *testing.T) {
	whole := three(t)
	rapid.Check(t, func(t *rapid.T) {
		s := store{}
		for name, content := range whole {
			s[name] = content
		}
		delete(whole, evidence.ManifestName(days[2]))
		name := rapid.SampledFrom(whole.names()).Draw(t, "name")
		whole[evidence.ManifestName(days[2])] = s[evidence.ManifestName(days[2])]
		changed := append([]byte{}, s[name]...)
		changed[rapid.IntRange(0, len(changed)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		s[name] = changed
		v, err := evidence.Verify(s.names(), s.open, evidence.Options{Now: now})
		require.NoError(t, err)
		assert.False(t, v.Sound())
	})
}
