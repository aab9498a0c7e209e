package local_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
	"autobackup/local/gate"
	"autobackup/local/iam"
)

// denial is a call that a policy refuses which nobody deploys here.
type denial struct {
	by, action, on string // ends of the role's or the service's name, and of the resource's; empty: any
	side           iam.Side
	implicit       bool
	changes        []change

	parked reason.Code // what is right is parked with; empty where it isn't, or by SQS
	told   bool        // whether AWS's words are to be read
	final  bool        // whether the e-mail says that no grant helps
}

const (
	goodReplica = "replica-documents-" + account + "/good"
	goodPrimary = "primary-documents-" + account + "/good"
)

func denials() map[string]denial {
	never := []change{replace("template.yaml", "Default: inconclusive", "Default: never")}
	kms := configurations["SSE-KMS"]
	return map[string]denial{
		"fetch-etags at the primary, by the organization": {by: "fetch-etags", action: "s3:GetObjectVersion", on: goodPrimary, side: iam.SCPSide, changes: never, parked: reason.AccessDenied, told: true, final: true},
		"fetch-etags at the replica, by the organization": {by: "fetch-etags", action: "s3:GetObjectVersion", on: goodReplica, side: iam.RCPSide, changes: never, parked: reason.AccessDenied, told: true, final: true},
		"fetch-etags at the replica, by an endpoint":      {by: "fetch-etags", action: "s3:GetObjectVersion", on: goodReplica, side: iam.EndpointSide, implicit: true, changes: never, parked: reason.AccessDenied, told: true, final: true},
		"fetch-etags at the replica, by the session":      {by: "fetch-etags", action: "s3:GetObjectVersion", on: goodReplica, side: iam.SessionSide, implicit: true, changes: never, parked: reason.AccessDenied, told: true, final: true},
		"fetch-etags at the replica, by an access list":   {by: "fetch-etags", action: "s3:GetObjectVersion", on: goodReplica, side: iam.ACLSide, changes: never, parked: reason.AccessDenied},
		"fetch-etags at the rules":                        {by: "fetch-etags", action: "s3:GetReplicationConfiguration", side: iam.SCPSide, changes: never, parked: reason.AccessDenied, told: true, final: true},
		"fetch-etags at the key of the replica":           {by: "fetch-etags", action: "kms:Decrypt", on: "replica-dev-StorageKey", side: iam.SCPSide, changes: kms, parked: reason.AccessDenied, told: true, final: true},
		"hash-bytes at the replica":                       {by: "replica-dev-HashBytesRole", action: "s3:GetObjectVersion", side: iam.RCPSide, changes: always, parked: reason.BytesNotRead, told: true, final: true},
		"hash-bytes at the key of the primary":            {by: "autobackup-dev-HashBytesRole", action: "kms:Decrypt", side: iam.SCPSide, changes: kms, parked: reason.BytesNotRead, told: true, final: true},
		"compare-bytes at hash-bytes":                     {by: "CompareBytesRole", action: "lambda:InvokeFunction", side: iam.SCPSide, changes: always, parked: reason.BytesNotRead, told: true, final: true},
		"the state machine at fetch-etags":                {by: "ValidationStateMachineRole", action: "lambda:InvokeFunction", on: "fetch-etags-dev", side: iam.SCPSide, parked: reason.WorkflowError, told: true},
		"the state machine at the validation DLQ":         {by: "ValidationStateMachineRole", action: "sqs:SendMessage", on: "validation-dlq-dev", side: iam.SCPSide, told: true},
		"the state machine at the failure queue":          {by: "ValidationStateMachineRole", action: "sqs:SendMessage", on: "failure-queue-dev", side: iam.RCPSide, told: true},
		"the state machine at the queue's key":            {by: "ValidationStateMachineRole", action: "kms:GenerateDataKey", on: "SQSKey", side: iam.SCPSide, told: true},
		"the state machine at itself, to read":            {by: "ValidationStateMachineRole", action: "states:StartExecution", side: iam.SCPSide, changes: always, parked: reason.WorkflowError, told: true},
		"the notifier at the topic":                       {by: "FailureNotifierRole", action: "sns:Publish", side: iam.SCPSide, told: true},
		"the notifier at the topic's key":                 {by: "FailureNotifierRole", action: "kms:GenerateDataKey", on: "SNSKey", side: iam.SCPSide, told: true},
		"the notifier at its memory":                      {by: "FailureNotifierRole", action: "s3:PutObject", side: iam.EndpointSide, implicit: true, told: true},
		"the pipe at the state machine":                   {by: "ValidationPipeRole", action: "states:StartExecution", side: iam.SCPSide, told: true},
		"EventBridge at the validation queue":             {by: "events.amazonaws.com", action: "sqs:SendMessage", on: "validation-queue-dev", side: iam.RCPSide, told: false},
		"replication at the replica":                      {by: "replication-documents", action: "s3:ReplicateObject", side: iam.SCPSide, parked: reason.ReplicationFailed},
		"replication at the primary":                      {by: "replication-documents", action: "s3:GetObjectVersionForReplication", side: iam.RCPSide, parked: reason.ReplicationFailed},
		"replication at the key of the replica":           {by: "replication-documents", action: "kms:Encrypt", side: iam.SCPSide, changes: kms, parked: reason.ReplicationFailed},
	}
}

