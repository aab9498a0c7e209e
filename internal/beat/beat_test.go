package beat_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/beat"
	"autobackup/internal/checksum"
	"autobackup/internal/digest"
	"autobackup/internal/hashbytes"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

var now = time.Date(2026, 11, 29, 20, 0, 0, 0, time.UTC)

func answered(status int) error {
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: errors.New("api error")}}
}

// services are all that a heartbeat calls, as it is where everything works. It notes each call that
// changes something.
type services struct {
	status  types.ReplicationStatus
	head    error
	refuses string // the operation that is refused
	digests map[string]string
	found   verdict.Found
	answer  func(*batch.Batch)
	failed  *string // the function's error
	calls   []string
	bodies  []string
	message string
}

func region(options []func(*s3.Options)) string {
	var o s3.Options
	for _, option := range options {
		option(&o)
	}
	return o.Region
}

func (s *services) call(operation, on string) error {
	if s.refuses == operation {
		return answered(http.StatusForbidden)
	}
	s.calls = append(s.calls, operation+" "+on)
	return nil
}

func (s *services) HeadObject(_ context.Context, in *s3.HeadObjectInput, options ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	if s.head != nil {
		return nil, s.head
	}
	if *in.Bucket != "primary" || region(options) != "eu-central-1" {
		return nil, answered(http.StatusBadRequest)
	}
	return &s3.HeadObjectOutput{VersionId: aws.String("v-" + *in.Key), ETag: aws.String(`"etag"`), ContentLength: aws.Int64(9), ReplicationStatus: s.status, LastModified: &now}, nil
}

func (s *services) PutObject(_ context.Context, in *s3.PutObjectInput, options ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	body, _ := io.ReadAll(in.Body)
	s.bodies = append(s.bodies, string(body))
	return &s3.PutObjectOutput{}, s.call("PutObject", *in.Bucket+"/"+*in.Key+" "+region(options))
}

func (s *services) DeleteObject(_ context.Context, in *s3.DeleteObjectInput, options ...func(*s3.Options)) (*s3.DeleteObjectOutput, error) {
	return &s3.DeleteObjectOutput{}, s.call("DeleteObject", *in.Bucket+"/"+*in.Key+"@"+aws.ToString(in.VersionId)+" "+region(options))
}

func (s *services) SendMessage(_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	s.message = *in.MessageBody
	return &sqs.SendMessageOutput{}, s.call("SendMessage", *in.QueueUrl)
}

func (s *services) HashList(_ context.Context, region string, list []hashbytes.Request) (all []hashbytes.Answer, err error) {
	if err := s.call("HashList", region); err != nil {
		return nil, err
	}
	for _, r := range list {
		if err := r.Validate(); err != nil {
			return nil, err
		}
		if s.found != verdict.Object {
			all = append(all, hashbytes.Answer{Found: s.found, Detail: "why"})
			continue
		}
		all = append(all, hashbytes.Answer{Found: verdict.Object, Digests: &digest.Digests{Blocks: []byte(s.digests[r.Bucket+"/"+r.Key])}})
	}
	return all, nil
}

func (s *services) Invoke(_ context.Context, in *lambda.InvokeInput, _ ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	if err := s.call("Invoke", *in.FunctionName); err != nil {
		return nil, err
	}
	if s.failed != nil {
		return &lambda.InvokeOutput{FunctionError: s.failed, Payload: []byte(`{"errorType":"Broken"}`)}, nil
	}
	var b batch.Batch
	if err := json.Unmarshal(in.Payload, &b); err != nil {
		return nil, err
	}
	about, err := s3event.Parse(b.Messages[0].Body)
	look := b.Messages[0].Look
	if err != nil || about.Bucket != "primary" || about.Key != "only/heartbeat/different" || look.Primary.Bucket != "primary" || len(look.Replicas) != 1 || look.Replicas[0].Bucket != "replica" {
		return nil, errors.New("no sides that differ")
	}
	b.Summary = batch.Summary{Text: "1 object after 1 look: 1 skipped (AS_PLANTED)", Objects: []batch.Settled{{ID: b.Messages[0].ID, Verdict: verdict.Skipped, Reason: reason.AsPlanted}}}
	s.answer(&b)
	payload, err := json.Marshal(b)
	return &lambda.InvokeOutput{Payload: payload}, err
}

