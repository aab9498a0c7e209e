package serve_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/serve"
)

// copied is this project with other parameters of the primary stack, and with files that a test
// changes.
func copied(t *testing.T, parameters string) string {
	t.Helper()
	folder := projectWith(t, parameters)
	for _, name := range []string{"template.yaml", "replica.yaml", "statemachine", "lambdas"} {
		from, to := filepath.Join(project, name), filepath.Join(folder, name)
		require.NoError(t, os.Remove(to))
		info, err := os.Stat(from)
		require.NoError(t, err)
		if info.IsDir() {
			require.NoError(t, os.CopyFS(to, os.DirFS(from)))
			continue
		}
		text, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(to, text, 0o600))
	}
	// What functions are built of stays where it is.
	from, err := filepath.Abs(project)
	require.NoError(t, err)
	all, err := os.ReadDir(from)
	require.NoError(t, err)
	for _, one := range all {
		to := filepath.Join(folder, one.Name())
		if _, err := os.Lstat(to); err != nil && !strings.HasPrefix(one.Name(), ".") {
			require.NoError(t, os.Symlink(filepath.Join(from, one.Name()), to))
		}
	}
	return folder
}

// edit changes a file of a copy.
func edit(t *testing.T, folder, file string, pairs ...string) {
	t.Helper()
	name := filepath.Join(folder, file)
	text, err := os.ReadFile(name) // #nosec G304: a copy
	require.NoError(t, err)
	changed := strings.NewReplacer(pairs...).Replace(string(text))
	require.NotEqual(t, string(text), changed, "%s is as it was", file)
	require.NoError(t, os.WriteFile(name, []byte(changed), 0o600))
}

// press types a key, and waits for what is said of it.
func (r running) press(t *testing.T, key, said string) []string {
	t.Helper()
	before := len(r.String())
	_, err := io.WriteString(r.typed, key+"\n")
	require.NoError(t, err)
	return r.saysAfter(t, before, said)
}

func TestTheKeyUDeploysWhatChangedWhileEverythingRuns(t *testing.T) {
	folder, dir := copied(t, quick), t.TempDir()
	r := served(t, serve.Options{Project: folder, Dir: dir})
	r.says(t, "u deploys what changed")
	cfg := r.client(t, "")
	upload(t, cfg, "before")
	r.press(t, "u", "nothing to update: the stacks are as samconfig.toml, the templates and the code have them")

	// Parameters.
	attribute := func(name string) string {
		out, err := sqs.NewFromConfig(cfg).GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
			QueueUrl: aws.String("http://" + r.at + "/123456789012/autobackup-validation-queue-dev"), AttributeNames: []sqstypes.QueueAttributeName{"All"},
		})
		require.NoError(t, err)
		return out.Attributes[name]
	}
	assert.Equal(t, "0", attribute("DelaySeconds"))
	edit(t, folder, "samconfig.toml", quick, "DeliveryDelaySeconds=1 BatchWindowSeconds=1")
	r.press(t, "u", `(?m)^\d\d:\d\d:\d\d  updated: 1 changed \(ValidationQueue\)$`)
	assert.Equal(t, "1", attribute("DelaySeconds"))

	// A definition.
	edit(t, folder, "statemachine/validate.asl.json", "Proves that uploaded", "Another: proves that uploaded")
	r.press(t, "u", `updated: 1 changed \(ValidationStateMachine\)`)
	described, err := sfn.NewFromConfig(cfg).DescribeStateMachine(t.Context(), &sfn.DescribeStateMachineInput{StateMachineArn: &machine})
	require.NoError(t, err)
	assert.Contains(t, aws.ToString(described.Definition), "Another: proves")

	// Code.
	require.NoError(t, os.WriteFile(filepath.Join(folder, "lambdas/hash-bytes/main.go"), []byte(`package main

import "github.com/aws/aws-lambda-go/lambda"

func main() { lambda.Start(func() (string, error) { return "other code", nil }) }
`), 0o600))
	r.press(t, "u", `updated: 2 changed \(HashBytesFunction, HashBytesFunction\)`)
	for _, region := range []string{firstRegion, secondRegion} {
		out, err := lambda.NewFromConfig(r.client(t, region)).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("autobackup-hash-bytes-dev"), Payload: []byte("{}")})
		require.NoError(t, err)
		assert.Equal(t, `"other code"`, string(out.Payload))
	}

	// What can't be followed.
	edit(t, folder, "template.yaml", "autobackup-failure-queue-${Stage}", "autobackup-told-${Stage}")
	r.press(t, "u", `not updated, the stacks go on as they were: another QueueName of FailureQueue in autobackup-dev \(AWS::SQS::Queue\) would replace it, and what it holds would be left behind: `+
		`change that back to autobackup-failure-queue-dev, or start with another --dir`)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "lambdas/hash-bytes/main.go"), []byte("package main\n\nfunc main() { nothing() }\n"), 0o600))
	r.press(t, "u", `not updated, the stacks go on as they were: build the functions in [^\n]*\n(.*\n)*.*undefined: nothing`)
	require.NoError(t, os.Remove(filepath.Join(folder, "samconfig.toml")))
	r.press(t, "u", `not updated, the stacks go on as they were: read samconfig\.toml: `)

	r.says(t, `(?m)  documents  before  verified  full-object checksum`)
	upload(t, cfg, "after")
	r.says(t, `(?m)  documents  after  verified  full-object checksum`)
	require.NoError(t, r.end())
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	for i := range left {
		left[i] = filepath.Base(left[i])
	}
	assert.NotContains(t, left, "functions")
}

