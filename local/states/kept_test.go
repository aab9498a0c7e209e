package states_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/handler"
	"autobackup/internal/wire"
	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/lambda"
	locals3 "autobackup/local/s3"
	"autobackup/local/states"
	"autobackup/local/testing/memnet"
)

const (
	project = "../.."
	account = "123456789012"
)

// town is both stacks with the project's own workflow.
type town struct {
	*local.Stack
	t      *testing.T
	client *s3.Client
	region string

	mu     sync.Mutex
	events map[string][]types.HistoryEvent
}

func inTown(t *testing.T, test func(w *town)) {
	t.Helper()
	folder, dir := small(t), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &town{t: t, events: map[string][]types.HistoryEvent{}}
		network, stop := memnet.Client(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.ServeHTTP(rw, r) }))
		defer stop()
		var err error
		w.Stack, err = local.Start(t.Context(), local.Config{
			Clock: clock.Real(), Project: folder, Dir: dir, Account: account, Seed: 1, URL: "http://127.0.0.1", HTTPClient: network, History: w.event,
			KeepHistory: true,
			Runtime:     lambda.InProcess(wire.Functions(io.Discard, time.Now), handler.Logger(io.Discard), func(region string) aws.Config { return w.AWSConfig(region) }),
		})
		require.NoError(t, err)
		defer func() { require.NoError(t, w.Close()) }()
		for _, name := range []string{"replica", "default"} {
			environment, err := local.Environment(folder, name)
			require.NoError(t, err)
			w.region = environment.Region
			_, err = w.Deploy(environment, map[string]string{})
			require.NoError(t, err)
		}
		w.client = s3.NewFromConfig(w.AWSConfig(w.region))
		test(w)
	})
}

// small is the project with ranges of a few bytes, so that an object has several.
func small(t *testing.T) string {
	folder := t.TempDir()
	for _, name := range []string{"template.yaml", "replica.yaml", "samconfig.toml", "statemachine/validate.asl.json", "statemachine/audit.asl.json"} {
		text, err := os.ReadFile(filepath.Join(project, name))
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o750))
		changed := strings.Replace(string(text), `RANGE_BYTES: "4294967296"`, `RANGE_BYTES: "500"`, 1)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(changed), 0o600))
	}
	return folder
}

func (w *town) event(execution string, e types.HistoryEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events[execution] = append(w.events[execution], e)
}

func (w *town) machine() string {
	return "arn:aws:states:" + w.region + ":" + account + ":stateMachine:autobackup-validation-dev"
}

func (w *town) put(key, content string) {
	w.t.Helper()
	_, err := w.client.PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: aws.String("autobackup-dev-primary-documents-" + account), Key: &key,
		Body: strings.NewReader(content), ChecksumAlgorithm: s3types.ChecksumAlgorithmSha256})
	require.NoError(w.t, err)
}

// restart makes the service one that goes on from text alone.
func (w *town) restart(edit ...func(*states.UnderWay)) (underWay int) {
	w.t.Helper()
	synctest.Wait() // nobody starts an execution meanwhile
	text, err := json.Marshal(w.States.Suspend())
	require.NoError(w.t, err)
	var kept states.Kept
	require.NoError(w.t, json.Unmarshal(text, &kept))
	for i := range kept.Executions {
		for _, e := range edit {
			e(&kept.Executions[i])
		}
	}
	w.States.Forget(w.t.Context())
	require.NoError(w.t, w.States.Resume(kept))
	return len(kept.Executions)
}

// workload uploads what takes every path that a restart may cut: a replica that comes
// late, one that is damaged, one whose bytes are read in a Map Run. Each call of a
// function takes some time.
func (w *town) workload() {
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
		switch r.Key {
		case "late":
			return locals3.Plan{Lag: time.Hour}
		case "corrupt":
			return locals3.Plan{Corrupt: locals3.FlipBit}
		case "large":
			return locals3.Plan{Recut: &locals3.Recut{PartSize: 400, Kind: string(s3types.ChecksumTypeComposite)}}
		}
		return locals3.Plan{}
	}
	w.States.TaskFault = func(ctx context.Context, resource string, _ []byte) error {
		if strings.HasSuffix(resource, "lambda:invoke") {
			return clock.Real().Sleep(ctx, 20*time.Second)
		}
		return nil
	}
	for _, key := range []string{"good", "late", "corrupt"} {
		w.put(key, "content")
	}
	w.put("large", strings.Repeat("0123456789abcdef", 200))
}