func (d denial) is(c gate.Call) bool {
	by := c.By.Role + c.By.Service
	return strings.HasSuffix(by, d.by) && c.Action == d.action && strings.HasSuffix(c.Resource, d.on)
}

// Whoever is denied by a policy that no template has, no object is called damaged that is not,
// none is lost without a word, and nobody is told to grant what no grant mends. By default of each kind
// of policy what parks for the same reason is denied once.
func TestADenialByAPolicyThatNoTemplateHasIsToldForWhatItIs(t *testing.T) {
	var b strings.Builder
	b.WriteString("| who is denied, and what | by | then | AWS's words are in |\n|---|---|---|---|\n")
	page, err := os.ReadFile(security)
	require.NoError(t, err)
	known := map[[2]string]bool{}
	for _, name := range slices.Sorted(maps.Keys(denials())) {
		d := denials()[name]
		row, alike := fmt.Sprintf("| %s: `%s` | %s | ", name, d.action, d.side), [2]string{string(d.side), string(d.parked)}
		b.WriteString(row)
		if known[alike] && !*more && !*update {
			_, said, _ := strings.Cut(string(page), row)
			said, _, _ = strings.Cut(said, "\n")
			fmt.Fprintln(&b, said)
			continue
		}
		known[alike] = true
		t.Run(name, func(t *testing.T) {
			came, in := d.strikes(t)
			fmt.Fprintf(&b, "%s | %s |\n", came, cmp.Or(strings.Join(in, ", "), "nothing: AWS tells none"))
		})
	}
	writtenTo(t, "denied", "ADenialByAPolicy", b.String())
}

// strikes is what comes of everything where calls are denied, and where AWS's words for it
// are to be read.
func (d denial) strikes(t *testing.T) (came string, in []string) {
	var struck atomic.Int32
	prepare = func(g *gate.Gate) {
		g.Fault = func(c gate.Call) error {
			if !d.is(c) {
				return nil
			}
			struck.Add(1)
			return g.DeniedBy(c, d.side, !d.implicit)
		}
	}
	defer func() { prepare = nil }()
	var log lines
	functionLog = &log
	defer func() { functionLog = nowhere }()
	inWorld(t, func(w *world) {
		w.everything()
		came = w.honest()
		reasons := slices.Compact(w.parkedAs("good")) // S3 tells of a replication, and so does the look
		if d.parked != "" {
			assert.Equal(t, []string{string(d.parked)}, reasons)
		}
		words := "in a " + string(d.side)
		if d.implicit {
			words = "no " + string(d.side) + " allows"
		}
		for _, place := range w.readable(log.String()) {
			if strings.Contains(place[1], words) {
				in = append(in, place[0])
			}
		}
		assert.Equal(t, d.told, len(in) > 0, "AWS's words are in %s", in)
		w.toldFinally(d)
	}, d.changes...)
	assert.Positive(t, struck.Load(), "nobody was denied")
	return came, in
}

