package local_test

import (
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local"
	"autobackup/local/clock"
	locals3 "autobackup/local/s3"
	"autobackup/local/samconfig"
	"autobackup/local/template"
)

// inventory is everything that is there, sorted: ARNs, and names of buckets.
func inventory(t *testing.T, stack *local.Stack) (all []string) {
	t.Helper()
	buckets, err := s3.NewFromConfig(stack.AWSConfig(firstRegion)).ListBuckets(t.Context(), nil)
	require.NoError(t, err)
	for _, b := range buckets.Buckets {
		all = append(all, aws.ToString(b.Name))
	}
	for _, region := range []string{firstRegion, secondRegion} {
		for _, q := range stack.SQS.Queues(region) {
			all = append(all, q.ARN)
		}
		all = append(all, stack.SNS.Topics(region)...)
		all = append(all, stack.States.StateMachines(region)...)
	}
	for rule := range stack.Events.Counts() {
		all = append(all, rule)
	}
	all = slices.Concat(all, stack.Pipes.Pipes(), stack.Lambda.Functions(), stack.Logs.Groups(), stack.Gate.Names())
	slices.Sort(all)
	return slices.Compact(all)
}

// destroy deletes both stacks in the order of docs/deploy.md.
func (w *world) destroy() error {
	var all []error
	for _, name := range []string{"default", "replica"} {
		environment, err := local.Environment(project, name)
		require.NoError(w.t, err)
		all = append(all, w.Delete(environment))
	}
	return errors.Join(all...)
}

// read is what a version of an object holds, in the first region or in the second.
func (w *world) read(region, bucket, key, version string) (string, error) {
	out, err := s3.NewFromConfig(w.AWSConfig(region)).GetObject(w.t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key, VersionId: &version})
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(out.Body)
	return string(content), err
}

// docs/deploy.md: the buckets stay, with every version of every object, and so do the keys
// that they are encrypted with. What is uploaded from then on is replicated by nobody, and
// nobody is told.
func TestADeletedStackLeavesEveryObjectWithItsKey(t *testing.T) {
	for _, name := range encryptions {
		changes := configurations[name]
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				contents := map[string]string{w.put("k", "old"): "old", w.put("k", "new"): "new"}
				w.settle()
				require.NoError(t, w.destroy())
				for version, content := range contents {
					for region, bucket := range map[string]string{firstRegion: w.bucket(), secondRegion: w.replicaBucket()} {
						got, err := w.read(region, bucket, "k", version)
						require.NoError(t, err, bucket)
						assert.Equal(t, content, got)
					}
				}
				for _, f := range append(w.shelves(), w.work()) {
					assert.Contains(t, inventory(w.t, w.Stack), f.name)
				}
				for _, left := range inventory(w.t, w.Stack) {
					isKey := name == "SSE-KMS" && strings.HasSuffix(left, "-StorageKey")
					assert.True(t, isKey || strings.HasPrefix(left, "autobackup-dev-"), "%s is left", left)
				}
				executions, told := len(w.States.Executions()), len(w.SNS.Published())
				version := w.put("later", "content")
				time.Sleep(day)
				synctest.Wait()
				assert.Equal(t, types.ReplicationStatusFailed, w.replicationStatus("later", version))
				assert.Len(t, w.States.Executions(), executions)
				assert.Len(t, w.SNS.Published(), told)
			}, changes...)
		})
	}
}

func (w *world) replicationStatus(key, version string) types.ReplicationStatus {
	out, err := w.client.HeadObject(w.t.Context(), &s3.HeadObjectInput{Bucket: aws.String(w.bucket()), Key: &key, VersionId: &version})
	require.NoError(w.t, err)
	return out.ReplicationStatus
}

// The buckets that are kept would be in the way of nothing else than a deployment of the
// same stage, which says so.
func TestABucketThatHoldsSomethingIsNotDeletedAndItsStackStaysToBeDeletedLater(t *testing.T) {
	gone := replace("template.yaml", "    DeletionPolicy: RetainExceptOnCreate\n    UpdateReplacePolicy: Retain\n    Metadata:\n      checkov:\n        skip:\n          - id: CKV_AWS_18\n            comment: By parameter AccessLogBucket.\n          - id: CKV_AWS_19",
		"    UpdateReplacePolicy: Retain\n    Metadata:\n      checkov:\n        skip:\n          - id: CKV_AWS_19")
	inWorld(t, func(w *world) {
		work := "autobackup-dev-work-" + account
		_, err := w.client.PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: &work, Key: aws.String("told/k"), Body: strings.NewReader("x")})
		require.NoError(t, err)
		environment, err := local.Environment(project, "default")
		require.NoError(t, err)
		err = w.Delete(environment)
		require.ErrorContains(t, err, "Resources.WorkBucket: BucketNotEmpty: The bucket you tried to delete is not empty. You must delete all versions in the bucket.")
		assert.NotContains(t, inventory(w.t, w.Stack), w.queue("validation-queue"), "what the bucket doesn't need is gone")
		assert.Contains(t, inventory(w.t, w.Stack), keyARN("StorageKey"), "what it needs is not")
		_, err = w.client.DeleteObject(w.t.Context(), &s3.DeleteObjectInput{Bucket: &work, Key: aws.String("told/k")})
		require.NoError(t, err)
		require.NoError(t, w.Delete(environment))
		assert.NotContains(t, inventory(w.t, w.Stack), work)
		assert.NotContains(t, inventory(w.t, w.Stack), keyARN("StorageKey"))
		require.ErrorContains(t, w.Delete(environment), "there is no stack of this name in "+w.region)
	}, slices.Concat(configurations["SSE-KMS"], []change{gone, replace("template.yaml", "    DeletionPolicy: Retain\n", "    DeletionPolicy: Delete\n")})...)
}

