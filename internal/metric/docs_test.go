package metric_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/metric"
)

func TestTheDocsListEveryMetricAndNoOther(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	require.NoError(t, err)
	assert.Contains(t, string(page), "namespace `"+metric.Namespace+"`")
	var listed []metric.Definition
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\w+) \\| ([\\w, ]+) \\| \\S.* \\|$").FindAllStringSubmatch(string(page), -1) {
		listed = append(listed, metric.Definition{Name: row[1], Unit: row[2], Dimensions: strings.Split(row[3], ", ")})
	}
	assert.Equal(t, metric.Definitions(), listed)
}
