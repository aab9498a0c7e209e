package local_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/cloudwatch"
	"autobackup/local/lambda"
	locals3 "autobackup/local/s3"
	"autobackup/local/states"
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
	}, scrubbed(1, unbeating)...)
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
	}, scrubbed(1, unbeating)...)
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

// What an alarm tells is let through by the topic's policy and key, and leads to its runbook.
func TestTheEMailOfAnAlarmNamesItsRunbookAndAnotherSaysThatItIsOver(t *testing.T) {
	inWorld(t, func(w *world) {
		time.Sleep(5 * time.Minute)
		w.rang()
		before := len(w.published("failure-topic"))
		w.send("no event")
		time.Sleep(10 * time.Minute)
		w.rang()
		require.NoError(t, w.SQS.Purge(w.queue("validation-dlq")))
		time.Sleep(5 * time.Minute)
		w.rang()
		var subjects []string
		for _, p := range w.published("failure-topic")[before:] {
			if !strings.Contains(p.Subject, "autobackup-validation-dlq-not-empty-dev") {
				continue
			}
			subjects = append(subjects, p.Subject)
			assert.Contains(t, p.Message, "docs/runbooks/validation-dlq-not-empty.md")
			assert.Equal(t, []string{w.subscriber()}, p.To)
		}
		assert.Equal(t, []string{`ALARM: "autobackup-validation-dlq-not-empty-dev" in ` + firstRegion, `OK: "autobackup-validation-dlq-not-empty-dev" in ` + firstRegion}, subjects)
	})
}

// unwritten are metrics that alarms read and of which nothing is written below, each with why.
var unwritten = map[string]string{
	`^AWS/Events \w+ of RuleName=autobackup-s3-upload-trigger-dev$`:                       "no categories are there; that rule is as those of attached buckets",
	`^AWS/States Executions(Aborted|Failed) of StateMachineArn=\S+:autobackup-audit-dev$`: "an audit's end is counted as a validation's",
	`^AWS/States ExecutionsTimedOut of StateMachineArn=`:                                  "how an execution ended is counted by one line for all ends",
}

// Every alarm has its input from what happens, and not only from a test.
func TestEachMetricThatAnAlarmReadsIsWritten(t *testing.T) {
	all := slices.Concat(configurations["attached"], scrubbed(1), evidenced(), []change{everyDay, defaults("template.yaml", "AuditOverdueDays", "2")})
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
			plan := locals3.Plan{Fail: r.Key == "given up"}
			if r.Key == "late" {
				plan.Lag = 30 * day
			}
			if r.Key == "rotten" {
				plan.Corrupt = locals3.Silent
			}
			return plan
		}
		w.put("fine", "content")
		w.put("given up", "content")
		w.settle()
		w.function("fetch-etags").FailNext(1, lambda.FunctionError{Type: "Broken", Message: "broken"})
		w.put("broken", "content")
		w.settle()
		w.put("late", "content")
		time.Sleep(10 * time.Minute)
		waits := slices.IndexFunc(w.States.Executions(), func(e states.Execution) bool { return e.Result == nil })
		_, err := w.sfn().StopExecution(w.t.Context(), &sfn.StopExecutionInput{ExecutionArn: aws.String(w.States.Executions()[waits].ARN)})
		require.NoError(t, err)
		w.settle()
		require.NoError(t, w.Events.Fire(w.region, "autobackup-doctor-dev"))
		w.hours(1)
		w.beats(1)
		notifications := w.S3.OnEvent
		w.S3.OnEvent = func(string, []byte) {}
		w.put("rotten", "content")
		w.S3.OnEvent = notifications
		w.audit()
		w.ruled(w.region, w.bucket())
		w.put("uncovered", "content")
		w.settle()
		w.Gate.Detach(w.queue("validation-queue"))
		w.Gate.Detach(w.queue("event-dlq"))
		w.put("undelivered", "content")
		synctest.Wait()
		used := map[string]bool{}
		for _, m := range w.CloudWatch.Unwritten(firstRegion, account) {
			known := false
			for kind := range unwritten {
				if regexp.MustCompile(kind).MatchString(m) {
					used[kind], known = true, true
				}
			}
			assert.True(t, known, "nothing writes %s", m)
		}
		assert.Len(t, used, len(unwritten), "some of these are written")
	}, all...)
}
