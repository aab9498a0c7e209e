package notify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/told"
)

var errBroken = errors.New("broken")

// breaking refuses calls of an operation, before they have an effect.
func breaking(operation string) func(string) (error, error) {
	return func(called string) (error, error) {
		if called == operation {
			return errBroken, nil
		}
		return nil, nil
	}
}

// denying refuses entries whose body contains a text, for a reason of the moment.
func denying(text string) func(string, types.SendMessageBatchRequestEntry) *types.BatchResultErrorEntry {
	return func(_ string, e types.SendMessageBatchRequestEntry) *types.BatchResultErrorEntry {
		if strings.Contains(*e.MessageBody, text) {
			return &types.BatchResultErrorEntry{Code: aws.String("InternalError"), Message: aws.String("try again")}
		}
		return nil
	}
}

func TestARecordWhoseMessageIsNotSentOnStaysAndItsBatchMatesAreDone(t *testing.T) {
	scrambled := func(key string) events.SQSMessage {
		return events.SQSMessage{MessageId: "id-" + key, Body: "scrambled " + key}
	}
	upstream := func(key string) events.SQSMessage {
		return events.SQSMessage{MessageId: "id-" + key, Body: notification(gaveUp(key, "OBJECT_PUT"), gaveUp("another", "OBJECT_PUT"))}
	}
	often := func(key string) events.SQSMessage { return parked(t, key, "10") }
	again := func(key string) events.SQSMessage { return parked(t, key, "1") }
	tests := map[string]struct {
		record func(key string) events.SQSMessage
		queue  string
	}{
		"a parked message":                        {again, dlq},
		"one that was told of often enough":       {often, dlq},
		"a malformed one":                         {scrambled, dlq},
		"a notification, of which another fitted": {upstream, validation},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.deny = denying("bad")
			failed, err := w.invoke(tt.record("good"), tt.record("bad"), tt.record("fine"))
			require.NoError(t, err)
			assert.Equal(t, []string{"id-bad"}, failed)
			assert.Contains(t, w.log.String(), `level=ERROR msg="message stays in the failure queue" messageId=id-bad error="send a message to `+tt.queue+`: InternalError try again"`)
			sent := encode(t, values(w.sent[tt.queue]))
			assert.Contains(t, sent, "good")
			assert.Contains(t, sent, "fine")
			assert.NotContains(t, sent, "bad")

			w.deny = tooLong
			failed, err = w.invoke(tt.record("bad"))
			require.NoError(t, err)
			assert.Empty(t, failed)
			assert.Contains(t, encode(t, values(w.sent[tt.queue])), "bad")
			total := 0
			for _, m := range w.mails {
				for _, c := range m.news.Causes {
					total += c.New
				}
			}
			w.settle()
			assert.LessOrEqual(t, total, 3, "what is handed over again is told once")
		})
	}
}

func TestARecordThatComesBackIsNotParkedBefore(t *testing.T) {
	w := newWorld(t)
	w.deny = func(queue string, e types.SendMessageBatchRequestEntry) *types.BatchResultErrorEntry {
		if strings.Contains(*e.MessageBody, "bad") {
			return denying("bad")(queue, e)
		}
		return tooLong(queue, e)
	}
	long := strings.Replace(gaveUp("long", "OBJECT_PUT"), `"all"`, `"`+strings.Repeat("r", maxMessage)+`"`, 1)
	failed, err := w.invoke(message(notification(long, gaveUp("bad", "OBJECT_PUT"))), events.SQSMessage{MessageId: "other", Body: "scrambled"})
	require.NoError(t, err)
	assert.Equal(t, []string{"id"}, failed)
	assert.Len(t, w.sent[dlq], 1)
}

