package local_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/handler"
	"autobackup/internal/hashbytes"
	"autobackup/internal/verdict"
	"autobackup/local"
	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/lambda"
	locals3 "autobackup/local/s3"
	wires "autobackup/local/wire"
)

// scp denies what a role does, as a policy of the organization does that says Deny.
func scp(role, actions string) func(*gate.Gate, gate.Call) error {
	return func(g *gate.Gate, c gate.Call) error {
		if strings.Contains(c.By.Role, role) && strings.HasPrefix(c.Action, actions) {
			return g.DeniedBy(c, iam.SCPSide, true)
		}
		return nil
	}
}

// crashes is a function whose process exits.
func crashes(name string) func(w *world) {
	return func(w *world) {
		w.function(name).FailNext(1<<30, lambda.FunctionError{Type: "Runtime.ExitError", Message: "exit status 2"})
	}
}

// answering is a function that answers something else.
func answering(answer string) func(handler.Func) handler.Func {
	return func(handler.Func) handler.Func {
		return func(context.Context, []byte) ([]byte, error) { return []byte(answer), nil }
	}
}

// seeing is compare-etags with other looks in the place of those that it gets.
func seeing(change func(m *batch.Message)) func(handler.Func) handler.Func {
	return func(code handler.Func) handler.Func {
		return func(ctx context.Context, payload []byte) ([]byte, error) {
			var b batch.Batch
			if err := json.Unmarshal(payload, &b); err != nil {
				return nil, err
			}
			for i := range b.Messages {
				change(&b.Messages[i])
			}
			changed, err := json.Marshal(b)
			if err != nil {
				return nil, err
			}
			return code(ctx, changed)
		}
	}
}

// changing is code that does what it does, and changes what it answers.
func changing[Answer any](change func(*Answer)) func(handler.Func) handler.Func {
	return func(code handler.Func) handler.Func {
		return func(ctx context.Context, payload []byte) ([]byte, error) {
			out, err := code(ctx, payload)
			if err != nil {
				return out, err
			}
			var answer Answer
			if err := json.Unmarshal(out, &answer); err != nil {
				return nil, err
			}
			change(&answer)
			return json.Marshal(answer)
		}
	}
}

// passes has a round call verified whatever it is about.
func passes(b *batch.Batch) {
	for _, f := range b.Failed {
		b.Summary.Objects = append(b.Summary.Objects, batch.Settled{ID: f.ID, Verdict: verdict.Verified})
	}
	for i := range b.Summary.Objects {
		b.Summary.Objects[i].Verdict, b.Summary.Objects[i].Reason = verdict.Verified, ""
	}
	b.Failed, b.Lagging = nil, nil
	*b = b.Count()
}

// alikeAll has a list of reads come to the same of all.
func alikeAll(a *hashbytes.Answers) {
	for i := range a.Answers {
		a.Answers[i].Digests = a.Answers[0].Digests
	}
}

// readingAll has the bytes of everything read.
var readingAll = []change{defaults("template.yaml", "ByteVerification", "always")}

// remembering is a hash-bytes that answers what it answered first, whatever it is asked to read.
func remembering() func(handler.Func) handler.Func {
	return func(code handler.Func) handler.Func {
		var first []byte
		return func(ctx context.Context, payload []byte) (answer []byte, err error) {
			if first == nil {
				first, err = code(ctx, payload)
			}
			return first, err
		}
	}
}

var uploadRule = arnOf("events", "rule/autobackup-s3-upload-trigger-dev")

// byThis is what stands in the place of one function.
func byThis(function string, other func(handler.Func) handler.Func) map[string]func(handler.Func) handler.Func {
	return map[string]func(handler.Func) handler.Func{function: other}
}

// corrupt has replicas differ from their primaries from then on.
func corrupt(w *world) {
	w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Corrupt: locals3.FlipBit} }
}

// notifiesNobody takes a bucket's notifications away, as whoever puts a configuration without them does.
func notifiesNobody(w *world) {
	_, err := w.client.PutBucketNotificationConfiguration(w.t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: aws.String(w.bucket()), NotificationConfiguration: &types.NotificationConfiguration{},
	})
	require.NoError(w.t, err)
}

// ofReplicas has each call of the replicas' buckets, or of all that is in their account, refused.
func ofReplicas(code string, status int) func(*gate.Gate, gate.Call) error {
	return func(_ *gate.Gate, c gate.Call) error {
		if strings.Contains(c.Resource, otherAccount) || strings.HasPrefix(c.Resource, "arn:aws:s3:::autobackup-dev-replica-") {
			return &wires.Error{Code: code, Status: status, Message: "A fault that somebody wants."}
		}
		return nil
	}
}

