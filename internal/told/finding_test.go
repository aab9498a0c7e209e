package told_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// body is an upload's event.
func body(bucket, key, version string) string {
	return fmt.Sprintf(`{"source":"aws.s3","detail-type":"Object Created","region":"eu-central-1","detail":{"bucket":{"name":%q},"object":{"key":%q,"version-id":%q}}}`,
		bucket, key, version)
}

func failed(replica string, r reason.Code) verdict.Entry {
	return verdict.Entry{Bucket: replica, Outcome: verdict.Failed, Reason: r}
}

func verified(replica string) verdict.Entry {
	return verdict.Entry{Bucket: replica, Outcome: verdict.Verified}
}

// message is a failed message about version key@1 of bucket docs.
func message(key string, entries ...verdict.Entry) batch.Failed {
	v := verdict.Verdict{Outcome: verdict.Failed, Replicas: entries}
	if len(entries) > 0 {
		v.Reason = entries[0].Reason
	}
	return batch.Failed{ID: "id-" + key, Body: body("docs", key, "1"), Reason: v.Reason, Detail: "none", Verdict: v}
}

// tell is what an e-mail tells of messages after what was told before.
func tell(m told.Memory, now time.Time, messages ...batch.Failed) (told.News, told.Memory) {
	for _, f := range messages {
		m = m.Add(now, told.Findings(f, "arn:execution", 0))
	}
	m = m.Next(now, "test")
	news, _ := m.Claimed("test")
	return news, m.Sent(now, "test")
}

// names are the causes of news, as reason bucket replica S3's reason.
func names(n told.News) (names []string) {
	for _, c := range n.Causes {
		names = append(names, strings.TrimRight(fmt.Sprintf("%s %s %s %s", c.Reason, c.Bucket, c.Replica, c.S3), " "))
	}
	return names
}

func TestEveryReplicaThatFailedIsAFindingOfACauseOfItsOwn(t *testing.T) {
	gaveUp := failed("docs-b", reason.ReplicationFailed)
	gaveUp.Cause = "DstBucketNotFound"
	tests := map[string]struct {
		failed batch.Failed
		want   []string
	}{
		"one replica": {message("a", failed("docs-a", reason.SizeMismatch)), []string{"SIZE_MISMATCH docs docs-a"}},
		"two replicas, the worst first": {message("a", failed("docs-a", reason.AccessDenied), failed("docs-b", reason.SizeMismatch)),
			[]string{"SIZE_MISMATCH docs docs-b", "ACCESS_DENIED docs docs-a"}},
		"a replica that is verified is none": {message("a", verified("docs-a"), failed("docs-b", reason.SizeMismatch)), []string{"SIZE_MISMATCH docs docs-b"}},
		"S3's reason tells causes apart":     {message("a", failed("docs-a", reason.ReplicationFailed), gaveUp), []string{"REPLICATION_FAILED docs docs-a", "REPLICATION_FAILED docs docs-b DstBucketNotFound"}},
		"the primary decided":                {batch.Failed{Body: body("docs", "a", "1"), Reason: reason.Archived, Verdict: verdict.Verdict{Outcome: verdict.Failed, Reason: reason.Archived}}, []string{"ARCHIVED docs"}},
		"no facts: the execution broke":      {batch.Failed{Body: body("docs", "a", "1"), Reason: reason.WorkflowError}, []string{"WORKFLOW_ERROR docs"}},
		"no reason at all":                   {batch.Failed{Body: body("docs", "a", "1")}, []string{"WORKFLOW_ERROR docs"}},
		"a message that tells of no object":  {batch.Failed{Body: "scrambled", Reason: reason.MalformedEvent}, []string{"MALFORMED_EVENT"}},
		"entries without a reason":           {message("a", failed("docs-a", ""), failed("docs-b", "")), []string{"WORKFLOW_ERROR docs docs-a", "WORKFLOW_ERROR docs docs-b"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			news, _ := tell(told.Memory{}, noon, tt.failed)
			assert.Equal(t, tt.want, names(news))
			for _, c := range news.Causes {
				assert.Equal(t, told.Cause{Reason: c.Reason, Bucket: c.Bucket, Replica: c.Replica, S3: c.S3, Kind: told.Single,
					New: 1, Total: 1, Since: noon, Latest: noon, Examples: c.Examples}, c)
				assert.Len(t, c.Examples, 1)
			}
		})
	}
}

func TestAnExampleHasEverythingThatIsKnown(t *testing.T) {
	f := message("a", failed("docs-a", reason.SizeMismatch), verified("docs-b"))
	f.Detail = "sizes differ"
	m := told.Memory{}.Add(noon, told.Findings(f, "arn:execution", 3)).Next(noon, "test")
	news, mine := m.Claimed("test")
	require.True(t, mine)
	require.Len(t, news.Causes, 1)
	require.Len(t, news.Causes[0].Examples, 1)
	e := news.Causes[0].Examples[0]
	assert.Equal(t, "s3://docs/a@1", e.Object.URI())
	e.Object = nil
	assert.Equal(t, told.Example{MessageID: "id-a", Execution: "arn:execution", Detail: "sizes differ", Verdict: f.Verdict, Alerts: 3}, e)

	news, _ = tell(told.Memory{}, noon, batch.Failed{ID: "id", Body: strings.Repeat("x", 300), Reason: reason.MalformedEvent, Detail: "no JSON"})
	require.Len(t, news.Causes, 1)
	assert.Equal(t, []told.Example{{MessageID: "id", Execution: "arn:execution", Begins: strings.Repeat("x", 200), Detail: "no JSON",
		Verdict: verdict.Verdict{Outcome: verdict.Failed, Reason: reason.MalformedEvent, Detail: "no JSON"}}}, news.Causes[0].Examples)
}

