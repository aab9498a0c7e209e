package requeue_test

import (
	"encoding/json"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/policy"
	"autobackup/cmd/autobackup/policy/policytest"
)

// recorded notes the calls of the next run.
func (w *world) recorded() *[]policytest.Made {
	var lock sync.Mutex
	made := &[]policytest.Made{}
	w.edit = func(action, body string) string {
		var in struct{ QueueName, QueueURL, StateMachineARN, ExecutionARN string } // names in any case
		assert.NoError(w.t, json.Unmarshal([]byte(body), &in))
		resource := in.StateMachineARN + in.ExecutionARN
		if queue := in.QueueName + path.Base("/"+in.QueueURL); resource == "" {
			resource = "arn:aws:sqs:" + w.region + ":" + account + ":" + strings.Trim(queue, "/")
		}
		lock.Lock()
		defer lock.Unlock()
		*made = append(*made, policytest.Made{Operation: action, Resource: resource})
		return body
	}
	return made
}

func TestThePolicyAllowsEveryCallOfRequeueAndNothingElse(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put("a.txt")
		w.settle()
		w.healed()
		w.fill("b")
		w.fillTooLarge(1)
		made := w.recorded()
		report := w.done()
		w.edit = nil
		require.Equal(t, 2, report.Sent())
		const ofSQS = "SQS calls it, not requeue"
		policytest.Hold(t, policy.Options{
			Command: policy.Requeue, Side: policy.Both, Partition: "aws", Stage: "dev", Region: w.region, Account: account,
			Keys: []string{"arn:aws:kms:" + w.region + ":" + account + ":key/a"},
		}, *made, map[string]string{"kms:Decrypt": ofSQS, "kms:GenerateDataKey": ofSQS})
	})
}
