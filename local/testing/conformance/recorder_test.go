package conformance

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatFailsInARecordedTestIsKeptAndItsCleanupsRun(t *testing.T) {
	cleaned := 0
	failures := record(t, func(t T) {
		t.Cleanup(func() { cleaned++ })
		assert.Fail(t, "one")
		require.Fail(t, "two")
		assert.Fail(t, "never reached")
	})
	require.Len(t, failures, 2)
	assert.Contains(t, failures[0], "one")
	assert.Contains(t, failures[1], "two")
	assert.Equal(t, 1, cleaned)
	assert.Empty(t, record(t, func(t T) { assert.True(t, true) }))
}

func TestADifferenceThatVanishedOrBecameAnotherIsAProblem(t *testing.T) {
	d := Difference{Server: "minio", fails: []string{"expected: 1", "refused"}}
	assert.Empty(t, d.problems([]string{"expected: 1", "it refused"}))
	assert.Equal(t, []string{"minio now does as AWS documents: remove this test from Differences, and run go test ./docs -update"}, d.problems(nil))
	assert.Equal(t, []string{"minio differs in another way than Differences says: expected: 2"}, d.problems([]string{"refused", "expected: 2"}))
}

func TestEveryDifferenceSaysWhatADocumentSaysWhatTheServerDoesAndWhatFollows(t *testing.T) {
	all := tests()
	for _, d := range Differences() {
		assert.Contains(t, all, d.Test)
		assert.Regexp(t, "^https://[^ ]+$", d.Address, d.Test)
		for _, text := range append([]string{d.Says, d.Matters}, d.fails...) {
			assert.NotEmpty(t, text, d.Test)
		}
		assert.NotEmpty(t, d.fails, d.Test)
	}
}
