package compare_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
)

// gaveUp is a message whose replication S3 marked as failed.
func gaveUp(id string, alerted bool) batch.Message {
	m := lagging(id)
	m.Look.Primary.Replication, m.Look.Alerted = "FAILED", alerted
	return m
}

func TestWhatOperatorsKnowIsParkedAndLeftOutOfTheAlert(t *testing.T) {
	got := comparer(new(bytes.Buffer)).Compare(t.Context(), batch.Batch{Looks: 1, Messages: []batch.Message{gaveUp("known", true)}})
	require.Len(t, got.Failed, 1)
	assert.Equal(t, batch.Alert{}, got.Alert, "SNS takes no empty message: the definition does not publish it")
	assert.Equal(t, "1 object after 1 look: 1 failed (REPLICATION_FAILED)", got.Summary.Text)

	got = comparer(new(bytes.Buffer)).Compare(t.Context(), batch.Batch{Looks: 1, Messages: []batch.Message{gaveUp("known", true), mismatch("new")}})
	require.Len(t, got.Failed, 2)
	assert.Equal(t, "[test] Backup check failed: CONTENT_MISMATCH s3://docs/new", got.Alert.Subject)
	assert.NotContains(t, got.Alert.Message, "docs/known")
}

func TestOnlyLooksInARowMakeAReplicationFailed(t *testing.T) {
	b := batch.Batch{Messages: []batch.Message{{ID: "k", Body: body("k")}}}
	look := func(m batch.Message) {
		m.GaveUp = b.Messages[0].GaveUp // as package look keeps it
		b.Looks, b.Messages = b.Looks+1, []batch.Message{m}
		b = comparer(new(bytes.Buffer)).Compare(t.Context(), b)
	}
	for _, m := range []batch.Message{gaveUp("k", false), lagging("k"), gaveUp("k", false)} {
		look(m)
		require.Len(t, b.Messages, 1)
	}
	assert.Equal(t, 1, b.Messages[0].GaveUp, "PENDING began the count anew: somebody replicates again")
	look(gaveUp("k", false))
	require.Len(t, b.Failed, 1)
	assert.NotEmpty(t, b.Alert.Message, "a lost notification is no silence")
}

func TestAFailedReplicationNeverLagsPastTheDeadline(t *testing.T) {
	m := gaveUp("k", false)
	got := comparer(new(bytes.Buffer)).Compare(t.Context(), batch.Batch{Looks: 20, Waited: int(policy.Deadline.Seconds()) - 7, Messages: []batch.Message{m}})
	assert.Equal(t, 7, got.Wait)
	got = comparer(new(bytes.Buffer)).Compare(t.Context(), batch.Batch{Looks: 21, Waited: int(policy.Deadline.Seconds()), Messages: []batch.Message{m}})
	require.Len(t, got.Failed, 1)
}
