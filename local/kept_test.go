package local_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/handler"
	"autobackup/internal/wire"
	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/lambda"
	"autobackup/local/testing/memnet"
)

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
