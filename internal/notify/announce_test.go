package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	bustypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/notify"
	"autobackup/internal/ticket"
	"autobackup/internal/verdict"
)

// onBus is a world that puts events.
func onBus(t require.TestingT) *world {
	w := newWorld(t)
	w.n.Bus = w
	return w
}

// announced are the events on the bus, each as "type key resolution", and their details.
func (w *world) announced() (lines []string, details []ticket.Detail) {
	for _, e := range w.events {
		var d ticket.Detail
		require.NoError(w.t, json.Unmarshal([]byte(*e.Detail), &d))
		require.Equal(w.t, "autobackup", *e.Source)
		require.Nil(w.t, e.EventBusName, "the default bus")
		require.True(w.t, d.Time.Equal(*e.Time))
		line := *e.DetailType
		if d.Object != nil {
			line += " " + d.Object.Key
		}
		if d.Replica != nil {
			line += " " + d.Replica.Name
		}
		lines, details = append(lines, strings.TrimSpace(line+" "+string(d.Resolution))), append(details, d)
	}
	return lines, details
}

// verified is a message that was told of and is verified now.
func verified(key string) batch.Over {
	return batch.Over{ID: "n-" + key, Body: upload(key), Was: []string{"docs-r"}, Verdict: verdict.Verdict{Outcome: verdict.Verified, Evidence: "single-part ETag (MD5)",
		Replicas: []verdict.Entry{{Bucket: "docs-r", Outcome: verdict.Verified, Evidence: "single-part ETag (MD5)"}}}}
}

func TestAnEventTellsOfEachFailureAndOneOfItsEnd(t *testing.T) {
	w := onBus(t)
	record := message(report(t, missing("a")))
	record.Attributes = map[string]string{"SentTimestamp": fmt.Sprint(w.now.Add(-time.Minute).UnixMilli())}
	_, err := w.invoke(record)
	require.NoError(t, err)
	_, err = w.invoke(message(encode(t, batch.Report{Execution: execution, Failures: []batch.Failed{}, Over: []batch.Over{verified("a")}})))
	require.NoError(t, err)
	lines, details := w.announced()
	assert.Equal(t, []string{"Object Version Not Verified a docs-r", "Object Version Settled a verified", "Object Version Settled a docs-r verified"}, lines)
	assert.Equal(t, details[0].DedupKey, details[2].DedupKey, "the ticket of the replica closes")
	assert.NotEqual(t, details[0].DedupKey, details[1].DedupKey)
	assert.Equal(t, w.now.Add(-time.Minute), details[0].Time, "when it was handed over, however late it is put")
	assert.Equal(t, w.now, details[2].Time)
	assert.Equal(t, execution, details[2].Execution)
	assert.Len(t, w.mails, 1, "that something is over is no e-mail of its own")
	assert.Contains(t, w.log.String(), "failures=0 over=1")
}

func TestWithoutABusNothingIsPutAndNoTagIsRead(t *testing.T) {
	w := newWorld(t)
	w.n.OwnerTag = "team"
	_, err := w.invoke(message(report(t, missing("a"))), message(encode(t, batch.Report{Over: []batch.Over{verified("a")}})))
	require.NoError(t, err)
	assert.Empty(t, w.events)
	assert.NotContains(t, strings.Join(w.calls, " "), "GetBucketTagging")
}

func TestAThousandFailuresAreAnEventEachAndFewEmails(t *testing.T) {
	w := onBus(t)
	for i := range 40 {
		var failures []batch.Failed
		for k := range 25 {
			failures = append(failures, missing(fmt.Sprintf("%d/%d", i, k)))
		}
		w.put(report(t, failures...), nil, 0)
	}
	w.settle()
	assert.Len(t, w.events, 1000)
	keys := map[string]bool{}
	_, details := w.announced()
	for _, d := range details {
		keys[d.DedupKey] = true
	}
	assert.Len(t, keys, 1000)
	assert.LessOrEqual(t, len(w.mails), 3)
}

