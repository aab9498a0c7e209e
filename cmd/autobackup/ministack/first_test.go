package ministack_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFirstDeploymentThatFailsIsRepeatedAsThePageOnDeployingSays(t *testing.T) {
	needed(t)
	t.Parallel()
	d := prepare(t, start(t, "http://127.0.0.1:9"))
	// With keys, so that everything is made that the templates keep.
	d.set("replica", "StorageEncryption=SSE-KMS")
	d.set("default", "StorageEncryption=SSE-KMS")
	for i, line := range deployCommands(t, "deploy") {
		environment := environments[i]
		if environment == "default" {
			d.set(environment, "ReplicaKmsKeyArn="+d.stackOutputs("replica")["StorageKeyArn"])
		}
		bucketsBefore, keysBefore := d.ours(), len(d.keys(environment))
		taken := d.take(environment, "media") // ministack makes it after the others
		d.refused(environment, line)
		d.deployFails(line)

		assert.Equal(t, "ROLLBACK_COMPLETE", d.describe(environment, "StackStatus"))
		assert.ElementsMatch(t, append(bucketsBefore, taken), d.ours(), "CloudFormation takes back what it had made")
		assert.Len(t, d.keys(environment), keysBefore+1, "the key of the buckets stays, those of queues and topic don't")
		assert.Contains(t, d.events(environment), "AWS::S3::Bucket CREATE_COMPLETE", "or there was nothing to take back")
		assert.Contains(t, d.events(environment), "AWS::KMS::Key CREATE_COMPLETE")

		why, remove := d.ifItFails(environment)
		assert.Regexp(t, `(?m)^\S*Bucketmedia\t.*already exists`, d.bash(why))
		d.free(taken)
		d.bash(remove)
		d.sam(line)
		assert.Equal(t, "CREATE_COMPLETE", d.describe(environment, "StackStatus"))
	}
	for _, category := range []string{"documents", "media", "databases"} {
		d.hasCategory(category)
	}
}

// refused runs a line of docs/deploy.md while a bucket's name is taken: CloudFormation sees
// it and makes nothing.
func (d *stack) refused(environment, line string) {
	d.Helper()
	d.Log("$ " + line + " # is refused")
	before := d.ours()
	out, errors, code := d.try(d.T, d.checkout, nil, *sam, strings.Fields(line)[1:]...)
	require.Equal(d, 1, code, "%s\n%s", out, errors)
	why, remove := d.ifItFails(environment)
	assert.Regexp(d, `(?m)^\S*Bucketmedia\t.*already exists`, d.bash(why))
	assert.Equal(d, before, d.ours())
	d.bash(remove)
}

// ifItFails are the commands of docs/deploy.md for it, those that show why and those that
// delete what can't be repeated, as they stand for the second stack, and for the first
// with the lines that the page gives for it.
func (d *stack) ifItFails(environment string) (why, remove string) {
	d.Helper()
	const second = "\nwhere=$replica\nfailed=autobackup-replica-$stage\n"
	section := deployPage(d.T, "## If the first deployment fails")
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1)
	require.Len(d, blocks, 2)
	require.Contains(d, section, "`where=$region` and `failed=autobackup-$stage`")
	require.Contains(d, blocks[0][1], second)
	why = strings.NewReplacer("region=eu-central-1\n", "region="+d.region+"\n", "replica=eu-west-1\n", "replica="+d.replicaRegion+"\n").Replace(blocks[0][1])
	if environment == "default" {
		why = strings.Replace(why, second, "\nwhere=$region\nfailed=autobackup-$stage\n", 1)
	}
	set, _, _ := strings.Cut(why, "\naws ")
	return why, set + "\n" + blocks[1][1]
}

// bash runs what a person types and gives what it prints.
func (d *stack) bash(script string) string {
	d.Helper()
	d.Log("$ " + strings.TrimSpace(script))
	return string(d.run(d.T, d.checkout, "bash", "-euo", "pipefail", "-c", script))
}

// events are the types and states of what an environment's stack tells of.
func (d *stack) events(environment string) string {
	d.Helper()
	return d.ask(environment, "cloudformation", "describe-stack-events", "--stack-name", d.environment(environment).StackName,
		"--query", "StackEvents[].[join(' ', [ResourceType, ResourceStatus])]")
}

// keys are the keys of an environment's region that are not going to be deleted.
func (d *stack) keys(environment string) (ids []string) {
	d.Helper()
	for _, id := range strings.Fields(d.ask(environment, "kms", "list-keys", "--query", "Keys[].KeyId")) {
		if d.ask(environment, "kms", "describe-key", "--key-id", id, "--query", "KeyMetadata.KeyState") != "PendingDeletion" {
			ids = append(ids, id)
		}
	}
	return ids
}
