package local_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
	locals3 "autobackup/local/s3"
	"autobackup/local/sqs"
)

// forged are messages that somebody makes of the event of an upload, and how each ends. The event
// is of an object whose replica never comes.
var forged = map[string]struct {
	edit func(event string) string
	ends string
}{
	"as it is":                          {func(e string) string { return e }, "parked REPLICA_MISSING"},
	"of another account":                {swap(`"account":"`+account+`"`, `"account":"444455556666"`), "parked REPLICA_MISSING"},
	"of a bucket that is not ours":      {swap(`"autobackup-dev-primary-documents-`+account+`"`, `"acme-secrets"`), "parked ACCESS_DENIED"},
	"of the stage's own working bucket": {swap(`"autobackup-dev-primary-documents-`+account+`"`, `"autobackup-dev-work-`+account+`"`), "parked ACCESS_DENIED"},
	"of a region where it is not":       {swap(`"region":"`+firstRegion+`"`, `"region":"ap-south-1"`), "parked REPLICA_MISSING"},
	"of a version that nobody has":      {swap(`"version-id":"`, `"version-id":"forged`), "parked UNREACHABLE"},
	"of a version id with a path":       {swap(`"version-id":"`, `"version-id":"../../`), "parked UNREACHABLE"},
	"of a version id of two parameters": {swap(`"version-id":"`, `"version-id":"x&versionId=`), "parked UNREACHABLE"},
	"of a key that nobody has":          {swap(`"key":"lost"`, `"key":"nobody"`), "skipped"},
	"of a size below nothing":           {swap(`"size":`, `"size":-`), "parked MALFORMED_EVENT"},
	"of the largest size":               {sized("9223372036854775807"), "parked REPLICA_MISSING"},
	"of a size beyond numbers":          {sized("9e999"), "parked MALFORMED_EVENT"},
	"of a size as text":                 {sized(`"7"`), "parked MALFORMED_EVENT"},
	"from the future":                   {dated("2999-01-01T00:00:00Z"), "parked REPLICA_MISSING"},
	"from before S3":                    {dated("0001-01-01T00:00:00Z"), "parked REPLICA_MISSING"},
	"of a time that is none":            {dated("2026-13-41T99:00:00Z"), "parked MALFORMED_EVENT"},
	"with a second key":                 {swap(`"key":"lost"`, `"key":"lost","key":"good"`), "parked MALFORMED_EVENT"},
	"with a second detail":              {swap(`"detail":{`, `"detail":{"object":{"key":"good"}},"detail":{`), "parked MALFORMED_EVENT"},
	"with deep JSON":                    {swap(`"detail":{`, `"deep":`+strings.Repeat("[", 400)+strings.Repeat("]", 400)+`,"detail":{`), "parked REPLICA_MISSING"},
	"of a marker that is none":          {func(e string) string { return deletion(e, "Delete Marker Created") }, "parked REPLICA_MISSING"},
	"of a deletion for good":            {func(e string) string { return deletion(e, "Permanently Deleted") }, "parked REPLICA_MISSING"},
	"cut off":                           {func(e string) string { return e[:len(e)/2] }, "parked MALFORMED_EVENT"},
	"twice in one":                      {func(e string) string { return e + e }, "parked MALFORMED_EVENT"},
	"in a list":                         {func(e string) string { return "[" + e + "]" }, "parked MALFORMED_EVENT"},
	"as the body of a record":           {func(e string) string { return fmt.Sprintf(`[{"messageId":"m","body":%q}]`, e) }, "parked MALFORMED_EVENT"},
}

func swap(old, with string) func(string) string {
	return func(event string) string {
		if !strings.Contains(event, old) {
			panic("the event has no " + old + ": " + event)
		}
		return strings.Replace(event, old, with, 1)
	}
}

func sized(size string) func(string) string { return valued("size", size) }

func dated(at string) func(string) string { return valued("time", `"`+at+`"`) }