func TestAnErrorThatConcernsAllRecordsFailsTheInvocation(t *testing.T) {
	tests := map[string]struct {
		operation string
		record    events.SQSMessage
		want      string
		mails     int // before it works again
		after     int // when it does
	}{
		"the memory can't be read":       {"GetObject", message(report(t, missing("a"))), "read the sender's memory s3://" + bucket + "/told/memory.json: broken", 0, 1},
		"the memory can't be written":    {"PutObject", message(report(t, missing("a"))), "write the sender's memory s3://" + bucket + "/told/memory.json: broken", 0, 1},
		"the e-mail can't be published":  {"Publish", message(report(t, missing("a"))), "publish an e-mail about 1 causes to " + topic + ": broken", 0, 1},
		"the sender can't wake itself":   {"Send failure-queue-test", message(report(t, missing("a"))), "the sender can't wake itself up: send 1 messages to " + failure + ": broken", 0, 1},
		"nothing can be put back":        {"Send validation-dlq-test", parked(t, "a", "1"), "nothing was sent on of 1 records, which stay in the failure queue: send 1 messages to " + dlq + ": broken", 1, 1},
		"nothing can be put back (10)":   {"Send validation-dlq-test", parked(t, "a", "10"), "nothing was sent on of 1 records, which stay in the failure queue: send 1 messages to " + dlq + ": broken", 0, 0},
		"no notification can be sent on": {"Send validation-queue-test", message(notification(gaveUp("a", "OBJECT_PUT"))), "nothing was sent on of 1 records, which stay in the failure queue: send 1 messages to " + validation + ": broken", 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fault = breaking(tt.operation)
			_, err := w.invoke(tt.record)
			require.ErrorIs(t, err, errBroken)
			assert.EqualError(t, err, tt.want)
			assert.Len(t, w.mails, tt.mails)
			if tt.operation != "Send validation-dlq-test" {
				assert.Empty(t, w.sent[dlq], "it comes back, and would be there twice")
			}

			w.fault, w.now = newWorld(t).fault, w.now.Add(visibility)
			failed, err := w.invoke(tt.record)
			require.NoError(t, err)
			assert.Empty(t, failed)
			w.settle()
			assert.Len(t, w.mails, tt.after, "told once, when it can be")
		})
	}
}

func TestAnEmailIsPublishedAgainWhereItIsNotKnownThatItWas(t *testing.T) {
	w := newWorld(t)
	writes := 0
	w.fault = func(operation string) (error, error) {
		if operation == "PutObject" {
			writes++
		}
		if operation == "PutObject" && writes == 2 {
			return errBroken, nil // the claim stays
		}
		return nil, nil
	}
	record := message(report(t, missing("a")))
	_, err := w.invoke(record)
	require.ErrorIs(t, err, errBroken)
	require.Len(t, w.mails, 1)
	w.now = w.now.Add(told.Lease - time.Second)
	_, err = w.invoke(record)
	require.NoError(t, err)
	require.Len(t, w.mails, 1, "the first one might still be at it")
	w.now = w.now.Add(visibility)
	_, err = w.invoke(record)
	require.NoError(t, err)
	require.Len(t, w.mails, 2, "twice rather than never")
	assert.Equal(t, w.mails[0].message, w.mails[1].message)
	w.settle()
	assert.Len(t, w.mails, 2)
}

func TestTwoAtOnceTellEverythingOnceAndSendOneAtATime(t *testing.T) {
	for name, first := range map[string]bool{"there is no memory yet": true, "there is one": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if !first {
				_, err := w.invoke(message(report(t, missing("before"))))
				require.NoError(t, err)
				w.now = w.now.Add(time.Hour)
			}
			before := len(w.mails)
			w.meanwhile = func() {
				_, err := w.invoke(events.SQSMessage{MessageId: "second", Body: report(t, missing("a"), missing("b"))})
				require.NoError(t, err)
				require.Len(t, w.mails, before+1)
			}
			_, err := w.invoke(message(report(t, missing("b"), missing("c"))))
			require.NoError(t, err)
			require.Len(t, w.mails, before+1, "the other's e-mail has just been sent")
			w.settle()
			assert.Equal(t, []string{"single REPLICA_MISSING docs-r 2", "single REPLICA_MISSING docs-r 1"}, w.told()[before:])
			assert.GreaterOrEqual(t, w.mails[before+1].at.Sub(w.mails[before].at), time.Minute)
		})
	}
}

func TestWhatIsWrittenWithoutAnAnswerIsNotTakenForAnothers(t *testing.T) {
	w := newWorld(t)
	writes := 0
	w.fault = func(operation string) (error, error) {
		if operation == "PutObject" {
			if writes++; writes == 1 {
				return nil, httpError(412, "PreconditionFailed") // the SDK's second try finds the first one's effect
			}
		}
		return nil, nil
	}
	_, err := w.invoke(message(report(t, missing("a"))))
	require.NoError(t, err)
	assert.Equal(t, []string{"single REPLICA_MISSING docs-r 1"}, w.told(), "its own claim")
	assert.Nil(t, w.memory().Claim)
	assert.Len(t, w.sent[failure], 1, "no second wake-up for a second try")
}

