package notify_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
)

// of is a failed message of one of several causes.
func of(cause, n int) batch.Failed {
	codes := reason.Severity()
	f := missing(fmt.Sprintf("%d/%d", cause, n))
	f.Reason = codes[cause%len(codes)]
	f.Verdict.Reason = f.Reason
	f.Verdict.Replicas = []verdict.Entry{{Bucket: fmt.Sprintf("docs-%d-r", cause), Outcome: verdict.Failed, Reason: f.Reason}}
	return f
}

// storm puts 10,000 failures into the failure queue within ten minutes, in reports
// of 25, a tenth of them twice.
func (w *world) storm(causes int) {
	chance := rand.New(rand.NewPCG(1, uint64(causes))) //nolint:gosec // a test's
	for i := range 400 {
		var failures []batch.Failed
		for n := range 25 {
			failures = append(failures, of((25*i+n)%causes, 25*i+n))
		}
		at := time.Duration(i) * 10 * time.Minute / 400
		w.put(report(w.t, failures...), nil, at)
		if chance.IntN(10) == 0 {
			w.put(report(w.t, failures...), nil, at+time.Duration(chance.IntN(600))*time.Second)
		}
	}
}

func (w *world) counted() (total int) {
	for _, m := range w.mails {
		for _, c := range m.news.Causes {
			total += c.New
		}
	}
	return total
}

func TestAStormOfTenThousandFailuresIsFewEmails(t *testing.T) {
	for name, causes := range map[string]int{"one cause": 1, "a dozen": 12, "a thousand": 1000, "each its own": 10_000} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			begin := w.now
			w.storm(causes)
			w.settle()
			require.Equal(t, 10_000, w.counted(), "each is told once")
			require.LessOrEqual(t, w.mails[0].at.Sub(begin), 3*time.Minute)
			within := 0
			for i, m := range w.mails {
				if m.at.Sub(begin) <= 70*time.Minute {
					within++
				}
				if i > 0 {
					assert.GreaterOrEqual(t, m.at.Sub(w.mails[i-1].at), time.Minute)
				}
				assert.LessOrEqual(t, len(m.message), 256<<10, "what SNS takes")
			}
			assert.LessOrEqual(t, within, 8, "alarms and their OKs have 8 of 20, and there is room to spare")
			assert.LessOrEqual(t, len(w.mails), 12)
			if causes == 1 {
				assert.Equal(t, []string{"alike CONTENT_MISMATCH docs-0-r " + fmt.Sprint(w.mails[0].news.Causes[0].New),
					"over CONTENT_MISMATCH docs-0-r " + fmt.Sprint(10_000-w.mails[0].news.Causes[0].New)}, w.told())
			}
			wakeUps := len(w.sent[failure])
			assert.LessOrEqual(t, wakeUps, 60, "one each few minutes while something is open")
			assert.Empty(t, w.lost)
		})
	}
}

func TestAnIdleSenderSleeps(t *testing.T) {
	w := newWorld(t)
	w.put(report(t, missing("a")), nil, 0)
	w.settle()
	assert.Equal(t, []string{"single REPLICA_MISSING docs-r 1"}, w.told())
	assert.Len(t, w.sent[failure], 1, "the one that would have sent the e-mail if the invocation had ended early")
	assert.EqualValues(t, told.Lease/time.Second, w.sent[failure][0].DelaySeconds)
	assert.Equal(t, `{"wakeUp":"2026-03-02T12:02:30Z"}`, *w.sent[failure][0].MessageBody)
}

func TestTheChainOfWakeUpsNeitherBreaksNorMultiplies(t *testing.T) {
	w := newWorld(t)
	var many []batch.Failed
	for i := range told.Many {
		many = append(many, of(1, i))
	}
	w.put(report(t, many...), nil, 0)
	begin := w.now
	for w.now.Sub(begin) < 20*time.Minute {
		_, err := w.step()
		require.NoError(t, err)
		require.Len(t, w.queue, 1)
		delay := w.queue[0].visible.Sub(w.now)
		require.Greater(t, delay, time.Duration(0))
		require.LessOrEqual(t, delay, 3*time.Minute)
	}
	for range 20 { // SQS may deliver one more than once, and strangers may send some
		w.put(w.queue[0].Body, nil, 0)
		w.put(`{"wakeUp":"2020-01-01T00:00:00Z"}`, nil, 0)
	}
	_, err := w.step()
	require.NoError(t, err)
	require.LessOrEqual(t, len(w.queue), 2)
	w.settle()
	require.Equal(t, []string{"alike SIZE_MISMATCH docs-1-r 10", "over SIZE_MISMATCH docs-1-r 0"}, w.told())
	assert.GreaterOrEqual(t, w.mails[1].at.Sub(w.mails[0].at), told.Quiet)
	assert.LessOrEqual(t, w.mails[1].at.Sub(w.mails[0].at), told.Quiet+2*window)
	assert.LessOrEqual(t, len(w.sent[failure]), 16)
}

func TestAWakeUpThatComesBeforeItsTimeIsReplaced(t *testing.T) {
	w := newWorld(t)
	var many []batch.Failed
	for i := range told.Many {
		many = append(many, of(1, i))
	}
	_, err := w.invoke(message(report(t, many...)))
	require.NoError(t, err)
	require.Len(t, w.sent[failure], 1)
	due := w.memory().WakeUp
	for range 2 { // no two clocks are the same
		w.now = w.memory().WakeUp.Add(-time.Second)
		_, err = w.invoke(message(`{"wakeUp":"2020-01-01T00:00:00Z"}`), message(fmt.Sprintf(`{"wakeUp":%q}`, w.memory().WakeUp.Format(time.RFC3339Nano))))
		require.NoError(t, err)
		require.True(t, w.memory().WakeUp.After(due))
		due = w.memory().WakeUp
	}
	assert.Len(t, w.sent[failure], 3)
	assert.Contains(t, w.log.String(), `level=INFO msg="woken up" messageId=id due=2026-03-02T12:02:00.000Z`)
}

