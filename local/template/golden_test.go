package template_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/template"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestARealisticTemplateResolvesAsRecorded(t *testing.T) {
	source, err := os.ReadFile("testdata/upload.yaml")
	require.NoError(t, err)
	for golden, parameters := range map[string]map[string]string{
		"testdata/dev.json":  nil,
		"testdata/prod.json": {"Stage": "prod", "Categories": "documents,own-films", "LogRetention": "7"},
	} {
		loaded, err := template.Load(source, "upload.yaml")
		require.NoError(t, err)
		stack, err := loaded.Resolve(options(parameters))
		require.NoError(t, err)
		got, err := json.MarshalIndent(stack, "", "  ")
		require.NoError(t, err)
		if *update {
			require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o600))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got)+"\n", golden)
	}
}
