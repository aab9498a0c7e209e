package cli_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/cmd/autobackup/policy"
)

func TestEveryCommandHasAPolicyOrNeedsNone(t *testing.T) {
	for _, name := range commandNames(t) {
		code, stdout, stderr := run("policy", name)
		assert.Equal(t, cli.Expected, code, stderr)
		if stdout == "" {
			assert.Equal(t, "autobackup "+name+": it calls nothing of AWS, and needs no policy.\n", stderr)
			continue
		}
		assert.True(t, json.Valid([]byte(stdout)), name)
		assert.Empty(t, stderr)
	}
}

func TestPolicyPassesItsFlagsOn(t *testing.T) {
	const key, role = "arn:aws:kms:eu-west-1:111122223333:key/a", "arn:aws:iam::111122223333:role/r"
	for want, words := range map[string][]string{
		`"arn:aws:s3:::docs"`:                  {"audit", "--primary", "docs"},
		`"arn:aws:s3:::copy"`:                  {"audit", "--replica", "other", "--replica", "copy"},
		`"arn:aws-cn:s3:::PRIMARY"`:            {"audit", "--partition", "aws-cn"},
		`"PrimaryKeys"`:                        {"audit", "--kms-key", key},
		`"ReplicaKeys"`:                        {"audit", "--replica-kms-key", key},
		`"s3:GetObjectLegalHold"`:              {"audit", "--locks"},
		`"s3:GetObjectRetention"`:              {"audit", "--metadata"},
		`"arn:aws:s3:::evidence/x/*"`:          {"audit", "--side", "report", "--output", "s3://evidence/x"},
		`"arn:aws:s3:::evidence/x/evidence/*"`: {"evidence", "--evidence", "s3://evidence/x"},
		`"arn:aws:s3:::EVIDENCE"`:              {"evidence"},
		`"EvidenceKeys"`:                       {"evidence", "--kms-key", key},
		`"sts:AssumeRole"`:                     {"audit", "--side", "caller", "--role", role},
		`"arn:aws:sqs:eu-west-1:111122223333:autobackup-event-dlq-prod"`:          {"retry", "--stage", "prod", "--region", "eu-west-1", "--account", "111122223333"},
		`"arn:aws:cloudformation:*:111122223333:stack/autobackup-replica-prod/*"`: {"deploy", "--side", "replica", "--stage", "prod", "--account", "111122223333"},
		`"arn:aws:iam::111122223333:policy/bound"`:                                {"deploy", "--side", "primary", "--boundary", "arn:aws:iam::111122223333:policy/bound"},
		`"arn:aws:s3:::autobackup-dev-replica-*-222233334444/*"`:                  {"boundary", "--replica-account", "222233334444"},
		`"arn:aws:lambda:*:222233334444:function:autobackup-hash-bytes-prod"`:     {"boundary", "--stage", "prod", "--replica-account", "222233334444"},
		`"arn:aws:s3:::*/*"`: {"boundary", "--attached"},
		`"arn:aws:iam::ACCOUNT:role/platform/autobackup-prod-*"`:         {"deploy", "--side", "primary", "--stage", "prod", "--role-path", "/platform/"},
		`"arn:aws:iam::ACCOUNT:role/acme-autobackup-prod-replication-*"`: {"operate", "--stage", "prod", "--role-name-prefix", "acme-"},
		`"kms:TagResource"`:                           {"deploy", "--side", "primary", "--tags"},
		`"ec2:CreateNetworkInterface"`:                {"boundary", "--vpc"},
		`"arn:aws:sns:eu-west-1:111122223333:oncall"`: {"operate", "--topic", "arn:aws:sns:eu-west-1:111122223333:oncall"},
		`"` + key + `"`:                               {"boundary", "--replica-kms-key", key},
		`"` + key + `b"`:                              {"boundary", "--kms-key", key + "b"},
	} {
		code, stdout, stderr := run(append([]string{"policy"}, words...)...)
		assert.Equal(t, cli.Expected, code, stderr)
		assert.Contains(t, stdout, want)
		assert.Contains(t, stdout, `"Version": "2012-10-17"`)
	}
	_, stdout, _ := run("policy", "audit", "--level", "listed")
	assert.NotContains(t, stdout, "GetObject")
	for want, words := range map[string][]string{
		"--region changes nothing of the policy for upload":    {"upload", "--region", "eu-central-1"},
		"--kms-key changes nothing of the policy for deploy":   {"deploy", "--side", "primary", "--kms-key", key},
		"--primary changes nothing of the policy for deploy":   {"deploy", "--side", "primary", "--primary", "docs"},
		"--primary changes nothing of the policy for discover": {"discover", "--primary", "docs"},
		"--level changes nothing of the policy for operate":    {"operate", "--level", "rest"},
		"--level changes nothing of the policy for explain":    {"explain", "--level", "rest"},
		"--stage changes nothing of the policy for audit":      {"audit", "--stage", "dev"},
		"--side changes nothing of the policy for retry":       {"retry", "--side", "both"},
		"--locks changes nothing of the policy for demo":       {"demo", "--locks"},
		"--stage is empty: give it a value, or leave it out":   {"retry", "--stage", ""},
		"--replica is empty: give it a value, or leave it out": {"audit", "--replica", ""},
		"--kms-key is empty: give it a value, or leave it out": {"retry", "--kms-key="},
		`"aws-iso" is none that this program knows`:            {"audit", "--partition", "aws-iso"},
		"is no address of a bucket":                            {"audit", "--output", "evidence"},
		`"docs" is no address of a bucket`:                     {"evidence", "--evidence", "docs"},
		"--primary changes nothing of the policy for evidence": {"evidence", "--primary", "docs"},
		"is no bucket's name":                                  {"audit", "--primary", "s3://docs"},
		"must be one of":                                       {"dance"},
	} {
		code, stdout, stderr := run(append([]string{"policy"}, words...)...)
		assert.Equal(t, cli.Trouble, code)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, want)
	}
}

