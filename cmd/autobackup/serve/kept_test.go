package serve_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/logged"
	"autobackup/cmd/autobackup/metrics"
	"autobackup/cmd/autobackup/serve"
	"autobackup/local/store"
)

// quick is a project whose uploads are looked at as soon as they are there.
const quick = "DeliveryDelaySeconds=0 BatchWindowSeconds=1"

// projectWith is this project with other parameters of the primary stack.
func projectWith(t *testing.T, parameters string) string {
	t.Helper()
	folder := t.TempDir()
	from, err := filepath.Abs(project)
	require.NoError(t, err)
	for _, name := range []string{"template.yaml", "replica.yaml", "statemachine", "lambdas"} {
		require.NoError(t, os.Symlink(filepath.Join(from, name), filepath.Join(folder, name)))
	}
	text, err := os.ReadFile(filepath.Join(project, "samconfig.toml"))
	require.NoError(t, err)
	changed := strings.Replace(string(text), `parameter_overrides = "Stage=dev `, `parameter_overrides = "Stage=dev `+parameters+` `, 1)
	require.NotEqual(t, string(text), changed)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "samconfig.toml"), []byte(changed), 0o600))
	return folder
}

// built is a folder for what is built once for all tests.
var built string

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if built, err = os.MkdirTemp("", "autobackup-test-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(built); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// program is built once.
var program = sync.OnceValues(func() (string, error) {
	at := filepath.Join(built, "autobackup")
	out, err := exec.Command("go", "build", "-o", at, "..").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return at, nil
})

// process is a serve in a process of its own.
type process struct {
	running
	*exec.Cmd
}

func started(t *testing.T, arguments ...string) process {
	t.Helper()
	at, err := program()
	require.NoError(t, err)
	c := exec.Command(at, append([]string{"serve", "--listen", "127.0.0.1:0", "--page", "127.0.0.1:0"}, arguments...)...)
	p := process{running{transcript: &transcript{}}, c}
	c.Stdout, c.Stderr = p.transcript, p.transcript
	if p.typed, err = c.StdinPipe(); err != nil {
		require.NoError(t, err)
	}
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill() }) // where the test didn't
	p.at = p.says(t, ready)[1]
	return p
}

// kill ends the process as the machine's owner would, or a lack of memory.
func (p process) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.Process.Signal(syscall.SIGKILL))
	_ = p.Wait() // killed
}

var machine = "arn:aws:states:" + firstRegion + ":123456789012:stateMachine:autobackup-validation-dev"

// executions are all, by their names.
func executions(t *testing.T, cfg aws.Config) map[string]*sfn.DescribeExecutionOutput {
	t.Helper()
	return executionsNow(t, t.Context(), cfg)
}

// executionsNow is executions for who asks again where an answer breaks off.
func executionsNow(t require.TestingT, ctx context.Context, cfg aws.Config) map[string]*sfn.DescribeExecutionOutput {
	client, all := sfn.NewFromConfig(cfg), map[string]*sfn.DescribeExecutionOutput{}
	pages := sfn.NewListExecutionsPaginator(client, &sfn.ListExecutionsInput{StateMachineArn: aws.String(machine)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		require.NoError(t, err)
		for _, e := range page.Executions {
			one, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: e.ExecutionArn})
			require.NoError(t, err)
			one.ResultMetadata = sfn.DescribeExecutionOutput{}.ResultMetadata // of this call
			all[aws.ToString(e.Name)] = one
		}
	}
	return all
}

func history(t *testing.T, cfg aws.Config, arn *string) []types.HistoryEvent {
	t.Helper()
	out, err := sfn.NewFromConfig(cfg).GetExecutionHistory(t.Context(), &sfn.GetExecutionHistoryInput{ExecutionArn: arn})
	require.NoError(t, err)
	return out.Events
}

