package local_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/local/asl"
	locals3 "autobackup/local/s3"
	"autobackup/local/template"
)

// stateLimit is what Step Functions keeps of a state, in bytes.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const stateLimit = 262_144

// primary is template.yaml.
var primary = sync.OnceValues(func() (*template.Template, error) {
	source, err := os.ReadFile(filepath.Join(project, "template.yaml"))
	if err != nil {
		return nil, err
	}
	return template.Load(source, "template.yaml")
})

// with is the primary stack with the e-mail it needs and one more parameter,
// without creating anything.
func with(t *testing.T, name, value string) (*template.Stack, error) {
	t.Helper()
	tmpl, err := primary()
	require.NoError(t, err)
	return tmpl.Resolve(template.Options{
		StackName: "test", Region: "eu-central-1", Account: account,
		Parameters: map[string]string{"AlertEmail": "a@example.com", "ReplicaRegion": "eu-west-1", name: value},
		Attributes: func(r template.Resource) (string, map[string]string, error) {
			return r.LogicalID, map[string]string{"Arn": "arn:" + r.LogicalID, "QueueName": r.LogicalID}, nil
		},
	})
}

// largest is the greatest value that a parameter may have.
func largest(t *testing.T, name string) int {
	t.Helper()
	s, err := with(t, "Stage", "dev")
	require.NoError(t, err)
	n, err := strconv.Atoi(s.Parameters[name])
	require.NoError(t, err)
	more := sort.Search(1<<20, func(more int) bool {
		_, err := with(t, name, strconv.Itoa(n+more))
		return err != nil
	})
	return n + more - 1
}

// number is a property of a resource, by its path.
func number(t *testing.T, s *template.Stack, resource string, path ...string) int {
	t.Helper()
	for _, r := range s.Resources {
		if r.LogicalID != resource {
			continue
		}
		var at any = r.Properties
		for _, name := range path {
			at = at.(map[string]any)[name]
		}
		n, err := strconv.Atoi(fmt.Sprint(at))
		require.NoError(t, err, "%s %v", resource, path)
		return n
	}
	require.Fail(t, "no resource "+resource)
	return 0
}

func TestTimeOutsAndRetentionsFitTogether(t *testing.T) {
	s, err := with(t, "Stage", "dev")
	require.NoError(t, err)
	visibility := number(t, s, "ValidationQueue", "VisibilityTimeout")
	window := largest(t, "BatchWindowSeconds")
	assert.Greater(t, visibility, window+5*60, "the longest batch window and five minutes: a batch must be started before its messages come back")
	assert.LessOrEqual(t, visibility, 2*(window+5*60), "what could not be started comes back soon")

	sender := func(path ...string) int {
		return number(t, s, "FailureNotifierFunction", append([]string{"Events", "Failures", "Properties"}, path...)...)
	}
	hidden := number(t, s, "FailureQueue", "VisibilityTimeout")
	least := 6*number(t, s, "FailureNotifierFunction", "Timeout") + sender("MaximumBatchingWindowInSeconds")
	assert.GreaterOrEqual(t, hidden, least, "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html")
	assert.LessOrEqual(t, hidden, least+60, "what failed comes back soon")
	assert.Equal(t, 5, number(t, s, "FailureQueue", "RedrivePolicy", "maxReceiveCount"), "what AWS advises at least, for throttles count")
	assert.Equal(t, s.Parameters["MaxReceives"], fmt.Sprint(number(t, s, "ValidationQueue", "RedrivePolicy", "maxReceiveCount")))

	for _, pair := range [][2]string{{"ValidationQueue", "ValidationDLQ"}, {"FailureQueue", "FailureDLQ"}} {
		kept := number(t, s, pair[0], "MessageRetentionPeriod")
		most := max(largest(t, "MaxReceives"), 5) * number(t, s, pair[0], "VisibilityTimeout")
		assert.LessOrEqual(t, most, 3600, "an alarm on the DLQ comes within the hour")
		assert.GreaterOrEqual(t, kept, 3*24*3600, "a weekend's outage loses nothing")
		assert.Less(t, most, kept, "the DLQ comes before the end of the retention")
		assert.GreaterOrEqual(t, number(t, s, pair[1], "MessageRetentionPeriod")-kept, 7*24*3600,
			"a moved message keeps its age, and an operator has a week")
	}
	assert.Equal(t, number(t, s, "ValidationDLQ", "MessageRetentionPeriod"), number(t, s, "EventDLQ", "MessageRetentionPeriod"))

	functions := map[string]string{"FetchETags": "FetchETagsFunction", "FetchETagsAgain": "FetchETagsFunction", "CompareETags": "CompareETagsFunction"}
	for _, state := range reading {
		functions[state] = "CompareBytesFunction"
	}
	assert.GreaterOrEqual(t, number(t, s, "CompareBytesFunction", "Timeout"), number(t, s, "HashBytesFunction", "Timeout")+20,
		"compare-bytes waits for the time-out and the cold start of hash-bytes")
	all := tasks(t)
	for state, function := range functions {
		over := all[state].TimeoutSeconds - number(t, s, function, "Timeout")
		assert.Greater(t, over, 10, "%s waits for its function's own time-out and a cold start", state)
		assert.LessOrEqual(t, over, 30, state)
	}
	for _, state := range []string{"TellFailures", "TellTrouble", "TellUnsettled", "AlertUnsettled", "ParkFailure", "ParkUnread", "ParkUnsettledMessage", "StartReading"} {
		assert.LessOrEqual(t, all[state].TimeoutSeconds, 60, "%s: one API call", state)
	}
}

