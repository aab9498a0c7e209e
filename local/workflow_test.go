package local_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	locals3 "autobackup/local/s3"
)

func TestAnIntactReplicaIsVerifiedInFourStates(t *testing.T) {
	inWorld(t, func(w *world) {
		version := w.put("report.pdf", "content")
		w.settle()

		assert.Equal(t, "FetchETags CompareETags Verdicts Done", w.path())
		lines := w.summary(w.one()).Objects
		require.Len(t, lines, 1)
		assert.Equal(t, "s3://"+w.bucket()+"/report.pdf@"+version, lines[0].Object)
		assert.Equal(t, verdict.Verified, lines[0].Verdict)
		assert.Contains(t, string(lines[0].Evidence), "full-object checksum")
		assert.Empty(t, w.parked())
		assert.Empty(t, w.subjects())
	})
}

func TestALaggingReplicaIsLookedAtAgainUntilItIsThere(t *testing.T) {
	inWorld(t, func(w *world) {
		lag := time.Hour
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Lag: lag} }
		start := w.Clock.Now()
		w.put("slow.mov", "content")
		w.settle()

		line := w.summary(w.one()).Objects[0]
		assert.Equal(t, verdict.Verified, line.Verdict)
		assert.Greater(t, line.Looks, 5)
		assert.GreaterOrEqual(t, w.one().Result.Stop.Sub(start), lag)
		assert.Less(t, w.one().Result.Stop.Sub(start), lag+15*time.Minute+time.Minute, "a wait is at most 15 minutes")
		assert.Empty(t, w.parked())
	})
}

func TestAReplicaThatNeverComesFailsAtTheDeadlineOfTheTemplate(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Lag: 365 * 24 * time.Hour} }
		w.put("lost.txt", "content")
		w.settle()

		assert.Equal(t, []string{string(reason.ReplicaMissing)}, w.reasons())
		result := w.one().Result
		deadline := time.Duration(w.parameter("DeadlineMinutes")) * time.Minute
		assert.Equal(t, deadline, result.Stop.Sub(result.Start), "the waits add up to the deadline, no more and no less")
	})
}

func TestADeleteMarkerThatNeverComesFailsAtItsOwnDeadline(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
			if r.Marker {
				return locals3.Plan{Lag: 365 * 24 * time.Hour}
			}
			return locals3.Plan{}
		}
		w.put("gone.txt", "content")
		w.settle()
		_, err := w.client.DeleteObject(w.t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(w.bucket()), Key: aws.String("gone.txt")})
		require.NoError(t, err)
		w.settle()

		assert.Equal(t, []string{string(reason.ReplicaMissing)}, w.reasons())
		result := w.States.Executions()[1].Result
		deadline := time.Duration(w.parameter("MarkerDeadlineMinutes")) * time.Minute
		assert.Equal(t, deadline, result.Stop.Sub(result.Start))
	})
}

func TestFailuresAreAlertedAndParkedAtOnceAndLaggardsLater(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
			return map[string]locals3.Plan{
				"wrong.bin": {Corrupt: locals3.FlipBit},
				"short.bin": {Corrupt: locals3.Truncate},
				"slow.bin":  {Lag: 2 * time.Hour},
			}[r.Key]
		}
		for _, key := range []string{"wrong.bin", "short.bin", "slow.bin", "right.bin"} {
			w.put(key, "content of "+key)
		}
		firstLook := time.Duration(w.parameter("DeliveryDelaySeconds")+w.parameter("BatchWindowSeconds")) * time.Second
		time.Sleep(firstLook + time.Second)

		assert.Equal(t, []string{"CONTENT_MISMATCH", "SIZE_MISMATCH"}, w.reasons(), "parked while slow.bin still lags")
		time.Sleep(window(t))
		require.Len(t, w.subjects(), 1, "one e-mail for both")
		assert.Contains(t, w.subjects()[0], "[dev]")
		assert.Contains(t, w.subjects()[0], "(+1 more)")
		assert.Nil(t, w.one().Result, "the execution waits for slow.bin")

		w.settle()
		assert.Len(t, w.subjects(), 1)
		assert.Len(t, w.parked(), 2)
		summary := w.summary(w.one())
		assert.Len(t, summary.Objects, 4)
		assert.Contains(t, summary.Text, "2 verified")
	})
}

// window is how long the sender of e-mails collects what failed, and a second.
func window(t *testing.T) time.Duration {
	s, err := with(t, "Stage", "dev")
	require.NoError(t, err)
	return time.Duration(number(t, s, "FailureNotifierFunction", "Events", "Failures", "Properties", "MaximumBatchingWindowInSeconds")+1) * time.Second
}

func TestParkedMessagesAreUnchangedAndSayWhyAndWhere(t *testing.T) {
	inWorld(t, func(w *world) {
		body := `no "JSON" at all ` + "\n\t" + `\ <&> ☃ 🎉`
		w.send(body)
		w.settle()

		require.Len(t, w.parked(), 1)
		parked := w.parked()[0]
		assert.Equal(t, body, parked.Body)
		assert.Equal(t, string(reason.MalformedEvent), parked.Attributes["reason"].Value)
		assert.NotEmpty(t, parked.Attributes["detail"].Value)
		assert.Equal(t, w.one().ARN, parked.Attributes["execution"].Value)
		assert.Equal(t, "1", parked.Attributes["alerts"].Value)
		assert.Contains(t, w.SNS.Published()[0].Message, w.one().ARN)
	})
}

func TestAnOverwriteDuringValidationIsTwoVersionsEachVerifiedAtItsOwn(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Lag: 10 * time.Minute} }
		first := w.put("contract.pdf", "first")
		time.Sleep(5 * time.Minute)
		second := w.put("contract.pdf", "second, longer")
		w.settle()

		objects := map[string]verdict.Outcome{}
		for _, line := range w.settled() {
			objects[line.Object] = line.Verdict
		}
		at := "s3://" + w.bucket() + "/contract.pdf@"
		assert.Equal(t, map[string]verdict.Outcome{at + first: verdict.Verified, at + second: verdict.Verified}, objects)
	})
}

func TestADayOfWaitingCostsFewTransitions(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Lag: 3 * time.Hour} }
		w.put("slow.bin", "content")
		w.settle()
		looks := w.summary(w.one()).Objects[0].Looks
		assert.Equal(t, 4*looks, w.one().Result.Transitions, "four states a look, the last of them Done")
		assert.Less(t, looks, 25, "waits back off to 15 minutes")
	})
}
