package listing_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/audit"
	"autobackup/internal/listing"
)

func TestAKeyWith5000VersionsKeepsItsOrderOverPages(t *testing.T) {
	words := []string{"a@1"}
	for i := range 5000 {
		words = append(words, "k@"+strconv.Itoa(i))
	}
	words = append(words, "z@1")
	f := &fake{rows: rowsOf(words...), page: 1000}
	for i := range f.rows { // each a second older than the one before
		f.rows[i].Modified = made.Add(-time.Duration(i) * time.Second)
		if i > 1 && i <= 5000 {
			f.rows[i].Superseded, f.rows[i].Newer, f.rows[i].ByMarker = f.rows[i-1].Modified, f.rows[i-1].Newer+1, f.rows[i-1].Marker
		}
	}
	rows := f.lister().Rows(t.Context(), "", "")
	defer rows.Close()
	for i, want := range f.rows {
		got, ok, err := rows.Next()
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, want, got, "row %d", i)
	}
	_, ok, err := rows.Next()
	require.NoError(t, err)
	assert.False(t, ok)
	assert.Equal(t, 6, rows.Pages())
	assert.Equal(t, "z", rows.At())
	assert.Equal(t, f.rows[5001:], all(t, f.lister(), "k", ""))
	assert.Equal(t, f.rows[:5001], all(t, f.lister(), "", "k"))
	assert.Equal(t, f.rows[1:5001], all(t, f.lister(), "a", "k"))
}

func TestPagesOfTheLocalS3WithManyVersionsOfAKey(t *testing.T) {
	t.Run("", against(func(t *testing.T, w *world) {
		var want []string
		for i := range 1050 {
			if i%7 == 3 {
				want = append(want, w.remove(t, "k"))
			} else {
				want = append(want, w.put(t, "k", "x"))
			}
		}
		w.put(t, "j", "")
		w.put(t, "l", "")
		slices.Reverse(want)
		var got []string
		for _, row := range all(t, w.lister, "j", "k") {
			got = append(got, row.VersionID)
		}
		assert.Equal(t, want, got)
		l := w.lister
		l.Prefix = "k"
		assert.Len(t, all(t, l, "", ""), 1050)
		assert.Len(t, all(t, l, "a", "z"), 1050)
		assert.Empty(t, all(t, l, "k", ""))
		assert.Empty(t, all(t, l, "l", ""))
	}))
}

func TestOnePageIsFetchedAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{rows: rowsOf("a@1", "b@1", "c@1", "d@1", "e@1", "f@1", "g@1"), page: 2}
		rows := f.lister().Rows(t.Context(), "", "")
		defer rows.Close()
		for i, want := range []int64{1, 2, 2, 3, 3, 4, 4} {
			synctest.Wait()
			assert.Equal(t, want, f.calls, "before row %d", i)
			_, ok, err := rows.Next()
			require.NoError(t, err)
			require.True(t, ok)
		}
	})
}

func TestNothingBeyondTheRangeIsFetched(t *testing.T) {
	tests := map[string]struct {
		after, upto string
		want        []string
		calls       int64
	}{
		"the end in the middle of a page":     {"", "a", []string{"a"}, 1},
		"the end at the end of a page":        {"", "b", []string{"a", "b"}, 2}, // b may have more versions
		"the end between the keys":            {"a", "bb", []string{"b"}, 1},
		"the end beyond all keys":             {"d", "x", []string{"e"}, 1},
		"an empty range":                      {"b", "b", nil, 0},
		"a range the wrong way round":         {"c", "b", nil, 0},
		"a range between two keys":            {"b", "bb", nil, 1},
		"a beginning and no end":              {"c", "", []string{"d", "e"}, 1},
		"an end that is the first of all":     {"", "\x01", nil, 1},
		"a beginning that is the last of all": {"\U0010ffff", "", nil, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{rows: rowsOf("a@1", "b@1", "c@1", "d@1", "e@1"), page: 2}
				rows := f.lister().Rows(t.Context(), tt.after, tt.upto)
				defer rows.Close()
				assert.Equal(t, tt.after, rows.At())
				var got []string
				for row, ok, err := rows.Next(); ok; row, ok, err = rows.Next() {
					require.NoError(t, err)
					got = append(got, row.Key)
					assert.Equal(t, row.Key, rows.At())
				}
				synctest.Wait()
				assert.Equal(t, tt.want, got)
				assert.Equal(t, tt.calls, f.calls)
				assert.Equal(t, int(tt.calls), rows.Pages())
				_, ok, err := rows.Next()
				assert.False(t, ok)
				assert.NoError(t, err)
				assert.False(t, rows.ShortenTo("\x01"), "a range that has ended")
			})
		})
	}
}

