package local_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// classRows are the rows of docs/verdicts.md about classes of replicas, by class.
func classRows(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "verdicts.md"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(page), "\n## Storage classes of replicas\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	rows := map[string][]string{}
	for line := range strings.Lines(section) {
		if cells := strings.Split(strings.Trim(line, "| \n"), " | "); len(cells) == 8 && strings.ToUpper(cells[0]) == cells[0] {
			rows[cells[0]] = cells[1:]
		}
	}
	return rows
}

// An upload becomes a replica of the class, is verified as far as its bytes can be read, and ages as
// the page says.
func TestReplicasOfEachStorageClassAreVerifiedAndAgeAsThePageSays(t *testing.T) {
	rows := classRows(t)
	classes := types.TransitionStorageClass("").Values()
	require.Len(t, rows, len(classes)+1, "and STANDARD")
	for class, row := range rows {
		t.Run(class, func(t *testing.T) {
			mode, evidence := "always", bytesWereRead
			if row[0] == "none" {
				mode, evidence = "never", "verified  full-object checksum CRC64NVME"
			}
			inWorld(t, func(w *world) {
				replica := shelf{w, s3.NewFromConfig(w.AWSConfig(secondRegion)), "autobackup-dev-replica-documents-" + account}
				for range 2 {
					shelf{w, w.client, w.bucket()}.put("k", 128<<10)
					w.settle()
				}
				assert.Equal(t, map[string][]string{"k": {evidence}}, w.verdicts(w.bucket()))
				assert.Equal(t, []string{class, class}, replica.versions("k"))
				time.Sleep(40 * day)
				assert.Equal(t, []string{class, stays(row[3], class)}, replica.versions("k"), "noncurrent")
				time.Sleep(30 * day)
				assert.Equal(t, []string{stays(row[4], class), stays(row[3], class)}, replica.versions("k"), "current")
			}, defaults("template.yaml", "ReplicaStorageClass", class), replace("template.yaml", "Default: inconclusive", "Default: "+mode),
				defaults("replica.yaml", "IntelligentTieringDays", "60"))
		})
	}
}

func stays(where, class string) string {
	if where == "stay" {
		return class
	}
	return where
}
