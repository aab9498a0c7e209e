package local_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/doctor"
	"autobackup/internal/batch"
	"autobackup/internal/handler"
	"autobackup/internal/verdict"
	"autobackup/internal/wire"
	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/lambda"
	"autobackup/local/sigv4"
	"autobackup/local/sns"
	"autobackup/local/sqs"
	"autobackup/local/states"
	"autobackup/local/template"
	"autobackup/local/testing/faults"
	"autobackup/local/testing/memnet"
)

const account = "123456789012"

// TestMain collects garbage less often: a world is a few megabytes, of which most is soon
// left, and the tests would spend a quarter of their time on the collector.
func TestMain(m *testing.M) {
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}

// project is the folder of the templates: of this project, or of one that is changed, in
// which TestAChangedSettingIsNoticed runs these tests again.
var project = cmp.Or(os.Getenv("AUTOBACKUP_CHANGED"), "..")

// The regions of both stacks. People change them in samconfig.toml, and the tests must still pass.
var firstRegion, secondRegion = regionOf("default"), regionOf("replica")

func regionOf(name string) string {
	environment, err := local.Environment(project, name)
	if err != nil {
		panic(err)
	}
	return environment.Region
}

// world is both stacks, deployed into a synctest bubble with the functions in
// this process, behind the boundary they have in Lambda.
type world struct {
	*local.Stack
	t       *testing.T
	primary *template.Stack
	region  string // of the primary
	client  *s3.Client
	refused int // uploads, for want of a permission
	// unbeaten are the errors of heartbeats.
	unbeaten []error

	redriven map[string]bool // bodies of parked messages that an operator moved

	mu     sync.Mutex
	events map[string][]types.HistoryEvent // by execution
}

// change edits the project's files before they are deployed: it gets a file's
// name and text.
type change func(name, text string) string

func replace(file, old, with string) change {
	return func(name, text string) string {
		if name != file {
			return text
		}
		if !strings.Contains(text, old) {
			panic(fmt.Sprintf("%s has no %q", file, old))
		}
		return strings.ReplaceAll(text, old, with)
	}
}

// inWorld runs a test in a fresh world, with the project as it is but for the
// changes.
func inWorld(t *testing.T, test func(w *world), changes ...change) {
	t.Helper()
	inPreparedWorld(t, preparation{prepare: prepare, deployment: deployment}, test, changes...)
}

// preparation is what tests that run beside each other have in the place of what is set for
// all: what gets the gate before anything is deployed, what gets the error of a deployment
// that was refused, what may put other code in a function's place or set its clock, and what makes
// faults once everything is deployed.
type preparation struct {
	prepare    func(*gate.Gate)
	deployment func(error)
	rebuild    func(all map[string]wire.Build)
	now        func() time.Time // the functions' clock
	injector   *faults.Injector
	unrecorded bool // no history of executions is kept, which of many takes gigabytes
	histories  bool // of executions that failed are kept, for who asks for them
}

func inPreparedWorld(t *testing.T, p preparation, test func(w *world), changes ...change) {
	t.Helper()
	folder := copyOfProject(t, changes)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, events: map[string][]types.HistoryEvent{}}
		network, stop := memnet.Client(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.ServeHTTP(rw, r) }))
		defer stop()
		w.start(folder, dir, network, p)
		defer func() { require.NoError(t, w.Close()) }()
		test(w)
	})
}

// prepare gets the gate before anything is deployed, and deployment the error of a
// deployment that was refused, where a test wants to have them.
var (
	prepare    func(*gate.Gate)
	deployment func(error)
)

// unguarded is whether nobody's permissions are looked at; inOpenWorld sets it.
var unguarded bool

// inOpenWorld is inWorld for what the templates' permissions don't reach, such as a bucket
// or a state machine that the test makes.
func inOpenWorld(t *testing.T, test func(w *world), changes ...change) {
	t.Helper()
	unguarded = true
	defer func() { unguarded = false }()
	inWorld(t, test, changes...)
}

// undeployed is whether no stack is deployed; inEmptyWorld sets it.
var undeployed bool

// inEmptyWorld is inWorld before anything is deployed.
func inEmptyWorld(t *testing.T, test func(w *world), changes ...change) {
	t.Helper()
	undeployed = true
	defer func() { undeployed = false }()
	inWorld(t, test, changes...)
}