func TestAValidationGoesOnWhereAKilledServeLeftIt(t *testing.T) {
	project, dir := projectWith(t, quick), filepath.Join(t.TempDir(), "kept")
	first := started(t, "--project", project, "--dir", dir)
	first.says(t, "everything is kept in "+dir)
	cfg := first.client(t, "")
	_, err := first.typed.Write([]byte("l\n"))
	require.NoError(t, err)
	first.says(t, "the next replica comes after 10 minutes")
	upload(t, cfg, "lags")
	parts := s3.NewFromConfig(cfg)
	begun, err := parts.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String(documents), Key: aws.String("parts")})
	require.NoError(t, err)
	part, err := parts.UploadPart(t.Context(), &s3.UploadPartInput{
		Bucket: aws.String(documents), Key: aws.String("parts"), UploadId: begun.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("content"),
	})
	require.NoError(t, err)
	var waits *sfn.DescribeExecutionOutput
	var before []types.HistoryEvent
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		for _, waits = range executions(t, cfg) {
			before = history(t, cfg, waits.ExecutionArn)
		}
		assert.True(c, slices.ContainsFunc(before, func(e types.HistoryEvent) bool {
			return e.StateExitedEventDetails != nil && aws.ToString(e.StateExitedEventDetails.Name) == "CompareETags"
		}))
		looks, _ := logs(t, cfg)
		assert.Equal(c, 1, came(looks, "lags", "lagging"))
		assert.Equal(c, []float64{0, 1, 0, 1}, sums(graphs(t, cfg))[:4])
	}, time.Minute, 100*time.Millisecond, "it waits for the replica")
	looks, _ := logs(t, cfg)
	first.kill(t)

	second := started(t, "--project", project, "--dir", dir, "--fast")
	second.says(t, `(?m)  documents  lags  verified  full-object checksum`)
	cfg = second.client(t, "")
	now := executions(t, cfg)[aws.ToString(waits.Name)]
	assert.Equal(t, types.ExecutionStatusSucceeded, now.Status)
	assert.Equal(t, waits.StartDate, now.StartDate)
	lags, err := s3.NewFromConfig(cfg).HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(documents), Key: aws.String("lags")})
	require.NoError(t, err)
	assert.GreaterOrEqual(t, now.StopDate.Sub(*lags.LastModified), 10*time.Minute, "the replica came in its time")
	after := history(t, cfg, waits.ExecutionArn)
	require.Greater(t, len(after), len(before))
	assert.Equal(t, before, after[:len(before)], "nothing that was done is done again")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		now, _ := logs(t, cfg)
		assert.Equal(c, 1, came(now, "lags", "verified"))
		assert.Greater(c, came(now, "lags", "lagging"), 1, "its waits keep their end")
		assert.Subset(c, now, looks, "what was logged before is there")
		counted := sums(graphs(t, cfg))
		assert.Equal(c, []float64{1, 0, 1}, []float64{counted[0], counted[2], counted[4]}, "an upload was sent, and is verified")
		assert.Greater(c, counted[1], 1.0, "it lagged before and after the kill")
	}, time.Minute, 100*time.Millisecond)
	completed, err := s3.NewFromConfig(cfg).CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: aws.String(documents), Key: aws.String("parts"), UploadId: begun.UploadId,
		MultipartUpload: &s3types.CompletedMultipartUpload{Parts: []s3types.CompletedPart{{ETag: part.ETag, PartNumber: aws.Int32(1)}}},
	})
	require.NoError(t, err, "a part that was taken is there")
	require.NotEmpty(t, aws.ToString(completed.VersionId))
	second.says(t, `(?m)  documents  parts  verified`)
	second.kill(t)
}