func TestTheFirstKeyOfARange(t *testing.T) {
	tests := map[string]struct {
		after, upto, want string
		calls             int64
	}{
		"all":                             {"", "", "a", 1},
		"behind a key":                    {"a", "", "c", 1},
		"behind what is no key":           {"b", "", "c", 1},
		"up to the key":                   {"a", "c", "c", 1},
		"up to before the key":            {"a", "b", "", 1},
		"behind all":                      {"c", "", "", 1},
		"an empty range":                  {"a", "a", "", 0},
		"a range that is the wrong round": {"c", "a", "", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := &fake{rows: rowsOf("a@1", "a@2", "c@1"), page: 9}
			f.answer = func(_ int, r *http.Request, _ func(url.Values) string) (*http.Response, error) {
				assert.Equal(t, "1", r.URL.Query().Get("max-keys"))
				return nil, nil
			}
			got, ok, err := f.lister().First(t.Context(), tt.after, tt.upto)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.want != "", ok)
			assert.Equal(t, tt.calls, f.calls)
		})
	}
	f := &fake{answer: func(int, *http.Request, func(url.Values) string) (*http.Response, error) {
		return status(http.StatusForbidden, ""), nil
	}}
	_, ok, err := f.lister().First(t.Context(), "", "")
	assert.False(t, ok)
	require.EqualError(t, err, "ListObjectVersions of s3://docs answered 403 Forbidden")
}

func TestAVersionThatABucketHas(t *testing.T) {
	f := &fake{rows: rowsOf("a@1", "b@2", "b@1", "b-c@3"), page: 1}
	for version, has := range map[string]bool{"b@2": true, "b@1": true, "b@3": false, "a@2": false, "b-c@3": true, "c@1": false} {
		key, id, _ := strings.Cut(version, "@")
		got, err := f.lister().Has(t.Context(), key, id)
		require.NoError(t, err)
		assert.Equal(t, has, got, version)
	}
	f = &fake{answer: func(int, *http.Request, func(url.Values) string) (*http.Response, error) {
		return status(http.StatusForbidden, ""), nil
	}}
	has, err := f.lister().Has(t.Context(), "b", "1")
	assert.False(t, has)
	require.EqualError(t, err, "ListObjectVersions of s3://docs answered 403 Forbidden")
}

func TestARangeIsShortened(t *testing.T) {
	tests := map[string]struct {
		read     int // rows before
		upto, to string
		want     bool
		got      []string // rows in all
	}{
		"before the first row":            {0, "", "b", true, []string{"a", "b"}},
		"to a key that was handed out":    {2, "", "b", true, []string{"a", "b"}},
		"to a key fetched already":        {2, "", "c", true, []string{"a", "b", "c"}},
		"to before what was handed out":   {2, "", "a", false, []string{"a", "b", "c", "d", "e"}},
		"to between keys":                 {1, "", "bb", true, []string{"a", "b"}},
		"to an earlier end":               {1, "d", "c", true, []string{"a", "b", "c"}},
		"to the same end":                 {1, "d", "d", false, []string{"a", "b", "c", "d"}},
		"to a later end":                  {1, "c", "d", false, []string{"a", "b", "c"}},
		"to no end":                       {1, "c", "", false, []string{"a", "b", "c"}},
		"to the end of a range of no end": {1, "", "", false, []string{"a", "b", "c", "d", "e"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{rows: rowsOf("a@1", "b@1", "c@1", "d@1", "e@1"), page: 3}
				rows := f.lister().Rows(t.Context(), "", tt.upto)
				defer rows.Close()
				var got []string
				next := func() bool {
					row, ok, err := rows.Next()
					require.NoError(t, err)
					if ok {
						got = append(got, row.Key)
					}
					return ok
				}
				for range tt.read {
					require.True(t, next())
				}
				assert.Equal(t, tt.want, rows.ShortenTo(tt.to))
				for next() {
				}
				assert.Equal(t, tt.got, got)
			})
		})
	}
}

