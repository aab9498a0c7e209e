package audit_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/audit"
	"autobackup/internal/reason"
)

// accepted is an entry that holds, with a change.
func accepted(change func(*audit.Acceptance)) audit.Acceptance {
	a := audit.Acceptance{Primary: "docs", Why: "meant", Who: "me", At: now, Until: now.Add(time.Hour)}
	change(&a)
	return a
}

func TestAnEntryMustSayWhatItTakesOut(t *testing.T) {
	assert.ErrorContains(t, accepted(func(*audit.Acceptance) {}).Check(), "it would take out everything")
	for name, change := range map[string]func(*audit.Acceptance){
		"a reason": func(a *audit.Acceptance) { a.Reason = reason.NotErased },
		"a prefix": func(a *audit.Acceptance) { a.Prefix = "tmp/" },
		"a key":    func(a *audit.Acceptance) { a.Key = "k" },
		"a version": func(a *audit.Acceptance) {
			a.Key, a.Version = "k", "v"
		},
	} {
		assert.NoError(t, accepted(change).Check(), "%s is enough", name)
	}
	assert.ErrorContains(t, accepted(func(a *audit.Acceptance) { a.Version = "v" }).Check(), `"versionId" needs "key"`)
}

func TestAPlaceholderIsNoReasonWhy(t *testing.T) {
	for _, why := range []string{"WHY", "why", " Why ", "<WHY>", "TEXT", "...", "…"} {
		err := accepted(func(a *audit.Acceptance) { a.Key, a.Why = "k", why }).Check()
		assert.ErrorContains(t, err, "write why this is as it should be", why)
	}
	assert.ErrorContains(t, accepted(func(a *audit.Acceptance) { a.Key, a.Why = "k", " " }).Check(), "must be set")
	assert.ErrorContains(t, accepted(func(a *audit.Acceptance) { a.Key, a.Who = "k", " " }).Check(), "must be set")
	assert.NoError(t, accepted(func(a *audit.Acceptance) { a.Key, a.Why = "k", "why not: request 4411" }).Check())
}

func TestTheFirstEntryThatFitsTakesAnItemOut(t *testing.T) {
	item := audit.Item{Primary: "docs", Key: "tmp/k", Category: audit.Finding, Reason: reason.ReplicaMissing}
	entries := []audit.Acceptance{
		accepted(func(a *audit.Acceptance) { a.Reason = reason.NotErased }),
		accepted(func(a *audit.Acceptance) { a.Prefix, a.Why = "tmp/", "first" }),
		accepted(func(a *audit.Acceptance) { a.Key, a.Why = "tmp/k", "second" }),
	}
	got := audit.Accept(item, entries, now)
	assert.Equal(t, audit.Accepted, got.Category)
	require.NotNil(t, got.Accepted)
	assert.Equal(t, "first", got.Accepted.Why)

	assert.Equal(t, item, audit.Accept(item, entries[:1], now), "none fits")
	assert.Equal(t, item, audit.Accept(item, entries, now.Add(time.Hour)), "all are over")
	item.Category = audit.Expected
	assert.Equal(t, item, audit.Accept(item, entries, now), "there is nothing to take out")
}

func TestAVersionOfThePrimaryThatNoRuleCoversIsTold(t *testing.T) {
	only, other, both := audit.Pair{Primary: listed(1000 * hours)}, audit.Pair{Replica: listed(1000 * hours)}, audit.Pair{Primary: listed(1000 * hours), Replica: listed(1000 * hours)}
	for name, tc := range map[string]struct {
		pair  audit.Pair
		rules said
		want  bool
	}{
		"covered":                  {only, said{}, false},
		"no rule has its prefix":   {only, said{uncovered: true}, true},
		"no rule leads there":      {only, said{astray: true}, true},
		"on the replica only":      {other, said{uncovered: true, astray: true}, false},
		"on both sides, uncovered": {both, said{uncovered: true, astray: true}, false},
	} {
		j := judge(audit.Rest, tc.rules)
		j.Replica = "copy"
		item := j.Item(tc.pair, audit.Conclusion{Category: audit.Finding})
		assert.Equal(t, tc.want, item.Uncovered, name)
		assert.Equal(t, [2]string{"docs", "copy"}, [2]string{item.Primary, item.Replica})
	}
}

func TestEveryReasonThatIsAnAuditsOwnHasItsPlaceInSeverity(t *testing.T) {
	severity := audit.Severity()
	for code, behind := range map[reason.Code]reason.Code{
		reason.MarkerMissing: reason.ReplicaMissing, reason.NotErased: reason.NotVersioned, reason.ReplicaOnly: reason.NotErased,
		reason.LockDiffers: reason.ReplicaOnly, reason.MissingNotLookedAt: reason.LockDiffers,
		reason.DifferentNotLookedAt: reason.MissingNotLookedAt, reason.SurplusNotLookedAt: reason.DifferentNotLookedAt,
	} {
		i := slices.Index(severity, code)
		require.Positive(t, i, code)
		assert.Equal(t, behind, severity[i-1], code)
	}
}

// Reports and those who read them know the categories by these words.
func TestTheCategoriesAreKnownByTheirWordsFailuresFirst(t *testing.T) {
	assert.Equal(t, []audit.Category{"finding", "unknown", "accepted", "expected", "compared", "alike"}, audit.Categories())
}
