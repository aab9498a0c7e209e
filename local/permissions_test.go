package local_test

import (
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
	"autobackup/internal/s3error"
	"autobackup/internal/verdict"
	"autobackup/local"
	"autobackup/local/gate"
	"autobackup/local/iam"
	locals3 "autobackup/local/s3"
	"autobackup/local/testing/page"
)

// grant is an action that a policy allows: one of a role, or a statement of another's.
type grant struct{ policy, action string }

func (g grant) String() string { return g.policy + " " + g.action }

// grantOf names a statement's. Statements of resources and keys are told apart by their Sid,
// those of roles about keys by the keys.
func grantOf(d *iam.Document, s iam.Statement, action string) grant {
	name := inWords(d.Name)
	switch {
	case d.Kind == iam.Trust:
		name = "who may assume " + d.Name
	case d.Kind != iam.Identity:
		name += ", " + s.Sid
	case strings.HasPrefix(action, "kms:"):
		var keys []string
		for _, key := range s.Resources {
			keys = append(keys, strings.TrimPrefix(inWords(key), "key "))
		}
		name += ", " + strings.Join(keys, " and ")
	}
	return grant{name, action}
}

// inWords is the name of a policy without the region and the account of what it hangs on.
func inWords(name string) string {
	parts := strings.SplitN(name, ":", 6)
	if len(parts) < 6 {
		return name
	}
	return map[string]string{"s3": "bucket", "sqs": "queue", "sns": "topic", "kms": "key", "lambda": "function"}[parts[2]] + " " + placeless.Replace(parts[5])
}

var placeless = strings.NewReplacer(
	"-beat-"+secondRegion, "-beat", "-"+otherAccount, "", "-"+account, "", "function:", "",
	"key/autobackup-replica-dev-TheirKey", "their replica's key", "key/autobackup-dev-TheirKey", "their key",
	"key/autobackup-replica-dev-", "replica's ", "key/autobackup-dev-EnvironmentKey", "EnvironmentKmsKeyArn", "key/autobackup-dev-", "",
)

// everything is uploads that make every part of the workflow do what it is there for:
// some are verified, one late, some fail, some are read, one in ranges, and S3 gives one up.
// The reading in ranges is stopped once, and redriven. Two heartbeats come, of which the second
// one plants a loss.
func (w *world) everything() {
	reading := w.readings()
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
		switch r.Key {
		case "corrupt":
			return locals3.Plan{Corrupt: locals3.FlipBit}
		case "given up":
			return locals3.Plan{Fail: true}
		case "late":
			return locals3.Plan{Lag: 5 * time.Minute}
		}
		return locals3.Plan{}
	}
	for _, key := range []string{"good", "tagged", "corrupt", "given up", "late", "large"} {
		content := "content"
		if key == "large" {
			content = strings.Repeat("0123456789abcdef", 200)
		}
		in := &s3.PutObjectInput{Bucket: aws.String(w.bucket()), Key: &key, Body: strings.NewReader(content)}
		if key == "tagged" {
			in.Tagging = aws.String("a=b")
		}
		if _, err := w.client.PutObject(w.t.Context(), in); err != nil {
			require.ErrorContains(w.t, err, "AccessDenied")
			w.refused++
		}
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), day)
	defer cancel()
	select {
	case <-reading:
		synctest.Wait() // what else runs at this instant has ended
		w.redriveAll()
	case <-time.After(time.Hour): // bubble time: without some permission nothing is read
	}
	if w.Lambda.Function(arnOf("lambda", "function:autobackup-heartbeat-dev")) != nil {
		w.unbeaten = w.beats(2)
	}
	_ = w.WaitIdle(ctx) // a sender that may not send goes on trying, and an alarm tells of its queue
	synctest.Wait()
}

// readings is closed when a range is read for the first time, which takes some seconds.
func (w *world) readings() <-chan struct{} {
	reading, begun := make(chan struct{}), atomic.Bool{}
	w.States.TaskFault = func(ctx context.Context, _ string, parameters []byte) error {
		if strings.Contains(string(parameters), `"operation":"range"`) && begun.CompareAndSwap(false, true) {
			close(reading)
			return w.Clock.Sleep(ctx, 10*time.Second)
		}
		return nil
	}
	return reading
}

