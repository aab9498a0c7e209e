package local_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/handler"
	"autobackup/internal/wire"
	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/lambda"
	"autobackup/local/sqs"
	"autobackup/local/store"
	"autobackup/local/testing/memnet"
)

// lives are stacks that keep what they come to in one folder, one after the other, in a synctest
// bubble.
type lives struct {
	*local.Stack
	t            *testing.T
	project, dir string
	network      *http.Client
	store        *store.Store
	starts       uint64
}

func inLives(t *testing.T, project string, test func(l *lives)) {
	t.Helper()
	l := &lives{project: project, dir: t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		var stop func()
		l.network, stop = memnet.Client(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.ServeHTTP(w, r) }))
		defer stop()
		l.t = t
		l.begins()
		defer func() { l.ends() }()
		test(l)
	})
}

// begins begins a life.
func (l *lives) begins() {
	l.t.Helper()
	l.starts++
	var err error
	l.store, err = store.Open(l.dir)
	require.NoError(l.t, err)
	l.Stack, err = local.Start(l.t.Context(), local.Config{
		Clock: clock.Real(), Project: l.project, Dir: l.dir, Account: account, Seed: l.starts, Store: l.store, URL: "http://127.0.0.1", HTTPClient: l.network,
		Runtime: lambda.InProcess(wire.Functions(io.Discard, time.Now), handler.Logger(nowhere), func(string) aws.Config { return aws.Config{} }),
	})
	require.NoError(l.t, err)
	for _, environment := range environments(l.t, l.project) {
		_, err := l.Deploy(environment, nil)
		require.NoError(l.t, err)
	}
	require.NoError(l.t, l.Load())
	require.NoError(l.t, l.Resume())
}

// ends ends a life, as Ctrl-C does.
func (l *lives) ends() {
	l.t.Helper()
	require.NoError(l.t, l.Close())
	require.NoError(l.t, l.store.Broken())
	require.NoError(l.t, l.store.Close())
}

// killed ends a life as a kill does: the next one has the folder as it is now.
func (l *lives) killed() {
	l.t.Helper()
	synctest.Wait()
	left := l.t.TempDir()
	require.NoError(l.t, os.CopyFS(left, os.DirFS(l.dir)))
	l.ends()
	l.dir = left
}

var aMinute = workflow(`"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"End":true}}`)

func TestAStackGoesOnWithWhatAnotherKeptAndNoIDComesTwice(t *testing.T) {
	folder, dir := copyOfProject(t, []change{aMinute}), t.TempDir()
	environment, err := local.Environment(folder, "default")
	require.NoError(t, err)
	machine := "arn:aws:states:" + environment.Region + ":" + account + ":stateMachine:autobackup-validation-dev"
	synctest.Test(t, func(t *testing.T) {
		network, stop := memnet.Client(http.NotFoundHandler())
		defer stop()
		start := func(kept *local.Kept) *local.Stack {
			stack, err := local.Start(t.Context(), local.Config{
				Clock: clock.Real(), Project: folder, Dir: dir, Account: account, Seed: 7, Kept: kept, URL: "http://127.0.0.1", HTTPClient: network,
				Runtime: lambda.InProcess(wire.Functions(io.Discard, time.Now), handler.Logger(nowhere), func(string) aws.Config { return aws.Config{} }),
			})
			require.NoError(t, err)
			_, err = stack.Deploy(environment, nil)
			require.NoError(t, err)
			require.NoError(t, stack.Resume())
			return stack
		}
		names := map[string]bool{}
		begin := func(stack *local.Stack) {
			e, err := stack.States.StartExecution(machine, []byte(`1`))
			require.NoError(t, err)
			assert.False(t, names[e.Name], "%s comes twice", e.Name)
			names[e.Name] = true
		}
		first := start(nil)
		begin(first)
		time.Sleep(61 * time.Second)
		begin(first)
		time.Sleep(20 * time.Second)
		kept, err := first.Suspend()
		require.NoError(t, err)
		text, err := json.Marshal(kept)
		require.NoError(t, err)
		time.Sleep(10 * time.Second)

		var read local.Kept
		require.NoError(t, json.Unmarshal(text, &read))
		second := start(&read)
		defer func() { require.NoError(t, second.Close()) }()
		for range 50 {
			begin(second)
		}
		require.NoError(t, second.WaitIdle(t.Context()))
		all := second.States.Executions()
		require.Len(t, all, 52)
		for _, e := range all {
			assert.Equal(t, types.ExecutionStatusSucceeded, e.Result.Status)
			assert.Equal(t, time.Minute, e.Result.Stop.Sub(e.Result.Start), "no wait is shortened or begun anew")
		}
	})
}

