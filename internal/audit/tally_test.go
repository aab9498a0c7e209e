package audit_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

func TestCountsOfPartsJoinToThoseOfTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var whole, joined audit.Tally
		var part audit.Tally
		n := rapid.IntRange(0, 40).Draw(t, "versions")
		for i := range n {
			item := audit.Item{
				Key: fmt.Sprint(i), Size: int64(i), New: rapid.Bool().Draw(t, "new"),
				Category: rapid.SampledFrom([]audit.Category{audit.Finding, audit.Unknown, audit.Alike}).Draw(t, "category"),
				Reason:   rapid.SampledFrom([]reason.Code{"", reason.ReplicaMissing, reason.NotErased}).Draw(t, "reason"),
				Evidence: rapid.SampledFrom([]verdict.Evidence{"", verdict.DeleteMarker}).Draw(t, "evidence"),
			}
			whole.AddItem(item)
			part.AddItem(item)
			if rapid.Bool().Draw(t, "ends") {
				joined.Join(part.Counts())
				part = audit.Tally{}
			}
		}
		joined.Join(part.Counts())
		assert.Equal(t, whole.Counts(), joined.Counts())
		assert.Equal(t, int64(n), joined.Versions())
	})
}

func TestCountsComeFailuresFirstAndTheWorstReasonFirst(t *testing.T) {
	var all audit.Tally
	for _, c := range []audit.Conclusion{
		{Category: audit.Alike},
		{Category: audit.Compared, Evidence: "B"},
		{Category: audit.Compared, Evidence: "A"},
		{Category: audit.Expected, Reason: reason.Young},
		{Category: audit.Expected, Reason: reason.BeforeRule},
		{Category: audit.Unknown, Reason: reason.MissingNotLookedAt},
		{Category: audit.Finding, Reason: reason.NotErased},
		{Category: audit.Finding, Reason: reason.MarkerMissing},
		{Category: audit.Finding, Reason: reason.ReplicaMissing},
		{Category: audit.Finding, Reason: reason.ContentMismatch},
	} {
		for i := range 7 {
			all.Add(c, 2, func() audit.Item { return audit.Item{Key: fmt.Sprint(i)} })
		}
	}
	var order []string
	for _, c := range all.Counts() {
		order = append(order, string(c.Category)+" "+string(c.Reason)+string(c.Evidence))
		assert.Equal(t, int64(7), c.Versions)
		assert.Equal(t, int64(14), c.Bytes)
		if c.Reason == "" {
			assert.Empty(t, c.Examples, "what is fine needs none")
		} else {
			assert.Len(t, c.Examples, 5)
			assert.Equal(t, "4", c.Examples[4].Key)
		}
	}
	assert.Equal(t, []string{
		"finding CONTENT_MISMATCH", "finding REPLICA_MISSING", "finding MARKER_MISSING", "finding NOT_ERASED", "unknown MISSING_NOT_LOOKED_AT",
		"expected BEFORE_RULE", "expected YOUNG", "compared A", "compared B", "alike ",
	}, order)
}

func TestWhatIsToldLineByLineAndWhatS3CanReplicateAgain(t *testing.T) {
	for _, c := range []audit.Category{audit.Finding, audit.Unknown, audit.Accepted} {
		assert.True(t, audit.Item{Category: c}.Listed(), c)
	}
	for _, c := range []audit.Category{audit.Expected, audit.Compared, audit.Alike} {
		assert.False(t, audit.Item{Category: c}.Listed(), c)
	}
	for _, r := range []reason.Code{reason.BeforeRule, reason.ReplicationFailed, reason.MissingNotLookedAt, reason.NullVersion} {
		assert.True(t, audit.Item{Reason: r, On: audit.OnPrimary}.Replicable(), r)
		assert.False(t, audit.Item{Reason: r, On: audit.OnPrimary, Uncovered: true}.Replicable(), r)
		assert.False(t, audit.Item{Reason: r, On: audit.OnPrimary, Marker: true}.Replicable(), r)
		assert.False(t, audit.Item{Reason: r, On: audit.OnReplica}.Replicable(), r)
		assert.False(t, audit.Item{Reason: r, On: audit.OnBoth}.Replicable(), r)
	}
	assert.True(t, audit.Item{Reason: reason.ReplicaMissing, Status: "PENDING"}.Replicable())
	assert.True(t, audit.Item{Reason: reason.ReplicaMissing}.Replicable())
	assert.False(t, audit.Item{Reason: reason.ReplicaMissing, Status: "COMPLETED"}.Replicable())
	assert.True(t, audit.Item{Reason: reason.TagsMatchNow, Status: "COMPLETED"}.Replicable(), "nobody knows that it was deleted")
	for _, r := range []reason.Code{reason.MarkerMissing, reason.ReplicaNotReplicated} {
		assert.False(t, audit.Item{Reason: r, On: audit.OnPrimary}.Replicable(), r)
	}
	assert.False(t, audit.Item{Reason: reason.SizeMismatch, On: audit.OnPrimary}.Replicable())
}

func TestWhatNobodyLookedAtIsInNoManifestUnlessItsNeighboursWere(t *testing.T) {
	unlooked := audit.Item{On: audit.OnPrimary, Category: audit.Unknown, Reason: reason.MissingNotLookedAt}
	null := audit.Item{On: audit.OnPrimary, Category: audit.Expected, Reason: reason.NullVersion}
	surplus := audit.Item{On: audit.OnReplica, Category: audit.Unknown, Reason: reason.SurplusNotLookedAt}
	for level, want := range map[audit.Level]bool{audit.Listed: false, audit.Rest: true, audit.AllLooked: true, audit.Bytes: true} {
		j := audit.Judge{Level: level}
		assert.Equal(t, want, j.Replicable(unlooked), level)
		assert.True(t, j.Replicable(null), level)
		assert.False(t, j.Replicable(surplus), level)
	}
}