// redriveAll stops and redrives what is under way, as an operator does.
func (w *world) redriveAll() {
	owner := w.Gate.As(w.Gate.Owner())
	for _, e := range w.States.Executions() {
		if e.Result == nil {
			_, err := w.States.StopExecution(w.t.Context(), owner, e.ARN, "", "")
			require.NoError(w.t, err)
			_, err = w.States.RedriveExecution(owner, e.ARN)
			require.NoError(w.t, err)
		}
	}
}

const day = 24 * time.Hour

// unseen are granted and used by nothing here, each for a reason.
var unseen = map[string]string{
	"xray:PutTraceSegments": "nothing is traced here", "xray:PutTelemetryRecords": "nothing is traced here",
	"xray:GetSamplingRules": "nothing is traced here", "xray:GetSamplingTargets": "nothing is traced here",
	"states:DescribeExecution": "distributed Maps need no call for their children here", "states:StopExecution": "as above",
	"s3:ListMultipartUploadParts": "results are one part here", "s3:AbortMultipartUpload": "as above",
	"s3:GetObjectVersionAnnotationForReplication": "there are no annotations here",
	"s3:GetObjectRetention":                       "nothing here is locked", "s3:GetObjectLegalHold": "nothing here is locked",
	"s3:GetObjectVersionAttributes": "no object here has parts to compare",
	"s3:ListBucketVersions":         "AWS does not say whether a missing version needs it", "s3:GetLifecycleConfiguration": "nothing here is replicated and then gone",
	"s3:ReplicateDelete": "nothing here is deleted",

	"queue autobackup-event-dlq-dev, EventBridge sqs:SendMessage": "only of what the validation queue refuses",
	"topic autobackup-failure-topic-dev, Alarms sns:Publish":      "nothing raises an alarm here",
	"key SNSKey, Alarms kms:Decrypt":                              "nothing raises an alarm here", "key SNSKey, Alarms kms:GenerateDataKey": "nothing raises an alarm here",
	"autobackup-dev-ValidationPipeRole/queue-to-state-machine logs:CreateLogStream":                           "only where no execution can be started",
	"autobackup-dev-ValidationPipeRole/queue-to-state-machine logs:PutLogEvents":                              "as above",
	"autobackup-dev-ValidationStateMachineRole/look-tell-park sns:Publish":                                    "only where the failure queue can't be reached",
	"autobackup-dev-ValidationStateMachineRole/look-tell-park, SNSKey kms:Decrypt":                            "as above",
	"autobackup-dev-ValidationStateMachineRole/look-tell-park, SNSKey kms:GenerateDataKey":                    "as above",
	"autobackup-dev-ValidationStateMachineRole/look-tell-park, their key kms:Decrypt":                         "as above",
	"autobackup-dev-ValidationStateMachineRole/look-tell-park, their key kms:GenerateDataKey":                 "as above",
	"autobackup-dev-HashBytesRole/read-one-side s3:ListBucket":                                                "only where a version is missing",
	"autobackup-replica-dev-HashBytesRole/read-one-side s3:ListBucket":                                        "only where a version is missing",
	"autobackup-dev-HashBytesRole/autobackup-dev-HashBytesBucketsPolicy s3:ListBucket":                        "as above",
	"autobackup-dev-HashBytesRole/autobackup-dev-HashBytesReplicaBucketsPolicy s3:ListBucket":                 "as above",
	"autobackup-replica-dev-HashBytesRole/autobackup-replica-dev-HashBytesReplicaBucketsPolicy s3:ListBucket": "as above",
	"bucket autobackup-dev-replica-beat, ReadReplicas s3:GetObjectVersionTagging":                             "no heartbeat has tags",
	"queue autobackup-event-dlq-dev, AttachedEventBridge sqs:SendMessage":                                     "only of what the validation queue refuses",
}

