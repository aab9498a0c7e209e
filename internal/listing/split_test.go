package listing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/listing"
)

func TestBetween(t *testing.T) {
	long := strings.Repeat("k", 1023)
	tests := map[string]struct{ lo, hi, want string }{ // an empty want: there is none
		"all strings":                               {"", "", "\x7f"},
		"all of ASCII":                              {"", "\x7f", "?"},
		"all beyond ASCII":                          {"\x7f", "", "\U0008843f"},
		"beyond the last key":                       {"docs/2026", "", "\x7f"},
		"two characters with room":                  {"a", "e", "c"},
		"two characters with room for one":          {"a", "c", "b"},
		"neighbours":                                {"a", "b", "a\x7f"},
		"behind what both share":                    {"x/a", "x/e", "x/c"},
		"a key and what begins with it":             {"a", "ab", "a1"},
		"a key and the least that begins with it":   {"a", "a\x01", ""},
		"a key and the second that begins with it":  {"a", "a\x01\x01", "a\x01"},
		"neighbours, the latter with more":          {"a", "ba", "a\x7f"},
		"beyond ASCII and within":                   {"a", "é", "a\x7f"[1:]},
		"around the surrogates":                     {"\ud7ff", "\ue000", "\ud7ff\x7f"},
		"the middle beyond the surrogates":          {"\ud7fe", "\ue001", "\ud7ff"},
		"the largest character":                     {"\U0010ffff", "", "\U0010ffff\x7f"},
		"1,024 bytes, with room before the end":     {long + "a", "", "\x7f"},
		"1,024 bytes that differ at the end":        {long + "a", long + "c", long + "b"},
		"1,024 bytes without room":                  {long + "a", long + "b", ""},
		"1,023 bytes without room for more":         {long, long + "\x01", ""},
		"1,023 bytes with room for one of ASCII":    {long, long[:1022] + "l", long + "\x7f"},
		"1,023 bytes, where the end of ASCII is no": {long[:1022] + "\x7e", long[:1022] + "\x7f", long[:1022] + "\x7e\x7f"},
		"1,022 bytes and one of two bytes":          {long[:1022] + "\u0080", long[:1022] + "\u00ff", long[:1022] + "\u00bf"},
		"a NUL in what both share":                  {"a\x00b", "a\x00d", ""},
		"equal":                                     {"a", "a", ""},
		"the wrong way round":                       {"b", "a", ""},
		"what is no UTF-8":                          {"\xff1", "\xff9", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := listing.Between(tt.lo, tt.hi)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.want != "", ok)
		})
	}
}

// runes are those where order and encoding have their borders.
var runes = []rune("\x01\x02\t\n\x1f /09AZaz~\x7f\u0080é\u07ff\u0800\ud7fe\ud7ff\ue000\ue001\uff5e\uffff\U00010000\U0001f600\U0010fffe\U0010ffff")

func key() *rapid.Generator[string] {
	short := rapid.Map(rapid.SliceOfN(rapid.SampledFrom(runes), 1, 6), func(r []rune) string { return string(r) })
	return rapid.Custom(func(t *rapid.T) string {
		key := short.Draw(t, "key")
		if rapid.IntRange(0, 9).Draw(t, "long") > 0 {
			return key
		}
		key = strings.Repeat("p", rapid.IntRange(1000, 1024).Draw(t, "shared")) + key
		for len(key) > 1024 || !utf8.ValidString(key) {
			key = key[:len(key)-1]
		}
		return key
	})
}

func TestBetweenIsAlwaysAKeyBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lo, hi := key().Draw(t, "lo"), rapid.OneOf(key(), rapid.Just("")).Draw(t, "hi")
		if rapid.Bool().Draw(t, "from the beginning") {
			lo = ""
		}
		m, ok := listing.Between(lo, hi)
		if !ok {
			assert.Empty(t, m)
			if hi == "" || len(lo) < 1000 {
				// Without room is only what has one string, or none, behind it.
				assert.True(t, hi != "" && (lo >= hi || hi <= lo+"\x01"), "%q to %q has room", lo, hi)
			}
			return
		}
		assert.Less(t, lo, m)
		assert.True(t, hi == "" || m < hi, "%q < %q", m, hi)
		assert.True(t, utf8.ValidString(m))
		assert.LessOrEqual(t, len(m), 1024)
		assert.NotContains(t, m, "\x00")
	})
}

// bucket is sorted keys that can be asked for.
type bucket struct {
	keys   []string
	probes int
}

func (b *bucket) first(after, upto string) (string, bool, error) {
	b.probes++
	for _, key := range b.keys {
		if key > after {
			return key, upto == "" || key <= upto, nil
		}
	}
	return "", false, nil
}

func newBucket(keys []string) *bucket {
	slices.Sort(keys)
	return &bucket{keys: slices.Compact(keys)}
}

// within are the keys of a range.
func (b *bucket) within(after, upto string) (keys []string) {
	for _, key := range b.keys {
		if key > after && (upto == "" || key <= upto) {
			keys = append(keys, key)
		}
	}
	return keys
}

func TestASplitLeavesKeysInItsSecondRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBucket(rapid.SliceOfN(key(), 0, 40).Draw(t, "keys"))
		at := rapid.OneOf(key(), rapid.Just("")).Draw(t, "at")
		upto := rapid.OneOf(key(), rapid.Just("")).Draw(t, "upto")
		m, ok, err := listing.Split(context.Background(), b.first, at, upto)
		require.NoError(t, err)
		assert.LessOrEqual(t, b.probes, 40)
		if !ok {
			assert.Empty(t, m)
			assert.LessOrEqual(t, len(b.within(at, upto)), 1, "more than one key could be parted")
			return
		}
		assert.Less(t, at, m)
		assert.True(t, upto == "" || m < upto)
		assert.NotEmpty(t, b.within(m, upto))
	})
}

func TestRangesTileWhateverIsSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBucket(rapid.SliceOfN(key(), 1, 40).Draw(t, "keys"))
		ranges := [][2]string{{"", ""}}
		for range rapid.IntRange(0, 10).Draw(t, "splits") {
			i := rapid.IntRange(0, len(ranges)-1).Draw(t, "range")
			m, ok, err := listing.Split(context.Background(), b.first, ranges[i][0], ranges[i][1])
			require.NoError(t, err)
			if ok {
				ranges = append(ranges, [2]string{m, ranges[i][1]})
				ranges[i][1] = m
			}
		}
		var tiled []string
		for _, r := range ranges {
			tiled = append(tiled, b.within(r[0], r[1])...)
		}
		slices.Sort(tiled)
		assert.Equal(t, b.keys, tiled)
	})
}

func TestASplitOfUsualKeysPartsThem(t *testing.T) {
	shapes := map[string]func(i int) string{
		"numbers":                  func(i int) string { return fmt.Sprintf("invoices/2026/customer-%08d.pdf", i) },
		"folders":                  func(i int) string { return fmt.Sprintf("tenants/%03d/files/%d", i/100, i) },
		"hashes":                   func(i int) string { return fmt.Sprintf("%016x", uint64(i)*0x9e3779b97f4a7c15) },
		"beyond ASCII":             func(i int) string { return fmt.Sprintf("документы/%05d", i) },
		"a folder of 1,000 bytes":  func(i int) string { return fmt.Sprintf("%s%05d", strings.Repeat("ф/", 330), i) },
		"most with another folder": func(i int) string { return fmt.Sprintf("%c/%05d", 'a'+min(i, 1), i) },
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			var all []string
			for i := range 10_000 {
				all = append(all, shape(i))
			}
			b := newBucket(all)
			for _, at := range []string{"", b.keys[10]} {
				b.probes = 0
				m, ok, err := listing.Split(t.Context(), b.first, at, "")
				require.NoError(t, err)
				require.True(t, ok)
				first, second := len(b.within(at, m)), len(b.within(m, ""))
				t.Logf("%d probes, %d and %d keys", b.probes, first, second)
				assert.LessOrEqual(t, b.probes, 25)
				if name != "most with another folder" {
					assert.Greater(t, min(first, second), 50)
				}
			}
		})
	}
}

func TestASplitOfFewKeys(t *testing.T) {
	tests := map[string]struct {
		keys []string
		at   string
		want string // empty where there is none
	}{
		"none":                           {nil, "", ""},
		"one":                            {[]string{"a"}, "", ""},
		"one behind the last":            {[]string{"a", "b"}, "a", ""},
		"one that begins with another":   {[]string{"a", "ab"}, "", "a"},
		"many that begin with another":   {[]string{"a", "ab", "abc", "abcd"}, "", "abc"},
		"one at the least of its place":  {[]string{"a", "b\x01"}, "", "b"},
		"one that is the largest of all": {[]string{"a", "\U0010ffff"}, "", "\x7f"},
		"one behind the largest of all":  {[]string{"\U0010ffff", "\U0010ffff\U0010ffff"}, "", "\U0010ffff"},
		"one behind the surrogates":      {[]string{"\ud7ff", "\ue000\x01"}, "", "\ue000"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok, err := listing.Split(t.Context(), newBucket(tt.keys).first, tt.at, "")
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.want != "", ok)
		})
	}
}

func TestASplitEndsWithTheErrorOfItsProbe(t *testing.T) {
	failure := errors.New("denied")
	b := newBucket([]string{"a", "ab", "b", "c"})
	for n := 1; ; n++ {
		b.probes = 0
		m, ok, err := listing.Split(t.Context(), func(after, upto string) (string, bool, error) {
			if b.probes == n-1 {
				return "", false, failure
			}
			return b.first(after, upto)
		}, "", "")
		if err == nil {
			require.Greater(t, n, 3)
			require.True(t, ok)
			return
		}
		require.ErrorIs(t, err, failure)
		require.False(t, ok)
		require.Empty(t, m)
		require.Equal(t, n-1, b.probes)
	}
}

func TestASplitIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := newBucket([]string{"a", "b"})
	_, ok, err := listing.Split(ctx, b.first, "", "")
	require.ErrorIs(t, err, context.Canceled)
	assert.False(t, ok)
	assert.Zero(t, b.probes)
}
