package local_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/ticket"
	"autobackup/local/events"
	"autobackup/local/gate"
	locals3 "autobackup/local/s3"
	"autobackup/local/sns"
	"autobackup/local/wire"
)

// tickets is a queue of somebody else's, which gets what the rule of docs/events.md for tickets
// takes.
func tickets(t *testing.T) change { return taking(t, "tickets") }

// taking is a queue of somebody else's, which gets what a rule of docs/events.md takes.
func taking(t *testing.T, what string) change {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "events.md"))
	require.NoError(t, err)
	_, after, found := strings.Cut(string(text), "<!-- pattern: "+what+" -->\n```json\n")
	pattern, _, closed := strings.Cut(after, "```")
	require.True(t, found && closed)
	var one map[string]any
	require.NoError(t, json.Unmarshal([]byte(pattern), &one))
	line, err := json.Marshal(one)
	require.NoError(t, err)
	return resource("template.yaml", `  Tickets:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: autobackup-tickets-dev
  TicketsPolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Tickets]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Sid: Rule, Effect: Allow, Principal: {Service: events.amazonaws.com}, Action: "sqs:SendMessage", Resource: !GetAtt Tickets.Arn, Condition: {ArnEquals: {"aws:SourceArn": !GetAtt TicketsRule.Arn}}}
  TicketsRule:
    Type: AWS::Events::Rule
    Properties:
      Name: tickets
      EventPattern: `+string(line)+`
      Targets: [{Id: tickets, Arn: !GetAtt Tickets.Arn}]
`)
}

// owned gives primary buckets a tag.
func owned(name, text string) string {
	if name != "template.yaml" {
		return text
	}
	of := regexp.MustCompile(`(\n +)BucketName: !Sub .*-primary-\$\{Category\}.*`)
	if !of.MatchString(text) {
		panic("template.yaml has no primary bucket")
	}
	return of.ReplaceAllString(text, "${0}${1}Tags: [{Key: team, Value: storage}]")
}

// announcing puts events, which the rule of the documents takes.
func announcing(t *testing.T) []change {
	return []change{defaults("template.yaml", "AlertEvents", "Enabled"), defaults("template.yaml", "OwnerTag", "team"), owned, tickets(t)}
}

// chatting says in chat what is e-mailed.
var chatting = defaults("template.yaml", "ChatAlerts", "Enabled")

// tickets are the events that reached the queue of tickets.
func (w *world) tickets() (all []ticket.Event) {
	w.t.Helper()
	for _, m := range w.messages("tickets") {
		var e struct {
			Type    string        `json:"detail-type"`
			Account string        `json:"account"`
			Region  string        `json:"region"`
			Time    time.Time     `json:"time"`
			Detail  ticket.Detail `json:"detail"`
		}
		require.NoError(w.t, json.Unmarshal([]byte(m.Body), &e))
		assert.Equal(w.t, []string{account, w.region}, []string{e.Account, e.Region})
		assert.WithinDuration(w.t, e.Detail.Time, e.Time, time.Second)
		all = append(all, ticket.Event{Type: e.Type, Detail: e.Detail})
	}
	return all
}

// open are the keys of tickets that are open by now, as what takes events would have them.
func (w *world) open() map[string]ticket.Detail {
	last := map[string]ticket.Event{}
	for _, e := range w.tickets() {
		if before, known := last[e.Detail.DedupKey]; !known || !e.Detail.Time.Before(before.Detail.Time) {
			last[e.Detail.DedupKey] = e
		}
	}
	open := map[string]ticket.Detail{}
	for key, e := range last {
		if e.Type == ticket.Failed {
			open[key] = e.Detail
		}
	}
	return open
}

func TestSettingAlertEventsOpensATicketForAFailureAndClosesItAtItsEnd(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
			return locals3.Plan{Fail: strings.HasPrefix(r.Key, "lost"), Corrupt: map[bool]locals3.Corruption{true: locals3.FlipBit}[r.Key == "corrupt"]}
		}
		w.put("fine", "content")
		version := w.put("lost", "content")
		w.put("corrupt", "content")
		w.settle()
		open := w.open()
		require.Len(t, open, 2, "none of what is fine")
		var key string
		for k, d := range open {
			if d.Object.Key == "lost" {
				key = k
				assert.Equal(t, []any{ticket.Error, "REPLICATION_FAILED", version, "storage", ""}, []any{d.Severity, d.Reason, d.Object.VersionID, d.Owner, d.OwnerError})
				assert.Equal(t, []string{w.bucket(), w.replicaBucket()}, []string{d.Object.Name, d.Replica.Name})
				assert.NotEmpty(t, d.Execution)
			} else {
				assert.Equal(t, []any{"corrupt", ticket.Critical, "CONTENT_MISMATCH"}, []any{d.Object.Key, d.Severity, d.Reason})
			}
		}
		mails := len(w.subjects())

		w.S3.Replicate = func(r locals3.Replication) locals3.Plan { return locals3.Plan{} }
		n, err := w.S3.BatchReplicate(w.bucket(), "lost", "FAILED")
		require.NoError(t, err)
		require.Equal(t, 1, n)
		w.settle()
		w.move("validation-dlq", "validation-queue")
		open = w.open()
		assert.NotContains(t, open, key, "the ticket of the replica that is there now is closed")
		require.Len(t, open, 1, "what still fails stays open")
		for _, d := range open {
			assert.Equal(t, "corrupt", d.Object.Key)
		}
		assert.GreaterOrEqual(t, len(w.subjects()), mails)
		for _, subject := range w.subjects()[mails:] {
			assert.NotContains(t, subject, "lost", "that it is over is no e-mail")
		}
		assert.Empty(t, w.Gate.Refusals())
	}, announcing(t)...)
}

