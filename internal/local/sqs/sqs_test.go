package sqs_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/local/clock"
	"autobackup/internal/local/sqs"
)

func TestConfigurationIsCheckedWhenAQueueIsCreated(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*sqs.Queue)
		want   string
	}{
		"a FIFO queue": {func(q *sqs.Queue) { q.ARN += ".fifo" },
			"AWS.SimpleQueueService.UnsupportedOperation: queue new.fifo: FIFO queues are not supported by the local stack; use a standard queue"},
		"an ARN of another service": {func(q *sqs.Queue) { q.ARN = "arn:aws:sns:eu-west-1:111122223333:x" },
			`InvalidParameterValue: "arn:aws:sns:eu-west-1:111122223333:x" is no queue ARN; write it as arn:aws:sqs:region:account:name`},
		"a name that is taken": {func(q *sqs.Queue) { q.ARN = mainARN }, "QueueAlreadyExists: queue " + mainARN + " exists already"},
		"too long a delay": {func(q *sqs.Queue) { q.DelaySeconds = 901 },
			"InvalidParameterValue: Value 901 for parameter DelaySeconds is invalid. Reason: Must be between 0 and 900."},
		"too long a visibility time-out": {func(q *sqs.Queue) { q.VisibilityTimeout = 43_201 },
			"InvalidParameterValue: Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200."},
		"too short a retention": {func(q *sqs.Queue) { q.MessageRetentionPeriod = 59 },
			"InvalidParameterValue: Value 59 for parameter MessageRetentionPeriod is invalid. Reason: Must be between 60 and 1209600."},
		"too small a message size": {func(q *sqs.Queue) { q.MaximumMessageSize = 1023 },
			"InvalidParameterValue: Value 1023 for parameter MaximumMessageSize is invalid. Reason: Must be between 1024 and 1048576."},
		"too large a message size": {func(q *sqs.Queue) { q.MaximumMessageSize = 1<<20 + 1 },
			"InvalidParameterValue: Value 1048577 for parameter MaximumMessageSize is invalid. Reason: Must be between 1024 and 1048576."},
		"too long a wait": {func(q *sqs.Queue) { q.ReceiveMessageWaitTimeSeconds = 21 },
			"InvalidParameterValue: Value 21 for parameter ReceiveMessageWaitTimeSeconds is invalid. Reason: Must be between 0 and 20."},
		"no receives before the dead-letter queue": {func(q *sqs.Queue) { q.RedrivePolicy = &sqs.RedrivePolicy{DeadLetterTargetARN: dlqARN} },
			"InvalidParameterValue: Value 0 for parameter RedrivePolicy.maxReceiveCount is invalid. Reason: Must be between 1 and 1000."},
		"a dead-letter queue that isn't there": {func(q *sqs.Queue) {
			q.RedrivePolicy = &sqs.RedrivePolicy{DeadLetterTargetARN: dlqARN + "2", MaxReceiveCount: 3}
		}, "InvalidParameterValue: RedrivePolicy of queue new: dead-letter queue " + dlqARN + "2 does not exist"},
		"a dead-letter queue that doesn't let it in": {func(q *sqs.Queue) {
			q.RedrivePolicy = &sqs.RedrivePolicy{DeadLetterTargetARN: closedARN, MaxReceiveCount: 3}
		}, "InvalidParameterValue: RedrivePolicy of queue new: RedriveAllowPolicy of " + closedARN + " does not let it in"},
		"an unknown redrive permission": {func(q *sqs.Queue) { q.RedriveAllowPolicy = &sqs.RedriveAllowPolicy{RedrivePermission: "some"} },
			`InvalidParameterValue: RedriveAllowPolicy.redrivePermission of queue new is "some"; use allowAll, denyAll or byQueue`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, nil)
			closed := sqs.Defaults(closedARN, url(closedARN))
			closed.RedriveAllowPolicy = &sqs.RedriveAllowPolicy{RedrivePermission: "byQueue", SourceQueueARNs: []string{mainARN}}
			require.NoError(t, s.CreateQueue(closed))
			q := sqs.Defaults("arn:aws:sqs:eu-west-1:111122223333:new", "")
			c.change(&q)
			assert.EqualError(t, s.CreateQueue(q), c.want)
		})
	}
}

const closedARN = "arn:aws:sqs:eu-west-1:111122223333:closed"