func TestWithItsKeyDeletedNothingOfItIsRead(t *testing.T) {
	deleted := replace("template.yaml", "    DeletionPolicy: Retain\n", "    DeletionPolicy: Delete\n")
	inWorld(t, func(w *world) {
		version := w.put("k", "content")
		w.settle()
		require.NoError(t, w.destroy())
		_, err := w.read(w.region, w.bucket(), "k", version)
		require.ErrorContains(t, err, "KMS.KMSInvalidStateException: "+keyARN("StorageKey")+" is pending deletion.")
	}, slices.Concat(configurations["SSE-KMS"], []change{deleted})...)
}

func TestWhatIsUnderWayInADeletedStackEndsWithIt(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Lag: 3 * time.Hour} }
		w.put("k", "content")
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Nil(t, w.one().Result, "it waits for its replica")
		require.NoError(t, w.destroy())
		synctest.Wait()
		ended := w.one().Result
		require.NotNil(t, ended)
		assert.Equal(t, sfntypes.ExecutionStatusFailed, ended.Status)
		assert.Equal(t, "States.Runtime", ended.Error)
		assert.Equal(t, "State machine autobackup-validation-dev has been deleted.", ended.Cause)
		require.NoError(t, w.WaitIdle(w.t.Context()))
	})
}

// everywhere is whether a deployment is made to fail at each resource, and not only at the
// first of each type.
var everywhere = flag.Bool("everywhere", false, "fail deployments at every resource")

// docs/decisions/0037: what was made is taken back but for keys, and the deployment can be
// repeated.
func TestADeploymentThatFailsLeavesNothingButKeysAndCanBeRepeated(t *testing.T) {
	for _, name := range encryptions {
		changes := configurations[name]
		t.Run(name, func(t *testing.T) {
			inEmptyWorld(t, func(w *world) {
				for _, name := range []string{"replica", "default"} {
					w.failAtEach(name)
				}
			}, changes...)
		})
	}
}

// failAtEach lets the deployment of a stack fail at one resource after the other, and then
// deploys it.
func (w *world) failAtEach(name string) {
	t := w.t
	environment, err := local.Environment(w.Project, name)
	require.NoError(t, err)
	before, at, stop := inventory(w.t, w.Stack), 0, 0
	tried := map[string]bool{} // types
	keys := 0                  // that were made before the failure
	var fault error
	w.CreateFault = func(r template.Resource) error {
		at++
		if at > stop && (*everywhere || !tried[r.Type]) {
			tried[r.Type], stop = true, at
			fault = errors.New("no " + r.LogicalID)
			return fault
		}
		if r.LogicalID == "StorageKey" {
			keys++
		}
		return nil
	}
	for {
		at, keys = 0, 0
		var made *template.Stack
		made, err = w.Deploy(environment, nil)
		after := inventory(w.t, w.Stack)
		if err == nil {
			require.Greater(t, len(after), len(before))
			require.GreaterOrEqual(t, len(made.Resources), stop)
			break
		}
		require.ErrorIs(t, err, fault, "it fails otherwise, and would again for ever")
		left := slices.DeleteFunc(after, func(one string) bool { return slices.Contains(before, one) })
		require.Len(t, left, keys, "%s left %v", err, left)
		for _, one := range left {
			require.Contains(t, one, "StorageKey", "%s left it", err)
		}
		before = inventory(w.t, w.Stack)
	}
	w.CreateFault = nil
}