// outcome is what people see of it.
func (w *town) outcome() (seen []string) {
	for _, e := range w.States.Executions() {
		require.NotNil(w.t, e.Result, e.ARN)
		seen = append(seen, string(e.Result.Status)+" "+strings.Join(e.Result.Path, " "))
	}
	for _, p := range w.SNS.Published() {
		seen = append(seen, p.Subject)
	}
	dlq, err := w.SQS.Messages("arn:aws:sqs:" + w.region + ":" + account + ":autobackup-validation-dlq-dev")
	require.NoError(w.t, err)
	for _, m := range dlq {
		seen = append(seen, "parked: "+m.Attributes["reason"].Value)
	}
	slices.Sort(seen)
	return seen
}

// A stack that is stopped and started again every few minutes, amid waits, tasks and
// Maps, comes to what one comes to that never was.
func TestAStackThatIsStartedAgainAndAgainEndsAsOneThatNeverWas(t *testing.T) {
	var want []string
	inTown(t, func(w *town) {
		w.workload()
		require.NoError(t, w.WaitIdle(w.t.Context()))
		want = w.outcome()
	})
	inTown(t, func(w *town) {
		w.workload()
		cut := 0
		for range 100 {
			time.Sleep(43 * time.Second)
			cut += w.restart()
		}
		require.NoError(t, w.WaitIdle(w.t.Context()))
		assert.Equal(t, want, w.outcome())
		assert.Greater(t, cut, 20, "executions that a restart cut")
		for arn, events := range w.events {
			for i, e := range events {
				assert.Equal(t, int64(i+1), e.Id, "%s: a history goes on with its numbers", arn)
			}
		}
	})
}

// By a clock that does not stand still, its run begins a little later.
func TestAnExecutionHasBegunWhenItWasStartedAfterARestartToo(t *testing.T) {
	inTown(t, func(w *town) {
		w.States.TaskFault = func(ctx context.Context, _ string, _ []byte) error { return clock.Real().Sleep(ctx, 10*time.Second) }
		arn := w.start()
		time.Sleep(5 * time.Second)
		described := func() time.Time {
			out, err := w.sfn().DescribeExecution(w.t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: arn})
			require.NoError(w.t, err)
			return *out.StartDate
		}
		before := described()
		require.Equal(w.t, 1, w.restart(func(u *states.UnderWay) { u.Progress.Started = u.Progress.Started.Add(time.Second) }))
		assert.Equal(w.t, before, described())
	})
}

func TestAHistoryThatARestartCutIsWhole(t *testing.T) {
	inTown(t, func(w *town) {
		t := w.t
		w.States.TaskFault = func(ctx context.Context, _ string, _ []byte) error { return clock.Real().Sleep(ctx, 10*time.Second) }
		arn := w.start()
		time.Sleep(25 * time.Second)
		require.Equal(t, 1, w.restart())
		time.Sleep(time.Second)
		_, err := w.States.StopExecution(t.Context(), w.Gate.As(w.Gate.Owner()), *arn, "", "")
		require.NoError(t, err)
		require.Equal(t, 0, w.restart())
		out, err := w.sfn().GetExecutionHistory(t.Context(), &sfn.GetExecutionHistoryInput{ExecutionArn: arn, MaxResults: 1000})
		require.NoError(t, err)
		require.Greater(t, len(out.Events), 5)
		for i, e := range out.Events {
			assert.Equal(t, int64(i+1), e.Id)
		}
		assert.Equal(t, types.HistoryEventTypeExecutionAborted, out.Events[len(out.Events)-1].Type)
	})
}