func TestARedrivePolicyTakesItsCountAsNumberOrString(t *testing.T) {
	for _, text := range []string{`{"deadLetterTargetArn":"a","maxReceiveCount":3}`, `{"deadLetterTargetArn":"a","maxReceiveCount":"3"}`} {
		var p sqs.RedrivePolicy
		require.NoError(t, json.Unmarshal([]byte(text), &p))
		assert.Equal(t, sqs.RedrivePolicy{DeadLetterTargetARN: "a", MaxReceiveCount: 3}, p)
	}
	var p sqs.RedrivePolicy
	assert.Error(t, json.Unmarshal([]byte(`{"maxReceiveCount":"many"}`), &p))
}

func TestMessagesThatSQSRefusesAreRefused(t *testing.T) {
	attribute := func(name string, a sqs.Attribute) sqs.Outgoing {
		return sqs.Outgoing{Body: "x", Attributes: map[string]sqs.Attribute{name: a}}
	}
	text := sqs.Attribute{DataType: "String", Value: "v"}
	eleven := map[string]sqs.Attribute{}
	for _, name := range strings.Split("abcdefghijk", "") {
		eleven[name] = text
	}
	late := 901
	for name, c := range map[string]struct {
		message sqs.Outgoing
		code    string
	}{
		"an empty body":                      {sqs.Outgoing{}, "MissingParameter"},
		"a body over the queue's limit":      {sqs.Outgoing{Body: strings.Repeat("x", 1025)}, "InvalidParameterValue"},
		"a body of bytes that are no UTF-8":  {sqs.Outgoing{Body: "\xff"}, "InvalidMessageContents"},
		"a noncharacter":                     {sqs.Outgoing{Body: "\uffff"}, "InvalidMessageContents"},
		"a delay over 15 minutes":            {sqs.Outgoing{Body: "x", DelaySeconds: &late}, "InvalidParameterValue"},
		"more than ten attributes":           {sqs.Outgoing{Body: "x", Attributes: eleven}, "InvalidParameterValue"},
		"an attribute name with a space":     {attribute("a b", text), "InvalidParameterValue"},
		"an attribute name with two periods": {attribute("a..b", text), "InvalidParameterValue"},
		"a reserved attribute name":          {attribute("AWS.x", text), "InvalidParameterValue"},
		"an attribute of an unknown type":    {attribute("a", sqs.Attribute{DataType: "List", Value: "v"}), "InvalidParameterValue"},
		"an empty attribute":                 {attribute("a", sqs.Attribute{DataType: "String"}), "InvalidParameterValue"},
		"a number that is none":              {attribute("a", sqs.Attribute{DataType: "Number", Value: "one"}), "InvalidParameterValue"},
		"a control character in a value":     {attribute("a", sqs.Attribute{DataType: "String", Value: "\x02"}), "InvalidMessageContents"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, func(q *sqs.Queue) { q.MaximumMessageSize = 1024 })
			_, err := s.Send(mainARN, c.message)
			var e *sqs.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.code, e.Code)
			all, err := s.Messages(mainARN)
			require.NoError(t, err)
			assert.Empty(t, all)
		})
	}
}

func TestSizeCountsBodyAndAttributeNamesTypesAndValues(t *testing.T) {
	s := newService(t, func(q *sqs.Queue) { q.MaximumMessageSize = 1024 })
	a := map[string]sqs.Attribute{"name": {DataType: "String", Value: "value"}} // 4 + 6 + 5
	_, err := s.Send(mainARN, sqs.Outgoing{Body: strings.Repeat("x", 1024-15), Attributes: a})
	require.NoError(t, err)
	_, err = s.Send(mainARN, sqs.Outgoing{Body: strings.Repeat("x", 1024-14), Attributes: a})
	assert.EqualError(t, err, "InvalidParameterValue: One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.")
}

func TestABatchIsAtMostTenMessagesAndOneMebibyte(t *testing.T) {
	s := newService(t, nil)
	entries := make([]sqs.Entry, 11)
	for i := range entries {
		entries[i] = sqs.Entry{ID: string(rune('a' + i)), Outgoing: sqs.Outgoing{Body: strings.Repeat("x", 1<<18)}}
	}
	_, err := s.SendBatch(mainARN, entries)
	assert.ErrorContains(t, err, "TooManyEntriesInBatchRequest")
	_, err = s.SendBatch(mainARN, entries[:5])
	assert.ErrorContains(t, err, "BatchRequestTooLong")
	sent, err := s.SendBatch(mainARN, entries[:4])
	require.NoError(t, err)
	assert.Len(t, sent, 4)
	_, err = s.SendBatch(mainARN, []sqs.Entry{{ID: "a b", Outgoing: sqs.Outgoing{Body: "x"}}})
	assert.ErrorContains(t, err, "InvalidBatchEntryId")
}

