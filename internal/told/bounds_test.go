package told_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
)

// hostile draws text that JSON makes long.
func hostile(t *rapid.T, name string, most int) string {
	part := rapid.SampledFrom([]string{"\x01", "<", "\xff", `"`, "a", "\u2028", "é"}).Draw(t, name)
	return strings.Repeat(part, rapid.IntRange(0, most).Draw(t, name+" length"))
}

func drawHostile(t *rapid.T) batch.Failed {
	v := verdict.Verdict{Outcome: verdict.Failed, Reason: reason.Code(hostile(t, "reason", 5000)), Detail: hostile(t, "detail", 5000)}
	for range rapid.IntRange(0, 4).Draw(t, "replicas") {
		v.Replicas = append(v.Replicas, verdict.Entry{Outcome: verdict.Failed, Bucket: hostile(t, "bucket", 9000), Reason: v.Reason,
			Detail: hostile(t, "entry", 9000), Cause: hostile(t, "cause", 9000)})
	}
	text := body("docs", strings.Repeat(rapid.SampledFrom([]string{`\u0001`, "<", "é"}).Draw(t, "key"), rapid.IntRange(1, 512).Draw(t, "key length")), "1")
	text = strings.ReplaceAll(text, `\\u`, `\u`)
	if rapid.Bool().Draw(t, "malformed") {
		text = hostile(t, "body", 5000)
	}
	return batch.Failed{ID: hostile(t, "id", 3000), Body: text, Reason: v.Reason, Detail: hostile(t, "line", 5000), Verdict: v, Again: true}
}

func TestTheMemoryStaysSmallWhateverComes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m told.Memory
		now := noon
		for i := range rapid.IntRange(1, 6).Draw(t, "invocations") {
			var findings []told.Finding
			for range rapid.IntRange(1, 8).Draw(t, "messages") {
				findings = append(findings, told.Findings(drawHostile(t), hostile(t, "execution", 5000), 1)...)
			}
			m = m.Add(now, findings).Next(now, "sender")
			data, err := m.Encode()
			require.NoError(t, err)
			require.LessOrEqual(t, len(data), told.MaxBytes)
			read := reread(t, data)
			require.Equal(t, string(read), string(reread(t, read)), "it is read as it was written")
			if i%2 == 1 {
				m = m.Sent(now, "sender")
			}
			now = now.Add(time.Duration(rapid.IntRange(0, 7200).Draw(t, "seconds")) * time.Second)
		}
	})
}

// reread is a memory that was read and written.
func reread(t require.TestingT, data []byte) []byte {
	m, err := told.Decode(data)
	require.NoError(t, err)
	again, err := m.Encode()
	require.NoError(t, err)
	return again
}

// full is a memory with as much of everything as it keeps.
func full(t *testing.T, char string) told.Memory {
	t.Helper()
	var findings []told.Finding
	key := strings.Repeat(char, 1018)
	for i := range 700 {
		var entries []verdict.Entry
		for n := range 50 {
			entries = append(entries, verdict.Entry{Outcome: verdict.Failed, Bucket: fmt.Sprintf("%080d", i*50+n), Reason: reason.SizeMismatch, Cause: strings.Repeat(`"`, 80)})
		}
		f := message("x", entries...)
		f.Body = strings.ReplaceAll(body("docs", key+fmt.Sprintf("%06d", i), "1"), `\\u`, `\u`)
		findings = append(findings, told.Findings(f, strings.Repeat("e", 400), 1)...)
	}
	require.Len(t, findings, 35_000)
	m := told.Memory{}.Add(noon, findings[:20_000]).Next(noon, "sender")
	_, mine := m.Claimed("sender")
	require.True(t, mine)
	return m.Add(noon.Add(time.Hour), findings[20_000:])
}