// breakages are those that an alarm must notice within the hour. What of people's buckets alone is
// turned off, only who looks there notices: doctor, which the stack has invoked each hour here. What
// of the stack is, its heartbeats notice.
var breakages = map[string]breakage{
	"notifications are off": {rings: "doctor-failed", breaks: notifiesNobody},
	"an attached bucket's notifications are what somebody's code says": {rings: "doctor-failed", changes: configurations["attached"], breaks: notifiesNobody},
	"the rule is disabled": {rings: "nothing-verified", lean: "doctor-failed", breaks: func(w *world) { w.Events.Bus(w.region).Switch(uploadRule, false) }},
	"the rule's pattern is of another bucket": {rings: "nothing-verified", lean: "doctor-failed", breaks: func(w *world) {
		bus := w.Events.Bus(w.region)
		for _, r := range bus.Rules() {
			if r.ARN == uploadRule {
				bus.RemoveRule(r.ARN)
				r.Pattern = []byte(strings.ReplaceAll(string(r.Pattern), "autobackup-dev-primary-", "acme-"))
				require.NoError(w.t, bus.AddRule(r))
			}
		}
	}},

	"the pipe is stopped":        {rings: "pipe-not-running", lean: "doctor-failed", breaks: func(w *world) { w.Pipes.Stop(arnOf("pipes", "pipe/autobackup-validation-pipe-dev")) }},
	"the queue's policy is gone": {rings: "event-delivery-failed", breaks: func(w *world) { w.Gate.Detach(w.queue("validation-queue")) }},
	"no queue has a policy": {rings: "event-delivery-failed", breaks: func(w *world) {
		w.Gate.Detach(w.queue("validation-queue"))
		w.Gate.Detach(w.queue("event-dlq"))
	}},

	"the queues' key is disabled": {rings: "event-delivery-failed", lean: ofTheFullForm, breaks: func(w *world) { w.Gate.Disable(keyARN("SQSKey")) }},
	"the queue has another key": {rings: "event-delivery-failed", breaks: func(w *world) {
		foreignKey(w.t, w.Gate)
		require.NoError(w.t, w.SQS.SetKey(w.queue("validation-queue"), arnOf("kms", "foreign")))
	}},
	"the key of what is stored is disabled": {rings: "validation-dlq-not-empty", lean: withoutHeartbeats, changes: ownKeys(account), breaks: func(w *world) { w.Gate.Disable(keyARN("StorageKey")) }},
	"the replicas' key is disabled":         {rings: "replication-failed", lean: "validation-dlq-not-empty", changes: ownKeys(account), breaks: func(w *world) { w.Gate.Disable(replicaKeyOf(account)) }},
	"what is stored has another key": {rings: "validation-dlq-not-empty", changes: ownKeys(account), breaks: func(w *world) { foreignKey(w.t, w.Gate) }, uploads: func(in *s3.PutObjectInput) {
		in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, aws.String(arnOf("kms", "foreign"))
	}},

	"the pipe may not ask the queue": {rings: "pipe-not-running", lean: later, denies: scp("ValidationPipeRole", "sqs:")},
	"the pipe may start nothing":     {rings: "pipe-failing", lean: "validation-dlq-not-empty", denies: scp("ValidationPipeRole", "states:")},
	"nothing may be looked at":       {rings: "validation-dlq-not-empty", denies: scp("fetch-etags", "s3:")},
	"a boundary lets nothing be looked at": {rings: "validation-dlq-not-empty", denies: func(g *gate.Gate, c gate.Call) error {
		if strings.Contains(c.By.Role, "fetch-etags") && strings.HasPrefix(c.Action, "s3:") {
			return g.DeniedBy(c, iam.BoundarySide, false)
		}
		return nil
	}},
	"functions may not be invoked": {rings: "executions-failed", denies: scp("ValidationStateMachineRole", "lambda:")},
	"nothing may be replicated":    {rings: "replication-failed", lean: "validation-dlq-not-empty", denies: scp("replication-", "s3:")},
	"nobody may anything":          {rings: "pipe-not-running", lean: later, denies: scp("role/autobackup", "")},

	"fetch-etags crashes":   {rings: "function-errors-FetchETags", lean: "executions-failed", breaks: crashes("fetch-etags")},
	"compare-etags crashes": {rings: "function-errors-CompareETags", lean: "executions-failed", breaks: crashes("compare-etags")},
	"compare-bytes crashes": {rings: "function-errors-CompareBytes", lean: "validation-dlq-not-empty", changes: readingAll, breaks: crashes("compare-bytes")},
	"hash-bytes crashes":    {rings: "function-errors-HashBytes", lean: "validation-dlq-not-empty", changes: readingAll, breaks: crashes("hash-bytes")},
	"failure-notifier crashes, and nothing is replicated": {rings: "function-errors-FailureNotifier", lean: "failure-queue-too-old", breaks: func(w *world) {
		crashes("failure-notifier")(w)
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Fail: true} }
	}},
	"doctor crashes":                       {rings: "function-errors-Doctor", breaks: crashes("doctor")},
	"fetch-etags answers garbage":          {rings: "executions-failed", code: byThis("fetch-etags", answering(`{"garbage": true}`))},
	"compare-etags answers garbage":        {rings: "executions-failed", code: byThis("compare-etags", answering(`{"garbage": true}`))},
	"hash-bytes answers garbage":           {rings: "function-errors-CompareBytes", lean: "validation-dlq-not-empty", changes: readingAll, code: byThis("hash-bytes", answering(`{"garbage": true}`))},
	"hash-bytes answers of another object": {rings: "validation-dlq-not-empty", changes: readingAll, code: byThis("hash-bytes", remembering())},
	"fetch-etags loses what it gets":       {rings: "nothing-verified", lean: withoutHeartbeats, code: byThis("fetch-etags", answering(`{"execution":"e","messages":[],"lagging":[],"reading":[],"failed":[],"over":[],"counts":{},"wait":0}`))},

	"everything passes": {rings: "heartbeat-missed-Lost", lean: withoutHeartbeats, breaks: corrupt, code: byThis("compare-etags", seeing(func(m *batch.Message) {
		for i := range m.Look.Replicas {
			m.Look.Replicas[i].Side = m.Look.Primary
		}
	}))},
	"everything fails": {rings: "validation-dlq-not-empty", code: byThis("compare-etags", seeing(func(m *batch.Message) { m.Look.Primary.Size++ }))},

	"the replica stack is deleted": {rings: "heartbeat-missed-Different", lean: "doctor-failed", breaks: func(w *world) {
		environment, err := local.Environment(project, "replica")
		require.NoError(w.t, err)
		require.NoError(w.t, w.Delete(environment))
	}},
	"the replicas' buckets are deleted": {rings: "validation-dlq-not-empty", denies: ofReplicas("NoSuchBucket", http.StatusNotFound)},
	"the replicas' account is closed":   {rings: "validation-dlq-not-empty", changes: configurations["another account"], denies: ofReplicas("AllAccessDisabled", http.StatusForbidden)},

	"EventBridge tells of no upload at all": {rings: "nothing-verified", lean: withoutHeartbeats, breaks: func(w *world) { w.S3.OnEvent = func(string, []byte) {} }},
	"S3 replicates nothing, and says nothing": {rings: "nothing-verified", lean: withoutHeartbeats, breaks: func(w *world) {
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Lag: day} }
	}},
	"compare-etags calls everything verified": {rings: "heartbeat-missed-Different", lean: withoutHeartbeats, code: byThis("compare-etags", changing(passes))},
	"hash-bytes reads everything as the same": {rings: "heartbeat-missed-Different", lean: withoutHeartbeats, code: byThis("hash-bytes", changing(alikeAll))},
	"heartbeats may not be put":               {rings: "nothing-verified", lean: ofTheFullForm, denies: scp("autobackup-dev-heartbeat", "s3:PutObject")},
	"their function fails":                    {rings: "heartbeat-stopped", lean: ofTheFullForm, breaks: crashes("heartbeat")},

	"the functions' clock is three hours late":  {rings: "heartbeat-stopped", lean: withoutHeartbeats, late: 3 * time.Hour},
	"the functions' clock is three hours ahead": {rings: "heartbeat-stopped", lean: withoutHeartbeats, late: -3 * time.Hour},
}

// playedByDefault are the breakages that are tried by default, one of each way to be noticed.
var playedByDefault = []string{"notifications are off", "the pipe is stopped", "the queue has another key", "the pipe may start nothing", "compare-etags crashes", "everything passes"}
