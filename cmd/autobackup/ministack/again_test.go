package ministack_test

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// environments in the order of the README's commands.
var environments = []string{"replica", "default"}

// deployAgain repeats the deployment: unchanged, with a category more, with two more of
// which one can't be made, and with the two once it can.
func (d *stack) deployAgain() {
	d.Helper()
	stored := d.versions()
	require.NotEmpty(d, stored)

	for i, line := range readmeCommands(d.T, "deploy") {
		printed := strings.TrimSpace(d.sam(line))
		stack := d.environment(environments[i]).StackName
		says := "No changes to deploy. Stack " + stack + " is up to date"
		assert.Contains(d, printed, says, "an unchanged stack")
		if stack == "autobackup-dev" {
			assert.Contains(d, strings.Join(strings.Fields(readme(d.T, "### Update")), " "), "`"+says+"`")
		}
	}

	categories := regexp.MustCompile(`Categories=[a-z,]+`).FindString(readme(d.T, "## Add a category"))
	require.NotEmpty(d, categories)
	for i, line := range readmeCommands(d.T, "deploy") {
		d.set(environments[i], categories)
		d.sam(line)
	}
	d.hasCategory("logs")
	assert.Equal(d, stored, d.versions(), "what was uploaded before")

	d.failsMidway("UPDATE_ROLLBACK_COMPLETE", categories+",audit,videos", "videos")
	assert.Equal(d, stored, d.versions(), "what was uploaded before")
	d.hasCategory("logs")
}

// failsMidway deploys categories of which the last one's buckets have names that are
// taken, and repeats it once they are not, for each stack.
func (d *stack) failsMidway(status, categories, taken string) {
	d.Helper()
	for i, line := range readmeCommands(d.T, "deploy") {
		e := d.environment(environments[i])
		side := map[string]string{"replica": "replica", "default": "primary"}[environments[i]]
		name := "autobackup-dev-" + side + "-" + taken + "-" + account
		before := d.ours()
		d.set(environments[i], categories)
		d.aws(nil, "s3api", "create-bucket", "--bucket", name, "--create-bucket-configuration", "LocationConstraint="+d.region)
		d.deployFails(line)
		assert.Equal(d, status, d.describe(environments[i], "StackStatus"))
		assert.ElementsMatch(d, append(before, name), d.ours(), "%s: what it had made is gone", e.StackName)
		d.aws(nil, "s3api", "delete-bucket", "--bucket", name)
		d.sam(line)
	}
	for _, category := range strings.Split(strings.TrimPrefix(categories, "Categories="), ",") {
		d.hasCategory(category)
	}
}

// deployFails runs a line of the README that fails after it made something.
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
		out, err := d.s3.ListObjectVersions(d.Context(), &s3.ListObjectVersionsInput{Bucket: &name})
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
