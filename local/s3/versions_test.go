package s3

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestVersionsAreOrderedByTheirMakingWhateverTheirArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		made := rapid.SliceOfNDistinct(rapid.Uint64Range(1, 50), 1, 20, rapid.ID[uint64]).Draw(t, "made")
		var o objects
		for _, seq := range made {
			o.add(fmt.Sprint("key", seq%3), &version{id: fmt.Sprint(seq), seq: seq})
		}
		require.Equal(t, slices.Sorted(maps.Keys(o.versions)), o.keys.Keys())
		for key, versions := range o.versions {
			require.True(t, slices.IsSortedFunc(versions, func(a, b *version) int { return cmp.Compare(a.seq, b.seq) }))
			require.Same(t, versions[len(versions)-1], o.find(key, ""))
		}
		for _, seq := range made {
			removed := o.remove(fmt.Sprint("key", seq%3), fmt.Sprint(seq))
			require.NotNil(t, removed)
			require.Equal(t, seq, removed.seq)
		}
		require.Zero(t, o.keys.Len())
		require.Empty(t, o.versions)
	})
}

// Keys that come before all others move none of them: 200,000 take a moment, not
// half a minute.
func TestObjectsOfAnyNumberAreAddedAndRemovedAsFast(t *testing.T) {
	var o objects
	begin := time.Now()
	name := func(i int) string { return fmt.Sprintf("%06d", i) }
	for i := range 200_000 {
		o.add(name(200_000-i), &version{id: "v"})
	}
	for i := range 200_000 {
		o.remove(name(i+1), "v")
	}
	assert.Less(t, time.Since(begin), 10*time.Second)
}

func TestReplicationStatusOfSeveralDestinations(t *testing.T) {
	for want, copies := range map[string][]string{
		"":          nil,
		"COMPLETED": {"COMPLETED", "COMPLETED"},
		"PENDING":   {"COMPLETED", "PENDING", "COMPLETED"},
		"FAILED":    {"COMPLETED", "FAILED", "PENDING"},
	} {
		v := &version{copies: map[string]string{}}
		for i, status := range copies {
			v.copies[fmt.Sprint(i)] = status
		}
		assert.Equal(t, want, v.replicationStatus())
	}
	assert.Equal(t, "REPLICA", (&version{replica: true}).replicationStatus())
}

// Every page size gives the same list, which is also what a model says.
func TestPagesOfAnySizeGiveTheSameKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfDistinct(rapid.StringMatching(`[ab/]{1,5}`), rapid.ID[string]).Draw(t, "keys")
		l := listing{
			prefix:    rapid.SampledFrom([]string{"", "a", "a/", "b/a"}).Draw(t, "prefix"),
			delimiter: rapid.SampledFrom([]string{"", "/", "a"}).Draw(t, "delimiter"),
		}
		var o objects
		for i, key := range keys {
			o.add(key, &version{seq: uint64(i), checksum: checksum{algorithm: unasked}}) //nolint:gosec // an index
		}
		want := map[string]bool{}
		for _, key := range keys {
			if len(key) >= len(l.prefix) && key[:len(l.prefix)] == l.prefix {
				want[l.item(key).name] = true
			}
		}
		l.max = rapid.IntRange(1, 4).Draw(t, "page size")
		var got []string
		for marker, more := "", true; more; {
			var page listV2Result
			(&Server{}).fillV2(&page, l, &o, marker, false)
			require.LessOrEqual(t, page.KeyCount, l.max)
			for _, object := range page.Contents {
				got = append(got, object.Key)
			}
			for _, prefix := range page.CommonPrefixes {
				got = append(got, prefix.Prefix)
			}
			if more = page.IsTruncated; more {
				marker = slices.Max(got)
			}
		}
		slices.Sort(got)
		require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Clone(got))
	})
}