// valued replaces a value that is no object.
func valued(name, value string) func(string) string {
	return func(event string) string {
		before, after, found := strings.Cut(event, `"`+name+`":`)
		if !found {
			panic("the event has no " + name + ": " + event)
		}
		end := strings.IndexAny(after, ",}")
		return before + `"` + name + `":` + value + after[end:]
	}
}

func deletion(event, of string) string {
	event = swap(`"Object Created"`, `"Object Deleted"`)(event)
	return swap(`"detail":{`, `"detail":{"deletion-type":"`+of+`",`)(event)
}

// caught are the events of uploads, which go nowhere.
func (w *world) caught(keys ...string) (events, versions map[string]string) {
	w.t.Helper()
	told := w.S3.OnEvent
	events, versions = map[string]string{}, map[string]string{}
	for _, key := range keys {
		w.S3.OnEvent = func(_ string, event []byte) { events[key] = string(event) }
		versions[key] = w.put(key, "content of "+key)
		require.Eventually(w.t, func() bool { return events[key] != "" }, time.Minute, time.Second)
	}
	w.S3.OnEvent = told
	return events, versions
}

// Whatever is sent to the validation queue, alone and between two good messages: it ends where it
// must, it is never verified, it is told where it is parked, and its batch mates are verified.
func TestAForgedMessageEndsWhereItMustAndTouchesNoOther(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
			if r.Key == "lost" {
				return locals3.Plan{Lag: 365 * day}
			}
			return locals3.Plan{}
		}
		events, _ := w.caught("good", "lost", "also good")
		names := slices.Sorted(maps.Keys(forged))
		sent := map[string]string{} // names by message id
		good := []string{w.send(events["good"])}
		for _, name := range names {
			sent[w.send(forged[name].edit(events["lost"]))] = name
		}
		good = append(good, w.send(events["also good"]))
		w.settle()

		settled := w.settled()
		for _, id := range good {
			assert.Equal(t, verdict.Verified, settled[id].Verdict)
		}
		parked := map[string]string{}
		for _, m := range w.parked() {
			parked[m.Body] = m.Attributes["reason"].Value
		}
		for id, name := range sent {
			ended := string(settled[id].Verdict)
			if code, is := parked[forged[name].edit(events["lost"])]; is {
				ended = "parked " + code
			}
			assert.Equal(t, forged[name].ends, ended, name)
		}
		assert.NotEmpty(t, w.subjects())
		for _, p := range w.published("failure-topic") {
			assert.Regexp(t, `^[ -~]{1,99}$`, p.Subject)
			assert.Empty(t, printable(p.Message))
		}
		for _, e := range w.validations() {
			w.summary(e) // which succeeded
			assert.Less(t, e.Result.Stop.Sub(e.Result.Start), 12*time.Hour, "no size and no time puts the end off")
		}
	}, soon...)
}

