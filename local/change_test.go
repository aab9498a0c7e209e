package local_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local"
	"autobackup/local/lambda"
	locals3 "autobackup/local/s3"
	"autobackup/local/samconfig"
	"autobackup/local/store"
)

// edit changes a file of a project.
func edit(t *testing.T, folder, file string, change func(text string) string) {
	t.Helper()
	require.NotEqual(t, project, folder, "a copy is changed")
	name := filepath.Join(folder, file)
	text, err := os.ReadFile(name) // #nosec G304: a copy
	require.NoError(t, err)
	changed := change(string(text))
	require.NotEqual(t, string(text), changed, "%s is as it was", file)
	require.NoError(t, os.WriteFile(name, []byte(changed), 0o600))
}

// copied has a world have a copy of the project, as it is.
func copied(_, text string) string { return text }

// replacing is a change of a text.
func replacing(pairs ...string) func(string) string { return strings.NewReplacer(pairs...).Replace }

// parameters sets parameters of both stacks.
func parameters(set string) func(string) string {
	return replacing(`parameter_overrides = "Stage=dev `, `parameter_overrides = "Stage=dev `+set+` `)
}

func environments(t *testing.T, project string) (all []samconfig.Environment) {
	t.Helper()
	for _, name := range []string{"replica", "default"} {
		environment, err := local.Environment(project, name)
		require.NoError(t, err)
		all = append(all, environment)
	}
	return all
}

// change has a world's stacks go on with what its project has now.
func (w *world) change(code lambda.Code) (local.Change, error) {
	if code.Run == nil {
		code.Run = w.Runtime
	}
	return w.Change(w.t.Context(), environments(w.t, w.Project), code)
}

func TestRunningStacksGoOnWithOtherParametersAndLoseNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
			switch r.Key {
			case "lags":
				return locals3.Plan{Lag: 2 * time.Hour}
			case "damaged":
				return locals3.Plan{Corrupt: locals3.FlipBit}
			case "never":
				return locals3.Plan{Lag: 1000 * time.Hour}
			}
			return locals3.Plan{}
		}
		w.put("damaged", "content")
		w.put("lags", "content")
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Len(t, w.published("failure-topic"), 1)
		_, running := w.States.UnderWay()
		require.True(t, running, "it waits for a replica")
		pipe := w.Pipes.Pipes()[0]
		w.Pipes.Stop(pipe)
		w.put("waits", "content")
		time.Sleep(5 * time.Minute)
		before := inventory(t, w.Stack)

		edit(t, w.Project, "samconfig.toml", replacing("ReplicaRegion=", "DeadlineMinutes=300 MaxReceives=5 BatchWindowSeconds=7 LogRetentionDays=30 NoncurrentExpirationDays=400 ReplicaRegion="))
		change, err := w.change(lambda.Code{})
		require.NoError(t, err)
		for _, id := range []string{"ValidationQueue", "ValidationPipe", "CompareETagsFunction", "FetchETagsLogs", "PrimaryBucketdocuments"} {
			assert.Contains(t, change.Changed, id)
		}
		assert.Empty(t, change.New)
		assert.Empty(t, change.Gone)
		assert.Equal(t, before, inventory(t, w.Stack))
		assert.True(t, w.Pipes.Stopped(pipe), "who stopped it has not started it")
		require.NoError(t, w.Pipes.Start(pipe))
		asked, err := sqs.NewFromConfig(w.AWSConfig(w.region)).GetQueueAttributes(w.t.Context(), &sqs.GetQueueAttributesInput{
			QueueUrl: aws.String(w.URL + "/" + account + "/autobackup-validation-queue-dev"), AttributeNames: []sqstypes.QueueAttributeName{"RedrivePolicy"},
		})
		require.NoError(t, err)
		assert.Contains(t, asked.Attributes["RedrivePolicy"], `"maxReceiveCount":5`)

		uploaded := time.Now()
		w.put("never", "content")
		w.settle()
		ends := map[string]int{}
		for _, e := range w.States.Executions() {
			assert.Equal(t, types.ExecutionStatusSucceeded, e.Result.Status)
			for _, key := range []string{"damaged", "lags", "waits", "never"} {
				ends[key] += strings.Count(string(e.Result.Output), "/"+key+"@")
			}
		}
		assert.Equal(t, map[string]int{"damaged": 1, "lags": 1, "waits": 1, "never": 1}, ends)
		told := w.published("failure-topic")
		require.Len(t, told, 2)
		assert.Greater(t, told[1].Time.Sub(uploaded), 5*time.Hour, "by the new deadline")
		assert.Empty(t, w.Gate.Refusals())

		again, err := w.change(lambda.Code{})
		require.NoError(t, err)
		assert.Equal(t, local.Change{}, again, "nothing changed since")
	}, copied)
}

