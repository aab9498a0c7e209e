package retry_test

import (
	"encoding/json"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/policy"
	"autobackup/cmd/autobackup/policy/policytest"
	"autobackup/cmd/autobackup/retry"
)

// recorded notes the calls of the next run.
func (w *world) recorded() *[]policytest.Made {
	var lock sync.Mutex
	made := &[]policytest.Made{}
	w.ofS3 = func(action, path string) {
		lock.Lock()
		defer lock.Unlock()
		if !strings.Contains(path, "/") || strings.Contains(path, "/operations/") { // failure-notifier has a memory there
			*made = append(*made, policytest.Made{Operation: action, Resource: "arn:aws:s3:::" + path, Current: action != "ListObjectsV2"})
		}
	}
	w.edit = func(action, body string) string {
		var in struct{ QueueName, QueueURL, StateMachineARN, ExecutionARN string } // names in any case
		assert.NoError(w.t, json.Unmarshal([]byte(body), &in))
		resource := in.StateMachineARN + in.ExecutionARN
		if queue := in.QueueName + path.Base("/"+in.QueueURL); resource == "" {
			resource = "arn:aws:sqs:" + w.region + ":" + account + ":" + strings.Trim(queue, "/")
		}
		lock.Lock()
		defer lock.Unlock()
		if !strings.HasSuffix(resource, ":autobackup-validation-dlq-dev") || !strings.HasPrefix(action, "SendMessage") { // failure-notifier parks there
			*made = append(*made, policytest.Made{Operation: action, Resource: resource})
		}
		return body
	}
	return made
}

func TestThePolicyAllowsEveryCallOfRetryAndNothingElse(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put("a.txt")
		w.settle()
		w.healed()
		w.fill("b")
		w.fillTooLarge(1)
		w.park("c.txt")
		made := w.recorded()
		require.Equal(t, 3, w.done().Done())
		w.done(func(o *retry.Options) { o.DryRun = true }) // which reads what is on record
		w.park("d.txt")
		require.Positive(t, w.done(func(o *retry.Options) { o.Tell = true }).Done())
		w.send("failure-dlq", "untold")
		require.Equal(t, 1, w.done(untold).Done())
		held(w, policy.Retry, *made)
	})
}

func TestThePolicyAllowsEveryCallOfDiscardAndNothingElse(t *testing.T) {
	inWorld(t, func(w *world) {
		w.park("a.txt")
		w.fill("b")
		w.fillTooLarge(1)
		made := w.recorded()
		require.Equal(t, 1, w.discarded().Done())
		require.Equal(t, 2, w.discarded(func(o *retry.Options) { o.From = retry.FromEventDLQ }).Done())
		held(w, policy.Discard, *made)
	})
}

func TestThePolicyAllowsEveryCallOfParkedAndNothingElse(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill("b")
		w.done()
		w.park("a.txt")
		made := w.recorded()
		w.looked()
		_, err := retry.Operations(w.t.Context(), w.AWSConfig(w.region), "dev", time.Hour, time.Now())
		require.NoError(w.t, err)
		held(w, policy.Parked, *made)
	})
}

// held holds the policy of a command against the calls that it made.
func held(w *world, command string, made []policytest.Made) {
	w.edit, w.ofS3 = nil, nil
	const notOurs = "SQS or S3 calls it, not the command"
	policytest.Hold(w.t, policy.Options{
		Command: command, Side: policy.Both, Partition: "aws", Stage: "dev", Region: w.region, Account: account,
		Keys: []string{"arn:aws:kms:" + w.region + ":" + account + ":key/a"},
	}, made, map[string]string{"kms:Decrypt": notOurs, "kms:GenerateDataKey": notOurs})
}
