package ministack_test

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// environments in the order of the commands of docs/deploy.md.
var environments = []string{"replica", "default"}

// deployAgain repeats the deployment: unchanged, with a category more, with two more of
// which one can't be made, and with the two once it can.
func (d *stack) deployAgain() {
	d.Helper()
	stored := d.versions()
	require.NotEmpty(d, stored)

	for i, line := range deployCommands(d.T, "deploy") {
		printed := strings.TrimSpace(d.sam(line))
		stack := d.environment(environments[i]).StackName
		says := "No changes to deploy. Stack " + stack + " is up to date"
		assert.Contains(d, printed, says, "an unchanged stack")
		if stack == "autobackup-dev" {
			assert.Contains(d, strings.Join(strings.Fields(deployPage(d.T, "## Update")), " "), "`"+strings.ReplaceAll(says, "-dev ", "-<stage> ")+"`")
		}
	}

	categories := regexp.MustCompile(`Categories=[a-z,]+`).FindString(deployPage(d.T, "## Add a category"))
	require.NotEmpty(d, categories)
	for i, line := range deployCommands(d.T, "deploy") {
		d.set(environments[i], categories)
		d.sam(line)
	}
	d.hasCategory("logs")
	assert.Equal(d, stored, d.versions(), "what was uploaded before")

	d.failsMidway(categories+",audit", "videos")
	assert.Equal(d, stored, d.versions(), "what was uploaded before")
	d.hasCategory("logs")
}

// failsMidway deploys categories and one whose buckets have names that are taken, and
// repeats it once they are not, for each stack.
func (d *stack) failsMidway(categories, impossible string) {
	d.Helper()
	for i, line := range deployCommands(d.T, "deploy") {
		environment, before := environments[i], d.ours()
		d.set(environment, categories+","+impossible)
		taken := d.take(environment, impossible)
		d.deployFails(line)
		assert.Equal(d, "UPDATE_ROLLBACK_COMPLETE", d.describe(environment, "StackStatus"))
		assert.ElementsMatch(d, append(before, taken), d.ours(), "CloudFormation takes back what it had made, and nothing else")
		d.free(taken)
		d.sam(line)
	}
	for _, category := range append(strings.Split(strings.TrimPrefix(categories, "Categories="), ","), impossible) {
		d.hasCategory(category)
	}
}

// take makes the bucket that an environment's stack is about to make for a category, as
// somebody else.
func (d *stack) take(environment, category string) (name string) {
	d.Helper()
	name = "autobackup-dev-" + map[string]string{"replica": "replica", "default": "primary"}[environment] + "-" + category + "-" + account
	d.aws(nil, "s3api", "create-bucket", "--bucket", name, "--create-bucket-configuration", "LocationConstraint="+d.region)
	return name
}

func (d *stack) free(name string) {
	d.Helper()
	d.aws(nil, "s3api", "delete-bucket", "--bucket", name)
}

// deployFails runs a line of docs/deploy.md that fails after it made something.
func (d *stack) deployFails(line string) {
	d.Helper()
	d.Log("$ " + line + " # fails")
	d.recorder.blind.Store(true)
	defer d.recorder.blind.Store(false)
	out, errors, code := d.try(d.T, d.checkout, nil, *sam, strings.Fields(line)[1:]...)
	require.Equal(d, 1, code, "%s\n%s", out, errors)
	assert.Contains(d, out, "already exists", "SAM shows why")
}

func (d *stack) hasCategory(category string) {
	d.Helper()
	names := d.ours()
	for _, side := range []string{"replica", "primary"} {
		assert.Contains(d, names, "autobackup-dev-"+side+"-"+category+"-"+account)
	}
}

// ours are the names of the stacks' buckets; SAM has others.
func (d *stack) ours() (names []string) {
	d.Helper()
	for _, b := range d.listBuckets() {
		if name := aws.ToString(b.Name); strings.HasPrefix(name, "autobackup-") {
			names = append(names, name)
		}
	}
	return names
}

// versions are all object versions and delete markers of the stacks' buckets.
func (d *stack) versions() (all []string) {
	d.Helper()
	for _, name := range d.ours() {
		if strings.Contains(name, "-beat-") {
			continue // heartbeats come when their schedule's time has, which ministack keeps
		}
		client := d.s3
		if strings.Contains(name, "-replica-") {
			client = s3.NewFromConfig(d.config(d.replicaRegion))
		}
		out, err := client.ListObjectVersions(d.Context(), &s3.ListObjectVersionsInput{Bucket: &name})
		require.NoError(d, err)
		require.False(d, aws.ToBool(out.IsTruncated))
		for _, v := range out.Versions {
			all = append(all, name+"/"+aws.ToString(v.Key)+"@"+aws.ToString(v.VersionId))
		}
		for _, m := range out.DeleteMarkers {
			all = append(all, name+"/"+aws.ToString(m.Key)+"@"+aws.ToString(m.VersionId))
		}
	}
	return all
}
