package audit_test

import (
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/audit"
)

// rows is a Stream of what is in memory; at the end comes err, if any.
type rows struct {
	all []audit.Row
	err error
}

func (r *rows) Next() (audit.Row, bool, error) {
	if len(r.all) == 0 {
		return audit.Row{}, false, r.err
	}
	row := r.all[0]
	r.all = r.all[1:]
	return row, true, nil
}

// shared is a Spill in memory of three shares.
type shared struct {
	sides [3][2][]audit.Row
	puts  int
}

func (s *shared) Put(row audit.Row, replica bool) error {
	s.puts++
	of := &s.sides[crc32.ChecksumIEEE([]byte(row.VersionID))%3]
	i := 0
	if replica {
		i = 1
	}
	of[i] = append(of[i], row)
	return nil
}

func (s *shared) Each(share func(primary, replica []audit.Row) error) error {
	for _, of := range s.sides {
		if err := share(of[0], of[1]); err != nil {
			return err
		}
	}
	s.sides = [3][2][]audit.Row{}
	return nil
}

// sorted is a bucket as a listing may show it: keys in order, the versions of each in
// any.
func sorted(t *rapid.T, versions map[string][]string, side string) (all []audit.Row) {
	keys := make([]string, 0, len(versions))
	for key := range versions {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if len(versions[key]) == 0 {
			continue
		}
		for _, version := range rapid.Permutation(versions[key]).Draw(t, side+" order") {
			all = append(all, audit.Row{Key: key, VersionID: version, ETag: side})
		}
	}
	return all
}

// anySides are two buckets as listings may show them, which share about half of their
// versions. want is on which side each is, by key and version.
func anySides(t *rapid.T) (primary, replica []audit.Row, want map[string]string) {
	want = map[string]string{}
	ours, theirs := map[string][]string{}, map[string][]string{}
	for _, key := range []string{"", "a", "a/", "ab", "\uff5e", "\U0001f600"} {
		for i := range rapid.IntRange(0, 12).Draw(t, "versions") {
			version := fmt.Sprint(i)
			where := rapid.SampledFrom([]string{"both", "both", "primary", "replica"}).Draw(t, "where")
			want[key+"|"+version] = where
			if where != "replica" {
				ours[key] = append(ours[key], version)
			}
			if where != "primary" {
				theirs[key] = append(theirs[key], version)
			}
		}
	}
	return sorted(t, ours, "primary"), sorted(t, theirs, "replica"), want
}

func TestEveryVersionComesOutOnceAndPairedWhereBothSidesHaveIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.IntRange(0, 6).Draw(t, "bound")
		primary, replica, want := anySides(t)
		got, last := map[string]string{}, ""
		err := audit.MergeWithin(bound, &rows{all: primary}, &rows{all: replica}, &shared{}, func(p audit.Pair) error {
			row := p.Row()
			id, where := row.Key+"|"+row.VersionID, p.Item("", "", audit.Conclusion{}).On
			require.NotContains(t, got, id, "came out twice")
			require.GreaterOrEqual(t, row.Key, last)
			if where == "both" {
				require.Equal(t, p.Primary.VersionID, p.Replica.VersionID)
				require.Equal(t, p.Primary.Key, p.Replica.Key)
			}
			require.True(t, p.Primary == nil || p.Primary.ETag == "primary")
			require.True(t, p.Replica == nil || p.Replica.ETag == "replica")
			got[id], last = where, row.Key
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func TestAVersionThatAListingRepeatsIsAnErrorWhereverItStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.SampledFrom([]int{0, 1, 3, 100}).Draw(t, "bound")
		n := rapid.IntRange(1, 8).Draw(t, "versions")
		var versions []string
		for i := range n {
			versions = append(versions, fmt.Sprint(i))
		}
		sides := [2][]audit.Row{}
		for i, name := range []string{"primary", "replica"} {
			own := slices.DeleteFunc(slices.Clone(versions), func(string) bool { return rapid.IntRange(0, 3).Draw(t, "lacks") == 0 })
			sides[i] = sorted(t, map[string][]string{"a": own}, name)
		}
		twice := rapid.IntRange(0, 1).Draw(t, "side")
		if len(sides[twice]) == 0 {
			t.Skip("nothing to repeat")
		}
		row := rapid.SampledFrom(sides[twice]).Draw(t, "repeated")
		at := rapid.IntRange(slices.Index(sides[twice], row)+1, len(sides[twice])).Draw(t, "at")
		sides[twice] = slices.Insert(sides[twice], at, row)
		err := audit.MergeWithin(bound, &rows{all: sides[0]}, &rows{all: sides[1]}, &shared{}, func(audit.Pair) error { return nil })
		if bound < n && err == nil {
			return // of what found its partner, so many are remembered as may wait
		}
		require.ErrorContains(t, err, fmt.Sprintf("has the version %q of %q twice", row.VersionID, "a"))
	})
}

