package compare_test

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// anyMessage draws good messages, noise, missing looks and looks of any content.
func anyMessage() *rapid.Generator[batch.Message] {
	side := rapid.Custom(func(t *rapid.T) verdict.Side {
		return verdict.Side{
			Bucket: rapid.SampledFrom([]string{"docs", "docs-r", "", "\n"}).Draw(t, "bucket"),
			Region: rapid.SampledFrom([]string{"eu-west-1", "", "\x1b"}).Draw(t, "region"),
			Found: rapid.SampledFrom([]verdict.Found{verdict.Object, verdict.Marker, verdict.Missing, verdict.Denied,
				verdict.Unreachable, verdict.SSEC, verdict.Unsupported, "", "other"}).Draw(t, "found"),
			Size:        rapid.Int64().Draw(t, "size"),
			ETag:        rapid.String().Draw(t, "etag"),
			Replication: rapid.SampledFrom([]string{"", "PENDING", "COMPLETED", "FAILED", "REPLICA", "?"}).Draw(t, "status"),
		}
	})
	return rapid.Custom(func(t *rapid.T) batch.Message {
		id := rapid.String().Draw(t, "id")
		return rapid.OneOf(
			rapid.SampledFrom([]batch.Message{verified(id), mismatch(id), lagging(id), skipped(id), {ID: id, Body: body(id)}}),
			rapid.Custom(func(t *rapid.T) batch.Message { return batch.Message{ID: id, Body: rapid.String().Draw(t, "body")} }),
			rapid.Custom(func(t *rapid.T) batch.Message {
				look := verdict.Look{Primary: side.Draw(t, "primary"), Replicas: rapid.SliceOfN(side, 0, 3).Draw(t, "replicas"),
					Alerted: rapid.Bool().Draw(t, "alerted")}
				return batch.Message{ID: id, Body: body("k" + id), Look: &look}
			}),
		).Draw(t, "message")
	})
}

func anyBatch() *rapid.Generator[batch.Batch] {
	return rapid.Custom(func(t *rapid.T) batch.Batch {
		messages := rapid.SliceOfN(anyMessage(), 0, 8).Draw(t, "messages")
		for i := range messages {
			messages[i].ID = string(rune('a' + i))
			messages[i].Unread = rapid.IntRange(-1, 10).Draw(t, "unread")
		}
		return batch.Batch{Looks: rapid.IntRange(-1, 40).Draw(t, "looks"), Waited: rapid.IntRange(-1, 9000).Draw(t, "waited"), Messages: messages}
	})
}

func compared(b batch.Batch) batch.Batch {
	return comparer(new(bytes.Buffer)).Compare(context.Background(), b)
}

func TestInvariant1NoMessageIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyBatch().Draw(t, "batch")
		got := compared(b)
		var ids, failed []string
		for _, m := range got.Messages {
			ids = append(ids, m.ID)
		}
		for _, s := range got.Summary.Objects {
			ids = append(ids, s.ID)
			if s.Verdict == verdict.Failed {
				failed = append(failed, s.ID)
			}
		}
		slices.Sort(ids)
		var want []string
		for _, m := range b.Messages {
			want = append(want, m.ID)
		}
		require.Equal(t, want, ids, "each lags or is settled, once")
		untold := 0
		var parked []string
		for _, f := range got.Failed {
			parked = append(parked, f.ID)
			i := slices.IndexFunc(b.Messages, func(m batch.Message) bool { return m.ID == f.ID })
			assert.Equal(t, b.Messages[i].Body, f.Body, "parked unchanged")
			assert.Regexp(t, "^[ -~]+$", f.Detail, "SQS refuses empty attributes and control characters")
			assert.LessOrEqual(t, len(f.Detail), verdict.MaxDetail)
			assert.NotEmpty(t, f.Reason)
			if look := b.Messages[i].Look; look == nil || !look.Alerted || f.Reason != reason.ReplicationFailed {
				untold++
			}
		}
		assert.Equal(t, failed, parked, "whatever failed is parked")
		if untold > 0 || got.Alert != (batch.Alert{}) {
			assert.NotEmpty(t, parked)
			assert.NotEmpty(t, got.Alert.Subject)
			assert.NotEmpty(t, got.Alert.Message, "and alerted, unless operators know")
		}
	})
}

func TestInvariant2AMessageIsJudgedAsIfAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyBatch().Draw(t, "batch")
		together := compared(b)
		var settled []batch.Settled
		var failed []batch.Failed
		var lagging []batch.Message
		for _, m := range b.Messages {
			alone := compared(batch.Batch{Looks: b.Looks, Waited: b.Waited, Messages: []batch.Message{m}})
			settled = append(settled, alone.Summary.Objects...)
			failed = append(failed, alone.Failed...)
			lagging = append(lagging, alone.Messages...)
		}
		assert.ElementsMatch(t, settled, together.Summary.Objects)
		assert.ElementsMatch(t, failed, together.Failed)
		assert.ElementsMatch(t, lagging, together.Messages)
	})
}

func TestInvariant3JudgingTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyBatch().Draw(t, "batch")
		assert.Equal(t, compared(b), compared(b))
	})
}

func TestEveryLagEndsByItsDeadline(t *testing.T) {
	b := batch.Batch{Messages: []batch.Message{lagging("l")}}
	for len(b.Messages) > 0 {
		require.Less(t, b.Looks, 100, "no lag without end")
		look := lagging("l").Look
		b.Looks, b.Messages[0].Look = b.Looks+1, look
		b = compared(b)
	}
	assert.Equal(t, int(policy.Deadline.Seconds()), b.Waited)
	assert.Equal(t, "1 object after 12 looks: 1 failed (REPLICA_MISSING)", b.Summary.Text)
}