// A parked message that somebody edits before it is moved on is another message: of its object only
// what was compared is said.
func TestAParkedMessageThatWasEditedSaysNothingOfAnotherObject(t *testing.T) {
	for name, edit := range map[string]func(body string, versions map[string]string) string{
		"another key":     func(b string, _ map[string]string) string { return swap(`"key":"damaged"`, `"key":"good"`)(b) },
		"another version": func(b string, v map[string]string) string { return strings.Replace(b, v["damaged"], v["good"], 1) },
		"another object": func(b string, v map[string]string) string {
			return strings.Replace(swap(`"key":"damaged"`, `"key":"good"`)(b), v["damaged"], v["good"], 1)
		},
		"another damaged object": func(b string, v map[string]string) string {
			return strings.Replace(swap(`"key":"damaged"`, `"key":"lost"`)(b), v["damaged"], v["lost"], 1)
		},
	} {
		for _, queue := range []string{"validation-queue", "failure-queue"} {
			t.Run(name+" to the "+queue, func(t *testing.T) {
				inWorld(t, func(w *world) {
					w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
						switch r.Key {
						case "damaged":
							return locals3.Plan{Corrupt: locals3.FlipBit}
						case "lost":
							return locals3.Plan{Lag: 365 * day}
						}
						return locals3.Plan{}
					}
					events, versions := w.caught("good", "damaged", "lost")
					w.send(events["damaged"])
					w.settle()
					require.Len(t, w.parked(), 1)
					first := w.parked()[0]
					mails := len(w.published("failure-topic"))
					got, err := w.SQS.Receive(w.t.Context(), w.queue("validation-dlq"), sqs.Receive{Max: 1})
					require.NoError(t, err)
					require.NoError(t, w.SQS.Delete(w.queue("validation-dlq"), got[0].Receipt))
					body := edit(first.Body, versions)
					object, err := s3event.Parse(body)
					require.NoError(t, err)
					_, err = w.SQS.Send(w.queue(queue), sqs.Outgoing{Body: body, Attributes: first.Attributes})
					require.NoError(t, err)
					w.settle()
					for id, line := range w.settled() {
						if line.Verdict == verdict.Verified {
							assert.Equal(t, "s3://"+w.bucket()+"/good@"+versions["good"], line.Object, "message %s", id)
						}
					}
					for _, p := range w.published("failure-topic")[mails:] {
						assert.NotContains(t, p.Message, "CONTENT_MISMATCH", "what is known is of another object, or of another version")
						assert.Contains(t, p.Message, "s3://"+w.bucket()+"/"+object.Key)
					}
					if queue == "failure-queue" {
						require.Len(t, w.parked(), 1, "it is kept all the same")
						assert.Equal(t, body, w.parked()[0].Body)
						assert.Len(t, w.published("failure-topic"), mails+1, "and told")
					}
				}, soon...)
			})
		}
	}
}

// leads has the primary's only rule lead to a bucket from now on, as its owner may at any time.
func (w *world) leads(to string) {
	w.t.Helper()
	now, err := w.client.GetBucketReplication(w.t.Context(), &s3.GetBucketReplicationInput{Bucket: aws.String(w.bucket())})
	require.NoError(w.t, err)
	now.ReplicationConfiguration.Rules[0].Destination.Bucket = aws.String("arn:aws:s3:::" + to)
	_, err = w.client.PutBucketReplication(w.t.Context(), &s3.PutBucketReplicationInput{Bucket: aws.String(w.bucket()), ReplicationConfiguration: now.ReplicationConfiguration})
	require.NoError(w.t, err)
}

// A rule that leads elsewhere since the upload: what the old replica holds is no backup of where
// the rule says that one is, so the version is verified only by what is there.
func TestARuleThatLeadsElsewhereSinceTheUploadVerifiesNothingByTheOldReplica(t *testing.T) {
	const other = "autobackup-dev-replica-media-" + account
	for name, run := range map[string]func(w *world){
		"before the first look":  func(w *world) { w.put("k", "content"); w.leads(other) },
		"while the replica lags": func(w *world) { w.put("k", "content"); time.Sleep(5 * time.Minute); w.leads(other) },
		"and a third bucket then": func(w *world) {
			w.put("k", "content")
			w.leads(other)
			time.Sleep(8 * time.Minute)
			w.leads(strings.Replace(other, "media", "databases", 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inOpenWorld(t, func(w *world) {
				w.S3.Replicate = func(locals3.Replication) locals3.Plan {
					return locals3.Plan{Lag: map[bool]time.Duration{true: 9 * time.Minute}[name != "before the first look"]}
				}
				run(w)
				w.settle()
				assert.Equal(t, []string{"REPLICA_MISSING"}, w.reasons())
				for _, line := range w.settled() {
					assert.NotEqual(t, verdict.Verified, line.Verdict)
				}
				require.NotEmpty(t, w.published("failure-topic"))

				w.leads(w.replicaBucket())
				time.Sleep(time.Hour)
				w.move("validation-dlq", "validation-queue")
				assert.Empty(t, w.parked(), "the rule leads back to where the replica is")
			}, soon...)
		})
	}
}
