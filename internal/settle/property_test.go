package settle_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/batch"
	"autobackup/internal/verdict"
)

// anyMessage draws good messages, noise, missing looks and looks of any content.
func anyMessage() *rapid.Generator[batch.Message] {
	side := rapid.Custom(func(t *rapid.T) verdict.Side {
		return verdict.Side{
			Bucket: rapid.SampledFrom([]string{"docs", "docs-r", "", "\n"}).Draw(t, "bucket"),
			Region: rapid.SampledFrom([]string{"eu-west-1", "", "\x1b"}).Draw(t, "region"),
			Found: rapid.SampledFrom([]verdict.Found{verdict.Object, verdict.Marker, verdict.Missing, verdict.Denied,
				verdict.Archived, verdict.Unreachable, verdict.SSEC, "", "other"}).Draw(t, "found"),
			Size:        rapid.Int64().Draw(t, "size"),
			ETag:        rapid.String().Draw(t, "etag"),
			Encryption:  rapid.SampledFrom([]string{"", "AES256", "aws:kms"}).Draw(t, "encryption"),
			Replication: rapid.SampledFrom([]string{"", "PENDING", "COMPLETED", "FAILED", "REPLICA", "?"}).Draw(t, "status"),
		}
	})
	replica := rapid.Custom(func(t *rapid.T) verdict.Replica {
		return verdict.Replica{Side: side.Draw(t, "side"), IgnoresMarkers: rapid.Bool().Draw(t, "markers"), IgnoresKMS: rapid.Bool().Draw(t, "kms")}
	})
	return rapid.Custom(func(t *rapid.T) batch.Message {
		id := rapid.String().Draw(t, "id")
		return rapid.OneOf(
			rapid.SampledFrom([]batch.Message{verified(id), mismatch(id), lagging(id), skipped(id), {ID: id, Body: body(id)}}),
			rapid.Custom(func(t *rapid.T) batch.Message { return batch.Message{ID: id, Body: rapid.String().Draw(t, "body")} }),
			rapid.Custom(func(t *rapid.T) batch.Message {
				look := verdict.Look{Primary: side.Draw(t, "primary"), Replicas: rapid.SliceOfN(replica, 0, 3).Draw(t, "replicas"),
					Unsupported: rapid.SampledFrom([]string{"", "rules"}).Draw(t, "unsupported")}
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
			messages[i].Again = rapid.Bool().Draw(t, "again")
			messages[i].Progress = verdict.Progress{
				Looks: rapid.IntRange(-1, 40).Draw(t, "looks"), Waited: rapid.IntRange(-1, 9000).Draw(t, "waited"),
				Unread: rapid.IntRange(-1, 10).Draw(t, "unread"), GaveUp: rapid.IntRange(-1, 10).Draw(t, "gave up"),
				Gone: rapid.IntRange(-1, 10).Draw(t, "gone"), Differing: rapid.IntRange(-1, 10).Draw(t, "differing"),
			}
		}
		return batch.Batch{Messages: messages}
	})
}

func settled(b batch.Batch) batch.Batch {
	return reader(verdict.ByteVerification{Inconclusive: true}).Settle(context.Background(), b)
}

// ids are those of messages.
func ids(lists ...[]batch.Message) (all []string) {
	for _, m := range slices.Concat(lists...) {
		all = append(all, m.ID)
	}
	return all
}

// again says whether a message was told of before.
func again(b batch.Batch, id string) bool {
	return slices.ContainsFunc(b.Messages, func(m batch.Message) bool { return m.ID == id && m.Again })
}

func TestInvariant1NoMessageIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyBatch().Draw(t, "batch")
		got := settled(b)
		at := ids(got.Messages, got.Lagging)
		var failed, reading, over []string
		for _, s := range got.Summary.Objects {
			at = append(at, s.ID)
			switch s.Verdict {
			case verdict.Failed:
				failed = append(failed, s.ID)
			case verdict.Reading:
				reading = append(reading, s.ID)
			default:
				if again(b, s.ID) {
					over = append(over, s.ID)
				}
			}
		}
		slices.Sort(at)
		require.Equal(t, ids(b.Messages), at, "each is to be looked at, lags or is settled, once")
		require.Equal(t, reading, ids(got.Reading), "what is handed over is in the list that executions are started for")
		var parked []string
		for _, f := range got.Failed {
			parked = append(parked, f.ID)
			i := slices.IndexFunc(b.Messages, func(m batch.Message) bool { return m.ID == f.ID })
			assert.Equal(t, b.Messages[i].Body, f.Body, "parked unchanged")
			assert.Equal(t, b.Messages[i].Again, f.Again)
			assert.Regexp(t, "^[ -~]+$", f.Detail, "SQS refuses empty attributes and control characters")
			assert.NotEmpty(t, f.Reason)
			assert.Equal(t, verdict.Failed, f.Verdict.Outcome)
		}
		assert.Equal(t, failed, parked, "whatever failed is parked and told")
		var told []string
		for _, o := range got.Over {
			told = append(told, o.ID)
		}
		assert.Equal(t, over, told, "whatever was told before and did not fail is told as over")
		assert.Equal(t, batch.Counts{Messages: len(got.Messages), Lagging: len(got.Lagging), Reading: len(got.Reading), Failed: len(got.Failed), Over: len(got.Over)}, got.Counts)
		assert.Equal(t, len(got.Lagging) > 0 && len(got.Messages) == 0, got.Wait > 0)
	})
}

func TestInvariant2AMessageIsJudgedAsIfAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyBatch().Draw(t, "batch")
		together := settled(b)
		var lines []batch.Settled
		var failed []batch.Failed
		var over []batch.Over
		var waiting []string
		for _, m := range b.Messages {
			alone := settled(batch.Batch{Messages: []batch.Message{m}})
			lines = append(lines, alone.Summary.Objects...)
			failed = append(failed, alone.Failed...)
			over = append(over, alone.Over...)
			waiting = append(waiting, ids(alone.Messages, alone.Lagging)...)
		}
		assert.ElementsMatch(t, lines, together.Summary.Objects)
		assert.ElementsMatch(t, failed, together.Failed)
		assert.ElementsMatch(t, over, together.Over)
		assert.ElementsMatch(t, waiting, ids(together.Messages, together.Lagging))
	})
}

func TestInvariant3SettlingTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyBatch().Draw(t, "batch")
		assert.Equal(t, settled(b), settled(b))
	})
}

func TestEveryLagEndsByItsDeadline(t *testing.T) {
	b := batch.Batch{Messages: []batch.Message{{ID: "l", Body: body("l")}}}
	for round := 0; len(b.Failed) == 0; round++ {
		require.Less(t, round, 100, "no lag without end")
		b.Messages, b.Lagging = append(b.Messages, b.Lagging...), nil
		b.Messages[0].Look = lagging("l").Look
		b = settled(b)
	}
	assert.Equal(t, "1 object after 12 looks: 1 failed (REPLICA_MISSING)", b.Summary.Text)
	assert.Contains(t, b.Failed[0].Verdict.Replicas[0].Detail, policy.Deadline.String())
}