func (w *world) start(folder, dir string, network *http.Client, p preparation) {
	t := w.t
	var err error
	history := w.record
	if p.unrecorded {
		history = nil
	}
	w.Stack, err = local.Start(t.Context(), local.Config{
		Clock: clock.Real(), Project: folder, Dir: dir, Account: account, Seed: 1,
		URL: "http://127.0.0.1", HTTPClient: network, History: history, TerminalDataLimit: terminalDataLimit, Unguarded: unguarded, KeepHistory: p.histories,
		Runtime: lambda.InProcess(w.functions(p), handler.Logger(functionLog), func(region string) aws.Config {
			cfg := w.AWSConfig(region)
			cfg.HTTPClient = functionClient(cfg.HTTPClient)
			if p.injector != nil {
				cfg.HTTPClient = p.injector.On(cfg.HTTPClient, func(r *http.Request) string { return w.Gate.Signed(sigv4.AccessKey(r)).Principal().Role })
			}
			return cfg
		}),
	})
	require.NoError(t, err)
	if p.prepare != nil {
		p.prepare(w.Gate)
	}
	if undeployed {
		return
	}
	for _, name := range []string{"replica", "default"} {
		environment, err := local.Environment(folder, name)
		require.NoError(t, err)
		w.primary, err = w.DeployTo(accountOf(t, folder, name), environment, nil)
		if err != nil && p.deployment != nil {
			p.deployment(err)
			return
		}
		require.NoError(t, err)
		w.region = environment.Region
	}
	synctest.Wait() // what the deployment began rests before a test sets a fault or a hook
	if p.injector != nil {
		w.faulty(p.injector)
	}
	w.client = s3.NewFromConfig(w.AWSConfig(w.region))
}

// accountOf is the account that an environment is deployed into: the replicas' is the one
// that template.yaml has as its ReplicaAccount, where it has one.
func accountOf(t *testing.T, folder, environment string) string {
	t.Helper()
	if environment != "replica" {
		return account
	}
	source, err := os.ReadFile(filepath.Join(folder, "template.yaml")) // #nosec G304: the project's own
	require.NoError(t, err)
	_, other, _ := bytes.Cut(source, []byte("\n  ReplicaAccount:\n    Type: String\n    Default: \""))
	if other, _, _ := bytes.Cut(other, []byte(`"`)); len(other) == len(account) {
		return string(other)
	}
	return account
}

// terminalDataLimit is whether States.ALL leaves an oversized answer uncaught; a
// test that wants it sets it.
var terminalDataLimit bool

// measured writes where functions measure at that time.
type measured struct{}

func (measured) Write(line []byte) (int, error) { return functionMetrics.Write(line) }

// functions are all that template.yaml may have, doctor and audit among them, which are the commands.
// Other code stands in a function's place where a test wants it. An injector, where there is one, makes
// the faults of their invocations and sets their clocks.
func (w *world) functions(p preparation) map[string]wire.Build {
	lines := io.MultiWriter(measured{}, embedded{w})
	by := func(now func() time.Time) map[string]wire.Build {
		all := wire.Functions(lines, now)
		all["doctor"], all["audit"] = doctor.Function(lines, now), audit.Function(lines, now)
		if p.rebuild != nil {
			p.rebuild(all)
		}
		return all
	}
	now := p.now
	if now == nil {
		now = time.Now
	}
	all := by(now)
	if p.injector == nil {
		return all
	}
	for name := range all {
		build := by(p.injector.Clock("autobackup-" + name + "-dev"))[name]
		all[name] = func(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
			return faults.Around(p.injector, func() (handler.Func, error) { return build(cfg, env, log) })
		}
	}
	return all
}

// embedded is CloudWatch as it reads what functions of the first region measure. Those of the
// second measure nothing.
type embedded struct{ w *world }

func (e embedded) Write(lines []byte) (int, error) {
	return len(lines), e.w.CloudWatch.PutEmbedded(firstRegion, account, lines)
}

// functionLog is where the functions log, and functionMetrics where they measure; a test that
// reads it sets it.
var functionLog, functionMetrics = nowhere, nowhere

var nowhere io.Writer = io.Discard

// functionClient is what the functions' requests go through; a test that
// answers some itself sets it.
var functionClient = unchanged

func unchanged(c aws.HTTPClient) aws.HTTPClient { return c }

func copyOfProject(t *testing.T, changes []change) string {
	if len(changes) == 0 {
		return project
	}
	folder := t.TempDir()
	for _, name := range []string{"template.yaml", "replica.yaml", "samconfig.toml", "statemachine/validate.asl.json", "statemachine/audit.asl.json"} {
		source, err := os.ReadFile(filepath.Join(project, name))
		require.NoError(t, err)
		text := string(source)
		for _, c := range changes {
			text = c(name, text)
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	return folder
}

func (w *world) record(execution string, e types.HistoryEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events[execution] = append(w.events[execution], e)
}

// bucket is the primary bucket of documents, or where there are no categories the first attached
// one.
func (w *world) bucket() string {
	if w.primary != nil && w.primary.Parameters["Categories"] == "" {
		bucket, _, _ := strings.Cut(w.primary.Parameters["Buckets"], ",")
		return bucket
	}
	return "autobackup-dev-primary-documents-" + account
}

func (w *world) replicaBucket() string { return "autobackup-dev-replica-documents-" + account }

// put uploads an object and answers its version id.
func (w *world) put(key, content string, change ...func(*s3.PutObjectInput)) string {
	w.t.Helper()
	in := &s3.PutObjectInput{Bucket: aws.String(w.bucket()), Key: &key, Body: strings.NewReader(content)}
	for _, c := range change {
		c(in)
	}
	out, err := w.client.PutObject(w.t.Context(), in)
	require.NoError(w.t, err)
	return aws.ToString(out.VersionId)
}

// send puts a message into the validation queue.
func (w *world) send(body string) string {
	w.t.Helper()
	m, err := w.SQS.Send(w.queue("validation-queue"), sqs.Outgoing{Body: body})
	require.NoError(w.t, err)
	return m.ID
}

// queue is the ARN of autobackup-<name>-dev.
func (w *world) queue(name string) string {
	return fmt.Sprintf("arn:aws:sqs:%s:%s:autobackup-%s-dev", w.region, account, name)
}

// settle waits until everything sent has come to its end.
func (w *world) settle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*24*time.Hour)
	defer cancel()
	require.NoError(w.t, w.WaitIdle(ctx))
	synctest.Wait()
}