// docs/deploy.md: a bucket that an update would replace is kept with its objects, but the
// stack no longer knows it. A key, too, or the objects could not be read.
func TestSettingWhatAnUpdateReplacesIsKept(t *testing.T) {
	renamed := map[string][]string{"template.yaml": {"-primary-", "-first-", "-work-", "-desk-"}, "replica.yaml": {"-replica-", "-second-"}}
	inWorld(t, func(w *world) {
		version := w.put("k", "content")
		w.settle()
		w.work().put("told/k", 1)
		for name, file := range map[string]string{"default": "template.yaml", "replica": "replica.yaml"} {
			text, err := os.ReadFile(filepath.Join(w.Project, file))
			require.NoError(t, err)
			changed := strings.NewReplacer(append(renamed[file], "buckets.\n      EnableKeyRotation: true", "buckets.\n      MultiRegion: true")...).Replace(string(text))
			require.NoError(t, os.WriteFile(filepath.Join(w.Project, file), []byte(changed), 0o600))
			environment, err := local.Environment(w.Project, name)
			require.NoError(t, err)
			_, err = w.Update(environment, nil)
			require.NoError(t, err, "what it can't delete it would have to keep")
		}
		there := inventory(w.t, w.Stack)
		for _, f := range append(w.shelves(), w.work()) {
			assert.Contains(t, there, f.name, "kept")
			assert.Contains(t, there, strings.NewReplacer("-primary-", "-first-", "-work-", "-desk-", "-replica-", "-second-").Replace(f.name), "new")
		}
		for region, bucket := range map[string]string{firstRegion: w.bucket(), secondRegion: w.replicaBucket()} {
			got, err := w.read(region, bucket, "k", version)
			require.NoError(t, err)
			assert.Equal(t, "content", got)
		}
		require.NoError(t, w.destroy())
		assert.Contains(t, inventory(w.t, w.Stack), w.bucket())
	}, configurations["SSE-KMS"]...)
}

func TestAnUpdateThatFailsLeavesEverythingAsItWas(t *testing.T) {
	inWorld(t, func(w *world) {
		before := inventory(w.t, w.Stack)
		file := filepath.Join(w.Project, "template.yaml")
		text, err := os.ReadFile(file) // #nosec G304: a copy
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "-primary-", "-first-")), 0o600))
		w.CreateFault = func(r template.Resource) error {
			if r.LogicalID == "FailureNotifierFunction" {
				return errors.New("no more")
			}
			return nil
		}
		environment, err := local.Environment(w.Project, "default")
		require.NoError(t, err)
		_, err = w.Update(environment, nil)
		require.ErrorContains(t, err, "no more")
		assert.Equal(t, before, inventory(w.t, w.Stack))
		synctest.Wait()
		meanwhile := w.Gate.Refusals() // a poll may meet its role while that is put back, and asks again
		w.everything()
		assert.NotEmpty(t, w.SNS.Published())
		assert.Equal(t, meanwhile, w.Gate.Refusals())
	}, always...)
}

func TestAnUpdateOfAStackThatIsNotThereIsRefused(t *testing.T) {
	inWorld(t, func(w *world) {
		environment, err := local.Environment(w.Project, "default")
		require.NoError(t, err)
		environment.StackName = "nobody"
		_, err = w.Update(environment, nil)
		require.EqualError(t, err, "update nobody: there is no stack of this name in "+w.region)
	}, always...)
}

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html
func TestWhatIsReplacedGoesByItsUpdateReplacePolicyAndWhatIsRemovedByItsDeletionPolicy(t *testing.T) {
	folder := t.TempDir()
	write := func(text string) {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "template.yaml"), []byte("Resources:\n"+text), 0o600))
	}
	bucket := func(id, policies, name string) string {
		return "  " + id + ": {Type: AWS::S3::Bucket, " + policies + "Properties: {BucketName: " + name + "}}\n"
	}
	stack, err := local.Start(t.Context(), local.Config{Clock: clock.Real(), Project: folder, Dir: t.TempDir(), Account: account, URL: "http://127.0.0.1"})
	require.NoError(t, err)
	defer func() { require.NoError(t, stack.Close()) }()
	environment := samconfig.Environment{TemplateFile: "template.yaml", StackName: "s", Region: firstRegion}
	const replaced, removed = "UpdateReplacePolicy: Retain, DeletionPolicy: Delete, ", "UpdateReplacePolicy: Delete, DeletionPolicy: Retain, "
	write(bucket("A", replaced, "a-one") + bucket("B", removed, "b-one") + bucket("C", replaced, "c-one") + bucket("D", removed, "d-one"))
	_, err = stack.Deploy(environment, nil)
	require.NoError(t, err)
	write(bucket("A", replaced, "a-two") + bucket("B", removed, "b-two"))
	_, err = stack.Update(environment, nil)
	require.NoError(t, err)
	there := func(name string) bool {
		return stack.S3.CreateBucket(locals3.BucketConfig{Name: name, Region: firstRegion}) != nil
	}
	for name, want := range map[string]bool{"a-one": true, "b-one": false, "c-one": false, "d-one": true, "a-two": true, "b-two": true} {
		assert.Equal(t, want, there(name), name)
	}
}