func works() *services {
	return &services{
		status: types.ReplicationStatusCompleted, found: verdict.Object, answer: func(*batch.Batch) {},
		digests: map[string]string{
			"primary/only/heartbeat/verified": "a", "replica/only/heartbeat/verified": "a", "primary/only/heartbeat/lost": "b", "replica/only/heartbeat/lost": "b",
		},
	}
}

func (s *services) beater() beat.Beater {
	return beat.Beater{
		Objects: s, Queue: s, Hasher: s, Functions: s, Stage: "test", Account: "123456789012", Partition: "aws", Prefix: "only/",
		Primary: beat.Side{Bucket: "primary", Region: "eu-central-1"}, Replica: beat.Side{Bucket: "replica", Region: "eu-west-1"},
		QueueURL: "queue", CompareETags: "compare-etags", Algorithm: checksum.SHA256,
	}
}

var (
	puts  = []string{"PutObject primary/only/heartbeat/verified eu-central-1", "PutObject primary/only/heartbeat/lost eu-central-1"}
	tells = "Invoke compare-etags"
	reads = []string{"HashList eu-central-1", "HashList eu-west-1"}
	loses = []string{"DeleteObject replica/only/heartbeat/lost@v-only/heartbeat/lost eu-west-1", "SendMessage queue"}
)

func joined(lists ...any) (all []string) {
	for _, l := range lists {
		switch l := l.(type) {
		case string:
			all = append(all, l)
		case []string:
			all = append(all, l...)
		}
	}
	return all
}