func TestAFullMemoryStaysSmallAndForgetsTheOldestFirst(t *testing.T) {
	var m told.Memory
	for _, char := range []string{"<", `\u0001`} {
		m = full(t, char)
		data, err := m.Encode()
		require.NoError(t, err)
		assert.LessOrEqual(t, len(data), told.MaxBytes)
		assert.Greater(t, len(data), told.MaxBytes/2, "or the test no longer fills it")
	}
	keys := 0
	for _, h := range m.Told {
		keys += len(h.Keys) / 10
	}
	assert.Equal(t, 30_000, keys)
	require.Len(t, m.Told, 2)
	assert.Len(t, m.Told[0].Keys, 15_000*10, "what was told first is forgotten first")
	assert.Len(t, m.Told[1].Keys, 15_000*10)

	var findings []told.Finding
	for i := range 20_000 {
		findings = append(findings, told.Findings(message(fmt.Sprint(i), failed("docs-a", reason.SizeMismatch)), "", 0)...)
	}
	m = m.Add(noon.Add(2*time.Hour), findings)
	require.Len(t, m.Told, 2, "an hour that is forgotten is gone")
	assert.Equal(t, []int{10_000 * 10, 20_000 * 10}, []int{len(m.Told[0].Keys), len(m.Told[1].Keys)})
}

func TestWhereTooManyCausesAreOpenFurtherOnesAreToldTogether(t *testing.T) {
	var messages []batch.Failed
	for i := range 320 {
		code := reason.AccessDenied
		if i >= 310 {
			code = reason.SizeMismatch
		}
		messages = append(messages, message(fmt.Sprint(i), failed(fmt.Sprint("replica-", i), code)))
	}
	messages = append(messages, message("u", failed("docs-u", "UNKNOWN")))
	news, m := tell(told.Memory{}, noon, messages...)
	require.Len(t, news.Causes, 303)
	told10 := func(c told.Cause) string {
		return fmt.Sprintf("%s %q %q several=%v %s %d", c.Reason, c.Bucket, c.Replica, c.Several, c.Kind, c.New)
	}
	assert.Equal(t, `SIZE_MISMATCH "" "" several=true alike 10`, told10(news.Causes[0]))
	assert.Equal(t, `WORKFLOW_ERROR "" "" several=true single 1`, told10(news.Causes[1]), "a reason that is not known")
	assert.Equal(t, `ACCESS_DENIED "" "" several=true alike 10`, told10(news.Causes[2]))
	total := 0
	for _, c := range news.Causes {
		total += c.New
	}
	assert.Equal(t, 321, total, "each is told")
	news, m = tell(m, noon.Add(time.Minute), message("more", failed("replica-0", reason.AccessDenied), failed("replica-500", reason.AccessDenied)))
	require.Len(t, news.Causes, 1, "what is told of several is quiet by now")
	assert.Equal(t, `ACCESS_DENIED "docs" "replica-0" several=false single 1`, told10(news.Causes[0]), "an open cause stays itself")
	for range 2 {
		_, m = tell(m, noon.Add(2*time.Hour))
	}
	assert.Empty(t, m.Causes)
}

func TestWhereExamplesAreTooLongTheLeastSevereAreLeftOut(t *testing.T) {
	long := func(key string, code reason.Code) batch.Failed {
		f := message(key, failed("docs-a", code))
		f.Body = strings.ReplaceAll(body("docs", strings.Repeat(`\u0001`, 1000)+key, "1"), `\\u`, `\u`)
		return f
	}
	for _, codes := range [][]reason.Code{{reason.AccessDenied, reason.SizeMismatch}, {reason.SizeMismatch, reason.AccessDenied}} {
		var messages []batch.Failed
		for i := range 9 {
			messages = append(messages, long(fmt.Sprint("a", i), codes[0]), long(fmt.Sprint("b", i), codes[1]))
		}
		news, _ := tell(told.Memory{}, noon, messages...)
		require.Len(t, news.Causes, 2)
		assert.Equal(t, reason.SizeMismatch, news.Causes[0].Reason)
		assert.Len(t, news.Causes[0].Examples, 9)
		assert.Less(t, len(news.Causes[1].Examples), 9)
		assert.NotEmpty(t, news.Causes[1].Examples)
		assert.Equal(t, 9, news.Causes[1].New, "what is left out is counted")
	}
}