func TestWhatElseIsToldIsAnEventToo(t *testing.T) {
	for name, c := range map[string]struct {
		record events.SQSMessage
		want   []string
	}{
		"an operator has it told again":        {parked(t, "a", "1"), []string{"Object Version Not Verified a docs-r"}},
		"told of often enough":                 {parked(t, "a", "10"), nil},
		"none of this queue's":                 {message("noise"), []string{"Object Version Not Verified"}},
		"what an execution could not settle":   {message(encode(t, batch.Report{Unsettled: [][]batch.Message{{{ID: "m", Body: upload("a")}}}})), []string{"Object Version Not Verified a"}},
		"a notification, which is looked at":   {message(notification(gaveUp("a", "OBJECT_PUT"))), nil},
		"one that is too long to be looked at": {message(notification(gaveUp(strings.Repeat("k", 1000)+strings.Repeat("\x01", 24), "OBJECT_"+strings.Repeat("P", 1500)))), []string{"long"}},
		"one that fails again, and elsewhere not": {message(report(t, func() batch.Failed {
			f := missing("a")
			f.Again = true
			f.Verdict.Replicas = append(f.Verdict.Replicas, verdict.Entry{Bucket: "docs-s", Outcome: verdict.Verified})
			return f
		}())), []string{"Object Version Not Verified a docs-r", "Object Version Settled a superseded", "Object Version Settled a docs-s verified"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := onBus(t)
			_, err := w.invoke(c.record)
			require.NoError(t, err)
			lines, _ := w.announced()
			if len(c.want) == 1 && c.want[0] == "long" {
				require.Len(t, lines, 1)
				return
			}
			assert.Equal(t, c.want, lines)
		})
	}
}

// failing refuses events about a key.
func failing(key, code string, times int) func(bustypes.PutEventsRequestEntry) string {
	return func(e bustypes.PutEventsRequestEntry) string {
		if times > 0 && strings.Contains(*e.Detail, `"key":"`+key+`"`) {
			times--
			return code
		}
		return ""
	}
}

func TestAnEventThatIsNotTakenIsPutAgainAtOnce(t *testing.T) {
	w := onBus(t)
	w.refuse = failing("b", "ThrottlingException", 1)
	failed, err := w.invoke(message(report(t, missing("a"), missing("b"), missing("c"))))
	require.NoError(t, err)
	assert.Empty(t, failed)
	lines, _ := w.announced()
	assert.Equal(t, []string{"Object Version Not Verified a docs-r", "Object Version Not Verified c docs-r", "Object Version Not Verified b docs-r"}, lines, "what was taken is not put twice")
}

func TestARecordWhoseEventIsNotTakenComesAgainAndNobodyIsEmailedTwice(t *testing.T) {
	w := onBus(t)
	w.refuse = failing("b", "InternalFailure", 4)
	w.queue = nil
	w.put(report(t, missing("a")), nil, 0)
	w.put(report(t, missing("b")), nil, 0)
	b := parked(t, "b", "1")
	w.put(b.Body, b.MessageAttributes, 0)
	_, err := w.step()
	require.NoError(t, err)
	assert.Len(t, w.mails, 1, "an e-mail does not wait for the bus")
	first, _ := w.announced()
	assert.Equal(t, []string{"Object Version Not Verified a docs-r"}, first[:1])
	w.settle()
	lines, _ := w.announced()
	assert.Subset(t, lines, []string{"Object Version Not Verified b docs-r"})
	assert.Empty(t, w.lost)
	assert.Len(t, w.sent[dlq], 1, "parked once, however often its event was tried")
	for _, told := range w.told() {
		assert.NotContains(t, told, "alike")
	}
	assert.LessOrEqual(t, len(w.mails), 2)
	assert.Contains(t, w.log.String(), `put an event on the default event bus: InternalFailure no`)
}