func TestARangeShortenedInTimeIsNotFetchedFurther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{rows: rowsOf("a@1", "b@1", "c@1", "d@1", "e@1"), page: 1}
		rows := f.lister().Rows(t.Context(), "", "")
		defer rows.Close()
		_, _, err := rows.Next()
		require.NoError(t, err)
		synctest.Wait()
		require.True(t, rows.ShortenTo("a"))
		_, ok, err := rows.Next()
		require.NoError(t, err)
		assert.False(t, ok)
		synctest.Wait()
		assert.Equal(t, int64(2), f.calls, "the page that was fetched ahead, and none behind it")
	})
}

func TestAStreamThatIsClosedLeavesNothingRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails where a goroutine stays
		f := &fake{rows: rowsOf(words...), page: 2}
		rows := f.lister().Rows(t.Context(), "", "")
		_, _, err := rows.Next()
		require.NoError(t, err)
		rows.Close()
		rows.Close()
		for range 2 { // rows of the page at hand may come
			if _, _, err = rows.Next(); err != nil {
				break
			}
		}
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "s3://docs")
		_, _, again := rows.Next()
		assert.Equal(t, err, again)
	})
}

func TestAStreamThatIsCancelledIsNoEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{rows: rowsOf(words...), page: 2}
		ctx, cancel := context.WithCancel(t.Context())
		rows := f.lister().Rows(ctx, "", "")
		defer rows.Close()
		f.answer = faults["no answer"].answer
		cancel()
		for {
			_, ok, err := rows.Next()
			if err != nil {
				require.ErrorIs(t, err, context.Canceled)
				return
			}
			require.True(t, ok, "the range ended as if it were complete")
		}
	})
}

// TestRangesThatAreSplitWhileTheyRunHandOutEachRowOnce shortens streams from another
// goroutine at any moment, as an audit does with ranges that prove long.
func TestRangesThatAreSplitWhileTheyRunHandOutEachRowOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBucket(rapid.SliceOfN(key(), 1, 30).Draw(t, "keys"))
		var words []string
		for _, key := range b.keys {
			for v := range rapid.IntRange(1, 5).Draw(t, "versions") {
				words = append(words, fmt.Sprint(key, "@", v))
			}
		}
		f := &fake{rows: rowsOf(words...), page: rapid.IntRange(1, 4).Draw(t, "page")}
		seed := rapid.Uint64().Draw(t, "seed")
		var got []audit.Row
		var mu sync.Mutex
		var running sync.WaitGroup
		var run func(after, upto string, splits int)
		run = func(after, upto string, splits int) {
			random := rand.New(rand.NewPCG(seed, uint64(len(after))))
			rows := f.lister().Rows(context.Background(), after, upto)
			defer rows.Close()
			if splits > 0 {
				running.Go(func() {
					m, ok, err := listing.Split(context.Background(), b.fresh, rows.At(), upto)
					if err == nil && ok && rows.ShortenTo(m) {
						run(m, upto, splits-1)
					}
				})
			}
			for {
				row, ok, err := rows.Next()
				if err != nil || !ok {
					assert.NoError(t, err)
					return
				}
				mu.Lock()
				got = append(got, row)
				mu.Unlock()
				if random.IntN(3) == 0 {
					time.Sleep(time.Microsecond)
				}
			}
		}
		running.Go(func() { run("", "", 3) })
		running.Wait()
		slices.SortStableFunc(got, func(a, b audit.Row) int {
			if a.Key < b.Key {
				return -1
			} else if a.Key > b.Key {
				return 1
			}
			return 0
		})
		assert.Equal(t, f.rows, got)
	})
}

// fresh is first for several callers at once.
func (b *bucket) fresh(after, upto string) (string, bool, error) {
	return (&bucket{keys: b.keys}).first(after, upto)
}