// category are the roles and buckets of one category: those of the others are alike.
var category = regexp.MustCompile(`-(replication|primary|replica)-(databases|media)\b`)

// pipelines are the statements for a role of the pipeline, which pipeline.yaml makes.
var pipelines = regexp.MustCompile(`^key .*, Pipeline$`)

// nobodys are policies that no role has without DoctorSchedule, whose role cmd/autobackup/doctor
// holds against what its command calls, or without AuditLevel.
var nobodys = regexp.MustCompile(`^autobackup-dev-(Doctor|Audit)(Replica)?BucketsPolicy\b`)

// counted has the grants of the next world counted, and those of them that are used.
func counted() (all, used map[grant]bool, done func()) {
	all, used, prepare = counting()
	return all, used, func() { prepare = nil }
}

// counting are the grants and those of them that are used, once a gate is prepared with count.
func counting() (all, used map[grant]bool, count func(*gate.Gate)) {
	var mu sync.Mutex
	all, used = map[grant]bool{}, map[grant]bool{}
	of := map[iam.By][]grant{} // by a statement, of whatever side
	return all, used, func(g *gate.Gate) {
		g.Deployed = func(d *iam.Document) {
			mu.Lock() // queues are polled while the rest of a stack is still made
			defer mu.Unlock()
			for i, s := range d.Statements {
				if s.Effect == iam.Deny || d.Name == boundary || s.Sid == testsOwn {
					continue
				}
				by := iam.By{Document: d.Name, Statement: d.ID(i)}
				for _, action := range s.Actions {
					of[by] = append(of[by], grantOf(d, s, action))
					all[grantOf(d, s, action)] = true
				}
			}
		}
		g.Saw = func(c gate.Call, d iam.Decision) {
			mu.Lock()
			defer mu.Unlock()
			for _, by := range d.By {
				by.Side = ""
				for _, g := range of[by] {
					if d.Allowed && (g.action == c.Action || strings.HasSuffix(g.action, "*")) {
						used[g] = true
					}
				}
			}
		}
	}
}

// grantedIn are the grants of configurations and those of them that were used, by their names. No two
// tests that ask for them run at once.
var grantedIn = map[string][2]map[grant]bool{}

// granted are the grants of a configuration, and those of them that were used. It is played once for
// all tests.
func granted(t *testing.T, name string) (all, used map[grant]bool) {
	t.Helper()
	if of, known := grantedIn[name]; known {
		return of[0], of[1]
	}
	all, used, done := counted()
	defer done()
	inWorld(t, func(w *world) {
		w.everything()
		assert.Empty(t, w.Gate.Refusals(), "the templates refuse what is done: grant it there, or see that it is not done; whatever else fails here follows")
	}, configurations[name]...)
	if !t.Failed() {
		grantedIn[name] = [2]map[grant]bool{all, used}
	}
	return all, used
}

func TestEveryGrantIsUsedOrItIsSaidWhyNot(t *testing.T) {
	for name := range configurations {
		t.Run(name, func(t *testing.T) {
			all, used := granted(t, name)
			everyIsUsed(t, all, used)
		})
	}
}

func everyIsUsed(t *testing.T, all, used map[grant]bool) {
	t.Helper()
	var idle []string
	for g := range all {
		if !used[g] && unseen[g.action] == "" && unseen[g.String()] == "" && !category.MatchString(g.policy) && !pipelines.MatchString(g.policy) && !nobodys.MatchString(g.policy) {
			idle = append(idle, g.String())
		}
	}
	slices.Sort(idle)
	assert.Empty(t, idle, "granted, and used by nothing: take it away, or see first whether a call that needs it was refused")
}

// mayBe are the reasons for which a grant that is taken away may park an object that is
// right: none says that content differs.
var mayBe = []string{
	string(reason.AccessDenied), string(reason.ReplicationFailed), string(reason.NotReplicated), string(reason.WorkflowError),
	string(reason.BytesNotRead), string(reason.Inconclusive), string(reason.NoReader), string(reason.ReplicaMissing), string(reason.Unreachable),
}

