package local_test

import (
	"encoding/json"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// figures is where is written how much was tried, which docs/reliability.md has.
const figures = "testdata/tried.json"

var noting sync.Mutex

// noted writes how many of something there are, with -update, and else holds that what is written is
// not far off: calls that are made at once differ by a few from run to run.
func noted(t *testing.T, what string, n int) {
	t.Helper()
	noting.Lock()
	defer noting.Unlock()
	text, err := os.ReadFile(figures)
	require.NoError(t, err)
	all := map[string]int{}
	require.NoError(t, json.Unmarshal(text, &all))
	if !*update {
		assert.InEpsilon(t, n, all[what], 0.1, "%s: run the test with -update", what)
		return
	}
	all[what] = n
	text, err = json.MarshalIndent(all, "", " ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(figures, append(text, '\n'), 0o600))
}