func TestAFirstLookIsMadeWithinMinutesAndUsuallyOnce(t *testing.T) {
	s, err := with(t, "Stage", "dev")
	require.NoError(t, err)
	delay, window := number(t, s, "ValidationQueue", "DelaySeconds"), number(t, s, "ValidationPipe", "SourceParameters", "SqsQueueParameters", "MaximumBatchingWindowInSeconds")
	assert.GreaterOrEqual(t, delay, 30, "most objects replicate within seconds; a second look costs transitions")
	assert.LessOrEqual(t, delay+window, 3*60, "minutes after each upload")
	assert.LessOrEqual(t, window, delay, "the delay hides the window")
	assert.GreaterOrEqual(t, 2*window, delay, "a window that short fills no batch")
	deadline, marker := s.Parameters["DeadlineMinutes"], s.Parameters["MarkerDeadlineMinutes"]
	assert.Greater(t, minutes(t, deadline), 4*15*time.Minute, "S3 replicates most objects within 15 minutes, some take hours")
	assert.Less(t, minutes(t, deadline), 8*time.Hour, "an operator hears of it the same day")
	assert.GreaterOrEqual(t, minutes(t, marker), 4*minutes(t, deadline), "markers have no SLA")
	assert.LessOrEqual(t, minutes(t, marker), 2*24*time.Hour)
}

func TestAlarmsRingBeforeWhatTheyWarnOfAndNotWithoutAReason(t *testing.T) {
	s, err := with(t, "Stage", "dev")
	require.NoError(t, err)
	smallest := func(name string) time.Duration {
		_, err := with(t, name, s.Parameters[name])
		require.NoError(t, err)
		n, err := strconv.Atoi(s.Parameters[name])
		require.NoError(t, err)
		for {
			if _, err := with(t, name, strconv.Itoa(n-1)); err != nil {
				return time.Duration(n)
			}
			n--
		}
	}
	seconds := func(n int) time.Duration { return time.Duration(n) * time.Second }
	inVain := seconds(largest(t, "MaxReceives") * number(t, s, "ValidationQueue", "VisibilityTimeout"))
	assert.Greater(t, smallest("OldestMessageMinutes")*time.Minute, inVain, "what is received in vain has the DLQ's alarm")
	assert.Less(t, time.Duration(largest(t, "OldestMessageMinutes"))*time.Minute,
		seconds(number(t, s, "ValidationQueue", "MessageRetentionPeriod"))/2, "before messages expire, with time to act")
	assert.Less(t, minutes(t, s.Parameters["ReplicationSlowMinutes"]), minutes(t, s.Parameters["DeadlineMinutes"]), "before the first alert")
	assert.GreaterOrEqual(t, number(t, s, "ReplicationSlowAlarm", "EvaluationPeriods")*15*60, int(verdict.NextWait(1_000)/time.Second), "a look falls into it")
	for _, alarm := range []string{"HeartbeatVerifiedAlarm", "HeartbeatLostAlarm", "HeartbeatDifferentAlarm"} {
		period := number(t, s, alarm, "Period")
		assert.Less(t, seconds((number(t, s, alarm, "EvaluationPeriods")+1)*period), time.Hour, "what breaks is noticed within the hour")
		assert.Equal(t, "rate("+strconv.Itoa(period/60)+" minutes)", property(t, s, "HeartbeatRule", "ScheduleExpression"), "one is put in each period")
	}

	const maxWake = 3 * time.Minute // how long a message of the sender to itself waits (internal/notify)
	tooOld := seconds(number(t, s, "FailureQueueTooOldAlarm", "Threshold"))
	assert.LessOrEqual(t, tooOld+3*seconds(number(t, s, "FailureQueueTooOldAlarm", "Period")), 10*time.Minute, "where nothing is told, that is told within ten minutes")
	assert.Greater(t, tooOld, maxWake+window(t)+seconds(number(t, s, "FailureNotifierFunction", "Timeout")),
		"what wakes the sender is as old when it comes, and tells nothing")
}

