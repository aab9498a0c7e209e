package local_test

import (
	"fmt"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	locals3 "autobackup/local/s3"
)

// explored is a world in which faults are tried.
type explored struct {
	changes []change
	drives  func(w *world) []upload
	own     int    // faults of the workflow's own calls that -more tries
	others  int    // the same of others; where both are 0, the world is played only where it is asked for
	of      string // pattern of whose calls come first among the others: the world is there for them
}

// upload is a version that comes into a world, and what becomes of it where nothing fails.
type upload struct {
	name, key, version string
	wrong              bool // both sides differ
	audited            bool // no message tells of it: an audit finds it, or says that it could not
	unnamed            bool // of so many that e-mails name not all
	late               bool // its replica comes after its deadline
	ends               string
}

var exploredWorlds = map[string]explored{
	"each verdict":  {soon, (*world).eachVerdict, 48, 20, "etags"},
	"attached":      {slices.Concat(soon, configurations["attached"]), (*world).bytesRead, 0, 4, "etags"},
	"audited":       {slices.Concat(soon, audited(defaults("template.yaml", "AuditFindings", "validate"))), (*world).auditedOnce, 0, 8, "audit"},
	"given up":      {soon, (*world).givenUp, 0, 10, "FailureNotifierRole|failure-notifier"},
	"bytes read":    {slices.Concat(soon, always), (*world).bytesRead, 20, 18, "/results/|-bytes-dev"},
	"own keys":      {slices.Concat(soon, configurations["SSE-KMS"]), (*world).bytesRead, 0, 3, "BytesRole|-bytes-dev"},
	"told again":    {soon, (*world).toldAgain, 0, 32, "FailureNotifierRole|failure-notifier"},
	"heartbeats":    {slices.Concat(soon, ownKeys(account)), (*world).besideHeartbeats, 0, 8, "heartbeat"},
	"largest batch": {soon, (*world).largestBatch, 1, 1, "etags"},
	"storm":         {soon, (*world).manyFailures, 0, 0, "FailureNotifierRole|failure-notifier"},
}

// soon has the deadline come early, so that runs are short.
var soon = []change{defaults("template.yaml", "DeadlineMinutes", "15"), defaults("template.yaml", "MarkerDeadlineMinutes", "15")}

// givenUp is a batch of which S3 gave one up, and notifies.
func (w *world) givenUp() []upload {
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan { return locals3.Plan{Fail: r.Key == "given-up"} }
	return []upload{
		{name: "good", key: "good", version: w.put("good", "content"), ends: "verified"},
		{name: "given up", key: "given-up", version: w.put("given-up", "content"), wrong: true, ends: "parked REPLICATION_FAILED"},
	}
}

// besideHeartbeats is an upload while two heartbeats come, the second of which plants a loss. Whatever
// goes wrong of heartbeats, uploads know nothing of it.
func (w *world) besideHeartbeats() []upload {
	all := []upload{{name: "good", key: "good", version: w.put("good", "content"), ends: "verified"}}
	w.beats(2) // whose errors alarms tell of
	return all
}

// toldAgain is a batch whose failures an operator has told again, and then looked at again.
func (w *world) toldAgain() []upload {
	w.redriven = map[string]bool{}
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
		return map[string]locals3.Plan{"corrupt": {Corrupt: locals3.FlipBit}, "lagging": {Lag: 90 * time.Minute}}[r.Key]
	}
	all := []upload{
		{name: "good", key: "good", version: w.put("good", "content"), ends: "verified"},
		{name: "corrupt", key: "corrupt", version: w.put("corrupt", "content"), wrong: true, ends: "parked CONTENT_MISMATCH"},
		{name: "lagging", key: "lagging", version: w.put("lagging", "content"), wrong: true, late: true, ends: "verified"},
	}
	for _, to := range []string{"failure-queue", "validation-queue"} {
		time.Sleep(time.Hour)
		for _, m := range w.parked() {
			w.redriven[m.Body] = true
		}
		if _, err := w.SQS.StartMessageMoveTask(w.queue("validation-dlq"), w.queue(to), 0); err != nil {
			panic(err) // queues without a fault
		}
	}
	return all
}