func TestWhatIsGoneFromThePrimaryClosesItsTickets(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = failing
		version := w.put("lost", "content")
		w.settle()
		require.Len(t, w.open(), 1)
		w.remove("lost", version)
		w.move("validation-dlq", "validation-queue")
		assert.Empty(t, w.open())
		assert.Empty(t, w.parked())
	}, announcing(t)...)
}

func TestWhateverTheBusDoesNothingIsLostAndNobodyIsEmailedTwice(t *testing.T) {
	const broken = 20 * time.Minute
	for name, breaks := range map[string]func(w *world, during func() bool){
		"every call is throttled": func(w *world, during func() bool) {
			w.Gate.Fault = func(c gate.Call) error {
				if c.Action == "events:PutEvents" && during() {
					return &wire.Error{Code: "ThrottlingException", Status: 400, Message: "Rate exceeded"}
				}
				return nil
			}
		},
		"every call is denied": func(w *world, during func() bool) {
			w.Gate.Fault = func(c gate.Call) error {
				if c.Action == "events:PutEvents" && during() {
					return &gate.Refused{Call: c}
				}
				return nil
			}
		},
		"some events are not taken": func(w *world, during func() bool) {
			var n atomic.Int64
			w.Events.Fault = func(events.Entry) string {
				if n.Add(1)%3 == 0 && during() {
					return "InternalFailure"
				}
				return ""
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.corrupted(locals3.FlipBit)
				until := w.Clock.Now().Add(time.Duration(w.parameter("DeliveryDelaySeconds"))*time.Second + broken)
				breaks(w, func() bool { return w.Clock.Now().Before(until) })
				for range 5 {
					w.put("k", "content")
				}
				w.settle()
				assert.Len(t, w.open(), 5, "each version has its ticket in the end")
				assert.Len(t, w.subjects(), 1, "all in one e-mail, once")
				assert.Len(t, w.parked(), 5)
				assert.Empty(t, w.messages("failure-dlq"))
				assert.Empty(t, w.messages("failure-queue"))
			}, announcing(t)...)
		})
	}
}

func TestABusThatStaysBrokenIsSeenAndWhatItDidNotTakeIsKept(t *testing.T) {
	inWorld(t, func(w *world) {
		w.corrupted(locals3.FlipBit)
		w.Events.Fault = func(events.Entry) string { return "InternalFailure" }
		w.put("k", "content")
		w.settle()
		assert.Empty(t, w.open())
		assert.Len(t, w.subjects(), 1)
		assert.Len(t, w.messages("failure-dlq"), 1, "which has an alarm")
		assert.Len(t, w.parked(), 1)
	}, announcing(t)...)
}

func TestSettingNothingPutsNoEvent(t *testing.T) {
	inWorld(t, func(w *world) {
		w.corrupted(locals3.FlipBit)
		w.put("k", "content")
		w.settle()
		assert.Empty(t, w.tickets())
		assert.Len(t, w.parked(), 1)
	}, tickets(t))
}

func TestSettingChatAlertsSaysInChatWhatIsEMailedOnATopicOfItsOwn(t *testing.T) {
	inWorld(t, func(w *world) {
		w.corrupted(locals3.FlipBit)
		w.put("a <!here> b", "content")
		w.settle()
		mails, chats := w.published("failure-topic"), w.published("chat-topic")
		require.Len(t, mails, 1)
		require.Len(t, chats, 1)
		assert.NotContains(t, mails[0].Message, `"client-markdown"`)
		var said struct {
			Content struct{ Title, Description string }
		}
		require.NoError(t, json.Unmarshal([]byte(chats[0].Message), &said))
		assert.Contains(t, said.Content.Title, "CONTENT_MISMATCH")
		assert.NotContains(t, said.Content.Title+said.Content.Description, "<")
		assert.Empty(t, w.Gate.Refusals())
	}, chatting)
}

func TestSettingNothingMakesNoTopicForChat(t *testing.T) {
	inWorld(t, func(w *world) {
		for _, topic := range w.SNS.Topics(w.region) {
			assert.NotContains(t, topic, "chat")
		}
	})
}

func TestABrokenChatTopicCostsNoEMail(t *testing.T) {
	inWorld(t, func(w *world) {
		w.SNS.Fault(func(p sns.Publication) error {
			if strings.Contains(p.TopicARN, "chat-topic") {
				return &wire.Error{Code: "InternalError", Status: 500, Message: "broken"}
			}
			return nil
		})
		w.corrupted(locals3.FlipBit)
		w.put("a", "content")
		w.settle()
		w.put("b", "content")
		w.settle()
		assert.Len(t, w.published("failure-topic"), 2)
		assert.Empty(t, w.published("chat-topic"))
		assert.Len(t, w.parked(), 2)
		assert.Empty(t, w.messages("failure-dlq"))
	}, chatting)
}