// everyGrant is whether every grant is taken away, and not only a share:
//
//	go test ./local -run TestWithoutAnySingleGrant -every-grant -v
var everyGrant = flag.Bool("every-grant", false, "take away each grant of the templates alone, and not only some")

// untried is what came of a grant that is not among the share that is tried by default.
const untried = "untried"

// inShare says whether a grant is taken away: by default one of sixteen, the same each time.
func inShare(g grant) bool { return *everyGrant || *update || oneOf(16, g.String()) }

// oneOf says whether something is in a share that is the same each time.
func oneOf(n uint32, what string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(what)) // never fails
	return h.Sum32()%n == 0
}

// Whatever single permission is missing, no object is called damaged that is not, none is
// called verified that is, and none is lost without a word.
func TestWithoutAnySingleGrantNothingIsToldFalselyAndNothingIsLost(t *testing.T) {
	came := map[grant]string{}
	for _, name := range inOrder {
		t.Run(name, func(t *testing.T) { withoutEach(t, name, came) })
	}
	written(t, came)
}

// withoutEach adds what comes of the scenario without each grant that is not among those
// that were tried.
func withoutEach(t *testing.T, name string, came map[grant]string) {
	t.Helper()
	_, used := granted(t, name)
	var lock sync.Mutex
	for _, g := range slices.SortedFunc(maps.Keys(used), compareGrants) {
		if came[g] != "" || category.MatchString(g.policy) {
			continue
		}
		if !inShare(g) {
			lock.Lock()
			came[g] = untried
			lock.Unlock()
			continue
		}
		t.Run(g.String(), func(t *testing.T) {
			t.Parallel()
			then := whenDeployed(t, func(d *iam.Document) { takeAway(d, g) }, g.action, configurations[name])
			lock.Lock()
			defer lock.Unlock()
			came[g] = then
		})
	}
}

// whenDeployed is what comes of the scenario with changed policies, in which an action is
// not allowed.
func whenDeployed(t *testing.T, without func(d *iam.Document), action string, changes []change) (came string) {
	t.Helper()
	var refused error
	inPreparedWorld(t, preparation{prepare: func(of *gate.Gate) { of.Deployed = without }, deployment: func(err error) { refused = err }}, func(w *world) {
		if refused == nil {
			w.everything()
			came = w.honest()
		}
	}, changes...)
	if refused != nil {
		assert.ErrorContains(t, refused, "is not authorized to perform: "+strings.TrimSuffix(action, "*"))
		came = "the deployment is refused"
		if action != "sts:AssumeRole" { // sessions that were taken stay
			came += "; later: " + whenTakenLater(t, without, changes)
		}
	}
	return came
}

// whenTakenLater is what comes of the scenario where policies change after the deployment.
func whenTakenLater(t *testing.T, without func(d *iam.Document), changes []change) (came string) {
	t.Helper()
	inPreparedWorld(t, preparation{}, func(w *world) {
		w.settle()
		w.Gate.Change(without)
		w.everything()
		came = w.honest()
	}, changes...)
	return came
}

func compareGrants(a, b grant) int { return strings.Compare(a.String(), b.String()) }

// takeAway takes a grant away.
func takeAway(d *iam.Document, g grant) {
	for i := range d.Statements {
		s := &d.Statements[i]
		s.Actions = slices.DeleteFunc(slices.Clone(s.Actions), func(a string) bool { return s.Effect == iam.Allow && grantOf(d, *s, a) == g })
	}
	d.Statements = slices.DeleteFunc(d.Statements, func(s iam.Statement) bool { return len(s.Actions)+len(s.NotActions) == 0 })
}

