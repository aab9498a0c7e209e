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
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\w+) \\| ([\\w,; ]+) \\| \\S.* \\|$").FindAllStringSubmatch(string(page), -1) {
		for dimensions := range strings.SplitSeq(row[3], "; ") {
			listed = append(listed, row[1]+" in "+row[2]+" by "+dimensions)
		}
	}
	var defined []string
	for _, d := range metric.All() {
		defined = append(defined, d.Name+" in "+d.Unit+" by "+strings.Join(d.Dimensions, ", "))
	}
	assert.ElementsMatch(t, defined, listed)
}