func TestRowsThatSpillAreForgottenWhenTheirKeyEnds(t *testing.T) {
	side := func(order ...string) *rows {
		r := &rows{}
		for _, key := range []string{"a", "b"} {
			for _, version := range order {
				r.all = append(r.all, audit.Row{Key: key, VersionID: version})
			}
		}
		return r
	}
	spill, pairs := &shared{}, 0
	require.NoError(t, audit.MergeWithin(2, side("1", "2", "3", "4"), side("4", "3", "2", "1"), spill, func(p audit.Pair) error {
		require.NotNil(t, p.Primary)
		require.NotNil(t, p.Replica)
		pairs++
		return nil
	}))
	assert.Equal(t, 8, pairs)
	assert.Positive(t, spill.puts)
	assert.Empty(t, spill.sides)
}

func TestAMergeEndsWithTheFirstErrorOfAStreamOrOfWhoTakesThePairs(t *testing.T) {
	row := func(key, version string) audit.Row { return audit.Row{Key: key, VersionID: version} }
	broken := errors.New("broken")
	fine := func(audit.Pair) error { return nil }
	for name, tc := range map[string]struct {
		primary, replica rows
		yield            func(audit.Pair) error
		want             string
	}{
		"the primary's listing breaks": {rows{[]audit.Row{row("a", "1")}, broken}, rows{[]audit.Row{row("a", "1")}, nil}, fine, "broken"},
		"the replica's listing breaks": {rows{[]audit.Row{row("a", "1")}, nil}, rows{[]audit.Row{row("a", "1")}, broken}, fine, "broken"},
		"it breaks at once":            {rows{nil, broken}, rows{}, fine, "broken"},
		"the replica's breaks at once": {rows{}, rows{nil, broken}, fine, "broken"},
		"a pair can't be kept":         {rows{[]audit.Row{row("a", "1")}, nil}, rows{[]audit.Row{row("a", "1")}, nil}, func(audit.Pair) error { return broken }, "broken"},
		"what is alone can't be kept":  {rows{[]audit.Row{row("a", "1")}, nil}, rows{}, func(audit.Pair) error { return broken }, "broken"},
		"keys go backwards":            {rows{[]audit.Row{row("b", "1"), row("a", "1")}, nil}, rows{}, fine, `a listing goes backwards: "a" comes after "b"`},
		"UTF-16's order goes backwards": {
			rows{}, rows{[]audit.Row{row("\U0001f600", "1"), row("\uff5e", "1")}, nil}, fine, "a listing goes backwards",
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, audit.Merge(&tc.primary, &tc.replica, &shared{}, tc.yield), tc.want)
		})
	}
}

func side(versions ...string) *rows {
	r := &rows{}
	for _, version := range versions {
		r.all = append(r.all, audit.Row{Key: "a", VersionID: version})
	}
	return r
}

func TestARepetitionIsNoticedWhateverItsPartnerDid(t *testing.T) {
	for name, tc := range map[string]struct {
		bound            int
		primary, replica *rows
	}{
		"both sides repeat it":             {9, side("1", "2", "1"), side("1", "2", "1")},
		"both repeat what waited":          {9, side("1", "2", "1", "3"), side("2", "1", "3", "1")},
		"one repeats while it waits":       {9, side("1", "1"), side("2")},
		"one repeats what the other lacks": {9, side("1", "2", "1"), side("2")},
		"the primary repeats on disk":      {1, side("1", "2", "3", "1"), side("4", "5")},
		"the replica repeats on disk":      {1, side("4", "5"), side("1", "2", "3", "1")},
		"a paired one, on disk":            {1, side("1", "2", "3", "4"), side("4", "3", "2", "1", "1")},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, audit.MergeWithin(tc.bound, tc.primary, tc.replica, &shared{}, func(audit.Pair) error { return nil }), "twice")
		})
	}
}

func TestRowsOfOneOrderWaitForNothingAndFewGoToDisk(t *testing.T) {
	spill := &shared{}
	fine := func(audit.Pair) error { return nil }
	require.NoError(t, audit.MergeWithin(0, side("1", "2", "3"), side("1", "2", "3"), spill, fine))
	require.NoError(t, audit.MergeWithin(6, side("1", "2", "3"), side("4", "5", "6"), spill, fine))
	assert.Zero(t, spill.puts)
	require.NoError(t, audit.MergeWithin(5, side("1", "2", "3"), side("4", "5", "6"), spill, fine))
	assert.Equal(t, 6, spill.puts)
}

func TestALongKeyWhoseOrderDiffersALittleComesOutWhole(t *testing.T) {
	var one, other []string
	for i := range 5000 { // beyond what a list of waiting rows keeps of those that left
		one, other = append(one, fmt.Sprint(i)), append(other, fmt.Sprint(i^1))
	}
	spill, pairs := &shared{}, 0
	require.NoError(t, audit.MergeWithin(4, side(append(one, "left")...), side(append(other, "over")...), spill, func(p audit.Pair) error {
		if p.Primary != nil && p.Replica != nil {
			pairs++
		}
		return nil
	}))
	assert.Equal(t, 5000, pairs)
	assert.Zero(t, spill.puts)
}
