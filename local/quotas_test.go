package local_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
	"autobackup/local/gate"
	locals3 "autobackup/local/s3"
)

// smallBatches have few uploads be many executions.
var smallBatches = []change{defaults("template.yaml", "BatchSize", "5"), defaults("template.yaml", "BatchWindowSeconds", "1")}

// exceeded are quotas of AWS in proportion to what is uploaded: so many objects, so many a second.
var exceeded = map[string]struct {
	quotas   gate.Quotas
	others   string // an action of which others in the account have just used up the bucket
	objects  int
	aSecond  int
	looks    time.Duration // how long S3 takes to answer a HEAD
	damaged  string        // the end of the keys whose replicas are
	happens  string        // an ending that there must be, or nothing shows that the quota was too small
	changes  []change
	duration time.Duration // at most, until all has come to an end
	seldom   bool          // with -more alone: another has its effect, too
}{
	// A hundredth of the quota of most regions. 75 objects a second in batches of 5 are ten times as many.
	"ten times as many executions as may be started": {
		quotas: gate.Quotas{Calls: []gate.Quota{{Actions: []string{"states:StartExecution"}, Bucket: 8, Refill: 1.5}}}, objects: 300, aSecond: 75, damaged: "07",
		happens: "parked by SQS", changes: smallBatches, duration: time.Hour,
	},
	"ten functions at once, and looks that end within the tries": {
		quotas: gate.Quotas{Functions: 10}, objects: 300, aSecond: 300, looks: 3 * time.Second, damaged: "07",
		happens: "verified", changes: smallBatches, duration: time.Hour, seldom: true,
	},
	"ten functions at once, and looks that don't": {
		quotas: gate.Quotas{Functions: 10}, objects: 250, aSecond: 250, looks: 8 * time.Second, damaged: "07",
		happens: "parked and told", changes: []change{defaults("template.yaml", "BatchSize", "1")}, duration: time.Hour,
	},
	"SQS": {
		quotas:  gate.Quotas{Calls: []gate.Quota{{Actions: []string{"sqs:SendMessage"}, Bucket: 5, Refill: 0.5}, {Actions: []string{"sqs:ReceiveMessage", "sqs:DeleteMessage"}, Bucket: 5, Refill: 0.5}}},
		objects: 180, aSecond: 45, damaged: "7",
		happens: "parked and told", changes: smallBatches, duration: day,
	},
	"KMS": {
		quotas: gate.Quotas{Calls: []gate.Quota{{Actions: []string{"kms:Decrypt", "kms:GenerateDataKey"}, Bucket: 20, Refill: 2}}}, objects: 180, aSecond: 45, damaged: "7",
		happens: "verified", changes: smallBatches, duration: day, seldom: true,
	},
	"SNS": {
		quotas: gate.Quotas{Calls: []gate.Quota{{Actions: []string{"sns:Publish"}, Bucket: 1, Refill: 0.002}}}, others: "sns:Publish", objects: 90, aSecond: 45, damaged: "7",
		happens: "parked and told", changes: smallBatches, duration: day,
	},
}

// What AWS throttles is late or parked, and nothing that is right is told as wrong. Once the quotas
// are large enough, what was parked or failed is put back, and ends as it had in the first place.
func TestWhateverQuotaIsExceededNothingIsLostAndNothingIsToldFalsely(t *testing.T) {
	for name, of := range exceeded {
		if !*more && of.seldom {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				wrong := func(key string) bool { return strings.HasSuffix(key, of.damaged) }
				w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
					if wrong(r.Key) {
						return locals3.Plan{Corrupt: locals3.FlipBit}
					}
					return locals3.Plan{}
				}
				w.S3.Fault = func(q locals3.Request) *locals3.Fault {
					if q.Operation == "HeadObject" {
						time.Sleep(of.looks / 2) // of both sides one after the other
					}
					return nil
				}
				w.Gate.Limit(w.Clock, of.quotas)
				if of.others != "" {
					require.NoError(t, w.Gate.As(w.Gate.Owner()).May(of.others, "arn:aws:sns:"+w.region+":"+account+":theirs"))
				}
				began := w.Clock.Now()
				versions := map[string]string{}
				for n := range of.objects {
					key := fmt.Sprintf("burst/%04d", n)
					versions[w.put(key, "content")] = key
					time.Sleep(time.Second / time.Duration(of.aSecond))
				}
				w.settle()
				l := w.balance(versions, wrong)
				t.Logf("%s; %d calls were above the quota; it took %s", l, w.Gate.OverQuota(), w.Clock.Now().Sub(began))
				assert.Empty(t, l.problems)
				assert.Positive(t, w.Gate.OverQuota())
				assert.Positive(t, l.ends[of.happens], l)
				assert.Zero(t, l.ends["waiting"]+l.ends[dropped], l)
				assert.Less(t, w.Clock.Now().Sub(began), of.duration)
				for why := range l.reasons {
					assert.Contains(t, []string{string(reason.ContentMismatch), string(reason.WorkflowError), "no reason"}, why)
				}

				w.Gate.Limit(w.Clock, gate.Quotas{})
				w.S3.Fault = nil
				w.putBack()
				l = w.balance(versions, wrong)
				assert.Empty(t, l.problems)
				right := 0
				for _, key := range versions {
					if !wrong(key) {
						right++
					}
				}
				assert.Equal(t, right, l.ends["verified"], l)
				assert.Equal(t, of.objects-right, l.ends["parked and told"], l)
				assert.Empty(t, w.messages("failure-dlq"))
			}, of.changes...)
		})
	}
}

// putBack has what is parked looked at again, and what came into executions that failed, which no
// redrive of an execution that ended in a Fail state mends, as `autobackup retry` does.
func (w *world) putBack() {
	w.t.Helper()
	for _, e := range w.validations() {
		if e.Result.Status == types.ExecutionStatusSucceeded {
			continue
		}
		for _, m := range w.messagesOf(e) {
			w.send(m.Body)
		}
	}
	w.settle()
	if len(w.parked()) > 0 {
		w.move("validation-dlq", "validation-queue")
	}
}
