package local_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/cloudwatch"
	"autobackup/local/lambda"
	locals3 "autobackup/local/s3"
)

// rang are the alarms of the first region that went into ALARM, in this order, once all minutes
// until now are evaluated.
func (w *world) rang() (all []cloudwatch.Change) {
	w.t.Helper()
	changes, err := w.CloudWatch.Evaluate(firstRegion, account)
	require.NoError(w.t, err)
	for _, c := range changes {
		if c.State == "ALARM" {
			all = append(all, c)
		}
	}
	return all
}

// states are those of the first region's alarms that are not OK.
func (w *world) notOK() map[string]string {
	states := map[string]string{}
	for _, a := range w.CloudWatch.Alarms(firstRegion, account) {
		if a.State != "OK" {
			states[strings.TrimSuffix(strings.TrimPrefix(a.Name, "autobackup-"), "-dev")] = a.State
		}
	}
	return states
}

func TestAQuietStackHasNoAlarm(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put("fine", "content")
		w.settle()
		w.audit()
		time.Sleep(day)
		assert.Empty(t, w.rang())
		assert.Empty(t, w.notOK())
	}, scrubbed(1)...)
}

// The alarm rings in the minute after the audit's part that read them, lasts for an hour, and
// a while longer as CloudWatch looks back for datapoints.
func TestBytesThatDifferRingAtOnceAndAnHourLong(t *testing.T) {
	inWorld(t, func(w *world) {
		w.corrupted(locals3.Silent)
		w.put("rotten", "content")
		w.settle()
		w.S3.Replicate = nil
		before := time.Now()
		w.audit()
		time.Sleep(time.Minute)
		rang := w.rang()
		require.Len(t, rang, 1)
		assert.Equal(t, "autobackup-scrub-different-dev", rang[0].Name)
		assert.WithinRange(t, rang[0].At, before, time.Now())
		time.Sleep(55 * time.Minute)
		assert.Empty(t, w.rang())
		assert.Equal(t, map[string]string{"scrub-different": "ALARM"}, w.notOK())
		time.Sleep(10 * time.Minute)
		assert.Empty(t, w.rang())
		assert.Empty(t, w.notOK())
	}, scrubbed(1)...)
}

// What Lambda, Step Functions and SQS count has alarms without any line of metrics. Errors in
// fewer minutes than three are what retries are for.
func TestAFunctionThatFailsRingsForItselfAndForItsExecutions(t *testing.T) {
	for uploads, want := range map[int][]string{
		2: {"autobackup-executions-failed-dev", "autobackup-validation-dlq-not-empty-dev"},
		3: {"autobackup-executions-failed-dev", "autobackup-function-errors-FetchETags-dev", "autobackup-validation-dlq-not-empty-dev"},
	} {
		inWorld(t, func(w *world) {
			w.Lambda.Function(arnOf("lambda", "function:autobackup-fetch-etags-dev")).FailNext(uploads, lambda.FunctionError{Type: "Broken", Message: "broken"})
			for i := range uploads {
				w.put(fmt.Sprint(i), "content")
				time.Sleep(90 * time.Second) // each has a batch of its own
			}
			w.settle()
			time.Sleep(time.Minute)
			rang := map[string]bool{}
			for _, c := range w.rang() {
				rang[c.Name] = true
			}
			assert.Equal(t, want, slices.Sorted(maps.Keys(rang)))
		})
	}
}