func TestS3SaysWhatAReplicationIsNotPermitted(t *testing.T) {
	for denied, want := range map[[2]string]string{
		{"s3:GetObjectVersionForReplication", ""}: "SrcGetObjectNotPermitted", {"s3:GetObjectVersionAcl", ""}: "SrcGetAclNotPermitted",
		{"s3:GetObjectVersionTagging", ""}: "SrcGetTaggingNotPermitted", {"s3:ReplicateTags", ""}: "DstPutTaggingNotPermitted", {"s3:ReplicateObject", ""}: "DstPutObjectNotPermitted",
		{"s3:GetReplicationConfiguration", ""}: "SrcBucketReplicationConfigMissing", {"kms:Decrypt", "/autobackup-dev-StorageKey"}: "SrcGetObjectNotPermitted",
		{"kms:Encrypt", ""}: "DstPutObjectNotPermitted", {"kms:Decrypt", "replica-dev-StorageKey"}: "DstPutObjectNotPermitted",
		{"sts:AssumeRole", ""}: "AssumeRoleNotPermitted", {"s3:ReplicateDelete", ""}: "DstDelObjNotPermitted",
	} {
		t.Run(denied[0]+denied[1], func(t *testing.T) {
			d := denial{by: "replication-documents", action: denied[0], on: denied[1], side: iam.SCPSide}
			prepare = func(g *gate.Gate) {
				g.Fault = func(c gate.Call) error {
					if d.is(c) {
						return g.DeniedBy(c, d.side, true)
					}
					return nil
				}
				g.Deployed = func(p *iam.Document) {
					if d.action == "sts:AssumeRole" && p.Kind == iam.Trust && strings.HasSuffix(p.Name, d.by) {
						p.Statements[0].Effect = iam.Deny
					}
				}
			}
			defer func() { prepare = nil }()
			inWorld(t, func(w *world) {
				w.put("tagged", "content", func(in *s3.PutObjectInput) { in.Tagging = aws.String("a=b") })
				w.settle()
				w.remove("tagged", "")
				w.settle()
				var mails []string
				for _, p := range w.SNS.Published() {
					mails = append(mails, p.Message)
				}
				assert.Contains(t, strings.Join(mails, "\n"), "S3's reason is "+want)
			}, configurations["SSE-KMS"]...)
		})
	}
}

// lines is a log that several functions write.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (w *world) parkedAs(key string) (reasons []string) {
	for _, m := range w.parked() {
		if strings.Contains(m.Body, `"key":"`+key+`"`) {
			reasons = append(reasons, m.Attributes["reason"].Value)
		}
	}
	return reasons
}

// readable are the places where people read what became of everything, with what stands there.
func (w *world) readable(log string) [][2]string {
	var parked, mails, executions, undelivered strings.Builder
	for _, m := range w.parked() {
		fmt.Fprintln(&parked, m.Attributes["detail"].Value, m.Attributes["facts"].Value)
	}
	for _, p := range w.SNS.Published() {
		fmt.Fprintln(&mails, p.Message)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, events := range w.events {
		for _, e := range events {
			text, _ := json.Marshal(e)
			executions.Write(text)
		}
	}
	for _, u := range w.Undelivered() {
		if strings.HasPrefix(u.What, "pipe ") {
			fmt.Fprintln(&undelivered, u.What)
		}
	}
	return [][2]string{
		{"the e-mail", mails.String()}, {"the parked message", parked.String()}, {"the execution", executions.String()},
		{"the function's log", log}, {"the pipe's log", undelivered.String()},
	}
}

// toldFinally holds the e-mail about what is right against whether a grant would help.
func (w *world) toldFinally(d denial) {
	about := regexp.MustCompile(`(?m)^` + string(d.parked) + `: \S*/good`)
	for _, p := range w.SNS.Published() {
		if d.parked == "" || !about.MatchString(p.Message) {
			continue
		}
		_, of, _ := strings.Cut(p.Message, about.FindString(p.Message))
		of, _, _ = strings.Cut(of, "What S3 answers now")
		assert.Equal(w.t, d.final, strings.Contains(of, "A grant to a role won't help"), of)
		if d.final {
			assert.NotRegexp(w.t, `Allow the role|a permission is missing|; grant `, of)
		}
		if d.parked == reason.ReplicationFailed {
			assert.Contains(w.t, of, "the organization's policies", of)
		}
	}
}
