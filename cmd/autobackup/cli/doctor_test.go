package cli_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/cmd/autobackup/policy/policytest"
	core "autobackup/internal/doctor"
	"autobackup/local"
	"autobackup/local/clock"
)

// holding has something in a bucket of each category: fetch-etags is asked to look at it.
func (g *guarded) holding() {
	g.t.Helper()
	client := s3.NewFromConfig(g.AWSConfig(g.first), func(o *s3.Options) { o.UsePathStyle = true })
	for _, category := range []string{"documents", "media", "databases"} {
		_, err := client.PutObject(g.t.Context(), &s3.PutObjectInput{
			Bucket: aws.String("autobackup-dev-primary-" + category + "-" + account), Key: aws.String("k"), Body: strings.NewReader("text"),
		})
		require.NoError(g.t, err)
	}
}

// Each of these permissions is needed, and no other: what is missing is told by its name, and
// is never fine.
func TestDoctorTellsEachPermissionThatItLacks(t *testing.T) {
	g := newGuardedWith(t, clock.Skipping(t.Context()), map[string]string{"AuditLevel": "listed"})
	g.holding()
	_, err := g.States.StartExecution("arn:aws:states:"+g.first+":"+account+":stateMachine:autobackup-audit-dev", []byte("{}"))
	require.NoError(t, err)
	require.NoError(t, g.WaitIdle(t.Context()))
	p := policytest.Print(t, "doctor", "--stage", "dev", "--region", g.first, "--account", account)
	g.as(p)
	code, stdout, stderr := run("doctor", "--all")
	require.Equal(t, cli.Expected, code, stdout+stderr)
	assert.NotContains(t, stdout, "grant")
	for lacks, without := range p.Without() {
		g.as(without)
		action, _, _ := strings.Cut(lacks, " ")
		if action == "cloudtrail:LookupEvents" {
			continue // which is asked where something is wrong, and the local stack is not: cmd/autobackup/doctor has it denied
		}
		code, stdout, stderr := run("doctor")
		assert.Equal(t, cli.Unexpected, code, "%s\n%s%s", lacks, stdout, stderr)
		assert.Contains(t, stdout, "(grant "+action+")", lacks)
		assert.Contains(t, stdout, "autobackup policy doctor --stage dev --region "+g.first+" --account "+account, lacks)
		assert.Contains(t, stdout, "0 failed, 0 warnings, ", lacks)
		for line := range strings.Lines(stdout) {
			if strings.Contains(line, "grant") {
				assert.True(t, strings.HasPrefix(line, "?  "), line)
			}
		}
	}
}

func TestDoctorsReportForPrograms(t *testing.T) {
	g := newGuarded(t, clock.Real())
	t.Setenv("AWS_ACCESS_KEY_ID", local.AccessKey)
	code, stdout, stderr := run("doctor", "--json", "--stage", "dev", "--region", g.first)
	assert.Equal(t, cli.Expected, code, stderr)
	var r core.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	assert.Equal(t, core.FormVersion, r.Version)
	assert.Equal(t, core.Side{Account: account, Region: g.first}, r.Primary)
	assert.Len(t, r.Findings, r.Fine)

	code, stdout, _ = run("doctor", "--stage", "prod")
	assert.Equal(t, cli.Unexpected, code)
	assert.Contains(t, stdout, "FAIL  autobackup-prod  there is no such stack in "+g.first+": mend --stage and --region, or deploy it\n      mend             docs/deploy.md#by-hand\n1 failed, 0 warnings, 0 unknown   exit 1\n")
	code, _, stderr = run("doctor", "--stage", "No such")
	assert.Equal(t, cli.Trouble, code)
	assert.Contains(t, stderr, `--stage "No such" is no stage`)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	code, stdout, stderr = run("doctor")
	assert.Equal(t, cli.Trouble, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "find credentials for your account")
}

// What docs/doctor.md has people type works, against both local stacks.
func TestTheCommandsOfThePageOnDoctorWork(t *testing.T) {
	g := newGuarded(t, clock.Real())
	assert.Equal(t, 2, g.typed("../../../docs/doctor.md"))
}

// typed types the commands of a page that are this program's, but for those that another test
// types, and counts them.
func (g *guarded) typed(page string, others ...string) (n int) {
	t := g.t
	text, err := os.ReadFile(page) //nolint:gosec // the project's
	require.NoError(t, err)
	t.Setenv("AWS_ACCESS_KEY_ID", local.AccessKey)
	for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(string(text), -1) {
		for line := range strings.Lines(strings.ReplaceAll(block[1], "eu-central-1", g.first)) {
			words := strings.Fields(line)
			require.Equal(t, "autobackup", words[0], line)
			if slices.Contains(others, words[1]) {
				continue
			}
			code, stdout, stderr := run(words[1:]...)
			assert.Equal(t, cli.Expected, code, "%s\n%s%s", line, stdout, stderr)
			n++
		}
	}
	return n
}
