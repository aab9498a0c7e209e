package accept_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"autobackup/cmd/autobackup/accept"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
)

var update = flag.Bool("update", false, "write testdata anew")

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// entry is a good one, with a change.
func entry(change func(*audit.Acceptance)) audit.Acceptance {
	a := audit.Acceptance{
		Primary: "docs", Replica: "docs-copy", Reason: reason.NotErased, Why: "erasure request 4411", Who: "Ana Pérez", At: now, Until: now.AddDate(1, 0, 0),
	}
	change(&a)
	return a
}

func same(*audit.Acceptance) {}

// golden holds a text against testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path) // #nosec G304: of this folder
	require.NoError(t, err)
	assert.Equal(t, string(want), got, "go test -update writes it")
}

func TestTheFileIsForPeopleToReviewWhoeverAddedFirst(t *testing.T) {
	entries := []audit.Acceptance{
		entry(func(a *audit.Acceptance) { a.Primary, a.Replica, a.Who = "logs\n", "copy\x1b", "Bo\u202e" }),
		entry(func(a *audit.Acceptance) {
			a.Key, a.Version, a.Reason, a.Why = "a/<ü>\u202e.txt", "v1", "", "said \"so\"\n"
		}),
		entry(func(a *audit.Acceptance) {
			a.Key, a.Version, a.Reason = "a/<ü>\u202e.txt", "v1", reason.ReplicaMissing
		}),
		entry(func(a *audit.Acceptance) { a.Prefix, a.Reason, a.Replica = "tmp/", "", "" }),
		entry(func(a *audit.Acceptance) { a.Prefix, a.Reason = "tmp/", "" }),
		entry(func(a *audit.Acceptance) { a.Key, a.Until = "b", now.Add(time.Minute) }),
		entry(func(a *audit.Acceptance) { a.Key, a.Version = "b", "v2" }),
		entry(same),
	}
	var texts []string
	for _, backwards := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), accept.File)
		for i := range entries {
			if backwards {
				i = len(entries) - 1 - i
			}
			require.NoError(t, accept.Add(path, entries[i:i+1], now))
		}
		text, err := os.ReadFile(path) // #nosec G304: of this test
		require.NoError(t, err)
		texts = append(texts, string(text))
		if backwards {
			read, err := accept.Read(path)
			require.NoError(t, err)
			assert.ElementsMatch(t, entries, read)
			var page bytes.Buffer
			require.NoError(t, accept.List(&page, read, now.Add(time.Minute)))
			golden(t, "list.txt", page.String())
		}
	}
	golden(t, "accepted.json", texts[0])
	assert.Equal(t, texts[0], texts[1])
}

func TestNothingIsAcceptedThatNobodyCanMean(t *testing.T) {
	var told []string
	for want, change := range map[string]func(*audit.Acceptance){
		`"primary" is missing`:                       func(a *audit.Acceptance) { a.Primary = "" },
		`it would take out everything`:               func(a *audit.Acceptance) { a.Reason = "" },
		`"versionId" needs "key"`:                    func(a *audit.Acceptance) { a.Version = "v" },
		`"why" and "who" must be set`:                func(a *audit.Acceptance) { a.Why = "" },
		`"why" is "why", which only holds the place`: func(a *audit.Acceptance) { a.Why = "why" },
		`"until" is missing`:                         func(a *audit.Acceptance) { a.Until = time.Time{} },
		`"at" is missing`:                            func(a *audit.Acceptance) { a.At = time.Time{} },
		`both a prefix and a key`:                    func(a *audit.Acceptance) { a.Prefix, a.Key = "a", "ab" },
		`"NOT_ERASD" is no reason of a finding, nor of what is unknown: use one of CONTENT_MISMATCH, `: func(a *audit.Acceptance) { a.Reason = "NOT_ERASD" },
		`"YOUNG" is no reason of a finding`:                                    func(a *audit.Acceptance) { a.Reason = reason.Young },
		`it holds until 2028-11-28: at most 2 years from 2026-11-28 are taken`: func(a *audit.Acceptance) { a.Until = now.AddDate(2, 0, 0).Add(time.Second) },
		`until 2026-11-28T12:00:00Z is over: name a time to come`:              func(a *audit.Acceptance) { a.Until = now },
		`"a\xff" is not UTF-8`:                                                 func(a *audit.Acceptance) { a.Key = "a\xff" },
		`NOT_ERASED: docs -> docs-copy is accepted already, by "Ana Pérez" until 2027-11-28: change that entry in the file`: same,
	} {
		t.Run(want, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), accept.File)
			require.NoError(t, accept.Add(path, []audit.Acceptance{entry(same)}, now))
			before, err := os.ReadFile(path) // #nosec G304: of this test
			require.NoError(t, err)
			good := entry(func(a *audit.Acceptance) { a.Primary = "another" })
			err = accept.Add(path, []audit.Acceptance{good, entry(change)}, now)
			require.ErrorContains(t, err, want)
			told = append(told, err.Error())
			after, err := os.ReadFile(path) // #nosec G304: of this test
			require.NoError(t, err)
			assert.Equal(t, string(before), string(after), "all or none")
		})
	}
	slices.Sort(told)
	golden(t, "refused.txt", strings.Join(told, "\n")+"\n")
}

