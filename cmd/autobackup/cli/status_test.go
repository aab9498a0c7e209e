package cli_test

import (
	"encoding/json"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/cmd/autobackup/policy/policytest"
	core "autobackup/internal/overview"
	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/cloudwatch/alarms"
	"autobackup/local/sqs"
)

// counted has compare-etags have told of versions some minutes ago.
func (g *guarded) counted(name string, ago time.Duration, value float64) {
	of := alarms.NewMetric("Autobackup", name, map[string]string{"Stage": "dev"})
	g.CloudWatch.Put(g.first, account, of, alarms.Datapoint{At: time.Now().Add(-ago), Value: value})
}

func TestStatusIsDoctorAndWhatWasDoneLatelyInOneScreen(t *testing.T) {
	g := newGuarded(t, clock.Real())
	t.Setenv("AWS_ACCESS_KEY_ID", local.AccessKey)
	g.counted("Verified", 2*time.Minute, 40)
	g.counted("Verified", 5*time.Hour, 1200)
	g.counted("Failed", 5*time.Hour, 1)
	g.counted("AuditVersions", 0, 44)
	g.counted("AuditFindings", 0, 2)
	g.counted("ScrubWithin", 0, 99.5)
	g.counted("ScrubOldest", 0, 3*24*3600)
	code, stdout, stderr := run("status", "--stage", "dev", "--region", g.first)
	assert.Equal(t, cli.Expected, code, stderr)
	lines := strings.Split(stdout, "\n")
	assert.Contains(t, stdout, " verified              40          1,240\n")
	assert.Contains(t, stdout, " lagging          no data        no data\n")
	assert.Contains(t, stdout, " failed           no data              1\n")
	assert.Contains(t, stdout, " empty: autobackup-validation-queue-dev, autobackup-validation-dlq-dev, ")
	assert.Contains(t, stdout, "audit "+time.Now().UTC().Format(time.DateOnly)+": 44 versions listed, 2 findings, 0 unknown\n")
	assert.Contains(t, stdout, "99.5% of the bytes that can be read were read and equal in time; the oldest reading is of 3 days ago")
	assert.Equal(t, "0 failed, 0 warnings, 0 unknown   exit 0", lines[len(lines)-2])

	_, err := g.SQS.Send("arn:aws:sqs:"+g.first+":"+account+":autobackup-validation-dlq-dev", sqs.Outgoing{Body: "parked"})
	require.NoError(t, err)
	code, stdout, _ = run("status", "--json")
	assert.Equal(t, cli.Unexpected, code)
	var r core.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	assert.Equal(t, core.FormVersion, r.Version)
	assert.Equal(t, 1, r.Doctor.Failed)
	assert.Equal(t, 1, r.Figures.Queues[1].Waiting)
	_, stdout, _ = run("status")
	lines = strings.Split(stdout, "\n")
	assert.Regexp(t, "^FAIL  autobackup-validation-dlq-dev +1 message parked", lines[1])
	assert.Contains(t, stdout, " autobackup-validation-dlq-dev                 1         0   no data\n")
	assert.Equal(t, "1 failed, 0 warnings, 0 unknown   exit 1", lines[len(lines)-2])
	code, _, stderr = run("status", "--stage", "No such")
	assert.Equal(t, cli.Trouble, code)
	assert.Contains(t, stderr, `--stage "No such" is no stage`)
}

// Each of these permissions is needed, and no other: what is missing is told by its name, and
// is never fine.
func TestStatusTellsEachPermissionThatItLacks(t *testing.T) {
	g := newGuardedWith(t, clock.Skipping(t.Context()), map[string]string{"AuditLevel": "listed"})
	g.holding()
	_, err := g.States.StartExecution("arn:aws:states:"+g.first+":"+account+":stateMachine:autobackup-audit-dev", []byte("{}"))
	require.NoError(t, err)
	require.NoError(t, g.WaitIdle(t.Context()))
	p := policytest.Print(t, "status", "--stage", "dev", "--region", g.first, "--account", account)
	g.as(p)
	code, stdout, stderr := run("status")
	require.Equal(t, cli.Expected, code, stdout+stderr)
	assert.NotContains(t, stdout, "grant")
	for lacks, without := range p.Without() {
		g.as(without)
		action, _, _ := strings.Cut(lacks, " ")
		if action == "cloudtrail:LookupEvents" {
			continue // as of doctor
		}
		code, stdout, stderr := run("status")
		assert.Equal(t, cli.Unexpected, code, "%s\n%s%s", lacks, stdout, stderr)
		assert.Contains(t, stdout, "(grant "+action+")", lacks)
		switch action {
		case "cloudwatch:GetMetricData":
			assert.Contains(t, stdout, " verified               ?              ?\n")
			assert.Contains(t, stdout, "audit ?\nscrub ?\n")
			assert.Regexp(t, `\?     figures +what was verified, how old messages are, and what audits told: GetMetricData answered 403`, stdout)
			assert.Contains(t, stdout, "  autobackup policy status --stage dev --region "+g.first+" --account "+account)
		case "sqs:GetQueueAttributes":
			assert.Contains(t, stdout, " autobackup-failure-dlq-dev                    ?         ?")
		}
	}
}

// stopping is an output that has Ctrl-C pressed when something is written.
type stopping struct{ strings.Builder }

func (s *stopping) Write(b []byte) (int, error) {
	defer func() { _ = syscall.Kill(os.Getpid(), syscall.SIGINT) }()
	return s.Builder.Write(b)
}

func TestStatusWaitsToLookAgainUntilItIsStopped(t *testing.T) {
	g := newGuarded(t, clock.Real())
	t.Setenv("AWS_ACCESS_KEY_ID", local.AccessKey)
	var out stopping
	var said strings.Builder
	assert.Equal(t, cli.Expected, cli.Run([]string{"status", "--watch", "--json", "--region", g.first}, &out, &said), said.String())
	assert.Equal(t, 1, strings.Count(out.String(), "\n"), "an object a line")
}

// What docs/console.md has people type works, against both local stacks.
func TestTheCommandsOfThePageOnStatusWork(t *testing.T) {
	g := newGuarded(t, clock.Real())
	assert.Equal(t, 4, g.typed("../../../docs/console.md", "console"))
}