// state is an alarm's, once all minutes until now are evaluated.
func (l *lives) state(alarm string) string {
	l.t.Helper()
	_, err := l.CloudWatch.Evaluate(firstRegion, account)
	require.NoError(l.t, err)
	for _, a := range l.CloudWatch.Alarms(firstRegion, account) {
		if a.Name == alarm {
			return a.State
		}
	}
	return ""
}

// sent is how many messages came to a queue, as CloudWatch has it, by the minute since a time.
func (l *lives) sent(queue string, since time.Time) map[int]float64 {
	l.t.Helper()
	end := time.Now().Add(time.Minute)
	out, err := cloudwatch.NewFromConfig(l.AWSConfig(firstRegion)).GetMetricData(l.t.Context(), &cloudwatch.GetMetricDataInput{
		StartTime: &since, EndTime: &end, MetricDataQueries: []cwtypes.MetricDataQuery{{Id: aws.String("m"), MetricStat: &cwtypes.MetricStat{
			Metric: &cwtypes.Metric{Namespace: aws.String("AWS/SQS"), MetricName: aws.String("NumberOfMessagesSent"), Dimensions: []cwtypes.Dimension{{Name: aws.String("QueueName"), Value: &queue}}},
			Period: aws.Int32(60), Stat: aws.String("Sum"),
		}}},
	})
	require.NoError(l.t, err)
	all := map[int]float64{}
	for i, at := range out.MetricDataResults[0].Timestamps {
		all[int(at.Sub(since)/time.Minute)] = out.MetricDataResults[0].Values[i]
	}
	return all
}

func TestAlarmsStillRingAndGraphsGoOnAfterAStopAndAKill(t *testing.T) {
	const queue, alarm = "autobackup-validation-dlq-dev", "autobackup-validation-dlq-not-empty-dev"
	for name, end := range map[string]func(*lives){"a stop": (*lives).ends, "a kill": (*lives).killed} {
		t.Run(name, func(t *testing.T) {
			inLives(t, copyOfProject(t, []change{aMinute}), func(l *lives) {
				t, begin := l.t, time.Now().Truncate(time.Minute)
				park := func() {
					_, err := l.SQS.Send(arnOf("sqs", queue), sqs.Outgoing{Body: "parked"})
					require.NoError(t, err)
				}
				minute := func() { time.Sleep(time.Minute) }
				minute()
				assert.Equal(t, "OK", l.state(alarm))
				park()
				minute()
				assert.Equal(t, "ALARM", l.state(alarm))
				park()
				told := len(l.SNS.Published())
				end(l)
				minute()
				l.begins()
				assert.Equal(t, "ALARM", l.state(alarm))
				assert.Len(t, l.SNS.Published(), told, "who was told is not told again")
				park()
				minute()
				assert.Equal(t, map[int]float64{1: 1, 2: 1, 3: 1}, l.sent(queue, begin))
				require.NoError(t, l.SQS.Purge(arnOf("sqs", queue)))
				time.Sleep(10 * time.Minute)
				assert.Equal(t, "OK", l.state(alarm))
			})
		})
	}
}
