package lambda_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/lambda"
	"autobackup/local/sqs"
	"autobackup/local/template"
)

const aRegion = "eu-west-1"

// coded is code that answers a word, after a minute for whoever asks it to be slow.
func coded(word string) lambda.Code {
	return lambda.Code{
		Run: func(clk *clock.Clock, newID func() string, c lambda.Config, _ string) (*lambda.Function, error) {
			return lambda.NewInProcess(clk, newID, c, func(ctx context.Context, payload []byte) ([]byte, error) {
				if string(payload) == `"slow"` {
					_ = clk.Sleep(ctx, time.Minute)
				}
				return json.Marshal(word + " " + c.Environment["GREETING"])
			})
		},
		Sum: func(string) (string, error) { return word, nil },
	}
}

func TestAFunctionIsChangedInItsPlaceAndWhatIsUnderWayEndsAsItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clk, n := clock.Real(), 0
		newID := func() string { n++; return string(rune('a' + n)) }
		queues := sqs.New(clk, newID)
		queue := sqs.Defaults("arn:aws:sqs:"+aRegion+":123456789012:q", "https://example.com/123456789012/q")
		queue.VisibilityTimeout = 600
		require.NoError(t, queues.CreateQueue(queue))
		var failures []error
		service := lambda.New(lambda.Options{
			Clock: clk, NewID: newID, Account: "123456789012", Queues: queues, Failed: func(err error) { failures = append(failures, err) },
			Environment: func(string, string) map[string]string { return nil },
		})
		defer service.Close()
		types, target := service.Types(), template.Target{Stack: "s", Region: aRegion, Account: "123456789012"}
		resource := func(greeting string, batch int) template.Resource {
			return template.Resource{LogicalID: "F", Type: "AWS::Serverless::Function", Properties: map[string]any{
				"FunctionName": "f", "CodeUri": "lambdas/f/", "Timeout": 120, "Environment": map[string]any{"Variables": map[string]any{"GREETING": greeting}},
				"Events": map[string]any{"Q": map[string]any{"Type": "SQS", "Properties": map[string]any{"Queue": queue.ARN, "BatchSize": batch}}},
			}}
		}
		service.Use(coded("old"))
		made := template.Made{Resource: resource("hello", 1)}
		var err error
		made.Reference, made.Attributes, err = types.Create(target, made.Resource)
		require.NoError(t, err)
		said := func(payload string) string {
			answer, err := service.Function(made.Attributes["Arn"]).Invoke(t.Context(), []byte(payload))
			require.NoError(t, err)
			return string(answer)
		}
		change := func(code lambda.Code, to template.Resource) {
			service.Use(code)
			reference, attributes, err := types.Update(target, made, to)
			require.NoError(t, err)
			assert.Equal(t, []any{made.Reference, made.Attributes}, []any{reference, attributes})
			made.Resource = to
		}
		first := service.Function(made.Attributes["Arn"])
		slow := make(chan string, 1)
		go func() { slow <- said(`"slow"`) }()
		synctest.Wait()

		change(coded("new"), resource("hello", 1))
		assert.Equal(t, `"new hello"`, said(`"fast"`))
		answer, err := first.Invoke(t.Context(), []byte(`"fast"`))
		require.NoError(t, err)
		assert.Equal(t, `"new hello"`, string(answer), "who had the old one has the new one")
		assert.Equal(t, `"old hello"`, <-slow)

		change(coded("new"), resource("good morning", 1))
		assert.Equal(t, `"new good morning"`, said(`1`))
		_, err = queues.Send(queue.ARN, sqs.Outgoing{Body: "by the mapping that was there"})
		require.NoError(t, err)
		change(coded("new"), resource("good morning", 10))
		_, err = queues.Send(queue.ARN, sqs.Outgoing{Body: "by the mapping that is there"})
		require.NoError(t, err)
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		assert.False(t, queues.Waiting(), "each message is taken")
		assert.Empty(t, failures)

		content, err := types.Content(made.Resource)
		require.NoError(t, err)
		assert.Equal(t, "new", content)
		_, _, err = types.Update(target, made, template.Resource{LogicalID: "F", Type: made.Type, Properties: map[string]any{"FunctionName": "f", "CodeUri": "c", "Timeout": 0}})
		require.Error(t, err)
		assert.Equal(t, `"new good morning"`, said(`1`), "what can't be made leaves the function as it was")

		service.Stop()
		_, err = queues.Send(queue.ARN, sqs.Outgoing{Body: "by none"})
		require.NoError(t, err)
		time.Sleep(time.Minute)
		count, err := queues.Count(queue.ARN)
		require.NoError(t, err)
		assert.Equal(t, 1, count.Visible, "no mapping of before an update is left")
	})
}

func TestAnUpdateKillsNoProcessThatIsAtWork(t *testing.T) {
	path, err := executable()
	require.NoError(t, err)
	service := lambda.New(lambda.Options{Clock: clock.Real(), NewID: ids(), Account: "123456789012", Environment: func(string, string) map[string]string { return nil },
		Runtime: func(clk *clock.Clock, newID func() string, c lambda.Config, _ string) (*lambda.Function, error) {
			return lambda.NewBinary(clk, newID, c, path)
		}})
	defer service.Close()
	types, target := service.Types(), template.Target{Stack: "s", Region: aRegion, Account: "123456789012"}
	resource := template.Resource{LogicalID: "F", Type: "AWS::Serverless::Function", Properties: map[string]any{"FunctionName": "f", "CodeUri": "c", "Timeout": 30}}
	made := template.Made{Resource: resource}
	made.Reference, made.Attributes, err = types.Create(target, resource)
	require.NoError(t, err)
	function := func() *lambda.Function { return service.Function(made.Attributes["Arn"]) }
	before, err := do(t, function(), "pid")
	require.NoError(t, err)
	type end struct {
		answer string
		err    error
	}
	slow := make(chan end, 1)
	go func() {
		answer, err := function().Invoke(t.Context(), []byte(`{"do":"nap"}`))
		slow <- end{string(answer), err}
	}()
	time.Sleep(100 * time.Millisecond)
	_, _, err = types.Update(target, made, resource)
	require.NoError(t, err)
	after, err := do(t, function(), "pid")
	require.NoError(t, err)
	assert.NotEqual(t, before, after, "it is another process")
	assert.Equal(t, end{before, nil}, <-slow)
	require.Eventually(t, func() bool {
		_, err := os.Stat("/proc/" + before)
		return err != nil
	}, 10*time.Second, 10*time.Millisecond, "once it is done, it goes")
}
