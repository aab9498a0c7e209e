package gate_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/wire"
)

const machineIn = "arn:aws:states:eu-central-1:123456789012:stateMachine:m"

// taken is how many of so many calls at once are not above a quota.
func taken(by gate.Caller, calls int, action, resource string) (n int) {
	for range calls {
		if err := by.May(action, resource); !errors.As(err, new(*gate.Exceeded)) {
			n++
		}
	}
	return n
}

func TestABucketIsEmptiedAtOnceAndFillsAgainWithTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(account)
		owner := g.As(g.Owner())
		assert.Equal(t, 2000, taken(owner, 2000, "states:StartExecution", machineIn), "there is no quota unless one is set")
		g.Limit(clock.Real(), gate.Quotas{Calls: []gate.Quota{gate.Starts("eu-central-1")}})
		assert.Equal(t, 800, taken(owner, 2000, "states:StartExecution", machineIn))
		assert.Equal(t, 1200, g.OverQuota())
		time.Sleep(2 * time.Second)
		assert.Equal(t, 300, taken(owner, 2000, "states:StartExecution", machineIn), "150 a second")
		time.Sleep(time.Hour)
		assert.Equal(t, 800, taken(owner, 2000, "states:StartExecution", machineIn), "no more than the bucket holds")
		assert.Equal(t, 800, taken(owner, 2000, "states:StartExecution", "arn:aws:states:eu-west-2:123456789012:stateMachine:m"), "each region has its own")
		assert.Equal(t, 2000, taken(owner, 2000, "states:StopExecution", machineIn), "other calls are not counted")
	})
}

func TestActionsShareAQuotaWhereAWSSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(account)
		madeOf(t, g, "AWS::KMS::Key", "Key", map[string]any{"KeyPolicy": everybody})
		g.Limit(clock.Real(), gate.Quotas{Calls: []gate.Quota{gate.Cryptography(), gate.Publications()}})
		owner := g.As(g.Owner())
		assert.Equal(t, 5000, taken(owner, 5000, "kms:Decrypt", key))
		assert.Equal(t, 500, taken(owner, 5000, "kms:GenerateDataKey", key))
		assert.Equal(t, 300, taken(owner, 400, "sns:Publish", "arn:aws:sns:eu-central-1:123456789012:t"))
	})
}

func TestTheLargestRegionsStartMoreExecutions(t *testing.T) {
	for _, region := range []string{"us-east-1", "us-west-2", "eu-west-1"} {
		assert.Equal(t, gate.Quota{Actions: []string{"states:StartExecution"}, Bucket: 1300, Refill: 300}, gate.Starts(region))
	}
}

func TestWhatAServiceDoesByItselfIsCountedAndNotRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(account)
		g.Limit(clock.Real(), gate.Quotas{Calls: []gate.Quota{{Actions: []string{"sqs:SendMessage"}, Bucket: 5, Refill: 1}}})
		const queue = "arn:aws:sqs:eu-central-1:123456789012:q"
		require.NoError(t, g.Attach(queue, iam.Queue, map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
			"Effect": "Allow", "Principal": map[string]any{"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*",
		}}))
		for range 8 {
			require.NoError(t, g.As(iam.Principal{Service: "events.amazonaws.com"}).May("sqs:SendMessage", queue))
		}
		assert.Zero(t, taken(g.As(g.Owner()), 8, "sqs:SendMessage", queue))
	})
}

func TestACallAboveAQuotaIsAnsweredInTheWordsOfItsService(t *testing.T) {
	for action, code := range map[string]string{
		"states:StartExecution": "ThrottlingException", "sqs:SendMessage": "RequestThrottled", "sns:Publish": "Throttled", "kms:Decrypt": "ThrottlingException", "s3:GetObject": "SlowDown",
	} {
		g := gate.New(account)
		madeOf(t, g, "AWS::KMS::Key", "Key", map[string]any{"KeyPolicy": everybody})
		g.Limit(clock.Real(), gate.Quotas{Calls: []gate.Quota{{Actions: []string{action}}}})
		err := g.As(g.Owner()).May(action, key)
		var answer *wire.Error
		require.ErrorAs(t, err, &answer, action)
		assert.Equal(t, code, answer.Code)
		require.ErrorAs(t, gate.Throttled(err, wire.Error{Code: "Of"}), &answer)
		assert.Equal(t, "Of", answer.Code)
		assert.Equal(t, assert.AnError, gate.Throttled(assert.AnError, wire.Error{}), "other errors stay")
	}
}

func TestNoMoreFunctionsRunAtOnceThanTheAccountMayInTheRegion(t *testing.T) {
	const function = "arn:aws:lambda:eu-central-1:123456789012:function:f"
	g := gate.New(account)
	g.Limit(clock.Real(), gate.Quotas{Functions: 2})
	first, err := g.Enter(function)
	require.NoError(t, err)
	_, err = g.Enter(function)
	require.NoError(t, err)
	_, err = g.Enter(function)
	var answer *wire.Error
	require.ErrorAs(t, err, &answer)
	assert.Equal(t, "TooManyRequestsException", answer.Code)
	_, err = g.Enter("arn:aws:lambda:eu-west-1:123456789012:function:f")
	require.NoError(t, err, "each region has its own")
	first()
	_, err = g.Enter(function)
	require.NoError(t, err)
}