func TestTheLongestIsTwoYearsToTheSecond(t *testing.T) {
	path := filepath.Join(t.TempDir(), accept.File)
	longest := entry(func(a *audit.Acceptance) { a.Until = now.AddDate(2, 0, 0) })
	require.NoError(t, accept.Add(path, []audit.Acceptance{longest}, now))
}

func TestEveryReasonOfAFindingAndOfWhatIsUnknownCanBeAccepted(t *testing.T) {
	path := filepath.Join(t.TempDir(), accept.File)
	for _, code := range []reason.Code{reason.LeftOut, reason.MissingNotLookedAt, reason.ReplicaOnly} {
		require.NoError(t, accept.Add(path, []audit.Acceptance{entry(func(a *audit.Acceptance) { a.Reason = code })}, now))
	}
}

func TestAnEntryThatIsOverMakesWayForANewOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), accept.File)
	require.NoError(t, accept.Add(path, []audit.Acceptance{entry(same)}, now))
	later := now.AddDate(1, 0, 0)
	again := entry(func(a *audit.Acceptance) { a.At, a.Until, a.Who = later, later.AddDate(1, 0, 0), "Bo" })
	require.NoError(t, accept.Add(path, []audit.Acceptance{again}, later))
	read, err := accept.Read(path)
	require.NoError(t, err)
	assert.Equal(t, []audit.Acceptance{again}, read)
}

func TestAFileThatCouldMeanSomethingElseIsRefused(t *testing.T) {
	const good = `{"primary":"docs","reason":"NOT_ERASED","why":"w","who":"me","at":"2026-11-28T12:00:00Z","until":"2027-11-28T12:00:00Z"}`
	path := filepath.Join(t.TempDir(), accept.File)
	for text, want := range map[string]string{
		`{"accepted":[` + good + `]}`:                                 "",
		`{"accepted":[]}`:                                             "",
		"{\"accepted\":[\n" + good + ",\n]}":                          "line 2: it is not JSON: invalid character",
		`[` + good + `]`:                                              `the file has another form than {"accepted": [`,
		`{"accepted":{}}`:                                             `"accepted" has another form than {"accepted": [`,
		`{"accepted":[` + good + `,"a"]}`:                             `entry 2: it has another form than {"accepted": [`,
		`{"accepted":[{"why":1}]}`:                                    `entry 1: "why" must be a text`,
		`{"accepted":[{"until":"2027-12-31"}]}`:                       `entry 1: "until" is no time: write one such as 2027-12-31T00:00:00Z`,
		strings.Replace(`{"accepted":[`+good+`]}`, `"w"`, `"WHY"`, 1): `entry 1: "why" is "WHY", which only holds the place`,
		``:                                 "line 1: it is not JSON: unexpected EOF: mend it",
		`{"accepted":[` + good + `]} more`: "line 1: it is not JSON: invalid character",
		`{"acepted":[` + good + `]}`:       "acepted\" is no name that is known: mend or delete it",
		`{"accepted":[` + good[:len(good)-1] + `,"untl":"2026-12-01"}]}`:                                                                                  `entry 1: "untl" is no name that is known`,
		`{"accepted":[` + good[:len(good)-1] + `,"Until":"2026-12-01"}]}`:                                                                                 `entry 1: "Until" is no name that is known`,
		`{"accepted":[` + good[:len(good)-1] + `,"why":"other"}]}`:                                                                                        `entry 1: "why" stands there twice: leave one`,
		`{"accepted":[` + good + `,{"primary":"docs","reason":"YOUNG","why":"w","who":"me","at":"2026-11-28T12:00:00Z","until":"2027-11-28T12:00:00Z"}]}`: `entry 2: "YOUNG" is no reason`,
		`{"accepted":[{"primary":"docs","prefix":"a","why":"w","who":"me","at":"2026-11-28T12:00:00Z","until":"9999-11-28T12:00:00Z"}]}`:                  "entry 1: it holds until 9999-11-28",
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := accept.Read(path)
		if want == "" {
			assert.NoError(t, err, text)
			continue
		}
		assert.ErrorContains(t, err, want, text)
		assert.ErrorContains(t, err, "read what is accepted: "+path, text)
		assert.ErrorContains(t, accept.Add(path, []audit.Acceptance{entry(same)}, now), "read what is accepted: ", text)
	}
}