func TestARunningExecutionEndsByTheDefinitionThatItBeganWith(t *testing.T) {
	machine := "arn:aws:states:" + firstRegion + ":" + account + ":stateMachine:autobackup-validation-dev"
	answering := func(word string) change {
		return workflow(`"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"Next":"` + word + `"},"` + word + `":{"Type":"Pass","Result":"` + word + `","Next":"Fails"},"Fails":{"Type":"Fail"}}`)
	}
	folder := copyOfProject(t, []change{answering("old")})
	source, err := os.ReadFile(filepath.Join(project, "statemachine/validate.asl.json"))
	require.NoError(t, err)
	inLives(t, folder, func(l *lives) {
		t := l.t
		begun := map[string]string{} // words, by executions
		begin := func(word string) {
			e, err := l.States.StartExecution(machine, []byte(`1`))
			require.NoError(t, err)
			begun[e.ARN] = word
		}
		now := func(word string) {
			text := answering(word)("statemachine/validate.asl.json", string(source))
			edit(t, folder, "statemachine/validate.asl.json", func(string) string { return text })
			change, err := l.Change(t.Context(), environments(t, folder), lambda.Code{Run: l.Runtime})
			require.NoError(t, err)
			assert.Equal(t, local.Change{Changed: []string{"ValidationStateMachine"}}, change)
		}
		ended := func() {
			require.NoError(t, l.WaitIdle(t.Context()))
			for _, e := range l.States.Executions() {
				require.Len(t, e.Result.Path, 3, "%v", e.Result)
				assert.Equal(t, begun[e.ARN], e.Result.Path[1])
			}
		}
		begin("old")
		now("new")
		begin("new")
		time.Sleep(20 * time.Second)
		l.ends()
		l.begins()
		begin("new")
		now("newest")
		begin("newest")
		ended()
		l.ends()
		l.begins()
		for arn, word := range begun {
			_, err := l.States.RedriveExecution(l.Deployer, arn)
			require.NoError(t, err, word)
		}
		require.NoError(t, l.WaitIdle(t.Context()))
		of := func(arn string) string {
			out, err := sfn.NewFromConfig(l.AWSConfig(firstRegion)).DescribeStateMachineForExecution(t.Context(), &sfn.DescribeStateMachineForExecutionInput{ExecutionArn: &arn})
			require.NoError(t, err)
			return aws.ToString(out.Definition)
		}
		for arn, word := range begun {
			assert.Contains(t, of(arn), `"Next":"`+word+`"`)
		}
	})
}

func TestWhatCannotBeFollowedIsRefusedInASentenceAndNothingChanges(t *testing.T) {
	for name, c := range map[string]struct {
		file   string
		change func(string) string
		want   string
	}{
		"a queue's name": {"template.yaml", replacing("autobackup-validation-queue-${Stage}", "autobackup-uploads-${Stage}"),
			"another QueueName of ValidationQueue in autobackup-dev (AWS::SQS::Queue) would replace it, and what it holds would be left behind: change that back to autobackup-validation-queue-dev, or start with another --dir"},
		"roles' path":              {"samconfig.toml", parameters("RolePath=/backup/"), "another Path of "},
		"a stage":                  {"samconfig.toml", replacing("Stage=dev ", "Stage=other "), "would replace it, and what it holds would be left behind: change that back"},
		"a stack's name":           {"samconfig.toml", replacing(`stack_name = "autobackup-dev"`, `stack_name = "backup"`), "set stacks and regions as they were, or start with another --dir"},
		"an unknown parameter":     {"samconfig.toml", parameters("Nothing=1"), "the template has no parameter Nothing"},
		"a parameter's bound":      {"samconfig.toml", replacing("ReplicaRegion=", "DeadlineMinutes=0 ReplicaRegion="), "DeadlineMinutes"},
		"an error of a template":   {"template.yaml", replacing("!GetAtt ValidationQueue.Arn", "!GetAtt Nothing.Arn"), "nothing in this template is named Nothing"},
		"an error of a definition": {"statemachine/validate.asl.json", replacing(`"StartAt": "`, `"StartAt": "Not`), "statemachine/validate.asl.json"},
		"no definition at all":     {"statemachine/validate.asl.json", func(string) string { return "" }, "Resources.ValidationStateMachine.Properties.Definition"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				t := w.t
				before := inventory(t, w.Stack)
				edit(t, w.Project, c.file, c.change)
				// A change that could be followed comes with it, and is not.
				edit(t, w.Project, "replica.yaml", replacing("      RetentionInDays: !Ref LogRetentionDays", "      RetentionInDays: 7"))
				change, err := w.change(lambda.Code{})
				require.ErrorContains(t, err, c.want)
				assert.Equal(t, local.Change{}, change)
				assert.Equal(t, before, inventory(t, w.Stack))
				w.everything()
			}, copied)
		})
	}
}