// A boundary is a limit for every role: what it lacks no role may do, whatever its own
// policies say.
func TestUnderABoundaryThatLacksAnActionNothingIsToldFalselyAndNothingIsLost(t *testing.T) {
	for action, want := range map[string]string{
		"s3:GetObjectVersion":    "heartbeats don't come out as they must, and an alarm rings; what is right is parked (ACCESS_DENIED)",
		"s3:ReplicateObject":     "heartbeats don't come out as they must, and an alarm rings; what is right is parked (REPLICATION_FAILED)",
		"lambda:InvokeFunction":  "executions fail, and an alarm rings; heartbeats don't come out as they must, and an alarm rings; what is right is parked (WORKFLOW_ERROR)",
		"states:StartExecution":  "heartbeats don't come out as they must, and an alarm rings; no e-mail tells of failures; what is right is parked (moved there by SQS after its receives)",
		"sqs:GetQueueAttributes": "the deployment is refused; later: heartbeats don't come out as they must, and an alarm rings; messages wait in the validation queue, and an alarm rings; no e-mail tells of failures; what is to be told waits in the failure queue, and an alarm rings",
	} {
		t.Run(action, func(t *testing.T) {
			assert.Equal(t, want, whenDeployed(t, func(d *iam.Document) {
				if d.Name == boundary {
					d.Statements = []iam.Statement{{Effect: iam.Allow, NotActions: []string{action}, Resources: []string{"*"}}}
				}
			}, action, configurations["a boundary"]))
		})
	}
}

// untrue is what was told falsely of keys that are right and of those that are wrong, and which
// messages ended nowhere. What is right may be parked for some reasons, or by SQS.
func (w *world) untrue(right, wrong, may []string) (all []string) {
	settled := w.settled()
	for _, e := range w.validations() {
		for _, m := range w.messagesOf(e) {
			for _, key := range wrong {
				if line, ok := settled[m.ID]; ok && line.Verdict == verdict.Verified && strings.Contains(m.Body, `"key":"`+key+`"`) {
					all = append(all, key+" is damaged, and verified")
				}
			}
		}
	}
	for _, key := range right {
		for _, why := range w.parkedAs(key) {
			if why != "" && !slices.Contains(may, why) {
				all = append(all, key+" is as it must be, and parked as "+why)
			}
		}
	}
	for id, at := range w.endings() {
		if len(at) == 0 {
			all = append(all, "message "+id+" vanished")
		}
	}
	return all
}

// honest holds what became of everything against what is true, and says what people see
// of it beside what they would see anyway.
func (w *world) honest() string {
	t := w.t
	right := []string{"good", "tagged", "late", "large"}
	assert.Empty(t, w.untrue(right, []string{"corrupt"}, mayBe))
	waiting := 0
	for _, queue := range []string{"validation-queue", "validation-dlq", "failure-queue", "failure-dlq", "event-dlq"} {
		waiting += len(w.messages(queue))
	}
	failed := 0 // executions that failed in front of everybody: an alarm tells
	for _, e := range w.States.Executions() {
		if e.Result == nil || e.Result.Status != types.ExecutionStatusSucceeded {
			failed++
		}
	}
	assert.Positive(t, len(w.SNS.Published())+waiting+failed+w.refused+len(w.Undelivered()), "nobody is told anything")

	var seen []string
	for _, key := range right {
		for _, why := range w.parkedAs(key) {
			if why == "" {
				why = "moved there by SQS after its receives"
			}
			seen = append(seen, "what is right is parked ("+why+")")
		}
	}
	if failed > 0 {
		seen = append(seen, "executions fail, and an alarm rings")
	}
	for queue, says := range map[string]string{
		"validation-queue": "messages wait in the validation queue, and an alarm rings",
		"event-dlq":        "events wait in the event DLQ, and an alarm rings", "failure-queue": "what is to be told waits in the failure queue, and an alarm rings",
		"failure-dlq": "what is to be told is moved to the failure DLQ, and an alarm rings",
	} {
		if len(w.messages(queue)) > 0 {
			seen = append(seen, says)
		}
	}
	if slices.ContainsFunc(w.Undelivered(), func(u local.Undelivered) bool { return strings.Contains(u.What, "dropped an event") }) {
		seen = append(seen, "events are dropped, and an alarm rings")
	}
	if len(w.SNS.Published()) == 0 {
		seen = append(seen, "no e-mail tells of failures")
	}
	if w.refused > 0 {
		seen = append(seen, "uploads are refused")
	}
	if len(w.unbeaten) > 0 || !reflect.DeepEqual(w.beatings(), asTheyMust) {
		seen = append(seen, "heartbeats don't come out as they must, and an alarm rings")
	}
	for refusal := range w.Gate.Refusals() {
		if strings.HasPrefix(refusal.Action, "logs:") {
			seen = append(seen, "the log is lost, and the metrics in it")
		}
		if refusal.Action == "s3:GetBucketTagging" {
			seen = append(seen, "events say why they name no owner")
		}
	}
	if len(seen) == 0 {
		return nothing
	}
	slices.Sort(seen)
	return strings.Join(slices.Compact(seen), "; ")
}