// function is the deployed function autobackup-<name>-dev.
func (w *world) function(name string) *lambda.Function {
	f := w.Lambda.Function(fmt.Sprintf("arn:aws:lambda:%s:%s:function:autobackup-%s-dev", w.region, account, name))
	require.NotNil(w.t, f, name)
	return f
}

// parked are the messages in the validation DLQ.
func (w *world) parked() []sqs.Message { return w.messages("validation-dlq") }

func (w *world) messages(queue string) []sqs.Message {
	w.t.Helper()
	all, err := w.SQS.Messages(w.queue(queue))
	require.NoError(w.t, err)
	return all
}

// reasons are the parked messages' reasons, sorted.
func (w *world) reasons() []string {
	var all []string
	for _, m := range w.parked() {
		all = append(all, m.Attributes["reason"].Value)
	}
	slices.Sort(all)
	return all
}

// one is the only execution.
func (w *world) one() states.Execution {
	w.t.Helper()
	all := w.States.Executions()
	require.Len(w.t, all, 1)
	return all[0]
}

// summary is a succeeded execution's output.
func (w *world) summary(e states.Execution) batch.Summary {
	w.t.Helper()
	require.Equal(w.t, types.ExecutionStatusSucceeded, e.Result.Status, "%s: %s", e.Result.Error, e.Result.Cause)
	var s batch.Summary
	require.NoError(w.t, json.Unmarshal(e.Result.Output, &s))
	return s
}

// settled are the summary lines of all succeeded executions, by message id.
func (w *world) settled() map[string]batch.Settled {
	all := map[string]batch.Settled{}
	for _, e := range w.validations() {
		if e.Result.Status != types.ExecutionStatusSucceeded {
			continue
		}
		for _, line := range w.summary(e).Objects {
			if _, known := all[line.ID]; !known || line.Verdict != verdict.Reading { // another execution has its verdict
				all[line.ID] = line
			}
		}
	}
	return all
}

// validations are the executions that messages come into: all but those of audits.
func (w *world) validations() []states.Execution {
	return slices.DeleteFunc(w.States.Executions(), func(e states.Execution) bool { return strings.Contains(e.ARN, ":autobackup-audit-") })
}

// messagesOf are those that came into an execution.
func (w *world) messagesOf(e states.Execution) []batch.Message {
	w.t.Helper()
	payload, err := json.Marshal(batch.First{Input: e.Input})
	require.NoError(w.t, err)
	var b batch.Batch
	require.NoError(w.t, json.Unmarshal(payload, &b))
	return b.Messages
}

// path is the states of the only execution, with repetitions.
func (w *world) path() string { return strings.Join(w.one().Result.Path, " ") }

// subjects are those of all alerts.
func (w *world) subjects() []string {
	var all []string
	for _, p := range w.SNS.Published() {
		all = append(all, p.Subject)
	}
	return all
}

// published are the messages to autobackup-<topic>-dev.
func (w *world) published(topic string) (all []sns.Publication) {
	for _, p := range w.SNS.Published() {
		if strings.HasSuffix(p.TopicARN, ":autobackup-"+topic+"-dev") {
			all = append(all, p)
		}
	}
	return all
}

// parameter is the value that a template parameter has in effect.
func (w *world) parameter(name string) int {
	w.t.Helper()
	var n int
	_, err := fmt.Sscan(w.primary.Parameters[name], &n)
	require.NoError(w.t, err, name)
	return n
}

// deployed deploys a changed project, and answers the error it ends with.
func deployed(t *testing.T, changes ...change) (stack *template.Stack, err error) {
	t.Helper()
	folder := copyOfProject(t, changes)
	w := &world{t: t, events: map[string][]types.HistoryEvent{}}
	w.Stack, err = local.Start(t.Context(), local.Config{
		Clock: clock.Real(), Project: folder, Dir: t.TempDir(), Account: account, URL: "http://127.0.0.1",
		Runtime: lambda.InProcess(w.functions(preparation{}), handler.Logger(functionLog), func(region string) aws.Config { return w.AWSConfig(region) }),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	environment, err := local.Environment(folder, "default")
	require.NoError(t, err)
	return w.Deploy(environment, nil)
}
