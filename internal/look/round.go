package look

import (
	"autobackup/internal/batch"
	"autobackup/internal/s3event"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// maxLook is what the largest look adds to a message in the workflow's state, in
// bytes of JSON. One without replicas, with Look.Unsupported or Look.Unread, is smaller.
const maxLook = len(`,"look":{"primary":,"replicas":[]}`) + (1+verdict.MaxReplicas)*verdict.MaxSide + (verdict.MaxReplicas-1)*len(",")

// round is the batch as Look leaves it, but for the looks, and the versions to
// look at by the index of their messages. A message that is no S3 event, or whose
// event names no version, takes no room: it is judged without a look.
func round(b batch.Batch) (batch.Batch, map[int]s3event.ObjectVersion) {
	if len(b.Messages) == 0 {
		b.Messages, b.Lagging = b.Lagging, nil
	}
	b.Messages = withoutLooks(b.Messages)
	b.Failed, b.Wait = nil, 0
	fit := room(b)
	versions := map[int]s3event.ObjectVersion{}
	var now, later []batch.Message
	for _, m := range b.Messages {
		version, err := s3event.Parse(m.Body)
		switch {
		case err != nil || !version.Versioned():
			now = append(now, m)
		case len(versions) < fit:
			versions[len(now)] = version
			now = append(now, m)
		default:
			later = append(later, m)
		}
	}
	b.Messages = append(now, later...)
	return b.Count(), versions
}

// withoutLooks copies the messages, so that the batch that came in stays as it is.
func withoutLooks(messages []batch.Message) []batch.Message {
	copies := make([]batch.Message, len(messages))
	for i, m := range messages {
		m.Look = nil
		copies[i] = m
	}
	return copies
}

// room is how many looks the state has room for beside a batch that has none: at
// least one, because a round without a look would come back as it was, for ever.
func room(b batch.Batch) int {
	return max(1, (batch.MaxState-batch.StateSpare-text.Encoded(b.Count()))/maxLook)
}