func TestParametersCanBeAsSmallAndAsLargeAsTheServicesTakeThem(t *testing.T) {
	accepts := func(name string, n int) bool {
		_, err := with(t, name, strconv.Itoa(n))
		return err == nil
	}
	const sqsDelay = 15 * 60 // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
	assert.True(t, accepts("DeliveryDelaySeconds", 0))
	assert.Equal(t, sqsDelay, largest(t, "DeliveryDelaySeconds"))
	assert.True(t, accepts("BatchSize", 1))
	assert.False(t, accepts("BatchSize", 0))
	assert.True(t, accepts("BatchWindowSeconds", 1))
	assert.True(t, accepts("MaxReceives", 3))
	assert.False(t, accepts("MaxReceives", 2), "one hiccup is no failure")
	assert.False(t, accepts("BatchWindowSeconds", 0), "a pipe needs a window for batches of more than 10")

	longestWait := int(verdict.NextWait(1_000) / time.Minute)
	s, err := with(t, "Stage", "dev")
	require.NoError(t, err)
	for _, name := range []string{"DeadlineMinutes", "MarkerDeadlineMinutes"} {
		assert.True(t, accepts(name, longestWait), name)
		assert.False(t, accepts(name, longestWait-1), "%s: a deadline is no shorter than the longest wait", name)
		assert.GreaterOrEqual(t, largest(t, name)*60, number(t, s, "ValidationQueue", "MessageRetentionPeriod"), name)
		assert.LessOrEqual(t, largest(t, name)*60, number(t, s, "ValidationDLQ", "MessageRetentionPeriod"), name)
	}
	event := []string{"Events", "Failures", "Properties"}
	assert.Equal(t, 10_000, number(t, s, "FailureNotifierFunction", append(event, "BatchSize")...), "few invocations, whatever comes")
	assert.Equal(t, 2, number(t, s, "FailureNotifierFunction", append(event, "ScalingConfig", "MaximumConcurrency")...), "the least that Lambda takes")
}

func TestTheLongestDeadlineFitsAnExecutionsHistory(t *testing.T) {
	const limit = 25_000 // https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Lag: 100 * time.Hour} }
		w.put("slow.bin", "content")
		w.settle()
		events := len(w.events[w.one().ARN])
		looks := w.summary(w.one()).Objects[0].Looks
		longest := time.Duration(largest(t, "DeadlineMinutes"))*time.Minute +
			(verdict.Policy{}).DeadlineFor(50<<40) // what S3's largest object adds
		most := int(longest/verdict.NextWait(1_000)) + 20
		assert.Less(t, most*events/looks, limit)
	})
}

func minutes(t *testing.T, text string) time.Duration {
	t.Helper()
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return time.Duration(n) * time.Minute
}

func TestAVerifiedObjectAtLoadCostsAtMostANinthOfATransition(t *testing.T) {
	inWorld(t, func(w *world) {
		size := w.parameter("BatchSize")
		for i := range size {
			w.put(fmt.Sprint(i), "content")
		}
		w.settle()
		const end = 1 // AWS's own pricing example counts the way to the end, too
		assert.LessOrEqual(t, float64(w.one().Result.Transitions+end)/float64(size), 1.0/9)
	})
}