// A flag that the table lacks would be taken for every command.
func TestEachFlagOfPolicyIsTakenByTheCommandsThatTheHelpSays(t *testing.T) {
	_, help, _ := run("policy", "--help")
	listed := map[string]bool{}
	for _, command := range policy.Commands() {
		line := command + strings.Repeat(" ", 10-len(command)) + strings.Join(policy.Takes(command), " ")
		assert.Contains(t, help, "    "+line+"\n")
		for _, flag := range policy.Takes(command) {
			listed[flag] = true
		}
	}
	_, flags, found := strings.Cut(help, "\nFlags:\n")
	require.True(t, found)
	for _, flag := range regexp.MustCompile(`(?m)^  (?:    )?(--[a-z-]+)`).FindAllStringSubmatch(flags, -1) {
		assert.True(t, listed[flag[1]], flag[1])
		delete(listed, flag[1])
	}
	assert.Empty(t, listed)
}

func TestAPolicyForDeployingWithoutABoundarySaysWhatItLetsThrough(t *testing.T) {
	for _, side := range []string{"primary", "replica"} {
		code, stdout, stderr := run("policy", "deploy", "--side", side)
		assert.Equal(t, cli.Expected, code)
		assert.True(t, json.Valid([]byte(stdout)), "what is said goes to stderr alone")
		assert.Equal(t, "autobackup: without --boundary, whoever has this policy can make roles that may do more than it allows, and use them: name the managed policy that autobackup policy boundary prints.\n", stderr)
		_, _, stderr = run("policy", "deploy", "--side", side, "--boundary", "arn:aws:iam::aws:policy/b")
		assert.Empty(t, stderr)
	}
	_, stdout, stderr := run("policy", "deploy")
	assert.Empty(t, stdout)
	assert.NotContains(t, stderr, "without --boundary", "nothing is printed")
}

// commandNames are those that the help lists.
func commandNames(t *testing.T) (names []string) {
	t.Helper()
	_, stdout, _ := run("--help")
	_, after, found := strings.Cut(stdout, "\nCommands:\n")
	require.True(t, found)
	for line := range strings.Lines(after) {
		if strings.HasPrefix(line, "  ") && line[2] != ' ' {
			names = append(names, strings.Fields(line)[0])
		}
	}
	require.Contains(t, names, "audit")
	return names
}
