package accept_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/cmd/autobackup/accept"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
)

var (
	buckets  = rapid.SampledFrom([]string{"docs", "logs"})
	replicas = rapid.SampledFrom([]string{"", "copy", "other"})
	codes    = rapid.SampledFrom([]reason.Code{"", reason.NotErased, reason.ReplicaMissing, reason.Archived})
	names    = rapid.SampledFrom([]string{"a", "a/b", "a/bc", "<&>\u2028\u202e ", "ü\x00\x7f", "b\"\\", "\U0001f680"})
	versions = rapid.SampledFrom([]string{"v1", "v2", "null"})
)

// drawEntry is one that is taken.
func drawEntry(t *rapid.T) audit.Acceptance {
	a := audit.Acceptance{
		Primary: buckets.Draw(t, "primary"), Replica: replicas.Draw(t, "replica"), Reason: codes.Draw(t, "reason"),
		Why: names.Draw(t, "why"), Who: names.Draw(t, "who"), At: now, Until: now.Add(time.Duration(rapid.IntRange(1, 3).Draw(t, "hours")) * time.Hour),
	}
	switch rapid.IntRange(0, 3).Draw(t, "scope") {
	case 0:
		a.Prefix = names.Draw(t, "prefix")
	case 1:
		a.Key = names.Draw(t, "key")
	case 2:
		a.Key, a.Version = names.Draw(t, "key"), versions.Draw(t, "version")
	default:
		if a.Reason == "" {
			a.Reason = reason.NotErased
		}
	}
	return a
}

func TestAnAuditTakesOutExactlyWhatWasAccepted(t *testing.T) {
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		path := filepath.Join(folder, "accepted.json")
		defer os.Remove(path) //nolint:errcheck // it may not be there
		var added []audit.Acceptance
		for _, a := range rapid.SliceOfN(rapid.Custom(drawEntry), 1, 6).Draw(t, "entries") {
			if accept.Add(path, []audit.Acceptance{a}, now) == nil {
				added = append(added, a)
			}
		}
		read, err := accept.Read(path)
		require.NoError(t, err)
		assert.ElementsMatch(t, added, read)

		at := now.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "later")) * time.Hour)
		for _, i := range rapid.SliceOfN(rapid.Custom(drawItem), 1, 10).Draw(t, "items") {
			got := audit.Accept(i, read, at)
			if !means(added, i, at) {
				assert.Equal(t, i, got)
				continue
			}
			assert.Equal(t, audit.Accepted, got.Category)
			assert.Contains(t, added, *got.Accepted)
			got.Category, got.Accepted = i.Category, nil
			assert.Equal(t, i, got, "it keeps all else")
		}
	})
}

func drawItem(t *rapid.T) audit.Item {
	return audit.Item{
		Primary: buckets.Draw(t, "primary"), Replica: rapid.SampledFrom([]string{"copy", "other"}).Draw(t, "replica"),
		Key: names.Draw(t, "key"), Version: versions.Draw(t, "version"),
		Reason:   rapid.SampledFrom([]reason.Code{reason.NotErased, reason.ReplicaMissing, reason.Archived}).Draw(t, "reason"),
		Category: rapid.SampledFrom([]audit.Category{audit.Finding, audit.Unknown, audit.Expected, audit.Compared, audit.Alike}).Draw(t, "category"),
	}
}

// means says what the words of accept's help say: all that is named must be so, and what
// is no finding and not unknown stays as it is.
func means(entries []audit.Acceptance, i audit.Item, at time.Time) bool {
	if i.Category != audit.Finding && i.Category != audit.Unknown {
		return false
	}
	for _, a := range entries {
		named := [][2]string{{a.Primary, i.Primary}, {a.Replica, i.Replica}, {string(a.Reason), string(i.Reason)}, {a.Key, i.Key}, {a.Version, i.Version}}
		all := at.Before(a.Until) && strings.HasPrefix(i.Key, a.Prefix)
		for _, n := range named {
			all = all && (n[0] == "" || n[0] == n[1])
		}
		if all {
			return true
		}
	}
	return false
}
