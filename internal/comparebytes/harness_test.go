package comparebytes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"autobackup/internal/batch"
	"autobackup/internal/comparebytes"
	"autobackup/internal/digest"
	"autobackup/internal/handler"
	"autobackup/internal/hashbytes"
	"autobackup/internal/verdict"
)

const (
	home    = "eu-central-1"
	away    = "eu-west-1"
	working = "working"
)

// deployment is compare-bytes with a hash-bytes in both regions, each behind
// its Lambda boundary, and a stand-in for the state machine around them.
type deployment struct {
	comparer comparebytes.Comparer
	function handler.Func
	edit     func(records []map[string]any) []map[string]any // of what the Map Run writes; nil: as it is
	results  []comparebytes.RangeResult                      // of the last plan's ranges
	added    int                                             // bytes that the largest answer adds to its batch
}

var quiet = slog.New(slog.DiscardHandler)

// atOnce is a Comparer's Wait that does not wait.
func atOnce(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// deploy lets clients tell S3 in each region; change may set the sizes.
func deploy(clients map[string]*s3.Client, change func(*comparebytes.Comparer)) *deployment {
	regions := functions{}
	arns := map[string]string{}
	for region, client := range clients {
		arns[region] = "arn:aws:lambda:" + region + ":111122223333:function:autobackup-hash-bytes-dev"
		regions[region] = handler.New("hash-bytes", quiet, hashbytes.Reader{Objects: client}.Do)
	}
	c := comparebytes.Comparer{
		Hasher: comparebytes.Functions{Lambda: regions, ARNs: arns}, Store: clients[home], Bucket: working, Now: time.Now, Wait: atOnce,
	}
	if change != nil {
		change(&c)
	}
	return &deployment{comparer: c, function: handler.New("compare-bytes", quiet, c.Do)}
}

// functions stands in for Lambda: it invokes the region's function in process.
type functions map[string]handler.Func

func (f functions) Invoke(ctx context.Context, in *lambda.InvokeInput, options ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	var o lambda.Options
	for _, set := range options {
		set(&o)
	}
	function, known := f[o.Region]
	if !known || *in.FunctionName != "arn:aws:lambda:"+o.Region+":111122223333:function:autobackup-hash-bytes-dev" {
		return nil, errors.New("unexpected invocation of " + *in.FunctionName)
	}
	payload, err := function(ctx, in.Payload)
	if err != nil {
		payload, err = json.Marshal(err)
		return &lambda.InvokeOutput{Payload: payload, FunctionError: aws.String("Unhandled")}, err
	}
	return &lambda.InvokeOutput{Payload: payload}, nil
}

// task invokes compare-bytes as a Task state does.
func (d *deployment) task(ctx context.Context, in, out any) error {
	payload, err := json.Marshal(in)
	if err != nil {
		return err
	}
	answer, err := d.function(ctx, payload)
	if err != nil {
		return err
	}
	if request, ok := in.(comparebytes.Request); ok && request.Batch != nil {
		before, err := json.Marshal(request.Batch)
		if err != nil {
			return err
		}
		d.added = max(d.added, len(answer)-len(before))
	}
	return json.Unmarshal(answer, out)
}

// read runs the states that read bytes for one batch.
func (d *deployment) read(ctx context.Context, b batch.Batch) (answer comparebytes.Answer, err error) {
	err = d.task(ctx, comparebytes.Request{Operation: comparebytes.OpCompare, Batch: &b}, &answer)
	if err != nil || answer.Plan == nil {
		return answer, err
	}
	plan := *answer.Plan
	results, err := d.mapRun(ctx, plan)
	if err != nil {
		return answer, err
	}
	concluded := comparebytes.Request{Operation: comparebytes.OpConclude, Batch: &answer.Batch, Plan: &plan, Results: &results}
	var facts comparebytes.Answer
	err = d.task(ctx, concluded, &facts)
	return facts, err
}

// must is read for a test that expects facts. All else of the batch must be as it
// was.
func (d *deployment) must(t require.TestingT, b batch.Batch) verdict.Bytes {
	before := b.Reading[0].Look.Replicas[b.Replica].Bytes
	answer, err := d.read(context.Background(), b)
	require.NoError(t, err)
	require.Nil(t, answer.Plan)
	replica := &answer.Batch.Reading[0].Look.Replicas[b.Replica]
	got := replica.Bytes
	require.NotNil(t, got)
	replica.Bytes = before
	assert.Equal(t, b, answer.Batch)
	return *got
}

// mapRun does what a Distributed Map does with the plan: it reads the items,
// runs a child for each, and writes two result files and their manifest.
func (d *deployment) mapRun(ctx context.Context, plan comparebytes.Plan) (comparebytes.Object, error) {
	out, err := d.comparer.Store.GetObject(ctx, &s3.GetObjectInput{Bucket: &plan.Bucket, Key: &plan.Key})
	if err != nil {
		return comparebytes.Object{}, err
	}
	var items []digest.Range
	if err := errors.Join(json.NewDecoder(out.Body).Decode(&items), out.Body.Close()); err != nil {
		return comparebytes.Object{}, err
	}
	d.results = make([]comparebytes.RangeResult, len(items))
	records := make([]map[string]any, len(items))
	var children errgroup.Group
	children.SetLimit(2)
	for i, item := range items {
		children.Go(func() error {
			in := comparebytes.Request{Operation: comparebytes.OpRange, Plan: &plan, Range: &item}
			err := d.task(ctx, in, &d.results[i])
			records[i] = record(in, d.results[i])
			return err
		})
	}
	if err := children.Wait(); err != nil {
		return comparebytes.Object{}, err
	}
	if d.edit != nil {
		records = d.edit(records)
	}
	return d.write(ctx, records)
}

// record is what the result file has of one child
// (https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html).
func record(in comparebytes.Request, out comparebytes.RangeResult) map[string]any {
	input, _ := json.Marshal(in)
	output, _ := json.Marshal(out)
	return map[string]any{
		"ExecutionArn": "arn:aws:states:eu-central-1:111122223333:execution:m/Map:1", "Input": string(input),
		"InputDetails": map[string]any{"Included": true}, "Name": "1", "Output": string(output),
		"OutputDetails": map[string]any{"Included": true}, "RedriveCount": 0, "StartDate": "2026-01-02T03:04:05.678Z",
		"StateMachineArn": "arn:aws:states:eu-central-1:111122223333:stateMachine:m/Map", "Status": "SUCCEEDED", "StopDate": "2026-01-02T03:04:06.789Z",
	}
}

// write puts the records into two files, the last ones first: children end in
// any order.
func (d *deployment) write(ctx context.Context, records []map[string]any) (comparebytes.Object, error) {
	half := len(records) / 2
	files := []map[string]any{}
	for i, some := range [][]map[string]any{records[half:], records[:half]} {
		key := fmt.Sprintf("results/run/SUCCEEDED_%d.json", i)
		size, err := d.put(ctx, key, some)
		if err != nil {
			return comparebytes.Object{}, err
		}
		files = append(files, map[string]any{"Key": key, "Size": size})
	}
	place := comparebytes.Object{Bucket: working, Key: "results/run/manifest.json"}
	_, err := d.put(ctx, place.Key, map[string]any{
		"DestinationBucket": working, "MapRunArn": "arn:aws:states:eu-central-1:111122223333:mapRun:m/Map:run",
		"ResultFiles": map[string]any{"FAILED": []any{}, "PENDING": []any{}, "SUCCEEDED": files},
	})
	return place, err
}

func (d *deployment) put(ctx context.Context, key string, content any) (int, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return 0, err
	}
	_, err = d.comparer.Store.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(working), Key: &key, Body: bytes.NewReader(text)})
	return len(text), err
}

// told is what the state machine is told of an error: its name, which it matches,
// and its message.
func told(t require.TestingT, err error) (name, message string) {
	var named messages.InvokeResponse_Error
	require.ErrorAs(t, err, &named)
	return named.Type, named.Message
}

// connect gives the clients of both regions of an S3.
func connect(t testing.TB, handler http.Handler) map[string]*s3.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	clients := map[string]*s3.Client{}
	for _, region := range []string{home, away} {
		clients[region] = s3.New(s3.Options{
			Region: region, UsePathStyle: true, BaseEndpoint: &server.URL, RetryMaxAttempts: 1,
			HTTPClient:                 &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}},
			Credentials:                credentials.NewStaticCredentialsProvider("id", "secret", ""),
			ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
			RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		})
	}
	return clients
}