// deployments are what is kept of what was deployed, by region and stack.
func (l *lives) deployments() map[string]string {
	l.t.Helper()
	all := map[string]string{}
	require.NoError(l.t, store.Each(l.store, "stacks", func(key string, resources json.RawMessage) error {
		all[key] = string(resources)
		return nil
	}))
	return all
}

// What only the running stacks can know: somebody's bucket has the name of one that the second stack
// gets. The first stack is updated by then, and that is what the next one goes on from.
func TestAnUpdateThatFailsAtTheSecondStackLeavesTheFirstUpdatedAndTheSecondAsItWas(t *testing.T) {
	letters := "autobackup-dev-primary-letters-" + account
	folder := copyOfProject(t, []change{aMinute})
	inLives(t, folder, func(l *lives) {
		t := l.t
		require.NoError(t, l.S3.CreateBucket(locals3.BucketConfig{Name: letters, Region: firstRegion}))
		update := func() (local.Change, error) {
			return l.Change(t.Context(), environments(t, folder), lambda.Code{Run: l.Runtime})
		}
		first, second := secondRegion+" autobackup-replica-dev", firstRegion+" autobackup-dev" // as they are deployed
		before, groups := l.deployments(), l.Logs.Groups()
		edit(t, folder, "samconfig.toml", parameters("Categories=documents,media,databases,letters LogRetentionDays=30"))

		for _, want := range []local.Change{{Changed: []string{"HashBytesLogs"}, New: []string{"ReplicaBucketPolicyletters", "ReplicaBucketletters"}}, {}} {
			got, err := update()
			require.ErrorContains(t, err, "BucketAlreadyOwnedByYou")
			assert.Equal(t, want, got, "what the first stack became it is no second time")
			now := l.deployments()
			assert.NotEqual(t, before[first], now[first])
			assert.Equal(t, before[second], now[second])
			assert.Equal(t, groups, l.Logs.Groups())
			statuses := map[string]string{}
			out, err := cloudformation.NewFromConfig(l.AWSConfig(firstRegion)).DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{})
			require.NoError(t, err)
			for _, s := range out.Stacks {
				statuses[aws.ToString(s.StackName)] = string(s.StackStatus)
			}
			assert.Equal(t, map[string]string{"autobackup-dev": "UPDATE_ROLLBACK_COMPLETE"}, statuses)
		}
		put, sent := l.does("one")
		require.NoError(t, put)
		require.NoError(t, sent)

		l.killed()
		l.begins() // with what could not be updated: the bucket is the stack's then
		objects, mails, _ := l.has()
		assert.Len(t, append(objects, mails...), 2)
		got, err := update()
		require.NoError(t, err)
		assert.Equal(t, local.Change{}, got)
		put, _ = l.does("two")
		require.NoError(t, put)
	})
}

// A bucket is what it became where its template is as it was. That is the one of the update, not of the
// first deployment.
func TestWhatIsDeployedNextIsComparedWithTheLastUpdate(t *testing.T) {
	bucket := aws.String("autobackup-dev-primary-documents-" + account)
	for name, end := range map[string]func(*lives){"a stop": (*lives).ends, "a kill": (*lives).killed} {
		t.Run(name, func(t *testing.T) {
			folder := copyOfProject(t, []change{aMinute})
			inLives(t, folder, func(l *lives) {
				t := l.t
				edit(t, folder, "samconfig.toml", parameters("NoncurrentExpirationDays=400"))
				got, err := l.Change(t.Context(), environments(t, folder), lambda.Code{Run: l.Runtime})
				require.NoError(t, err)
				require.Contains(t, got.Changed, "PrimaryBucketdocuments")
				_, err = s3.NewFromConfig(l.AWSConfig(firstRegion)).DeleteBucketLifecycle(t.Context(), &s3.DeleteBucketLifecycleInput{Bucket: bucket})
				require.NoError(t, err)
				end(l)
				l.begins()
				_, err = s3.NewFromConfig(l.AWSConfig(firstRegion)).GetBucketLifecycleConfiguration(t.Context(), &s3.GetBucketLifecycleConfigurationInput{Bucket: bucket})
				require.ErrorContains(t, err, "NoSuchLifecycleConfiguration", "it is not taken for one whose template has changed")
			})
		})
	}
}