const security = "../docs/security.md"

// nothing is what comes of a grant that this scenario does not need.
const nothing = "nothing in this scenario"

var update = flag.Bool("update", false, "write what breaks without each permission into docs/security.md")

// written holds the table of docs/security.md against what came. Of grants that were not tried the
// table says what it said.
func written(t *testing.T, came map[grant]string) {
	t.Helper()
	text, err := os.ReadFile(security) // #nosec G304: a page of docs
	require.NoError(t, err)
	var b strings.Builder
	b.WriteString("| policy | action | without it |\n|---|---|---|\n")
	for _, g := range slices.SortedFunc(maps.Keys(came), compareGrants) {
		row := fmt.Sprintf("| `%s` | `%s` | ", strings.ReplaceAll(g.policy, "-dev", "-<stage>"), g.action)
		then := came[g]
		if then == untried {
			_, said, _ := strings.Cut(string(text), row)
			then, _, _ = strings.Cut(said, " |\n")
		}
		b.WriteString(row + then + " |\n")
	}
	writtenTo(t, "without", "WithoutAnySingleGrant", b.String())
}

// writtenTo holds a block of docs/security.md against what a test found.
func writtenTo(t *testing.T, block, test, found string) {
	t.Helper()
	page.Block(t, security, block, "./local -run "+test, found, *update)
}

func TestWhoMayNotListABucketIsNotToldWhatIsMissing(t *testing.T) {
	const role = "autobackup-dev-fetch-etags"
	for action, want := range map[string]int{"none": 404, "s3:ListBucket": 403} {
		prepare = func(of *gate.Gate) {
			of.Deployed = func(d *iam.Document) { takeAway(d, grant{role + "/look-at-both-sides", action}) }
		}
		inWorld(t, func(w *world) {
			reader, err := w.Gate.Assume("arn:aws:iam::"+account+":role/"+role, "lambda.amazonaws.com", "fetch")
			require.NoError(t, err)
			version := w.put("there", "content")
			cfg := w.AWSConfig(w.region)
			cfg.Credentials = credentials.NewStaticCredentialsProvider(reader.AccessKey(), "local", "")
			client := s3.NewFromConfig(cfg)
			_, err = client.HeadObject(w.t.Context(), &s3.HeadObjectInput{Bucket: aws.String(w.bucket()), Key: aws.String("there"), VersionId: &version})
			require.NoError(t, err)
			_, err = client.HeadObject(w.t.Context(), &s3.HeadObjectInput{Bucket: aws.String(w.bucket()), Key: aws.String("missing"), VersionId: &version})
			assert.Equal(t, want, s3error.Status(err), action)
			if _, err = client.HeadBucket(w.t.Context(), &s3.HeadBucketInput{Bucket: aws.String(w.bucket())}); action == "s3:ListBucket" {
				assert.Equal(t, 403, s3error.Status(err))
				assert.Equal(t, w.region, s3error.Header(err).Get("X-Amz-Bucket-Region"), "the region is told to who may not even list")
			}
			_, err = client.PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: aws.String(w.bucket()), Key: aws.String("k")})
			assert.ErrorContains(t, err, "assumed-role/"+role+"/fetch is not authorized to perform: s3:PutObject")
		})
	}
	prepare = nil
}