func TestAMessageIsGoneAfterItsRetentionAlsoInTheDeadLetterQueue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, func(q *sqs.Queue) { q.MessageRetentionPeriod = 60 })
		send(t, s, mainARN, "old")
		time.Sleep(59 * time.Second)
		require.Len(t, receive(t, s, mainARN, sqs.Receive{}), 1)
		time.Sleep(6 * time.Second)
		assert.Empty(t, receive(t, s, mainARN, sqs.Receive{}))

		send(t, s, dlqARN, "parked")
		time.Sleep(14*24*time.Hour - time.Second)
		all, err := s.Messages(dlqARN)
		require.NoError(t, err)
		require.Len(t, all, 1)
		time.Sleep(time.Second)
		all, err = s.Messages(dlqARN)
		require.NoError(t, err)
		assert.Empty(t, all)
		n, err := s.Count(dlqARN)
		require.NoError(t, err)
		assert.Equal(t, sqs.Counts{}, n)
	})
}

func TestCountsTellVisibleDelayedAndInFlightApart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		send(t, s, mainARN, "in flight")
		require.Len(t, receive(t, s, mainARN, sqs.Receive{}), 1)
		send(t, s, mainARN, "visible")
		ten := 10
		_, err := s.Send(mainARN, sqs.Outgoing{Body: "delayed", DelaySeconds: &ten})
		require.NoError(t, err)
		n, err := s.Count(mainARN)
		require.NoError(t, err)
		assert.Equal(t, sqs.Counts{Visible: 1, Delayed: 1, InFlight: 1}, n)
		all, err := s.Messages(mainARN)
		require.NoError(t, err)
		assert.Equal(t, []string{"in flight", "visible", "delayed"}, bodies(all))
	})
}

func TestTheQueuesDelayHoldsForMessagesWithoutTheirOwn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, func(q *sqs.Queue) { q.DelaySeconds = 30 })
		zero, wait := 0, 20
		_, err := s.Send(mainARN, sqs.Outgoing{Body: "at once", DelaySeconds: &zero})
		require.NoError(t, err)
		send(t, s, mainARN, "later")
		assert.Equal(t, []string{"at once"}, bodies(receive(t, s, mainARN, sqs.Receive{Max: 10})))
		time.Sleep(15 * time.Second)
		got, err := s.Receive(t.Context(), mainARN, sqs.Receive{Max: 10, WaitTimeSeconds: &wait})
		require.NoError(t, err)
		assert.Len(t, got, 1)
	})
}

func TestAReceiveWithoutHidingTakesEachMessageOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		send(t, s, mainARN, "one")
		send(t, s, mainARN, "two")
		zero := 0
		assert.Equal(t, []string{"one", "two"}, bodies(receive(t, s, mainARN, sqs.Receive{Max: 10, VisibilityTimeout: &zero})))
	})
}

func TestVisibilityOfAMessageThatIsNotInFlightCannotChange(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		send(t, s, mainARN, "x")
		m := receive(t, s, mainARN, sqs.Receive{})[0]
		time.Sleep(5 * time.Second)
		assert.EqualError(t, s.ChangeVisibility(mainARN, m.Receipt, 10), "AWS.SimpleQueueService.MessageNotInflight: The message is not in flight.")
		receive(t, s, mainARN, sqs.Receive{})
		assert.ErrorContains(t, s.ChangeVisibility(mainARN, m.Receipt, 10), "Message does not exist or is not available")
		require.NoError(t, s.Delete(mainARN, m.Receipt))
		n, err := s.Count(mainARN)
		require.NoError(t, err)
		assert.Equal(t, 1, n.InFlight, "a stale handle deletes nothing")
	})
}

func TestAMoveTaskKeepsToItsRateAndOneRunsAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		for range 5 {
			send(t, s, dlqARN, "parked")
		}
		task, err := s.StartMessageMoveTask(dlqARN, mainARN, 2)
		require.NoError(t, err)
		assert.Equal(t, 2, task.Moved)
		_, err = s.StartMessageMoveTask(dlqARN, mainARN, 0)
		assert.ErrorContains(t, err, "There is already a task running.")
		time.Sleep(2*time.Second + time.Millisecond)
		tasks, err := s.MoveTasks(dlqARN)
		require.NoError(t, err)
		require.Len(t, tasks, 1)
		assert.Equal(t, sqs.Completed, tasks[0].Status)
		assert.Equal(t, 5, tasks[0].Moved)
		n, err := s.Count(mainARN)
		require.NoError(t, err)
		assert.Equal(t, 5, n.Visible)
	})
}