func TestWhatIsDueEarlierWakesEarlier(t *testing.T) {
	w := newWorld(t)
	var many []batch.Failed
	for i := range told.Many {
		many = append(many, of(1, i))
	}
	_, err := w.invoke(message(report(t, many...)))
	require.NoError(t, err)
	w.now = w.now.Add(10 * time.Second)
	_, err = w.invoke(message(report(t, missing("a"))))
	require.NoError(t, err)
	require.Len(t, w.mails, 1)
	assert.Equal(t, 50*time.Second, w.memory().WakeUp.Sub(w.now), "the next e-mail may be sent a minute after the first")
	assert.EqualValues(t, 50, w.sent[failure][1].DelaySeconds)
}

// TestNothingIsLostHoweverCallsFail has any call fail before or after its effect
// for a while. Then operators move what ended in the failure DLQ back.
func TestNothingIsLostHoweverCallsFail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		odds := rapid.IntRange(0, 6).Draw(t, "calls of ten that fail")
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)) //nolint:gosec // a test's
		kinds := []error{errBroken, httpError(412, "PreconditionFailed"), httpError(500, "InternalError")}
		faulty := func(string) (error, error) {
			if chance.IntN(10) >= odds {
				return nil, nil
			}
			if err := kinds[chance.IntN(len(kinds))]; chance.IntN(2) == 0 {
				return err, nil
			} else {
				return nil, err
			}
		}
		w.deny = func(queue string, e types.SendMessageBatchRequestEntry) *types.BatchResultErrorEntry {
			if chance.IntN(20) < odds {
				return denying("")(queue, e)
			}
			return tooLong(queue, e)
		}
		expected, bodies, forwarded := draw(t, w)
		w.fault = faulty
		for range 40 {
			if more, _ := w.step(); !more {
				break
			}
		}
		w.fault, w.deny = newWorld(t).fault, tooLong
		moved := 0
		for _, m := range w.lost {
			w.put(m.Body, m.MessageAttributes, 0)
			if m.MessageAttributes != nil { // it is a new message, of which operators are told again
				moved++
			}
		}
		w.lost = nil
		w.put(`{"wakeUp":"2020-01-01T00:00:00Z"}`, nil, 0) // whatever comes next
		w.settle()
		require.Empty(t, w.lost)

		news, total := map[string]bool{}, 0
		for _, m := range w.mails {
			if said := encode(t, m.news); !news[said] {
				news[said] = true
				total += w.sum(m.news)
			}
		}
		require.GreaterOrEqual(t, total, expected, "each is told")
		require.LessOrEqual(t, total, expected+moved, "and told once")
		if odds == 0 {
			require.Equal(t, expected, total)
			require.Len(t, w.mails, len(news))
		}
		for _, body := range bodies {
			require.True(t, slices.ContainsFunc(w.sent[dlq], func(e types.SendMessageBatchRequestEntry) bool { return *e.MessageBody == body }), "parked: %s", body)
		}
		for _, body := range forwarded {
			require.True(t, slices.ContainsFunc(w.sent[validation], func(e types.SendMessageBatchRequestEntry) bool { return *e.MessageBody == body }), "looked at: %s", body)
		}
		for i, m := range w.mails[1:] {
			require.GreaterOrEqual(t, m.at.Sub(w.mails[i].at), time.Minute)
		}
	})
}

func (w *world) sum(n told.News) (total int) {
	for _, c := range n.Causes {
		total += c.New
	}
	return total
}

// draw fills the failure queue. It answers with how many findings there are, what
// must be parked and what must be looked at.
func draw(t *rapid.T, w *world) (findings int, parkedBodies, forwarded []string) {
	for i := range rapid.IntRange(1, 12).Draw(t, "records") {
		at := time.Duration(rapid.IntRange(0, 1200).Draw(t, "after")) * time.Second
		switch rapid.SampledFrom([]string{"report", "parked", "often", "notification", "malformed"}).Draw(t, "kind") {
		case "report":
			w.put(report(t, of(i, 0), of(i, 1)), nil, at)
			findings += 2
		case "parked", "often":
			m := parked(t, fmt.Sprint(i), rapid.SampledFrom([]string{"1", "10"}).Draw(t, "alerts"))
			if *m.MessageAttributes["alerts"].StringValue == "1" {
				findings++
			}
			w.put(m.Body, m.MessageAttributes, at)
			parkedBodies = append(parkedBodies, m.Body)
		case "notification":
			a, b := gaveUp(fmt.Sprint("a", i), "OBJECT_PUT"), gaveUp(fmt.Sprint("b", i), "OBJECT_PUT")
			w.put(notification(a, b), nil, at)
			forwarded = append(forwarded, notification(a), notification(b))
		case "malformed":
			w.put(fmt.Sprint("scrambled ", i), nil, at)
			parkedBodies = append(parkedBodies, fmt.Sprint("scrambled ", i))
			findings++
		}
	}
	if findings == 0 {
		w.put(report(t, of(0, 0)), nil, 0)
		findings++
	}
	return findings, parkedBodies, forwarded
}
