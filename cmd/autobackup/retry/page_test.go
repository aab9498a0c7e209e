package retry

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/local/testing/page"
)

// parkedAs is a message about a version of a bucket, as the workflow parks it.
func parkedAs(t *testing.T, bucket, key string, at time.Time, facts verdict.Verdict) message {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"source": "aws.s3", "detail-type": "Object Created", "region": "eu-central-1",
		"detail": map[string]any{"bucket": map[string]string{"name": bucket}, "object": map[string]string{"key": key, "version-id": "3xQ9fkP.Sw2v"}},
	})
	require.NoError(t, err)
	encoded, err := json.Marshal(facts)
	require.NoError(t, err)
	text := func(s string) types.MessageAttributeValue {
		return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &s}
	}
	return message{ID: "m-" + key, Body: string(body), at: at, attributes: map[string]types.MessageAttributeValue{
		"reason": text(string(facts.Reason)), "facts": text(string(encoded)), "alerts": text("1"), "execution": text("e"),
	}}
}

// sampleLook is what operations.md shows.
func sampleLook(t *testing.T) *Look {
	at := time.Date(2026, 3, 2, 9, 14, 0, 0, time.UTC)
	l := &Look{Stage: "prod", Region: "eu-central-1", Parked: newQueue("autobackup-validation-dlq-prod"), EventDLQ: newQueue("autobackup-event-dlq-prod"), FailureDLQ: newQueue("autobackup-failure-dlq-prod")}
	of := func(code reason.Code, basis verdict.Basis, detail string) verdict.Verdict {
		return verdict.Verdict{Outcome: verdict.Failed, Reason: code, Replicas: []verdict.Entry{{
			Bucket: "acme-invoices-dr", Region: "eu-west-1", Outcome: verdict.Failed, Reason: code, Basis: basis, Detail: detail,
		}}}
	}
	missing := of(reason.ReplicaMissing, "", "the replica does not have the version")
	missing.Replicas[0].Status = "COMPLETED"
	for n, m := range []message{
		parkedAs(t, "acme-invoices", "2026/inv-88121.pdf", at, missing),
		parkedAs(t, "acme-invoices", "2026/inv-88122.pdf", at.Add(time.Minute), missing),
		parkedAs(t, "acme-ledger", "2026/q1.csv", at.Add(time.Hour), missing),
		parkedAs(t, "acme-invoices", "2026/inv-88007.pdf", at.Add(-time.Hour), of(reason.SizeMismatch, "", "184220 bytes and 4096 bytes")),
	} {
		l.Parked.Looked = n + 1
		l.Parked.add(m)
		l.add(m)
	}
	l.Parked.Lying, l.EventDLQ.Lying = 4, 2
	return l
}

func TestTheSampleOfThePageIsWhatParkedShows(t *testing.T) {
	var shown strings.Builder
	require.NoError(t, sampleLook(t).Text(&shown))
	page.Block(t, "../../../docs/operations.md", "parked", "./cmd/autobackup/retry", "```\n$ autobackup parked --stage prod\n"+shown.String()+"```\n", *update)
}