func TestEveryUploadIsVerifiedHoweverOftenServeIsKilled(t *testing.T) {
	project, dir := projectWith(t, quick), t.TempDir()
	uploaded := map[string]bool{}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 6 {
		p := started(t, "--project", project, "--dir", dir, "--fast")
		cfg := p.client(t, "")
		for i := range 4 {
			key := fmt.Sprintf("round-%d/%d", round, i)
			uploaded["s3://"+documents+"/"+key+"@"+upload(t, cfg, key)] = true
		}
		time.Sleep(time.Duration(random.IntN(1500)) * time.Millisecond)
		p.kill(t)
	}
	last := started(t, "--project", project, "--dir", dir, "--fast")
	cfg := last.client(t, "")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		verified := map[string]bool{}
		for _, e := range executionsNow(c, t.Context(), cfg) {
			assert.Contains(c, []types.ExecutionStatus{types.ExecutionStatusSucceeded, types.ExecutionStatusRunning}, e.Status)
			var out struct {
				Objects []struct{ Object, Verdict string }
			}
			if e.Output != nil && assert.NoError(c, json.Unmarshal([]byte(*e.Output), &out)) {
				for _, o := range out.Objects {
					assert.Equal(c, "verified", o.Verdict, o.Object)
					verified[o.Object] = true
				}
			}
		}
		assert.Equal(c, uploaded, verified, "each that was answered, and no other")
	}, time.Minute, 200*time.Millisecond)
	last.kill(t)
}

// logs are the looks at documents and the e-mails that the functions logged, the newest first.
func logs(t *testing.T, cfg aws.Config) ([]logged.Look, []logged.Mail) {
	t.Helper()
	of := logged.Part{Stage: "dev", From: time.Now().Add(-time.Hour), To: time.Now().Add(48 * time.Hour), Within: time.Minute} // as time may run ahead
	looks, searched, err := logged.Looks(t.Context(), cfg, logged.Wanted{Bucket: documents}, of)
	require.NoError(t, err)
	require.Empty(t, searched.Cut)
	mails, _, err := logged.Mails(t.Context(), cfg, of)
	require.NoError(t, err)
	return looks, mails
}

// graphs are what CloudWatch has of what happened, by the minute.
func graphs(t *testing.T, cfg aws.Config) [][]metrics.Point {
	t.Helper()
	all, err := metrics.Read(t.Context(), cfg, []metrics.Query{
		metrics.OfStage("dev", "Verified", "Sum"), metrics.OfStage("dev", "Lagging", "Sum"), metrics.OfStage("dev", "Failed", "Sum"),
		{Namespace: "AWS/Lambda", Name: "Invocations", Dimension: "FunctionName", Value: "autobackup-fetch-etags-dev", Statistic: "Sum"},
		{Namespace: "AWS/SQS", Name: "NumberOfMessagesSent", Dimension: "QueueName", Value: "autobackup-validation-queue-dev", Statistic: "Sum"},
	}, time.Now().Add(-time.Hour), time.Now().Add(48*time.Hour), time.Minute) // as time may run ahead
	require.NoError(t, err)
	return all
}

// sums are those of the points of graphs.
func sums(of [][]metrics.Point) (all []float64) {
	for _, points := range of {
		sum := 0.0
		for _, p := range points {
			sum += p.Value
		}
		all = append(all, sum)
	}
	return all
}

// came says how many looks at a key came to an outcome.
func came(looks []logged.Look, key, outcome string) (n int) {
	for _, l := range looks {
		if l.Version.Key == key && l.Outcome == outcome {
			n++
		}
	}
	return n
}