func TestInvariant6CapAndBatchSizeFitTheStateLimit(t *testing.T) {
	const (
		escaped  = 2    // a byte of a body is at most two of JSON: SQS allows no control characters but \t, \n, \r
		envelope = 1700 // what the pipe adds to a body: a receipt handle of 400, ids, times, the frame of attributes
		around   = 200  // ids, progress and JSON's own names around a message
		fixed    = batch.StateSpare
		line     = batch.MaxObject + verdict.MaxReplicas*230 + around // of the summary, while the message is in the state
	)
	s, err := with(t, "Stage", "dev")
	require.NoError(t, err)
	most, limit := largest(t, "BatchSize"), number(t, s, "ValidationQueue", "MaximumMessageSize")
	body := escaped * limit // with the attributes it came back with, which are not escaped twice
	assert.GreaterOrEqual(t, most, 45, "five transitions for 45 messages keep the price")
	assert.Equal(t, most, number(t, s, "ValidationPipe", "SourceParameters", "SqsQueueParameters", "BatchSize"), "the default is the cheapest")
	assert.LessOrEqual(t, most*(body+envelope), stateLimit, "as the pipe sends it")
	assert.LessOrEqual(t, most*(body+around+line)+fixed, stateLimit, "when all fail: a body and its facts share the queue's cap")
	assert.GreaterOrEqual(t, stateLimit-fixed-most*(body+around), 10*(verdict.MaxReplicas+1)*verdict.MaxSide, "ten looks at least fit a round")
}

func TestInvariant6TheEventOfALongPlainKeyFitsTheQueueEvenAfterItWasParked(t *testing.T) {
	inWorld(t, func(w *world) {
		w.corrupted(locals3.FlipBit)
		w.put(strings.Repeat("k", 1024), "content")
		w.settle()
		require.Len(t, w.parked(), 1)
		assert.Empty(t, w.messages("event-dlq"))
		w.move("validation-dlq", "validation-queue")
		require.Len(t, w.parked(), 1, "it came back, was looked at and parked again")
		assert.Len(t, w.States.Executions(), 2)
		// The longest names that the parameters allow.
		grown := 3*(len("autobackup-tenletters-primary-sixteenletterscat-123456789012")-len(w.bucket())) +
			len("autobackup-validation-tenletters") - len("autobackup-validation-dev") + len("ap-southeast-1") - len(w.region)
		m := w.parked()[0]
		size := len(m.Body)
		for name, a := range m.Attributes {
			size += len(name) + len(a.DataType) + len(a.Value)
		}
		s, err := with(t, "Stage", "dev")
		require.NoError(t, err)
		least := len(`facts{"verdict":"failed","reason":"REPLICA_NOT_REPLICATED"}reasonREPLICA_NOT_REPLICATEDdetailalerts10execution`) + 5*len("String") + 16 +
			len(m.Attributes["execution"].Value)
		assert.LessOrEqual(t, len(m.Body)+grown+least, number(t, s, "ValidationQueue", "MaximumMessageSize"), "room for the reason and the execution")
		assert.LessOrEqual(t, size, number(t, s, "ValidationQueue", "MaximumMessageSize"))
	})
}

