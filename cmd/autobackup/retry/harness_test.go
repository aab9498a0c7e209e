package retry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/retry"
	"autobackup/internal/batch"
	"autobackup/internal/handler"
	"autobackup/internal/wire"
	"autobackup/local"
	"autobackup/local/asl"
	"autobackup/local/clock"
	"autobackup/local/lambda"
	locals3 "autobackup/local/s3"
	"autobackup/local/sqs"
	"autobackup/local/testing/memnet"
)

const (
	project = "../../.."
	account = "123456789012"
)

// world is both stacks, deployed into a synctest bubble with the functions in
// this process.
type world struct {
	*local.Stack
	t      *testing.T
	region string
	plan   bytes.Buffer // what the last run showed
	// before, if set, is told of every request of the last run's clients; an
	// answer other than 0 is the request's HTTP status.
	before func(action string) (status int)
	// fake answers an action's requests instead of the stack.
	fake map[string]string
	// edit, if set, changes the bodies of requests on their way.
	edit func(action, body string) string
	// ofS3, if set, is told of every request for the working bucket.
	ofS3 func(action, path string)
	// silent is the action whose requests get no answer until the client gives up.
	silent string
}

// inWorld runs a test in a fresh world. Changes are old and new texts of the
// state machine's definition.
func inWorld(t *testing.T, test func(w *world), changes ...string) {
	t.Helper()
	folder, dir := copyOfProject(t, changes), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t}
		network, stop := memnet.Client(w)
		defer stop()
		var err error
		w.Stack, err = local.Start(t.Context(), local.Config{
			Clock: clock.Real(), Project: folder, Dir: dir, Account: account, Seed: 1, KeepHistory: true,
			URL: "http://127.0.0.1", HTTPClient: network,
			Runtime: lambda.InProcess(wire.Functions(io.Discard, time.Now), handler.Logger(io.Discard), func(region string) aws.Config { return w.AWSConfig(region) }),
		})
		require.NoError(t, err)
		defer func() { require.NoError(t, w.Close()) }()
		for _, name := range []string{"replica", "default"} {
			environment, err := local.Environment(folder, name)
			require.NoError(t, err)
			_, err = w.Deploy(environment, nil)
			require.NoError(t, err)
			w.region = environment.Region
		}
		test(w)
	})
}

func copyOfProject(t *testing.T, changes []string) string {
	if len(changes) == 0 {
		return project
	}
	folder := t.TempDir()
	for _, name := range []string{"template.yaml", "replica.yaml", "samconfig.toml", "statemachine/validate.asl.json", "statemachine/audit.asl.json"} {
		text, err := os.ReadFile(filepath.Join(project, name))
		require.NoError(t, err)
		if strings.HasPrefix(name, "statemachine/") {
			text = []byte(strings.NewReplacer(changes...).Replace(string(text)))
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), text, 0o600))
	}
	return folder
}

// ServeHTTP is the stack's address with the hook in front of it.
func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if at := strings.TrimPrefix(r.URL.Path, "/"); strings.HasPrefix(at, "autobackup-dev-work-") {
		action = map[string]string{http.MethodGet: "GetObject", http.MethodPut: "PutObject"}[r.Method]
		if r.URL.Query().Has("list-type") {
			action, at = "ListObjectsV2", strings.TrimSuffix(at, "/")
		}
		if w.ofS3 != nil {
			w.ofS3(action, at)
		}
	}
	if answer := w.fake[action]; answer != "" {
		_, _ = io.WriteString(rw, answer)
		return
	}
	if w.silent != "" && action == w.silent {
		_, _ = io.Copy(io.Discard, r.Body) // before that the server does not notice that the client is gone
		<-r.Context().Done()
		return
	}
	if w.before != nil {
		if status := w.before(action); status != 0 {
			rw.WriteHeader(status)
			return
		}
	}
	if w.edit != nil && r.Header.Get("X-Amz-Target") != "" {
		body, _ := io.ReadAll(r.Body)
		edited := w.edit(action, string(body))
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(edited)), int64(len(edited))
	}
	w.Stack.ServeHTTP(rw, r)
}

// put uploads objects with these keys.
func (w *world) put(keys ...string) {
	w.t.Helper()
	client := s3.NewFromConfig(w.AWSConfig(w.region))
	for _, key := range keys {
		_, err := client.PutObject(w.t.Context(), &s3.PutObjectInput{
			Bucket: aws.String("autobackup-dev-primary-documents-" + account), Key: &key, Body: strings.NewReader("content"),
		})
		require.NoError(w.t, err)
	}
}

// keys are n different keys.
func keys(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("file-%02d", i))
	}
	return all
}

// settle waits until everything sent has come to its end.
func (w *world) settle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*24*time.Hour)
	defer cancel()
	require.NoError(w.t, w.WaitIdle(ctx))
	synctest.Wait()
}

// broken makes the calls fail whose resource or parameters have one of the
// texts.
func (w *world) broken(texts ...string) {
	w.States.TaskFault = func(_ context.Context, resource string, parameters []byte) error {
		for _, text := range texts {
			if strings.Contains(resource+string(parameters), text) {
				return &asl.Error{Name: "Broken", Cause: "on purpose"}
			}
		}
		return nil
	}
}

// notParked is what TaskFault must break to leave messages unsettled.
var notParked = []string{"function:autobackup-compare-etags", "sqs:sendMessage"}

func (w *world) healed() { w.States.TaskFault = nil }

func (w *world) queueARN(name string) string {
	return fmt.Sprintf("arn:aws:sqs:%s:%s:autobackup-%s-dev", w.region, account, name)
}

func (w *world) messages(queue string) []sqs.Message {
	w.t.Helper()
	all, err := w.SQS.Messages(w.queueARN(queue))
	require.NoError(w.t, err)
	return all
}