// seen is everything there is of what people look at.
func seen(t *testing.T, r running) string {
	t.Helper()
	cfg := r.client(t, "")
	var all []any
	for _, name := range []string{documents, replicas, "mine"} {
		client := s3.NewFromConfig(r.client(t, map[string]string{replicas: secondRegion}[name]))
		versions, err := client.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &name})
		require.NoError(t, err)
		for _, v := range versions.Versions {
			head, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &name, Key: v.Key, VersionId: v.VersionId, ChecksumMode: s3types.ChecksumModeEnabled})
			require.NoError(t, err)
			body, err := io.ReadAll(head.Body)
			require.NoError(t, err)
			all = append(all, name, v, string(body), head.Metadata, head.ReplicationStatus, head.ChecksumCRC32, head.ChecksumCRC64NVME, head.SSEKMSKeyId)
		}
		all = append(all, versions.DeleteMarkers)
	}
	queue := aws.String(aws.ToString(cfg.BaseEndpoint) + "/123456789012/autobackup-validation-dlq-dev")
	attributes, err := sqs.NewFromConfig(cfg).GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: queue, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	require.NoError(t, err)
	mails, err := filepath.Glob(filepath.Dir(r.says(t, `E-mails are written to (\S+)`)[1]) + "/outbox/*")
	require.NoError(t, err)
	looks, sent := logs(t, cfg)
	all = append(all, attributes.Attributes, mails, executions(t, cfg), looks, sent, graphs(t, cfg)[:4]) // of a queue they tell once a minute is over
	for _, e := range executions(t, cfg) {
		all = append(all, e.RedriveCount)
	}
	text, err := json.MarshalIndent(all, "", " ")
	require.NoError(t, err)
	return string(text)
}

// makes makes a bucket in the first region.
func makes(t *testing.T, cfg aws.Config, bucket string) {
	t.Helper()
	in := &s3.CreateBucketInput{Bucket: &bucket}
	if firstRegion != "us-east-1" { // which is no constraint
		in.CreateBucketConfiguration = &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(firstRegion)}
	}
	_, err := s3.NewFromConfig(cfg).CreateBucket(t.Context(), in)
	require.NoError(t, err)
}

func TestEverythingIsAsItWasAfterAStop(t *testing.T) {
	dir := t.TempDir()
	first := served(t, serve.Options{Project: projectWith(t, quick), Dir: dir, Fast: true})
	cfg := first.client(t, "")
	_, err := first.typed.Write([]byte("c\n"))
	require.NoError(t, err)
	first.says(t, "the next replica has a flipped bit")
	upload(t, cfg, "damaged")
	first.says(t, `(?m)  e-mail  .*CONTENT_MISMATCH`)
	upload(t, cfg, "fine")
	first.says(t, `documents  fine  verified`)
	client := s3.NewFromConfig(cfg)
	_, err = client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(documents), Key: aws.String("fine")})
	require.NoError(t, err)
	first.says(t, `documents  fine \(delete marker\)  verified`)
	makes(t, cfg, "mine")
	_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("mine"), Key: aws.String("odd ☃\n"), Body: strings.NewReader("mine"), Metadata: map[string]string{"a": "b"}})
	require.NoError(t, err)
	require.EventuallyWithT(t, func(c *assert.CollectT) { // a process's lines are written a moment behind its answer
		looks, mails := logs(t, cfg)
		assert.Equal(c, []int{1, 2}, []int{came(looks, "damaged", "failed"), came(looks, "fine", "verified")})
		assert.Len(c, mails, 1)
	}, time.Minute, 100*time.Millisecond)
	before := seen(t, first)
	require.NoError(t, first.end())

	second := served(t, serve.Options{Project: projectWith(t, quick), Dir: dir})
	assert.Equal(t, before, seen(t, second))
	counted := sums(graphs(t, second.client(t, "")))
	assert.Equal(t, []float64{2, 1}, []float64{counted[0], counted[2]}, "verified and failed")
	assert.NotContains(t, second.String(), "verified", "nothing is told again")
	received, err := sqs.NewFromConfig(second.client(t, "")).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: aws.String("http://" + second.at + "/123456789012/autobackup-validation-dlq-dev"), MessageAttributeNames: []string{"All"},
	})
	require.NoError(t, err)
	require.Len(t, received.Messages, 1)
	assert.Equal(t, "CONTENT_MISMATCH", aws.ToString(received.Messages[0].MessageAttributes["reason"].StringValue))

	var out bytes.Buffer
	err = serve.Run(t.Context(), serve.Options{Project: project, Listen: "127.0.0.1:0", Page: "127.0.0.1:0", Dir: dir, Out: &out, Progress: &out})
	require.ErrorContains(t, err, "another autobackup serve has this folder: stop it, or name another folder")
	require.NoError(t, second.end())

	more := served(t, serve.Options{Project: projectWith(t, quick+` Categories=documents,media,databases,letters`), Dir: dir, Fast: true})
	assert.Contains(t, seen(t, more), `"damaged"`)
	_, err = s3.NewFromConfig(more.client(t, "")).PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("autobackup-dev-primary-letters-123456789012"), Key: aws.String("new"), Body: strings.NewReader("new"),
	})
	require.NoError(t, err, "a category that was added has its bucket")
	require.NoError(t, more.end())
}