func TestInvariant6TheWorstBatchesFitTheStateLimitInEveryState(t *testing.T) {
	wide := map[string]string{
		"quotes":          `"`,
		"backslashes":     `\`,
		"line breaks":     "\n",
		"emoji":           "🎉",
		"angle brackets":  "<",
		"line separators": "\u2028",
	}
	for name, unit := range wide {
		for _, end := range []string{"all fail", "all are verified", "all lag", "all are read and fail", "half fail, half are read", "nothing works", "all came back"} {
			if !*everyKey && (name != widest || !slices.Contains(telling, end)) {
				continue
			}
			t.Run(name+", "+end, func(t *testing.T) { t.Parallel(); w := worstBatch(t, unit, end); assert.LessOrEqual(t, w, stateLimit) })
		}
	}
}

var everyKey = flag.Bool("every-key", false, "try the worst batches with every kind of key and every end")

// No key is wider than one of quotes, in any state, so by default it goes alone, and to two ends:
// one that every function takes part in, and the one whose states are the largest.
const widest = "quotes"

var telling = []string{"half fail, half are read", "all came back"}

// worstBatch sends a full batch of the largest events that the queue takes, and
// answers the size of the largest data that any state had.
func worstBatch(t *testing.T, unit, end string) (size int) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = plans[end]
		if end == "nothing works" {
			w.States.TaskFault = func(_ context.Context, resource string, parameters []byte) error {
				if caller(resource, parameters) == "CompareETags" {
					return &asl.Error{Name: reason.Internal, Cause: strings.Repeat("x", 1024)}
				}
				return nil
			}
		}
		most := w.parameter("BatchSize")
		for i := range most {
			key := fmt.Sprintf("%02d", i) + strings.Repeat(unit, 250/len(unit))
			w.putWith(key, "content", s3types.ChecksumAlgorithmSha256)
		}
		w.pad()
		w.settle()
		if end == "all came back" {
			require.Len(t, w.parked(), most)
			w.move("validation-dlq", "validation-queue")
			require.Len(t, w.parked(), most, "all of them fit the queue")
		}
		for _, e := range w.States.Executions() {
			assert.NotEqual(t, asl.DataLimitExceeded, e.Result.Error)
			if end != "nothing works" {
				require.Equal(t, types.ExecutionStatusSucceeded, e.Result.Status, "%s %s", e.Result.Error, e.Result.Cause)
			}
		}
		for _, events := range w.events {
			for _, e := range events {
				size = max(size, dataSize(e))
			}
		}
	})
	return size
}

// attributesRoom is what the attributes of a parked message take at least: without
// it, a message can't come back but by autobackup retry.
const attributesRoom = 260

// pad fills the queued events to the cap, with a field that S3 does not use: an
// event of S3 is never that large, but whatever arrives must fit.
func (w *world) pad() {
	queue := w.queue("validation-queue")
	var limit int
	for _, q := range w.SQS.Queues(w.region) {
		if q.ARN == queue {
			limit = q.MaximumMessageSize
		}
	}
	messages := w.messages("validation-queue")
	require.NoError(w.t, w.SQS.Purge(queue))
	for _, m := range messages {
		room := max(limit-len(m.Body)-len(`"pad":"",`)-attributesRoom, 0)
		w.send(`{"pad":"` + strings.Repeat(`\"`, room/2) + `",` + m.Body[1:])
	}
}

// dataSize is the largest input or output of an event.
func dataSize(e types.HistoryEvent) (n int) {
	var texts []*string
	if d := e.ExecutionStartedEventDetails; d != nil {
		texts = append(texts, d.Input)
	}
	if d := e.StateEnteredEventDetails; d != nil {
		texts = append(texts, d.Input)
	}
	if d := e.StateExitedEventDetails; d != nil {
		texts = append(texts, d.Output)
	}
	if d := e.TaskScheduledEventDetails; d != nil {
		texts = append(texts, d.Parameters)
	}
	if d := e.TaskSucceededEventDetails; d != nil {
		texts = append(texts, d.Output)
	}
	for _, text := range texts {
		n = max(n, len(aws.ToString(text)))
	}
	return n
}

// plans are what becomes of the replicas of a worst batch.
var plans = map[string]func(locals3.Replication) locals3.Plan{
	"all fail":      func(locals3.Replication) locals3.Plan { return locals3.Plan{Corrupt: locals3.FlipBit} },
	"all came back": func(locals3.Replication) locals3.Plan { return locals3.Plan{Corrupt: locals3.FlipBit} },
	"all lag":       func(locals3.Replication) locals3.Plan { return locals3.Plan{Lag: time.Hour} },
	"all are read and fail": func(locals3.Replication) locals3.Plan {
		return recut(3, s3types.ChecksumTypeComposite, locals3.FlipBit)
	},
	"half fail, half are read": func(r locals3.Replication) locals3.Plan {
		if r.Key[1]%2 == 0 {
			return locals3.Plan{Corrupt: locals3.FlipBit}
		}
		return recut(3, s3types.ChecksumTypeComposite, locals3.Intact)
	},
}