func TestWhereTheBusRefusesEverythingEmailsGoAndAnErrorIsSeen(t *testing.T) {
	w := onBus(t)
	w.fault = breaking("PutEvents")
	w.put(report(t, missing("a")), nil, 0)
	w.put(encode(t, batch.Report{Over: []batch.Over{verified("z")}}), nil, 0)
	_, err := w.step()
	require.ErrorContains(t, err, "nothing was sent on of 2 records, which stay in the failure queue: put an event on the default event bus: broken")
	assert.Len(t, w.mails, 1)
	for range 6 {
		_, _ = w.step()
	}
	assert.Len(t, w.mails, 1, "told once, however often the record comes")
	assert.Len(t, w.lost, 2, "they are kept in the dead-letter queue, which has an alarm")
}

func TestAnAnswerWithoutAnEntryForEachEventIsNone(t *testing.T) {
	w := onBus(t)
	w.n.Bus = short{w}
	_, err := w.invoke(message(report(t, missing("a"), missing("b"))))
	require.ErrorContains(t, err, "eventbridge did not say what became of the event")
}

func TestTheOwnerIsReadOnceForEachBucketAndNeverWaitedFor(t *testing.T) {
	for name, c := range map[string]struct {
		tags        map[string]map[string]string
		fault       string
		owner, said string
	}{
		"a bucket with the tag":   {tags: map[string]map[string]string{"docs": {"team": "storage", "other": "x"}}, owner: "storage"},
		"a bucket without it":     {tags: map[string]map[string]string{"docs": {"other": "x"}}},
		"a bucket without tags":   {},
		"tags that can't be read": {fault: "GetBucketTagging docs", said: "read the tags of s3://docs for the owner, which takes s3:GetBucketTagging: broken"},
	} {
		t.Run(name, func(t *testing.T) {
			w := onBus(t)
			w.n.OwnerTag, w.tags = "team", c.tags
			if c.fault != "" {
				w.fault = breaking(c.fault)
			}
			_, err := w.invoke(message(report(t, missing("a"), missing("b"))), message("noise"))
			require.NoError(t, err)
			_, details := w.announced()
			require.Len(t, details, 3)
			for _, d := range details[:2] {
				assert.Equal(t, []string{c.owner, c.said}, []string{d.Owner, d.OwnerError})
			}
			assert.Equal(t, 1, strings.Count(strings.Join(w.calls, "\n"), "GetBucketTagging"))
		})
	}
}

func TestEventsGoInCallsThatEventBridgeTakes(t *testing.T) {
	w := onBus(t)
	var failures []batch.Failed
	for i := range 30 {
		failures = append(failures, missing(strings.Repeat("\x01", 1000)+fmt.Sprint(i)))
	}
	sizes := &sizing{Bus: w}
	w.n.Bus = sizes
	_, err := w.invoke(message(report(t, failures...)))
	require.NoError(t, err)
	assert.Len(t, w.events, 30)
	assert.LessOrEqual(t, sizes.most, 256<<10)
}

// short answers with an entry too few.
type short struct{ notify.Bus }

func (s short) PutEvents(ctx context.Context, in *eventbridge.PutEventsInput, o ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	out, err := s.Bus.PutEvents(ctx, in, o...)
	out.Entries = out.Entries[1:]
	return out, err
}

// sizing remembers the largest call.
type sizing struct {
	notify.Bus
	mu   sync.Mutex
	most int
}

func (s *sizing) PutEvents(ctx context.Context, in *eventbridge.PutEventsInput, o ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	size := 0
	for _, e := range in.Entries {
		size += len(*e.Source) + len(*e.DetailType) + len(*e.Detail) + 14
	}
	s.mu.Lock()
	s.most = max(s.most, size)
	s.mu.Unlock()
	return s.Bus.PutEvents(ctx, in, o...)
}