func TestOtherBucketsAndOtherReasonsOfS3AreOtherCauses(t *testing.T) {
	other := message("a", failed("docs-a", reason.SizeMismatch))
	other.Body = body("media", "a", "1")
	gaveUp := func(key, cause string) batch.Failed {
		e := failed("docs-a", reason.ReplicationFailed)
		e.Cause = cause
		return message(key, e)
	}
	news, _ := tell(told.Memory{}, noon, message("a", failed("docs-a", reason.SizeMismatch)), other, gaveUp("b", "One"), gaveUp("c", "Two"), gaveUp("d", "One"))
	assert.Equal(t, []string{"SIZE_MISMATCH docs docs-a", "SIZE_MISMATCH media docs-a", "REPLICATION_FAILED docs docs-a One", "REPLICATION_FAILED docs docs-a Two"}, names(news))
}

func TestWhatWasToldIsToldAgainOnlyWhereItIsNews(t *testing.T) {
	missing, change := failed("docs-a", reason.ReplicaMissing), failed("docs-a", reason.ReplicationFailed)
	change.Basis = verdict.ChangeBasis
	again := func(f batch.Failed, id string) batch.Failed {
		f.Again, f.ID = true, id
		return f
	}
	notified := message("a", missing)
	notified.Body = `{"Records":[{"eventSource":"aws:s3","awsRegion":"eu-central-1","eventTime":"2026-03-02T11:01:00Z","eventName":"Replication:OperationFailedReplication",` +
		`"s3":{"bucket":{"name":"docs"},"object":{"key":"a","versionId":"1"}},"replicationEventData":{"destinationBucket":"arn:aws:s3:::docs-a","s3Operation":"OBJECT_PUT","failureReason":"x"}}]}`
	another := message("a", missing)
	another.Body = body("docs", "a", "2")
	tests := map[string]struct {
		before, after batch.Failed
		want          []string
	}{
		"the same":                     {message("a", missing), message("a", missing), nil},
		"S3's notification of it":      {message("a", missing), notified, nil},
		"another object":               {message("a", missing), message("b", missing), []string{"REPLICA_MISSING docs docs-a"}},
		"another version":              {message("a", missing), another, []string{"REPLICA_MISSING docs docs-a"}},
		"another replica":              {message("a", missing), message("a", failed("docs-b", reason.ReplicaMissing)), []string{"REPLICA_MISSING docs docs-b"}},
		"one replica more":             {message("a", missing), message("a", missing, failed("docs-b", reason.SizeMismatch)), []string{"SIZE_MISMATCH docs docs-b"}},
		"missing for another reason":   {message("a", missing), message("a", failed("docs-a", reason.ReplicationFailed)), nil},
		"missing, and S3 saw no rule":  {message("a", failed("docs-a", reason.NotReplicated)), message("a", failed("docs-a", reason.LeftOut)), nil},
		"missing in a chain":           {message("a", failed("docs-a", reason.ReplicaNotReplicated)), message("a", missing), nil},
		"missing after a change":       {message("a", change), message("a", missing), []string{"REPLICA_MISSING docs docs-a"}},
		"a change after missing":       {message("a", missing), message("a", change), []string{"REPLICATION_FAILED docs docs-a"}},
		"another kind of reason":       {message("a", missing), message("a", failed("docs-a", reason.SizeMismatch)), []string{"SIZE_MISMATCH docs docs-a"}},
		"moved back by an operator":    {message("a", missing), again(message("a", missing), "id-2"), []string{"REPLICA_MISSING docs docs-a"}},
		"moved back, delivered twice":  {again(message("a", missing), "id-2"), again(message("a", missing), "id-2"), nil},
		"moved back twice":             {again(message("a", missing), "id-2"), again(message("a", missing), "id-3"), []string{"REPLICA_MISSING docs docs-a"}},
		"repeated after moved back":    {again(message("a", missing), "id-2"), message("a", missing), nil},
		"the same scrambled message":   {batch.Failed{Body: "x", Reason: reason.MalformedEvent}, batch.Failed{Body: "x", Reason: reason.MalformedEvent}, nil},
		"another scrambled message":    {batch.Failed{Body: "x", Reason: reason.MalformedEvent}, batch.Failed{Body: "y", Reason: reason.MalformedEvent}, []string{"MALFORMED_EVENT"}},
		"the primary decided anew":     {message("a"), message("a", missing), []string{"REPLICA_MISSING docs docs-a"}},
		"the primary decided the same": {message("a"), message("a"), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, m := tell(told.Memory{}, noon, tt.before)
			news, _ := tell(m, noon.Add(time.Hour), tt.after)
			assert.Equal(t, tt.want, names(news))
		})
	}
}

func TestAfterADayItIsNewsAgain(t *testing.T) {
	f := message("a", failed("docs-a", reason.ReplicaMissing))
	_, m := tell(told.Memory{}, noon, f)
	_, m = tell(m, noon.Add(59*time.Minute), message("b", failed("docs-a", reason.ReplicaMissing)))
	news, _ := tell(m, noon.Add(24*time.Hour), f)
	assert.Empty(t, news)
	news, _ = tell(m, noon.Add(25*time.Hour), f)
	assert.Equal(t, []string{"REPLICA_MISSING docs docs-a"}, names(news))
}