func TestPurgeEmptiesAQueueOnceAMinute(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		send(t, s, mainARN, "x")
		require.NoError(t, s.Purge(mainARN))
		assert.Empty(t, receive(t, s, mainARN, sqs.Receive{}))
		assert.ErrorContains(t, s.Purge(mainARN), "Only one PurgeQueue operation on main is allowed every 60 seconds.")
		time.Sleep(time.Minute)
		require.NoError(t, s.Purge(mainARN))
	})
}

func TestWhatTheHTTPFrontDoesNotSupportIsRefusedByName(t *testing.T) {
	s := newService(t, nil)
	for name, c := range map[string]struct{ target, body, want string }{
		"an action":    {"AmazonSQS.CreateQueue", `{}`, "the local stack does not support CreateQueue"},
		"a parameter":  {"AmazonSQS.SendMessage", `{"QueueUrl":"q","MessageBody":"x","MessageGroupId":"g"}`, `unknown field \"MessageGroupId\"`},
		"no JSON":      {"AmazonSQS.SendMessage", `{`, "SendMessage: the local stack does not take this request: unexpected EOF"},
		"no target":    {"", ``, "not an SQS request in the AWS JSON protocol"},
		"no queue":     {"AmazonSQS.SendMessage", `{"MessageBody":"x"}`, "The request must contain the parameter QueueUrl."},
		"no signature": {"AmazonSQS.ListQueues", `{}`, "ListQueues needs a signed request: its signature names the region"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body))
			r.Header.Set("X-Amz-Target", c.target)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			assert.GreaterOrEqual(t, w.Code, 400)
			assert.Contains(t, w.Body.String(), c.want)
			assert.Contains(t, w.Body.String(), `"__type":"com.amazonaws.sqs#`)
			assert.Contains(t, w.Header().Get("X-Amzn-Query-Error"), ";Sender")
		})
	}
}

// A queue never loses a message and never shows one twice at a time, whatever
// is done to it in whatever order.
func TestPropertyEveryMessageIsAtOnePlaceUntilItIsDeleted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := sqs.New(clock.Real(), ids())
		q := sqs.Defaults(dlqARN, "")
		if err := s.CreateQueue(q); err != nil {
			t.Fatal(err)
		}
		q = sqs.Defaults(mainARN, "")
		q.RedrivePolicy = &sqs.RedrivePolicy{DeadLetterTargetARN: dlqARN, MaxReceiveCount: 2}
		if err := s.CreateQueue(q); err != nil {
			t.Fatal(err)
		}
		live, held := map[string]bool{}, []sqs.Message{}
		zero := 0
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				m, err := s.Send(mainARN, sqs.Outgoing{Body: "x"})
				if err != nil {
					t.Fatal(err)
				}
				live[m.ID] = true
			case 1:
				got, err := s.Receive(t.Context(), mainARN, sqs.Receive{Max: 3, VisibilityTimeout: &zero})
				if err != nil {
					t.Fatal(err)
				}
				held = append(held, got...)
			case 2:
				got, err := s.Receive(t.Context(), mainARN, sqs.Receive{Max: 3})
				if err != nil {
					t.Fatal(err)
				}
				held = append(held, got...)
			case 3:
				if len(held) == 0 {
					continue
				}
				m := held[len(held)-1]
				held = held[:len(held)-1]
				before := count(t, s)
				if err := s.Delete(mainARN, m.Receipt); err != nil {
					t.Fatal(err)
				}
				if len(count(t, s)) < len(before) {
					delete(live, m.ID)
				}
			}
			if got := count(t, s); len(got) != len(live) {
				t.Fatalf("%d messages are there, %d were sent and not deleted", len(got), len(live))
			}
		}
	})
}

func count(t *rapid.T, s *sqs.Service) map[string]bool {
	seen := map[string]bool{}
	for _, queueARN := range []string{mainARN, dlqARN} {
		all, err := s.Messages(queueARN)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			if seen[m.ID] {
				t.Fatalf("message %s is there twice", m.ID)
			}
			seen[m.ID] = true
		}
	}
	return seen
}