func TestAnExampleThatIsTooLongKeepsWhatNamesIt(t *testing.T) {
	entry := failed("docs-a", reason.SizeMismatch)
	entry.Detail = strings.Repeat("d", 5000)
	f := message("a", entry, entry, entry)
	news, _ := tell(told.Memory{}, noon, f)
	e := news.Causes[0].Examples[0]
	assert.Equal(t, "s3://docs/a@1", e.Object.URI())
	assert.Len(t, e.Verdict.Replicas, 3)
	assert.Empty(t, e.Verdict.Replicas[0].Detail)
	assert.Len(t, f.Verdict.Replicas[0].Detail, 5000, "the message itself is not changed")

	f.Verdict.Replicas[0].Bucket, f.Verdict.Replicas[0].Cause = strings.Repeat("b", 15_000), strings.Repeat("c", 100)
	f.Verdict.Replicas = f.Verdict.Replicas[:1]
	news, _ = tell(told.Memory{}, noon, f)
	assert.Equal(t, []int{80, 80}, []int{len(news.Causes[0].Replica), len(news.Causes[0].S3)})
	e = news.Causes[0].Examples[0]
	assert.Equal(t, verdict.Verdict{Outcome: verdict.Failed, Reason: reason.SizeMismatch}, e.Verdict)
	assert.Equal(t, "s3://docs/a@1", e.Object.URI())

	f.ID, f.Detail = strings.Repeat("i", 500), strings.Repeat("d", 500)
	f.Body = strings.Replace(f.Body, `"version-id"`, `"etag":"`+strings.Repeat("e", 15_000)+`","version-id"`, 1)
	news, _ = tell(told.Memory{}, noon, f)
	e = news.Causes[0].Examples[0]
	assert.Equal(t, "s3://docs/a@1", e.Object.URI())
	assert.Empty(t, e.Object.ETag)
	assert.Equal(t, []int{400, 400}, []int{len(e.MessageID), len(e.Detail)})
	e = told.Memory{}.Add(noon, told.Findings(f, strings.Repeat("x", 500), 0)).Causes[0].Examples[0]
	assert.Len(t, e.Execution, 400)
}

func TestATooLongNotificationKeepsWhatS3Said(t *testing.T) {
	f := batch.Failed{Reason: reason.ReplicationFailed, Body: `{"Records":[{"eventSource":"aws:s3","awsRegion":"eu-central-1","eventTime":"2026-03-02T11:01:00Z","eventName":"Replication:OperationFailedReplication",` +
		`"s3":{"bucket":{"name":"docs"},"object":{"key":"a","versionId":"1"}},"replicationEventData":{"replicationRuleId":"` + strings.Repeat("r", 15_000) + `",` +
		`"destinationBucket":"arn:aws:s3:::docs-r","s3Operation":"OBJECT_PUT","failureReason":"` + strings.Repeat("c", 100) + `"}}]}`}
	news, _ := tell(told.Memory{}, noon, f)
	e := news.Causes[0].Examples[0]
	require.NotNil(t, e.Object.GaveUp)
	assert.Equal(t, []string{"docs-r", "OBJECT_PUT", strings.Repeat("c", 77) + "..."}, []string{e.Object.GaveUp.Destination, e.Object.GaveUp.Operation, e.Object.GaveUp.Cause})
	assert.Empty(t, e.Object.GaveUp.Rule)
}

func TestAMemoryThatIsNoneIsAnError(t *testing.T) {
	_, err := told.Decode([]byte(`{"causes":1}`))
	assert.ErrorContains(t, err, "decode the sender's memory: ")
	m, err := told.Decode([]byte(`{"told":[{"since":"2026-03-02T12:00:00Z","keys":"AAECAwQ="}],"causes":[{}]}`))
	require.NoError(t, err)
	_, open := m.Add(noon, told.Findings(message("a"), "", 0)).Next(noon, "x").Due(noon)
	assert.True(t, open, "keys that were cut break nothing")
}