// Whatever fails, the rest is tried, and what could not be planted or known is not claimed.
func TestAHeartbeatDoesAllThatItCan(t *testing.T) {
	broken := "Unhandled"
	for name, c := range map[string]struct {
		change func(*services)
		calls  []string
		want   beat.Beat
		err    string
	}{
		"everything works":                 {nil, joined(puts, tells, reads, loses), beat.Beat{Put: 2, Lost: true, Different: true}, ""},
		"it is the first":                  {func(s *services) { s.head = answered(http.StatusNotFound) }, joined(puts, tells), beat.Beat{Put: 2}, ""},
		"the one before is not replicated": {func(s *services) { s.status = types.ReplicationStatusPending }, joined(puts, tells), beat.Beat{Put: 2}, ""},
		"the one before may not be seen": {func(s *services) { s.head = answered(http.StatusForbidden) }, joined(puts, tells), beat.Beat{Put: 2},
			"HeadObject of s3://primary/only/heartbeat/verified: "},
		"none may be put": {func(s *services) { s.refuses = "PutObject" }, joined(tells, reads, loses), beat.Beat{Lost: true, Different: true},
			"PutObject of s3://primary/only/heartbeat/verified: "},
		"compare-etags may not be invoked": {func(s *services) { s.refuses = "Invoke" }, joined(puts, reads, loses), beat.Beat{Put: 2, Lost: true},
			"invoke compare-etags with sides that differ: "},
		"compare-etags fails": {func(s *services) { s.failed = &broken }, joined(puts, tells, reads, loses), beat.Beat{Put: 2, Lost: true},
			`compare-etags failed with sides that differ: "{\"errorType\":\"Broken\"}"`},
		"compare-etags calls it verified": {func(s *services) {
			s.answer = func(b *batch.Batch) {
				b.Summary = batch.Summary{Text: "1 verified", Objects: []batch.Settled{{Verdict: verdict.Verified}}}
			}
		}, joined(puts, tells, reads, loses), beat.Beat{Put: 2, Lost: true}, `compare-etags does not tell sides that differ: it answers "1 verified"`},
		"compare-etags skips it for another reason": {func(s *services) {
			s.answer = func(b *batch.Batch) { b.Summary.Objects[0].Reason = reason.IsReplica }
		}, joined(puts, tells, reads, loses), beat.Beat{Put: 2, Lost: true}, "compare-etags does not tell sides that differ"},
		"compare-etags calls it failed": {func(s *services) {
			s.answer = func(b *batch.Batch) { b.Summary.Objects[0].Verdict = verdict.Failed }
		}, joined(puts, tells, reads, loses), beat.Beat{Put: 2, Lost: true}, "compare-etags does not tell sides that differ"},
		"compare-etags answers nothing": {func(s *services) {
			s.answer = func(b *batch.Batch) { b.Summary.Objects = nil }
		}, joined(puts, tells, reads, loses), beat.Beat{Put: 2, Lost: true}, "compare-etags does not tell sides that differ"},
		"hash-bytes may not be invoked": {func(s *services) { s.refuses = "HashList" }, joined(puts, tells, loses), beat.Beat{Put: 2, Lost: true}, "hash-bytes in eu-central-1: "},
		"hash-bytes can't read":         {func(s *services) { s.found = verdict.Denied }, joined(puts, tells, reads[0], loses), beat.Beat{Put: 2, Lost: true}, "hash-bytes in eu-central-1 of s3://primary/only/heartbeat/verified: denied why"},
		"hash-bytes reads everything as the same": {func(s *services) {
			for name := range s.digests {
				s.digests[name] = "a"
			}
		}, joined(puts, tells, reads, loses), beat.Beat{Put: 2, Lost: true}, "hash-bytes does not tell two heartbeats that differ, in eu-central-1 and in eu-west-1"},
		"both sides are not read as the same": {func(s *services) { s.digests["replica/only/heartbeat/lost"] = "c" }, joined(puts, tells, reads, loses), beat.Beat{Put: 2, Lost: true},
			"hash-bytes of eu-central-1 and of eu-west-1 do not read the same of the same heartbeats"},
		"the replica may not be deleted": {func(s *services) { s.refuses = "DeleteObject" }, joined(puts, tells, reads), beat.Beat{Put: 2, Different: true}, "DeleteObject of s3://replica/only/heartbeat/lost: "},
		"the message can't be sent":      {func(s *services) { s.refuses = "SendMessage" }, joined(puts, tells, reads, loses[0]), beat.Beat{Put: 2, Different: true}, "SendMessage to queue: "},
	} {
		t.Run(name, func(t *testing.T) {
			s := works()
			if c.change != nil {
				c.change(s)
			}
			got, err := s.beater().Beat(t.Context(), now)
			assert.Equal(t, c.want, got)
			assert.Equal(t, c.calls, s.calls)
			if c.err == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, c.err)
			}
		})
	}
}

// No two heartbeats have one content, and the version that is lost is told of as an upload's event is.
func TestWhatAHeartbeatPutsIsNewAndWhatItSendsIsAboutTheOneBefore(t *testing.T) {
	s := works()
	for range 2 {
		_, err := s.beater().Beat(t.Context(), now)
		require.NoError(t, err)
	}
	seen := map[string]bool{}
	for _, body := range s.bodies {
		assert.Regexp(t, `^heartbeat of stage test at 2026-11-29T20:00:00Z, only/heartbeat/(verified|lost) [A-Z2-7]{26}\n$`, body)
		assert.False(t, seen[body], "it was put before")
		seen[body] = true
	}
	assert.Len(t, seen, 4)
	version, err := s3event.Parse(s.message)
	require.NoError(t, err)
	assert.Equal(t, s3event.ObjectVersion{
		Bucket: "primary", Key: "only/heartbeat/lost", VersionID: "v-only/heartbeat/lost", Region: "eu-central-1", Account: "123456789012", Size: 9, ETag: "etag", Time: now, Reason: "autobackup heartbeat",
	}, version)
}
