package audit_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/audit"
)

// behind is a stream from behind the row where an earlier merge left it; nil: the beginning.
func behind(all []audit.Row, last *audit.Row) *rows {
	if last == nil {
		return &rows{all: all}
	}
	at := slices.IndexFunc(all, func(r audit.Row) bool { return r.Key == last.Key && r.VersionID == last.VersionID })
	return &rows{all: all[at+1:]}
}

func TestAMergeThatStopsInsideKeysHandsOutTheSamePairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.IntRange(0, 6).Draw(t, "bound")
		ours, theirs, want := anySides(t)
		type kept struct {
			row     audit.Row
			replica bool
		}
		var waiting []kept
		from := (*audit.Place)(nil)
		got, last := map[string]string{}, ""
		for {
			steps := rapid.IntRange(1, 5).Draw(t, "steps")
			var next []kept
			pause := &audit.Pause{
				Late: func() bool { steps--; return steps < 0 },
				Keep: func(row audit.Row, replica bool) error { next = append(next, kept{row, replica}); return nil },
				From: from,
				Kept: func(each func(audit.Row, bool) error) error {
					for _, k := range waiting {
						if err := each(k.row, k.replica); err != nil {
							return err
						}
					}
					return nil
				},
			}
			place := audit.Place{}
			if from != nil {
				place = *from
			}
			err := audit.MergePausedWithin(bound, behind(ours, place.Primary), behind(theirs, place.Replica), &shared{}, pause, func(p audit.Pair) error {
				row := p.Row()
				id, where := row.Key+"|"+row.VersionID, p.Item("", "", audit.Conclusion{}).On
				require.NotContains(t, got, id, "came out twice")
				require.GreaterOrEqual(t, row.Key, last)
				got[id], last = where, row.Key
				return nil
			})
			if !errors.Is(err, audit.ErrPaused) {
				require.NoError(t, err)
				break
			}
			at := pause.At
			from, waiting = &at, next
		}
		require.Equal(t, want, got)
	})
}

var errFull = errors.New("the disk is full")

// What can't be kept or read again ends a merge with its error: nothing of a key is passed over.
func TestAMergeThatCannotKeepOrTakeUpWhatWaitsEndsWithTheError(t *testing.T) {
	ours := func() *rows {
		return &rows{all: []audit.Row{{Key: "k", VersionID: "1"}, {Key: "k", VersionID: "2"}, {Key: "k", VersionID: "3"}}}
	}
	for _, bound := range []int{0, 10} {
		n := 0
		pause := &audit.Pause{Late: func() bool { n++; return n > 1 }, Keep: func(audit.Row, bool) error { return errFull }}
		err := audit.MergePausedWithin(bound, ours(), &rows{}, &shared{}, pause, func(audit.Pair) error { return nil })
		assert.ErrorIs(t, err, errFull, "bound %d", bound)
		pause = &audit.Pause{From: &audit.Place{Key: "k"}, Kept: func(func(audit.Row, bool) error) error { return errFull }}
		err = audit.MergePausedWithin(bound, ours(), &rows{}, &shared{}, pause, func(audit.Pair) error { return nil })
		assert.ErrorIs(t, err, errFull, "bound %d", bound)
		twice := func(each func(audit.Row, bool) error) error {
			return errors.Join(each(audit.Row{Key: "k", VersionID: "9"}, true), each(audit.Row{Key: "k", VersionID: "9"}, true))
		}
		pause = &audit.Pause{From: &audit.Place{Key: "k"}, Kept: twice}
		err = audit.MergePausedWithin(bound, ours(), &rows{}, &shared{}, pause, func(audit.Pair) error { return nil })
		assert.ErrorContains(t, err, "twice", "bound %d", bound)
	}
}

func TestAMergeThatStopsBeforeAnyRowOfASideBeginsThatSideAnew(t *testing.T) {
	pause := &audit.Pause{Late: func() bool { return true }, Keep: func(audit.Row, bool) error { return nil }}
	err := audit.MergePaused(&rows{all: []audit.Row{{Key: "k", VersionID: "1"}}}, &rows{}, &shared{}, pause, func(audit.Pair) error { return nil })
	require.ErrorIs(t, err, audit.ErrPaused)
	assert.Equal(t, audit.Place{Key: "k"}, pause.At)
}