func TestAFolderThatCanNotBeGoneOnInIsRefusedAndStaysAsItIs(t *testing.T) {
	dir := t.TempDir()
	first := served(t, serve.Options{Dir: dir})
	upload(t, first.client(t, ""), "kept")
	require.NoError(t, first.end())
	refused := func(o serve.Options, want string) {
		var out bytes.Buffer
		o.Listen, o.Page, o.Out, o.Progress = "127.0.0.1:0", "127.0.0.1:0", &out, io.Discard
		if o.Project == "" {
			o.Project = project
		}
		require.ErrorContains(t, serve.Run(t.Context(), o), want)
		assert.Empty(t, out.String())
	}
	refused(serve.Options{Dir: dir, Project: projectWith(t, "ValidationNothing=1")}, "the template has no parameter ValidationNothing")
	refused(serve.Options{Dir: dir, Project: projectWith(t, "Stage=other")}, " would replace it, and what it holds would be left behind: change that back")
	elsewhere := projectWith(t, quick)
	text, err := os.ReadFile(filepath.Join(elsewhere, "samconfig.toml"))
	require.NoError(t, err)
	moved := strings.Replace(string(text), `region = "`+firstRegion+`"`, `region = "eu-north-1"`, 1)
	require.NoError(t, os.WriteFile(filepath.Join(elsewhere, "samconfig.toml"), []byte(moved), 0o600))
	refused(serve.Options{Dir: dir, Project: elsewhere}, "set stacks and regions as they were, or start with another --dir")
	other := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(other, "thesis.txt"), []byte("mine"), 0o600))
	refused(serve.Options{Dir: other}, "it holds something else: name an empty folder, one that is not there, or one of an earlier serve")

	again := served(t, serve.Options{Dir: dir})
	_, err = s3.NewFromConfig(again.client(t, "")).HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(documents), Key: aws.String("kept")})
	require.NoError(t, err)
	require.NoError(t, again.end())

	for kept, want := range map[any]string{
		struct{ Format int }{1 << 20}: "a newer version of this program wrote it: use that, or another folder",
		struct {
			Format  int
			Account string
		}{1, "000000000000"}: "it is of account 000000000000, not of 123456789012: name another folder",
	} {
		s, err := store.Open(dir)
		require.NoError(t, err)
		s.Write(map[store.Record]any{{Kind: "folder"}: kept})
		require.NoError(t, s.Close())
		refused(serve.Options{Dir: dir}, want)
	}

	file := filepath.Join(dir, store.File)
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("spoilt", 10_000)), 0o600))
	refused(serve.Options{Dir: dir}, "invalid database: put back a copy of the folder, or name another one")
	require.NoError(t, os.Truncate(file, 0))
	objects, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, objects)
	refused(serve.Options{Dir: dir}, "stack.db is empty, and what lies beside it is of an earlier serve: put back a copy")
	left, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	require.NoError(t, err)
	assert.Equal(t, objects, left)
	refused(serve.Options{Dir: file}, "not a directory: name one that can be made")
}
