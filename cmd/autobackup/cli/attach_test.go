package cli_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/attach"
	"autobackup/cmd/autobackup/cli"
	"autobackup/cmd/autobackup/policy/policytest"
	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/s3"
)

const theirs, theirReplica = "acme-invoices", "acme-invoices-dr"

// existing makes a pair that was there before the stacks, which take it.
func (g *guarded) existing() {
	g.t.Helper()
	require.NoError(g.t, g.S3.CreateBucket(s3.BucketConfig{Name: theirReplica, Region: g.first, Versioned: true}))
	require.NoError(g.t, g.S3.CreateBucket(s3.BucketConfig{Name: theirs, Region: g.first, Versioned: true, Replication: &s3.ReplicationConfiguration{
		Role: "arn:aws:iam::" + account + ":role/theirs", Rules: []s3.ReplicationRule{{
			ID: "all", Priority: new(int32), Filter: &s3.RuleFilter{}, Status: "Enabled",
			Destination: s3.Destination{Bucket: "arn:aws:s3:::" + theirReplica}, DeleteMarkerReplication: &s3.Switch{Status: "Enabled"},
		}},
	}}))
	environment, err := local.Environment(project, "default")
	require.NoError(g.t, err)
	_, err = g.Update(environment, map[string]string{"Buckets": theirs, "ReplicaBuckets": theirReplica})
	require.NoError(g.t, err)
}

// as has the next commands typed by somebody with a policy.
func (g *guarded) as(p policytest.Printed) {
	g.t.Helper()
	user, err := g.Gate.User("ops", p)
	require.NoError(g.t, err)
	g.t.Setenv("AWS_ACCESS_KEY_ID", user.AccessKey())
}

func (g *guarded) printed(command string, more ...string) policytest.Printed {
	return policytest.Print(g.t, append([]string{command, "--primary", theirs, "--stage", "dev", "--account", account}, more...)...)
}

// Each of these permissions is needed: what is missing is told by its name, and is never fine.
func TestAttachAndDetachTellEachPermissionThatTheyLack(t *testing.T) {
	g := newGuarded(t, clock.Skipping(t.Context()))
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	g.existing()
	toAttach, toDetach := g.printed("attach", "--replica", theirReplica), g.printed("detach")
	for lacks, p := range toAttach.Without() {
		g.as(p)
		code, stdout, stderr := run("attach", "--yes", "s3://"+theirs)
		action, _, _ := strings.Cut(lacks, " ")
		assert.Equal(t, map[bool]int{true: cli.Expected, false: cli.Unexpected}[slices.Contains(notNeeded, lacks)], code, "%s\n%s", lacks, stdout)
		assert.True(t, strings.Contains(stdout+stderr, "grant "+action), "%s\n%s%s", lacks, stdout, stderr)
		if code == cli.Expected { // it could be attached without: what is not known is told
			assert.Contains(t, stdout, "  ?        ", lacks)
		}
		g.as(toDetach) // which also forgets a record of what could not be done
		_, stdout, _ = run("detach", "--yes", "--eventbridge-off", "s3://"+theirs)
		assert.NotContains(t, stdout, "grant", lacks)
	}
	g.as(toAttach)
	code, stdout, stderr := run("attach", "--yes", "s3://"+theirs)
	require.Equal(t, cli.Expected, code, stdout+stderr)
	assert.NotContains(t, stdout, "grant")
	for lacks, p := range toDetach.Without() {
		g.as(p)
		action, _, _ := strings.Cut(lacks, " ")
		if action == "s3:DeleteObject" || action == "s3:PutObject" || action == "events:ListRules" || strings.Contains(lacks, "WorkBucket") {
			continue // of these below
		}
		code, stdout, stderr := run("detach", "--yes", "--eventbridge-off", "s3://"+theirs)
		assert.Equal(t, cli.Unexpected, code, "%s\n%s", lacks, stdout)
		assert.Contains(t, stdout+stderr, "grant "+action, lacks)
	}
	without := toDetach.Without()
	g.as(without["events:ListRules in Anything"])
	code, stdout, _ = run("detach", "s3://"+theirs)
	assert.Equal(t, cli.Unexpected, code)
	assert.Contains(t, stdout, "grant events:ListRules")
	g.as(without["s3:PutObject in Records"])
	code, stdout, _ = run("detach", "--yes", "s3://"+theirs)
	assert.Equal(t, cli.Unexpected, code)
	assert.Contains(t, stdout, "and stays on record: record what is left in ")
	assert.Contains(t, stdout, "grant s3:PutObject")
	g.as(without["s3:DeleteObject in Records"])
	code, stdout, _ = run("detach", "--yes", "--eventbridge-off", "s3://"+theirs)
	assert.Equal(t, cli.Unexpected, code)
	assert.Contains(t, stdout, "it was taken back, and stays on record")
	assert.Contains(t, stdout, "grant s3:DeleteObject")
	g.as(toDetach)
	code, stdout, _ = run("detach", "--yes", "s3://"+theirs)
	assert.Equal(t, cli.Expected, code, stdout)
	g.as(without["s3:ListBucket in WorkBucket"])
	code, stdout, _ = run("detach", "--yes", "s3://"+theirs)
	assert.Equal(t, cli.Unexpected, code, stdout)
	assert.Contains(t, stdout, "its record could not be read")
}

