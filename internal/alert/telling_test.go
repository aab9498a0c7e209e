package alert_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/alert"
	"autobackup/internal/told"
)

func named(keys ...string) []alert.Named {
	all := []alert.Named{}
	for _, key := range keys {
		o := object(key)
		all = append(all, alert.Named{Bucket: o.Bucket, Key: key, Version: o.VersionID})
	}
	return all
}

func TestATellingNamesTheVersionsThatItsEMailNamesAndCountsTheOthers(t *testing.T) {
	storm := as(told.Alike, 590, 600, of("replication-failed/told-permission", "storm/17.bin"))
	corrupt := of("content/sizes-differ", "a.txt")
	for name, c := range map[string]struct {
		news    told.News
		named   [][]alert.Named // of each cause
		unnamed []int
	}{
		"one version":                            {news(corrupt), [][]alert.Named{named("a.txt")}, []int{0}},
		"two of which one is twice":              {thrice(), [][]alert.Named{named("a.txt"), named("a.txt"), named("a.txt")}, []int{0, 0, 0}},
		"more than there are examples":           {unnamed(), [][]alert.Named{named("a.txt"), named("b.txt")}, []int{0, 11}},
		"many told as one":                       {storm, [][]alert.Named{named("storm/17.bin")}, []int{589}},
		"many told as one whose example is told": {join(storm, news(of("content/sizes-differ", "storm/17.bin"))), [][]alert.Named{named("storm/17.bin"), named("storm/17.bin")}, []int{589, 0}},
		"what is over":                           {as(told.Over, 3, 600, corrupt), [][]alert.Named{named()}, []int{3}},
		"a message that tells of no object":      {news(malformed()), [][]alert.Named{named()}, []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			all := alert.Tellings(prod, c.news, alert.Copy{ID: "id", Subject: "subject", Message: "text"})
			require.Len(t, all, len(c.news.Causes))
			for i, of := range all {
				assert.Equal(t, c.named[i], of.Named)
				assert.Equal(t, c.unnamed[i], of.Unnamed)
				assert.Empty(t, of.Examples)
				assert.Equal(t, []string{"id", "subject", string(c.news.Causes[i].Reason)}, []string{of.ID, of.Subject, string(of.Reason)})
				assert.NotEmpty(t, c.news.Causes[i].Kind, "the news are as they were")
			}
		})
	}
	assert.Empty(t, alert.Tellings(prod, told.News{}, alert.Copy{}))
}

// Whatever there is no room for is not named: what is said of a version is what people could read.
func TestWhatATellingNamesIsInTheTextOfItsEMailAndNothingElseIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var n told.News
		var keys []string
		room := rapid.SampledFrom([]int{1, 100, 1000}).Draw(t, "how long keys are")
		for range rapid.IntRange(1, 40).Draw(t, "causes") {
			situation := rapid.SampledFrom([]string{"access-denied/replica", "content/sizes-differ", "replica-missing/completed", "unreachable/replica"}).Draw(t, "situation")
			kind := rapid.SampledFrom([]told.Kind{told.Single, told.Single, told.Alike}).Draw(t, "kind")
			one := as(kind, 0, 0, of(situation, "x"))
			one.Causes[0].Examples = nil
			for range rapid.IntRange(0, told.MaxExamples).Draw(t, "examples") {
				key := fmt.Sprintf("<%d>%s", len(keys), strings.Repeat("k", room))
				keys = append(keys, key)
				one.Causes[0].Examples = append(one.Causes[0].Examples, of(situation, key))
			}
			one.Causes[0].New = len(one.Causes[0].Examples) + rapid.IntRange(0, 3).Draw(t, "more")
			n = join(n, one)
		}
		mail := alert.Compose(prod, n)
		var has, wanted []string
		counted := 0
		for _, of := range alert.Tellings(prod, n, alert.Copy{}) {
			for _, v := range of.Named {
				has = append(has, v.Key)
			}
			assert.GreaterOrEqual(t, of.Unnamed, 0)
			counted += len(of.Named) + of.Unnamed
		}
		all := 0
		for _, c := range n.Causes {
			all += c.New
		}
		assert.Equal(t, all, counted)
		for _, key := range keys {
			if strings.Contains(mail.Message, key[:strings.Index(key, ">")+1]) {
				wanted = append(wanted, key)
			}
		}
		slices.Sort(has)
		slices.Sort(wanted)
		assert.Equal(t, wanted, has)
	})
}
