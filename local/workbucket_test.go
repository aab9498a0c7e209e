package local_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/operations"
)

var (
	writtenPrefix = regexp.MustCompile(`\$\{WorkBucket\.Arn\}/([a-z]+/)\*`)
	removedPrefix = regexp.MustCompile(`Prefix: ([a-z]+/)\n +ExpirationInDays: (?:14|400)\n`)
)

// What attach records under attached/ must stay, so no rule of the bucket is for everything.
// operations/ is written by the program, as people who have it retry and discard messages.
func TestWhatFunctionsWriteIntoTheWorkingBucketIsRemovedAndNothingElse(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(project, "template.yaml"))
	require.NoError(t, err)
	prefixes := func(of *regexp.Regexp) (all []string) {
		for _, found := range of.FindAllSubmatch(text, -1) {
			all = append(all, string(found[1]))
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	assert.Equal(t, []string{"audits/", "facts/", "operations/", "plans/", "results/", "told/"}, prefixes(removedPrefix))
	assert.Equal(t, prefixes(writtenPrefix), slices.DeleteFunc(prefixes(removedPrefix), func(p string) bool { return p == operations.Root }))
	assert.NotContains(t, string(text), "Status: Enabled\n            ExpirationInDays", "a rule without a prefix")
}