// putBack are the bodies that the validation queue has got, each as often as it
// came: it waits until the pipe has taken them all.
func (w *world) putBack() (bodies []string) {
	w.t.Helper()
	w.settle()
	for _, e := range w.States.Executions() {
		var input []batch.Message
		require.NoError(w.t, json.Unmarshal(e.Input, &input))
		for _, m := range input {
			bodies = append(bodies, m.Body)
		}
	}
	return bodies
}

// onRecord are the names and contents of what the working bucket has of operations.
func (w *world) onRecord() map[string]string {
	w.t.Helper()
	client, all := s3.NewFromConfig(w.AWSConfig(w.region), func(o *s3.Options) { o.UsePathStyle = true }), map[string]string{}
	bucket := aws.String("autobackup-dev-work-" + account)
	out, err := client.ListObjectsV2(w.t.Context(), &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("operations/")})
	require.NoError(w.t, err)
	for _, o := range out.Contents {
		object, err := client.GetObject(w.t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: o.Key})
		require.NoError(w.t, err)
		content, err := io.ReadAll(object.Body)
		require.NoError(w.t, err)
		all[*o.Key] = string(content)
	}
	return all
}

// putRecord writes into the working bucket.
func (w *world) putRecord(name, content string) {
	w.t.Helper()
	client := s3.NewFromConfig(w.AWSConfig(w.region), func(o *s3.Options) { o.UsePathStyle = true })
	_, err := client.PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: aws.String("autobackup-dev-work-" + account), Key: &name, Body: strings.NewReader(content)})
	require.NoError(w.t, err)
}

// send puts a message into a queue.
func (w *world) send(queue, body string) {
	w.t.Helper()
	_, err := w.SQS.Send(w.queueARN(queue), sqs.Outgoing{Body: body})
	require.NoError(w.t, err)
}

// event is what EventBridge sends for an upload.
func event(key string) string {
	text, _ := json.Marshal(map[string]any{
		"source": "aws.s3", "detail-type": "Object Created", "region": "eu-central-1",
		"detail": map[string]any{"bucket": map[string]string{"name": "docs"}, "object": map[string]string{"key": key, "version-id": "v1"}},
	})
	return string(text)
}

// start starts an execution with messages of these bodies.
func (w *world) start(bodies ...string) {
	w.t.Helper()
	var input []batch.Message
	for i, body := range bodies {
		input = append(input, batch.Message{ID: fmt.Sprintf("message-%d", i), Body: body})
	}
	text, err := json.Marshal(input)
	require.NoError(w.t, err)
	w.startWith(string(text))
}

func (w *world) startWith(input string) {
	w.t.Helper()
	_, err := w.States.StartExecution(fmt.Sprintf("arn:aws:states:%s:%s:stateMachine:autobackup-validation-dev", w.region, account), []byte(input))
	require.NoError(w.t, err)
}

// retry runs the command; with edits the options are not those of --yes.
func (w *world) retry(edits ...func(*retry.Options)) (*retry.Report, error) {
	return w.retryIn(w.t.Context(), edits...)
}

func (w *world) retryIn(ctx context.Context, edits ...func(*retry.Options)) (*retry.Report, error) {
	w.plan.Reset()
	o := retry.Options{
		Stage: "dev", From: retry.FromAll, Filter: retry.Filter{Since: 14 * 24 * time.Hour}, Why: "the cause is mended", Max: 10_000, Yes: true,
		Now: time.Now, In: strings.NewReader(""), Prompt: io.Discard, Plan: &w.plan,
	}
	for _, edit := range edits {
		edit(&o)
	}
	return retry.Run(ctx, w.AWSConfig(w.region), o)
}

// discarded runs discard of what is parked where nothing goes wrong.
func (w *world) discarded(edits ...func(*retry.Options)) *retry.Report {
	w.t.Helper()
	w.plan.Reset()
	o := retry.Options{
		Stage: "dev", From: retry.FromParked, Filter: retry.Filter{Since: 14 * 24 * time.Hour}, Why: "none needs a copy", Max: 10_000, Yes: true,
		Now: time.Now, In: strings.NewReader(""), Prompt: io.Discard, Plan: &w.plan,
	}
	for _, edit := range edits {
		edit(&o)
	}
	report, err := retry.Discard(w.t.Context(), w.AWSConfig(w.region), o)
	require.NoError(w.t, err)
	return report
}

// park uploads objects whose replicas are corrupt, and waits until they are parked.
func (w *world) park(keys ...string) {
	w.t.Helper()
	w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Corrupt: locals3.FlipBit} }
	w.put(keys...)
	w.settle()
	w.S3.Replicate = nil
}

// done runs the command where nothing goes wrong.
func (w *world) done(edits ...func(*retry.Options)) *retry.Report {
	w.t.Helper()
	report, err := w.retry(edits...)
	require.NoError(w.t, err)
	return report
}

// verified are the objects of all succeeded executions, by object how often.
func (w *world) verified() map[string]int {
	all := map[string]int{}
	for _, e := range w.States.Executions() {
		if e.Result == nil || e.Result.Status != types.ExecutionStatusSucceeded {
			continue
		}
		var s batch.Summary
		require.NoError(w.t, json.Unmarshal(e.Result.Output, &s))
		for _, line := range s.Objects {
			key, _, _ := strings.Cut(strings.TrimPrefix(line.Object, "s3://autobackup-dev-primary-documents-"+account+"/"), "@")
			all[key]++
		}
	}
	return all
}

// once says that each key was verified once.
func once(keys ...string) map[string]int {
	all := map[string]int{}
	for _, key := range keys {
		all[key] = 1
	}
	return all
}