// What only the running stacks can know: somebody's bucket has the name of one that the second stack
// gets.
func TestAnUpdateThatFailsAtTheSecondStackIsToldAndGoesOnWithTheNext(t *testing.T) {
	const letters = "autobackup-dev-primary-letters-123456789012"
	folder := copied(t, quick)
	r := served(t, serve.Options{Project: folder, Fast: true})
	cfg := r.client(t, "")
	makes(t, cfg, letters)
	edit(t, folder, "samconfig.toml", `"Stage=dev `, `"Stage=dev Categories=documents,media,databases,letters LogRetentionDays=30 `)
	r.press(t, "u", `(?m)  updated in part: 1 changed \(HashBytesLogs\), 2 new \(ReplicaBucketPolicyletters, ReplicaBucketletters\), `+
		`and then: update autobackup-dev: .*BucketAlreadyOwnedByYou: .* \(what is updated stays: mend that, and press u again\)$`)
	upload(t, cfg, "between")
	r.says(t, `(?m)  documents  between  verified`)
	client := s3.NewFromConfig(cfg)
	_, err := client.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String(letters)})
	require.NoError(t, err)
	r.press(t, "u", `(?m)  updated: \d+ changed \(.*FetchETagsLogs.*\), \d+ new \(.*PrimaryBucketletters.*\)$`)
	_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(letters), Key: aws.String("new"), Body: strings.NewReader("new")})
	require.NoError(t, err)
	r.says(t, `(?m)  letters  new  verified`)
}

func TestAServeThatIsKilledWhileItUpdatesGoesOnWithWhatIsThere(t *testing.T) {
	folder, dir := projectWith(t, quick), t.TempDir()
	uploaded := map[string]bool{}
	parameters := quick
	for round := range 4 {
		p := started(t, "--project", folder, "--dir", dir, "--fast")
		cfg := p.client(t, "")
		key := fmt.Sprintf("round-%d", round)
		upload(t, cfg, key)
		uploaded[key] = true
		next := fmt.Sprintf("BatchWindowSeconds=1 DeliveryDelaySeconds=%d DeadlineMinutes=%d NoncurrentExpirationDays=%d", round+1, 30+round, 400+round)
		edit(t, folder, "samconfig.toml", parameters, next)
		parameters = next
		p.press(t, "u", "reading samconfig.toml, templates and definitions, and building the functions")
		if round < 3 { // in the midst of it, or just after
			time.Sleep(time.Duration(round*400) * time.Millisecond)
		} else {
			p.says(t, `  (updated: |nothing to update)`)
		}
		p.kill(t)
	}
	last := started(t, "--project", folder, "--dir", dir, "--fast")
	for key := range uploaded {
		require.Eventually(t, func() bool {
			for _, e := range executions(t, last.client(t, "")) {
				if strings.Contains(aws.ToString(e.Output), "/"+key+"@") {
					return true
				}
			}
			return false
		}, time.Minute, 100*time.Millisecond, key)
	}
	out, err := sqs.NewFromConfig(last.client(t, "")).GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: aws.String("http://" + last.at + "/123456789012/autobackup-validation-queue-dev"), AttributeNames: []sqstypes.QueueAttributeName{"All"},
	})
	require.NoError(t, err)
	assert.Equal(t, "4", out.Attributes["DelaySeconds"])
	last.press(t, "u", "nothing to update")
	last.kill(t)
}