func TestAFileThatIsNamedMustBeThere(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	none, err := accept.Named("")
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(folder, accept.File), none, "the default need not be there")
	_, err = accept.Named("typo.json")
	require.ErrorContains(t, err, "read what is accepted: typo.json: there is no such file: name one that autobackup accept wrote")
	require.NoError(t, accept.Add("mine.json", []audit.Acceptance{entry(same)}, now))
	mine, err := accept.Named("mine.json")
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(folder, "mine.json"), mine, "an audit may go on in another folder")
}

func TestWhereThereIsNoFileNothingIsAccepted(t *testing.T) {
	for _, path := range []string{"", filepath.Join(t.TempDir(), "none.json")} {
		read, err := accept.Read(path)
		require.NoError(t, err)
		assert.Empty(t, read)
	}
	_, err := accept.Read(t.TempDir())
	assert.ErrorContains(t, err, "is a directory")
	var page bytes.Buffer
	require.NoError(t, accept.List(&page, nil, now))
	assert.Equal(t, "Nothing is accepted.\n", page.String())
}

// full is where nothing more can be written.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("it is full") }

func TestAListThatCannotBeWrittenIsToldSo(t *testing.T) {
	assert.ErrorContains(t, accept.List(full{}, nil, now), "it is full")
	assert.ErrorContains(t, accept.List(full{}, []audit.Acceptance{entry(same)}, now), "it is full")
}

func TestWhoCouldReadTheFileStillCanAndALinkStaysOne(t *testing.T) {
	folder := t.TempDir()
	path, link := filepath.Join(folder, "real.json"), filepath.Join(folder, "link.json")
	require.NoError(t, accept.Add(path, []audit.Acceptance{entry(same)}, now))
	mode := func() os.FileMode {
		stat, err := os.Stat(path)
		require.NoError(t, err)
		return stat.Mode().Perm()
	}
	assert.Equal(t, os.FileMode(0o644), mode())
	require.NoError(t, os.Chmod(path, 0o640)) //nolint:gosec // on purpose
	require.NoError(t, os.Symlink("real.json", link))
	require.NoError(t, accept.Add(link, []audit.Acceptance{entry(func(a *audit.Acceptance) { a.Key = "k" })}, now))
	assert.Equal(t, os.FileMode(0o640), mode())
	read, err := accept.Read(path)
	require.NoError(t, err)
	assert.Len(t, read, 2)
	stat, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, stat.Mode()&os.ModeSymlink)
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Len(t, left, 2, "nothing is left beside it")
}

func TestWhatManyAddAtOnceIsAllInTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "accepted.json")
	var adding errgroup.Group
	for i := range 50 {
		adding.Go(func() error {
			return accept.Add(path, []audit.Acceptance{entry(func(a *audit.Acceptance) { a.Key = strconv.Itoa(i) })}, now)
		})
	}
	require.NoError(t, adding.Wait())
	read, err := accept.Read(path)
	require.NoError(t, err)
	assert.Len(t, read, 50)
}

func TestAFileThatCannotBeWrittenIsToldAndNothingIsLeft(t *testing.T) {
	err := accept.Add(filepath.Join(t.TempDir(), "no", "such"), []audit.Acceptance{entry(same)}, now)
	assert.ErrorContains(t, err, "write what is accepted: ")
}

func TestUntilIsADateATimeOrHowLongFromNow(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2027-01-31":                time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC),
		"2027-01-31T10:00:00+02:00": time.Date(2027, 1, 31, 8, 0, 0, 0, time.UTC),
		"90d":                       now.Add(90 * 24 * time.Hour),
		"12h":                       now.Add(12 * time.Hour),
		"6w":                        now.Add(6 * 7 * 24 * time.Hour),
		"2y":                        now.Add(2 * 365 * 24 * time.Hour),
	} {
		got, err := accept.Until(text, now.Add(time.Millisecond))
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "d", "-1d", "1.5d", "next\nyear", "2027-13-01", "99999d", "2027-1-1", "3m", "1h30m", "1Y", "y"} {
		_, err := accept.Until(text, now)
		assert.EqualError(t, err, "until "+strconv.Quote(text)+": write a date such as 2027-12-31, or how long from now in hours, days, weeks or years of 365 days: 12h, 90d, 6w or 1y")
	}
}
