package doctor_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/doctor"
	"autobackup/internal/verdict"
	"autobackup/local/testing/page"
)

var update = flag.Bool("update", false, "write the sample of docs/doctor.md anew")

// sample is a stage of which something is wrong.
func sample() doctor.Report {
	f := healthy()
	f.Stacks[0].Parameters["Buckets"], f.Stacks[0].Parameters["ReplicaBuckets"] = "acme-invoices,acme-logs", "acme-invoices-dr,acme-logs-dr"
	f.Stacks[1].Parameters["ReplicaBuckets"] = "acme-invoices-dr,acme-logs-dr"
	f.Rules[1].Buckets = []string{"acme-invoices", "acme-logs"}
	logs := bucket("acme-logs", "acme-logs-dr", "")
	logs.EventBridge = false
	f.Buckets = append(f.Buckets, logs)
	f.Buckets[1].Look.There.Replicas[0].Side = verdict.Side{Bucket: "acme-invoices-dr", Found: verdict.Forbidden, Detail: "HeadObject answered 403 Forbidden: explicit deny of s3:GetObjectVersion in a resource-based policy"}
	f.Topic.Subscriptions[0].ByLink = true
	f.Queues[2].Messages = 3
	f.NoAlarms = &doctor.Unread{Why: "DescribeAlarms answered 403 AccessDenied", Grant: "cloudwatch:DescribeAlarms"}
	r := doctor.Judge(f)
	r.Findings[1].Changed = &doctor.Change{Event: "PutBucketNotification", At: "2026-11-28T09:14:05Z", By: "arn:aws:sts::111122223333:assumed-role/terraform-ci/run-4411"}
	return r
}

func TestTheSampleOfThePageIsWhatTheScreenShows(t *testing.T) {
	page.Block(t, "../../docs/doctor.md", "sample", "./internal/doctor", "```\n$ autobackup doctor --stage prod\n"+sample().Screen(false)+"```\n", *update)
}

func TestFailuresComeFirstAndWhatIsFineIsOneLine(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(sample().Screen(false)), "\n")
	var order []string
	for _, line := range lines[1:] {
		if word, _, _ := strings.Cut(line, " "); word != "" && !strings.HasPrefix(line, " ") {
			order = append(order, word)
		}
	}
	assert.Equal(t, []string{"FAIL", "FAIL", "FAIL", "WARN", "?", "ok", "3"}, order)
	assert.Equal(t, "3 failed, 1 warning, 1 unknown   exit 1", lines[len(lines)-1])
	all := sample().Screen(true)
	assert.NotContains(t, all, "(--all)")
	assert.Equal(t, sample().Fine, strings.Count(all, "\nok "))
}

// The page documents each member of the JSON.
func TestThePageHasEachMemberOfTheReport(t *testing.T) {
	content, err := os.ReadFile("../../docs/doctor.md")
	require.NoError(t, err)
	for _, member := range []string{"version", "stage", "primary", "replicas", "buckets", "findings", "failed", "warnings", "unknown", "fine", "exit", "level", "area", "subject", "text", "mend", "account", "region", "history", "changed", "event", "at", "by"} {
		assert.Contains(t, string(content), "`"+member+"`")
	}
}

func TestCommandsThatManyFindingsShareAreShownOnce(t *testing.T) {
	f := healthy()
	f.Pipe.Gone, f.Machine.Gone = true, true
	screen := doctor.Judge(f).Screen(false)
	assert.Equal(t, 1, strings.Count(screen, "execute-change-set"))
	assert.Equal(t, 1, strings.Count(screen, "as above"))
}
