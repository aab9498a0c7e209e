package docs_test

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The README is for whoever sees the project for the first time. What grows goes to a page of
// its own.
func TestTheReadmeIsShort(t *testing.T) {
	assert.LessOrEqual(t, strings.Count(read(t, "../README.md"), "\n"), 200)
}

func TestTheFirstCommandOfTheReadmeShowsTheMainJobAndTheSecondPassesTheTests(t *testing.T) {
	commands := blocks(read(t, "../README.md"))
	require.Greater(t, len(commands), 2)
	assert.Equal(t, []string{"go run ./cmd/autobackup demo\n", "go test ./...\n"}, commands[:2])
}

// Commands for an account stand on pages that begin with where and which.
func TestTheReadmeHasNoCommandForAnAccount(t *testing.T) {
	for _, block := range blocks(read(t, "../README.md")) {
		assert.NotContains(t, block, "aws ")
	}
}

func TestTheReadmeShowsAuditInItsFirstScreen(t *testing.T) {
	before, _, found := strings.Cut(read(t, "../README.md"), "\n## Audit buckets that you have\n")
	require.True(t, found)
	assert.Less(t, strings.Count(before, "\n"), 40)
}

func TestTheReadmeDeploysWithTheCommandsOfThePageOnDeploying(t *testing.T) {
	of := func(file string) []string {
		return regexp.MustCompile(`(?m)^(?:export CGO_ENABLED=0|sam (?:build|deploy)\b.*)$`).FindAllString(strings.Join(blocks(read(t, file)), ""), -1)
	}
	require.Len(t, of("deploy.md"), 5)
	assert.Equal(t, of("deploy.md"), of("../README.md"))
}

func TestTheReadmeNamesTheCostsThatTheTablesHave(t *testing.T) {
	d := ofDefaults(t)
	says := fmt.Sprintf("A million uploads cost about %.0f dollars a month, a hundred million about %.0f ", together(d, million), math.Round(together(d, 100*million)/100)*100)
	text := strings.Join(strings.Fields(read(t, "../README.md")), " ")
	assert.Contains(t, text, says)
	assert.Contains(t, text, fmt.Sprintf("costs about %.1f0 a month", together(ofForm(t, "lean"), 0)))
}