// notNeeded are permissions without which a bucket can be attached: what they tell is then
// told as unknown.
var notNeeded = []string{
	"cloudformation:DescribeStacks in StackInItsRegion",
	"s3:GetEncryptionConfiguration in PrimaryBucket", "s3:GetBucketObjectLockConfiguration in PrimaryBucket", "s3:GetLifecycleConfiguration in PrimaryBucket",
	"s3:GetBucketPolicy in PrimaryBucket", "s3:GetBucketRequestPayment in PrimaryBucket",
	"s3:ListBucket in ReplicaBucket", "s3:GetBucketVersioning in ReplicaBucket", "s3:GetEncryptionConfiguration in ReplicaBucket",
	"s3:GetBucketObjectLockConfiguration in ReplicaBucket", "s3:GetLifecycleConfiguration in ReplicaBucket", "s3:GetBucketPolicy in ReplicaBucket", "s3:GetBucketRequestPayment in ReplicaBucket",
}

func TestAttachIsForPeopleAndForPrograms(t *testing.T) {
	g := newGuarded(t, clock.Skipping(t.Context()))
	g.existing()
	t.Setenv("AWS_ACCESS_KEY_ID", local.AccessKey)
	code, stdout, stderr := run("attach", "s3://"+theirs)
	assert.Equal(t, cli.Unexpected, code)
	assert.Contains(t, stdout, "nothing was changed: there is no terminal to ask on; --yes changes without asking")
	assert.Contains(t, stderr, "AWS_ENDPOINT_URL is set")

	code, stdout, _ = run("attach", "--json", "s3://"+theirs)
	assert.Equal(t, cli.Unexpected, code)
	var report attach.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	assert.Equal(t, theirs, report.Buckets[0].Bucket)
	assert.Equal(t, 1, report.Exit)

	code, stdout, stderr = run("attach", "--print", "terraform", "s3://"+theirs)
	assert.Equal(t, cli.Expected, code)
	assert.True(t, strings.HasPrefix(stdout, "# "), "nothing but code: %s", stdout)
	assert.Contains(t, stdout, "# No rule has replication metrics")
	assert.Contains(t, stderr, "EventBridge off → on")

	file := filepath.Join(t.TempDir(), "plan.json")
	code, _, _ = run("attach", "--plan", file, "s3://"+theirs)
	assert.Equal(t, cli.Expected, code)
	code, stdout, _ = run("attach", "--apply", file)
	assert.Equal(t, cli.Expected, code, stdout)
	assert.Contains(t, stdout, "1 bucket changed   exit 0")
	code, stdout, _ = run("detach", "--yes", "--json", "s3://"+theirs)
	assert.Equal(t, cli.Expected, code)
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	assert.Equal(t, 0, report.Exit)
}

func TestWrongUsageOfAttachSaysWhatToDo(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", "/nowhere")
	file := filepath.Join(t.TempDir(), "plan.json")
	for want, args := range map[string][]string{
		"name the buckets: s3://BUCKET, several with spaces between":                {"attach"},
		"is no address of a bucket: write s3://BUCKET":                              {"attach", "docs"},
		"--stage \"Dev!\" is no stage":                                              {"attach", "--stage", "Dev!", "s3://docs"},
		"no region is known: name the stage's with --region":                        {"attach", "s3://docs"},
		"--plan, --apply, --print, --write and --yes each say what to do: name one": {"attach", "--plan", file, "--print", "aws", "s3://docs"},
		"--write stacks.yaml: name samconfig.toml, a file that ends in .tfvars.json for Terraform, or another .json for CloudFormation": {"attach", "--write", "stacks.yaml", "s3://docs"},
		`--role "acme" is no ARN of a role: write arn:aws:iam::ACCOUNT:role/PATH/NAME`:                                                  {"attach", "--role", "acme", "s3://docs"},
		"is an ARN":                 {"detach", "arn:aws:s3:::docs"},
		"stat " + file:              {"attach", "--apply", file},
		"expected \"<bucket> ...\"": {"detach"},
		`--print "chef" is no form: terraform, cloudformation, aws, parameters`: {"attach", "--print", "chef", "s3://docs"},
		"buckets are attached as a who":                                         {"detach", "s3://docs/key"},
	} {
		code, stdout, stderr := run(args...)
		assert.Equal(t, cli.Trouble, code, want)
		assert.Empty(t, stdout, want)
		assert.Contains(t, stderr, want)
	}
}
