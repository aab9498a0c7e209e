package alert_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/alert"
	"autobackup/internal/batch"
	"autobackup/internal/told"
)

// What tickets and the page say of a finding is what its e-mail says: no command has a second text.
func TestABriefHasTheCommandsOfItsEMail(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(situations)) {
		x := situations[name].example()
		body := fmt.Sprintf(`{"source":"aws.s3","detail-type":"Object Created","region":%q,"detail":{"bucket":{"name":%q},"object":{"key":%q,"version-id":%q}}}`, x.Object.Region, x.Object.Bucket, x.Object.Key, x.Object.VersionID)
		findings := told.Findings(batch.Failed{ID: x.MessageID, Body: body, Reason: x.Verdict.Reason, Verdict: x.Verdict}, x.Execution, 0)
		require.NotEmpty(t, findings, name)
		mail := alert.Compose(prod, news(findings[0].Example()))
		b := prod.Brief(findings[0])
		for _, command := range []string{b.Explain, b.Parked, b.Retry, b.Discard, b.LookAgain} {
			require.NotEmpty(t, command, name)
			assert.Contains(t, mail.Message, "\n    "+command+"\n", name)
		}
		assert.NotContains(t, b.Next, "see the end", name)
		if strings.Contains(b.Next, "looked at again") {
			assert.Contains(t, b.Next, alert.ByCommand, name)
		}
	}
}
