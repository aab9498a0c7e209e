package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/local"
	"autobackup/local/clock"
)

const documents = "autobackup-dev-primary-documents-" + account

// auditing is a stage that makes audits, with one object that is in both regions.
func auditing(t *testing.T) *guarded {
	t.Helper()
	g := newGuardedWith(t, clock.Skipping(t.Context()), map[string]string{"AuditLevel": "rest"})
	t.Setenv("AWS_ACCESS_KEY_ID", local.AccessKey)
	client := s3.NewFromConfig(g.AWSConfig(g.first))
	_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(documents), Key: aws.String("a"), Body: strings.NewReader("content")})
	require.NoError(t, err)
	require.NoError(t, g.WaitIdle(t.Context()))
	return g
}

func TestAStageIsAskedForAnAuditAndForWhatCameOfIt(t *testing.T) {
	g := auditing(t)
	t.Chdir(t.TempDir())
	code, _, stderr := run("audit", "--stage", "dev", "--last")
	assert.Equal(t, cli.Trouble, code)
	assert.Contains(t, stderr, "find the last audit of the stage dev: none has ended: autobackup audit --stage dev starts one")

	code, stdout, stderr := run("audit", "--stage", "dev")
	require.Equal(t, 0, code, stderr)
	assert.Regexp(t, `^all buckets of the stage dev: the audit is under way\.\nexecution  arn:aws:states:[a-z0-9-]+:`+account+`:execution:autobackup-audit-dev:`, stdout)
	require.NoError(t, g.WaitIdle(t.Context()))

	code, stdout, stderr = run("audit", "--stage", "dev", "--last")
	require.Equal(t, 0, code, stderr)
	assert.Regexp(t, `(?m)^bucket +ended +level +result +new +findings +unknown +versions\n(?s:.*)^`+regexp.QuoteMeta(documents)+` +\S+Z +rest +all as it must be +0 +0 +0 +1$`, stdout)

	code, stdout, stderr = run("audit", "--stage", "dev", "--last", "s3://"+documents, "--output", "copied")
	require.Equal(t, 0, code, stderr)
	assert.Contains(t, stdout, "copied/report.html")
	for _, name := range []string{"report.html", "report.json", "findings.jsonl", "SHA256SUMS"} {
		assert.FileExists(t, filepath.Join("copied", name))
	}
	sums, err := os.ReadFile("copied/SHA256SUMS")
	require.NoError(t, err)
	assert.Contains(t, string(sums), "  report.html\n")

	code, stdout, stderr = run("audit", "--stage", "dev", "--last", "--json")
	require.Equal(t, 0, code, stderr)
	var all []struct{ Bucket, Result string }
	require.NoError(t, json.Unmarshal([]byte(stdout), &all))
	assert.Len(t, all, 3)

	code, stdout, stderr = run("audit", "--stage", "dev", "s3://"+documents+"/a", "--level", "all", "--max-dollars", "2", "--max-rate", "50", "--json")
	require.Equal(t, 0, code, stderr)
	var started struct{ Execution string }
	require.NoError(t, json.Unmarshal([]byte(stdout), &started))
	require.NoError(t, g.WaitIdle(t.Context()))
	for _, e := range g.States.Executions() {
		if e.ARN == started.Execution {
			assert.JSONEq(t, `{"bucket": "`+documents+`", "prefix": "a", "level": "all", "rate": 50, "dollars": 2}`, string(e.Input))
		}
	}
	code, stdout, stderr = run("audit", "--stage", "dev", "--last", "s3://"+documents)
	require.Equal(t, 0, code, stderr)
	assert.Contains(t, stdout, "all")
}

// What docs/audit.md has people type of a stage works, against both local stacks.
func TestTheCommandsOfThePageOnAuditsOfAStageWork(t *testing.T) {
	text, err := os.ReadFile("../../../docs/audit.md")
	require.NoError(t, err)
	g := auditing(t)
	typed := 0
	for _, line := range regexp.MustCompile(`(?m)^autobackup (audit --stage .*)$`).FindAllStringSubmatch(string(text), -1) {
		words := strings.Fields(strings.ReplaceAll(line[1], "eu-central-1", g.first))
		code, stdout, stderr := run(words...)
		assert.Equal(t, 0, code, "%s\n%s%s", line[0], stdout, stderr)
		require.NoError(t, g.WaitIdle(t.Context()))
		typed++
	}
	assert.Equal(t, 2, typed)
}

func TestAStageThatMakesNoAuditsSaysHowItWould(t *testing.T) {
	newGuarded(t, clock.Skipping(t.Context()))
	t.Setenv("AWS_ACCESS_KEY_ID", local.AccessKey)
	code, _, stderr := run("audit", "--stage", "dev")
	assert.Equal(t, cli.Trouble, code)
	assert.Contains(t, stderr, "start an audit of the stage dev: it makes none in")
	assert.Contains(t, stderr, "deploy it with AuditLevel=rest")
	code, _, stderr = run("audit", "--stage", "prod", "--last")
	assert.Equal(t, cli.Trouble, code)
	assert.Contains(t, stderr, "there is no bucket autobackup-prod-work-"+account)
}

func TestAFlagThatMeansNothingToAStageIsRefused(t *testing.T) {
	for want, words := range map[string][]string{
		"--last is of an audit that a stage has made":                      {"--last"},
		`--stage "Prod" is no stage`:                                       {"--stage", "Prod"},
		"name the primary alone":                                           {"--stage", "dev", "s3://b-1", "s3://b-2"},
		"--locks means nothing with --stage":                               {"--stage", "dev", "--locks"},
		"--level means nothing with --stage":                               {"--stage", "dev", "--last", "--level", "all"},
		"--output copies the report of one bucket: name it as s3://BUCKET": {"--stage", "dev", "--last", "--output", "there", "--region", "eu-central-1"},
		"level bytes: audits of a stage read no sample":                    {"--stage", "dev", "--level", "bytes", "--region", "eu-central-1"},
	} {
		code, _, stderr := run(append([]string{"audit"}, words...)...)
		assert.Equal(t, cli.Trouble, code, want)
		assert.Contains(t, stderr, want)
	}
}