// largestBatch is as many messages as one execution takes, each as long as the queue takes, with two
// that fail among them.
func (w *world) largestBatch() (all []upload) {
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
		return map[string]locals3.Plan{"corrupt": {Corrupt: locals3.FlipBit}, "missing": {Lag: 365 * day}}[r.Key]
	}
	for n := range w.parameter("BatchSize") {
		u := upload{name: fmt.Sprint("long ", n), key: fmt.Sprint(strings.Repeat("long/", 200), n), unnamed: true, ends: "verified"}
		switch n {
		case 7:
			u = upload{name: "corrupt", key: "corrupt", wrong: true, unnamed: true, ends: "parked CONTENT_MISMATCH"}
		case 8:
			u = upload{name: "missing", key: "missing", wrong: true, unnamed: true, ends: "parked REPLICA_MISSING"}
		}
		u.version = w.put(u.key, "content")
		all = append(all, u)
	}
	return all
}

// manyFailures are uploads of ten minutes, of which every third comes out damaged.
func (w *world) manyFailures() (all []upload) {
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
		return map[bool]locals3.Plan{true: {Corrupt: locals3.FlipBit}}[strings.HasPrefix(r.Key, "corrupt")]
	}
	const uploads = 240
	for n := range uploads {
		u := upload{key: fmt.Sprint("good", n), ends: "verified"}
		if n%3 == 0 {
			u = upload{key: fmt.Sprint("corrupt", n), wrong: true, unnamed: true, ends: "parked CONTENT_MISMATCH"}
		}
		u.name, u.version = u.key, w.put(u.key, "content")
		all = append(all, u)
		time.Sleep(10 * time.Minute / uploads)
	}
	return all
}

// auditedOnce are objects that were there before anybody was told of uploads, of which an audit
// finds one lost and has it validated.
func (w *world) auditedOnce() []upload {
	told := w.S3.OnEvent
	w.S3.OnEvent = func(string, []byte) {}
	all := []upload{
		{name: "good", key: "good", version: w.put("good", "content"), audited: true},
		{name: "lost", key: "lost", version: w.put("lost", "content"), wrong: true, audited: true, ends: "parked REPLICA_MISSING"},
	}
	synctest.Wait()
	w.S3.OnEvent = told
	time.Sleep(3 * day)
	w.lose("lost", all[1].version)
	if err := w.Events.Fire(w.region, "autobackup-audit-dev"); err != nil {
		w.refused++ // as a rule's failed invocations, of which an alarm tells
	}
	return all
}

// bytesRead are objects whose bytes are read, of which two are so large that ranges of them are.
func (w *world) bytesRead() []upload {
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
		if r.Key == "corrupt" {
			return locals3.Plan{Corrupt: locals3.FlipBit}
		}
		return locals3.Plan{}
	}
	all := []upload{
		{name: "good", key: "good", ends: "verified"},
		{name: "corrupt", key: "corrupt", wrong: true, ends: "parked CONTENT_MISMATCH"},
		{name: "large", key: "large", ends: "verified"},
	}
	for n, u := range all {
		all[n].version = w.put(u.key, map[bool]string{true: strings.Repeat("0123456789abcdef", 60), false: "content"}[u.key != "good"])
	}
	return all
}

// eachVerdict is a batch with an object of each verdict.
func (w *world) eachVerdict() []upload {
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
		switch r.Key {
		case "corrupt":
			return locals3.Plan{Corrupt: locals3.FlipBit}
		case "missing":
			return locals3.Plan{Lag: 365 * day}
		case "recut":
			return recut(3, types.ChecksumTypeComposite, locals3.Intact)
		}
		return locals3.Plan{}
	}
	all := []upload{
		{name: "good", key: "good", ends: "verified"},
		{name: "corrupt", key: "corrupt", wrong: true, ends: "parked CONTENT_MISMATCH"},
		{name: "missing", key: "missing", wrong: true, ends: "parked REPLICA_MISSING"},
		{name: "marked", key: "marked", ends: "verified"},
		{name: "deleted", key: "deleted", ends: "skipped"},
		{name: "recut", key: "recut", ends: "verified"}, // its replica's parts are others
	}
	for n, u := range all {
		all[n].version = w.put(u.key, "content of "+u.key, func(in *s3.PutObjectInput) {
			if u.key == "recut" {
				in.ChecksumAlgorithm, in.Tagging = types.ChecksumAlgorithmCrc32, aws.String("a=b")
			}
		})
	}
	time.Sleep(time.Second)
	all = append(all, upload{name: "the marker", key: "marked", version: w.remove("marked", ""), ends: "verified"})
	w.remove("deleted", all[4].version)
	w.lose("deleted", all[4].version)
	return all
}