func TestTriesToChangeTheMemoryEnd(t *testing.T) {
	for _, conflict := range []error{httpError(412, "PreconditionFailed"), httpError(409, "ConditionalRequestConflict"), httpError(404, "NoSuchKey")} {
		w := newWorld(t)
		w.fault = func(operation string) (error, error) {
			if operation == "PutObject" {
				return conflict, nil
			}
			return nil, nil
		}
		_, err := w.invoke(message(report(t, missing("a"))))
		require.ErrorIs(t, err, conflict)
		assert.ErrorContains(t, err, "no luck in 10 tries, lower the function's concurrency: write the sender's memory s3://"+bucket+"/told/memory.json: somebody else has changed it since it was read: ")
		assert.Len(t, w.sent[failure], 1)
	}
}

func TestAMemoryThatCanNotBeReadIsMovedAwayByAPerson(t *testing.T) {
	for _, object := range []string{"scrambled", `{"causes":[` + strings.Repeat(`{},`, told.MaxBytes/3) + `{}]}`} {
		w := newWorld(t)
		w.object = []byte(object)
		_, err := w.invoke(message(report(t, missing("a"))))
		require.ErrorContains(t, err, "decode the sender's memory: ")
		assert.ErrorContains(t, err, "; move s3://"+bucket+"/told/memory.json away, and the sender begins anew")
		assert.Equal(t, []byte(object), w.object)
	}
}

func TestAMemoryThatBreaksOffIsNoMemory(t *testing.T) {
	w := newWorld(t)
	w.object = []byte(`{}`)
	w.body = func(r io.Reader) io.Reader { return io.MultiReader(r, iotest.ErrReader(errBroken)) }
	_, err := w.invoke(message(report(t, missing("a"))))
	require.ErrorIs(t, err, errBroken)
	assert.ErrorContains(t, err, "read the sender's memory s3://"+bucket+"/told/memory.json: ")
	assert.Equal(t, []string{"GetObject"}, w.calls)
}

func TestEveryMessageOfACallThatFailsStays(t *testing.T) {
	w := newWorld(t)
	var records []events.SQSMessage
	for i := range 20 {
		records = append(records, parked(t, fmt.Sprint(i), "10"))
	}
	calls := 0
	w.fault = func(string) (error, error) {
		if calls++; calls == 1 {
			return errBroken, nil
		}
		return nil, nil
	}
	failed, err := w.invoke(records...)
	require.NoError(t, err)
	assert.Len(t, failed, 10)
	assert.Len(t, w.sent[dlq], 10)
}

func TestAMissingBucketIsNoEmptyMemory(t *testing.T) {
	w := newWorld(t)
	w.fault = func(string) (error, error) { return httpError(404, "NoSuchBucket"), nil }
	_, err := w.invoke(message(report(t, missing("a"))))
	assert.ErrorContains(t, err, "read the sender's memory")
}

func TestTheInvocationEndsBeforeItsTime(t *testing.T) {
	w := newWorld(t)
	deadline := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(t.Context(), deadline)
	defer cancel()
	_, err := w.n.Notify(ctx, events.SQSEvent{Records: []events.SQSMessage{message(report(t, missing("a")))}})
	require.NoError(t, err)
	assert.Equal(t, deadline.Add(-2*time.Second), w.deadline)
}

// narrow is an SQS that holds all messages of a call together against a limit.
type narrow struct {
	*world
	limit int
}

func (n narrow) SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, f ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	total := 0
	for _, e := range in.Entries {
		total += len(*e.MessageBody)
	}
	if *in.QueueUrl == validation && total > n.limit {
		return nil, &types.BatchRequestTooLong{}
	}
	return n.world.SendMessageBatch(ctx, in, f...)
}

