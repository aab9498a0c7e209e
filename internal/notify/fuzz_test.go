package notify_test

import (
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"autobackup/internal/s3event"
	"autobackup/internal/told"
)

// FuzzNotify has anything in the failure queue: it is told, sent on, or one of
// the messages that need neither. Nothing vanishes, and nothing breaks the sender.
func FuzzNotify(f *testing.F) {
	for _, body := range []string{
		upload("a"), notification(gaveUp("a", "OBJECT_PUT")), notification(gaveUp("a", "OBJECT_PUT"), gaveUp("b", "X")), report(f, missing("a")),
		`{"wakeUp":"2026-03-02T12:00:00Z"}`, `{"failures":[{"facts":{"replicas":[{"verdict":"failed"}]}}]}`, "scrambled", "",
	} {
		f.Add(body, "", "", "", "")
		f.Add(body, "REPLICA_MISSING", "detail", encode(f, missing("a").Verdict), "1")
	}
	f.Add(upload("a"), "", "", `{"replicas":[{"verdict":"failed","bucket":"x"},{"verdict":"failed","cause":"\u0000"}]}`, "-1")
	f.Fuzz(func(t *testing.T, body, reason, detail, facts, alerts string) {
		w := newWorld(t)
		m := events.SQSMessage{MessageId: "id", Body: body}
		for name, value := range map[string]string{"reason": reason, "detail": detail, "facts": facts, "alerts": alerts} {
			if value != "" {
				if m.MessageAttributes == nil {
					m.MessageAttributes = map[string]events.SQSMessageAttribute{}
				}
				m.MessageAttributes[name] = str(value)
			}
		}
		failed, err := w.invoke(m)
		require.NoError(t, err)
		require.Empty(t, failed)
		require.LessOrEqual(t, len(w.object), told.MaxBytes)
		switch {
		case m.MessageAttributes != nil:
			require.Len(t, w.sent[dlq], 1)
			require.Equal(t, body, *w.sent[dlq][0].MessageBody)
			require.NotEmpty(t, *w.sent[dlq][0].MessageAttributes["reason"].StringValue)
		case s3event.IsNotification(body):
			_, test := s3event.TestEvent(body)
			require.Equal(t, test, len(w.sent[validation])+len(w.sent[dlq]) == 0)
		case len(w.sent[dlq]) == 1:
			require.Equal(t, body, *w.sent[dlq][0].MessageBody)
			require.Len(t, w.mails, 1)
		default: // a wake-up or a report
			require.Contains(t, w.log.String(), "level=INFO")
		}
	})
}
