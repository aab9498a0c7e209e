package local_test

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
	"autobackup/local/asl"
	locals3 "autobackup/local/s3"
	"autobackup/local/sns"
)

// fewest is how many uploads a storm has by default: not many more than it takes to make
// more batches than there may be e-mails. docs/architecture.md has the run with 10,000.
const fewest = 600

var stormSize = flag.Int("storm", fewest, "uploads in the storm tests; of more than the default, there are storms of each kind alone, too")

// What a storm of ten minutes may cost in e-mails: at most twenty, those of alarms
// and of their end counted in. docs/decisions/0018 reckons eight of alarms.
const (
	stormLasts  = 10 * time.Minute
	alarmMails  = 8
	mostMails   = 20 - alarmMails
	firstWithin = 3 * time.Minute
)

// storm uploads so many objects within ten minutes, waits until everything has
// come to its end, and answers when the first upload was made.
func (w *world) storm() (began time.Time) {
	began = w.Clock.Now()
	for i := range *stormSize {
		w.put(fmt.Sprintf("bulk/%05d", i), "content")
		time.Sleep(stormLasts / time.Duration(*stormSize))
	}
	w.settle()
	return began
}

func TestAStormIsAFewEMailsAndEverythingIsParked(t *testing.T) {
	storms := map[string]struct {
		breaks  func(w *world)
		parked  int // for each upload
		named   string
		tickets int // of ten uploads, by the pattern of docs/events.md, which takes no warnings
	}{
		"a policy denies every replica": {func(w *world) {
			w.S3.Fault = func(q locals3.Request) *locals3.Fault {
				if q.Operation == "HeadObject" && q.Bucket == w.replicaBucket() {
					return &locals3.Fault{Status: 403}
				}
				return nil
			}
		}, 1, "ACCESS_DENIED", 0},
		"S3 gives up every replication, and says so": {func(w *world) { w.S3.Replicate = failing }, 2, "REPLICATION_FAILED", 10},
		"every replica is corrupt":                   {func(w *world) { w.corrupted(locals3.FlipBit) }, 1, "CONTENT_MISMATCH", 10},
		"a function is broken": {func(w *world) {
			w.States.TaskFault = func(_ context.Context, resource string, parameters []byte) error {
				if caller(resource, parameters) == "CompareETags" {
					return &asl.Error{Name: reason.Internal}
				}
				return nil
			}
		}, 1, "WORKFLOW_ERROR", 0},
		"everything at once": {func(w *world) {
			w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
				return map[byte]locals3.Plan{'0': {Fail: true}, '1': {Corrupt: locals3.FlipBit}, '2': {Corrupt: locals3.Truncate}}[r.Key[len(r.Key)-1]]
			}
			w.S3.Fault = func(q locals3.Request) *locals3.Fault {
				if q.Operation == "HeadObject" && q.Bucket == w.replicaBucket() && q.Key != "" && q.Key[len(q.Key)-1] > '4' {
					return &locals3.Fault{Status: 403}
				}
				return nil
			}
		}, 0, "CONTENT_MISMATCH", 3},
	}
	for name, storm := range storms {
		if *stormSize == fewest && name != "everything at once" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				storm.breaks(w)
				began := w.storm()

				mails := w.published("failure-topic")
				require.NotEmpty(t, mails)
				assert.Len(t, w.published("chat-topic"), len(mails), "chat gets as few")
				assert.Len(t, w.open(), *stormSize/10*storm.tickets, "each version has its ticket")
				require.Greater(t, len(w.States.Executions()), mostMails, "an e-mail for each batch is not few: take more uploads")
				assert.Contains(t, w.mails(), storm.named)
				first := began.Add(time.Duration(w.parameter("DeliveryDelaySeconds")+w.parameter("BatchWindowSeconds")) * time.Second)
				assert.Less(t, mails[0].Time.Sub(first), firstWithin, "after the first failure")
				assert.LessOrEqual(t, within(mails, mails[0].Time.Add(stormLasts)), mostMails)
				assert.LessOrEqual(t, len(mails), mostMails+4, "with those that say that it is over")
				for i, m := range mails[1:] {
					assert.GreaterOrEqual(t, m.Time.Sub(mails[i].Time), time.Second, "never more than one a second")
				}
				if storm.parked > 0 {
					assert.Len(t, w.parked(), storm.parked**stormSize, "all of them are parked")
				}
				last := mails[len(mails)-1]
				assert.True(t, strings.Contains(last.Subject+last.Message, "over") || strings.Contains(last.Message, "30 minutes"), last.Subject)
				assert.Empty(t, w.messages("failure-dlq"))
				assert.Empty(t, w.messages("failure-queue"), "nobody wakes up any more")
			}, append(announcing(t), chatting)...)
		})
	}
}

// within counts the e-mails before a time.
func within(mails []sns.Publication, end time.Time) (n int) {
	for _, m := range mails {
		if m.Time.Before(end) {
			n++
		}
	}
	return n
}