func TestWhereACallIsTooLongEachMessageIsSentByItself(t *testing.T) {
	w := newWorld(t)
	w.n.SQS = narrow{w, maxMessage}
	var records []events.SQSMessage
	for i := range 12 {
		records = append(records, events.SQSMessage{MessageId: fmt.Sprint(i), Body: notification(gaveUp(fmt.Sprint("k", i), "OBJECT_PUT"))})
	}
	long := strings.Replace(gaveUp("long", "OBJECT_PUT"), `"all"`, `"`+strings.Repeat("r", maxMessage)+`"`, 1)
	failed, err := w.invoke(append(records, message(notification(long)))...)
	require.NoError(t, err)
	assert.Empty(t, failed)
	assert.Len(t, w.sent[validation], 12)
	assert.Equal(t, []string{"single REPLICATION_FAILED docs-r DstBucketNotFound 1"}, w.told())
	assert.Len(t, w.sent[dlq], 1)
}

// silent is an SQS that says nothing about any message, or about one that was
// never sent.
type silent struct{ *world }

func (silent) SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	ids := []types.SendMessageBatchResultEntry{{}, {Id: aws.String("-1")}, {Id: aws.String("1")}, {Id: aws.String("7")}, {Id: aws.String("x")}}
	return &sqs.SendMessageBatchOutput{Successful: ids}, nil
}

func TestAMessageOfWhichSQSSaysNothingWasNotSent(t *testing.T) {
	w := newWorld(t)
	w.n.SQS = silent{w}
	_, err := w.invoke(parked(t, "a", "10"))
	assert.EqualError(t, err, "nothing was sent on of 1 records, which stay in the failure queue: send a message to "+dlq+": sqs did not say what became of the message")
}

func TestOnlyWhatIsWrongWithAMessageItselfStaysSo(t *testing.T) {
	tests := map[string]struct {
		refusal types.BatchResultErrorEntry
		told    bool
	}{
		"its length":          {types.BatchResultErrorEntry{Code: aws.String("InvalidParameterValue"), SenderFault: true}, true},
		"its length, by JSON": {types.BatchResultErrorEntry{Code: aws.String("InvalidParameterValueException"), SenderFault: true}, true},
		"its characters":      {types.BatchResultErrorEntry{Code: aws.String("InvalidMessageContents"), SenderFault: true}, true},
		"the key's":           {types.BatchResultErrorEntry{Code: aws.String("KMS.AccessDeniedException"), SenderFault: true}, false},
		"not its own":         {types.BatchResultErrorEntry{Code: aws.String("InvalidParameterValue")}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.deny = func(queue string, e types.SendMessageBatchRequestEntry) *types.BatchResultErrorEntry {
				if queue != validation || strings.Contains(*e.MessageBody, "good") {
					return nil
				}
				refusal := tt.refusal
				return &refusal
			}
			failed, err := w.invoke(message(notification(gaveUp("a", "OBJECT_PUT"))), message(notification(gaveUp("good", "OBJECT_PUT"))))
			require.NoError(t, err)
			assert.Equal(t, tt.told, len(w.mails) == 1)
			assert.Equal(t, tt.told, len(failed) == 0)
		})
	}
}

func TestACallHoldsTenMessagesAndAQuarterMegabyte(t *testing.T) {
	w := newWorld(t)
	var records []events.SQSMessage
	for i := range 25 {
		m := parked(t, fmt.Sprint(i), "10")
		m.MessageId = fmt.Sprint(i)
		if i < 4 {
			m.MessageAttributes["detail"] = str(strings.Repeat("d", 200<<10))
		}
		if i == 4 {
			m.Body = strings.Repeat("b", 300<<10)
		}
		records = append(records, m)
	}
	sizes := map[int]int{}
	w.deny = func(string, types.SendMessageBatchRequestEntry) *types.BatchResultErrorEntry { return nil }
	w.n.SQS = counting{w, new(sync.Mutex), sizes}
	failed, err := w.invoke(records...)
	require.NoError(t, err)
	assert.Empty(t, failed)
	assert.Len(t, w.sent[dlq], 25)
	assert.Equal(t, map[int]int{1: 5, 10: 2}, sizes)
}

// counting counts calls by their number of entries.
type counting struct {
	*world
	counting *sync.Mutex
	calls    map[int]int
}

func (c counting) SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, f ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	c.counting.Lock()
	defer c.counting.Unlock()
	c.calls[len(in.Entries)]++
	return c.world.SendMessageBatch(ctx, in, f...)
}
