package verdict_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/checksum"
	"autobackup/internal/verdict"
)

func TestTheDocsTellTheLimitsTheEvidenceAndTheAlgorithms(t *testing.T) {
	page, err := os.ReadFile("../../docs/verdicts.md")
	require.NoError(t, err)
	text := strings.Join(strings.Fields(string(page)), " ")
	var algorithms []string
	for _, a := range checksum.Algorithms() {
		algorithms = append(algorithms, string(a))
	}
	for _, want := range []string{
		fmt.Sprintf("| no replication status, a status of REPLICA, what a rule leaves out, or no rule for the key or its tags | %d looks |", verdict.GraceLooks),
		fmt.Sprintf("| replication marked as FAILED, this replica alone missing, no notification of S3 | %d looks in a row, at most until the deadline |", verdict.GaveUpLooks),
		fmt.Sprintf("| replicated, and the replica missing since | %d looks in a row |", verdict.GoneLooks),
		fmt.Sprintf("| a side denied | %d looks in a row |", verdict.DeniedLooks),
		fmt.Sprintf("| tags or Object Lock settings that differ | %d looks in a row |", verdict.MetadataLooks),
		fmt.Sprintf("| a side unreachable | %d looks in a row |", verdict.UnreachableLooks),
		fmt.Sprintf("| replicas of one object | %d |", verdict.MaxReplicas),
		fmt.Sprintf("Waits between looks grow from %.0f seconds to %.0f minutes.", verdict.NextWait(1).Seconds(), verdict.NextWait(1000).Minutes()),
		fmt.Sprintf("and %.0f seconds more for every full GiB", verdict.Policy{}.DeadlineFor(1<<30).Seconds()),
		"the one to trust most first: " + strings.Join(algorithms, ", ") + ".",
	} {
		assert.True(t, strings.Contains(text, want), "docs/verdicts.md does not say: %s", want)
	}
	for _, e := range []verdict.Evidence{verdict.BytesRead, verdict.FullObjectChecksum, verdict.CompositeChecksum, verdict.SinglePartETag, verdict.MultipartETag, verdict.DeleteMarker} {
		assert.True(t, strings.Contains(text, "`"+string(e)+"`"), "docs/verdicts.md does not say: %s", e)
	}
}
