package local_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithytime "github.com/aws/smithy-go/time"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/attach"
	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/discover"
	"autobackup/cmd/autobackup/doctor"
	"autobackup/cmd/autobackup/retry"
	"autobackup/local/asl"
	"autobackup/local/sqs"
	"autobackup/local/testing/faults"
)

// acmes are two buckets that somebody has, one with notifications of its own, in a stage that
// takes both.
var acmes = attached{bare: true, pairs: []pair{
	{"acme-invoices", "acme-invoices-dr", secondRegion, account}, {"acme-ledger", "acme-ledger-dr", secondRegion, account},
}}

var acmesNames = []string{"acme-invoices", "acme-ledger"}

// command is one of the program, as somebody types it, types it again where it was killed, and
// looks at what it came to.
type command struct {
	before  func(w *world)                                                        // nil: nothing
	run     func(ctx context.Context, w *world, cfg aws.Config, dir string) error // with a folder that stays between runs
	comesTo func(w *world) string
	changes []change
	world   func(t *testing.T, changes []change, test func(w *world))
}

// commands are all that ask AWS for something, but for those that have tests of their own: audits
// that the program makes, and what reads files.
func commands() map[string]command {
	inAcmes := func(t *testing.T, _ []change, test func(w *world)) { inAttachedWorld(t, acmes, test) }
	inOwn := func(t *testing.T, changes []change, test func(w *world)) {
		inPreparedWorld(t, preparation{histories: true}, test, changes...)
	}
	of := func(do func(context.Context, aws.Config, attach.Options) (*attach.Report, error), edit func(o *attach.Options, dir string)) func(context.Context, *world, aws.Config, string) error {
		return func(ctx context.Context, w *world, cfg aws.Config, dir string) error {
			o := attach.Options{Buckets: acmesNames, Stage: "dev", Yes: true, Out: io.Discard, Now: w.Clock.Now, Wait: smithytime.SleepWithContext}
			edit(&o, dir)
			r, err := do(ctx, cfg, o)
			if err == nil && r.Exit != 0 {
				err = fmt.Errorf("exit %d", r.Exit)
			}
			return err
		}
	}
	must := func(w *world, err error) { require.NoError(w.t, err) }
	planIn := func(dir string) string { return filepath.Join(dir, "plan.json") }
	asIs := func(*attach.Options, string) {}
	withTheirs := func(w *world) {
		w.deployTheirs(place{w.region, account}, "acme-notices", acmesQueue)
		w.owns("acme-invoices", "theirs", "s3:ObjectRemoved:*")
	}
	attachedBefore := func(w *world) {
		withTheirs(w)
		must(w, of(attach.Run, asIs)(w.t.Context(), w, w.AWSConfig(w.region), ""))
	}
	return map[string]command{
		"attach": {withTheirs, of(attach.Run, asIs), (*world).notices, nil, inAcmes},
		"attach --apply": {func(w *world) {
			withTheirs(w)
			must(w, of(attach.Run, func(o *attach.Options, dir string) { o.Plan = planIn(dir) })(w.t.Context(), w, w.AWSConfig(w.region), w.Project))
		}, func(ctx context.Context, w *world, cfg aws.Config, _ string) error {
			return of(attach.Run, func(o *attach.Options, dir string) { o.Apply = planIn(dir) })(ctx, w, cfg, w.Project)
		}, (*world).notices, nil, inAcmes},
		"detach":                 {attachedBefore, of(attach.Detach, func(o *attach.Options, _ string) { o.EventBridgeOff = true }), (*world).notices, nil, inAcmes},
		"detach, EventBridge on": {attachedBefore, of(attach.Detach, asIs), (*world).notices, nil, inAcmes},
		"retry":                  {(*world).unsettledAndUndelivered, retried(retry.FromAll), (*world).whereEach, nil, inOwn},
		"retry --from parked":    {(*world).parkedAndMended, retried(retry.FromParked), (*world).whereEach, nil, inOwn},
		"discard":                {(*world).parkedAndMended, discarded, (*world).onRecord, nil, inOwn},
		"parked": {(*world).parkedAndMended, func(ctx context.Context, w *world, cfg aws.Config, _ string) error {
			_, err := retry.LookAtParked(ctx, cfg, retry.LookOptions{Stage: "dev", Filter: retry.Filter{Since: 14 * 24 * time.Hour}, Max: 100, Now: w.Clock.Now()})
			return err
		}, (*world).stillParked, nil, inOwn},
		"audit --stage": {nil, func(ctx context.Context, w *world, cfg aws.Config, _ string) error {
			s := &audit.Stage{Name: "dev", Config: cfg}
			_, err := s.Start(ctx, audit.Input{Order: audit.Order{Bucket: w.bucket()}})
			return err
		}, (*world).auditedLast, audited(), inOwn},
		"discover": {withTheirs, func(ctx context.Context, _ *world, cfg aws.Config, _ string) error {
			_, err := discover.Run(ctx, cfg, discover.Options{Progress: io.Discard})
			return err
		}, (*world).notices, nil, inAcmes},
		"doctor": {attachedBefore, func(ctx context.Context, _ *world, cfg aws.Config, _ string) error {
			_, err := doctor.Run(ctx, cfg, doctor.Options{Stage: "dev", Now: time.Now})
			return err
		}, (*world).notices, nil, inAcmes},
	}
}

// notices are what becomes of buckets' events, and what attach has recorded, but for when.
func (w *world) notices() string {
	all := []any{w.told(acmesNames)}
	pages := s3.NewListObjectsV2Paginator(w.client, &s3.ListObjectsV2Input{Bucket: aws.String("autobackup-dev-work-" + account), Prefix: aws.String("attached/")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.t.Context())
		require.NoError(w.t, err)
		for _, o := range page.Contents {
			out, err := w.client.GetObject(w.t.Context(), &s3.GetObjectInput{Bucket: aws.String("autobackup-dev-work-" + account), Key: o.Key})
			require.NoError(w.t, err)
			record, err := io.ReadAll(out.Body)
			require.NoError(w.t, err)
			all = append(all, *o.Key, string(record))
		}
	}
	return regexp.MustCompile(`20\d\d-\d\d-\d\dT[0-9:.]+Z`).ReplaceAllString(mustJSON(w.t, all), "then")
}

// unsettledAndUndelivered leaves twelve messages in an execution that failed, and twelve events in
// the event DLQ.
func (w *world) unsettledAndUndelivered() {
	w.States.TaskFault = func(_ context.Context, resource string, parameters []byte) error {
		for _, text := range []string{"function:autobackup-compare-etags", "sqs:sendMessage"} {
			if strings.Contains(resource+string(parameters), text) {
				return &asl.Error{Name: "Broken", Cause: "on purpose"}
			}
		}
		return nil
	}
	for n := range 12 {
		w.put(fmt.Sprint("unsettled ", n), "content")
	}
	w.settle()
	w.States.TaskFault = nil
	told := w.S3.OnEvent
	w.S3.OnEvent = func(_ string, event []byte) {
		_, err := w.SQS.Send(w.queue("event-dlq"), sqs.Outgoing{Body: string(event)})
		assert.NoError(w.t, err)
	}
	for n := range 12 {
		w.put(fmt.Sprint("undelivered ", n), "content")
	}
	synctest.Wait()
	w.S3.OnEvent = told
	time.Sleep(time.Hour)
}

// retryOptions are those of somebody who is asked nothing.
func retryOptions(w *world, from string) retry.Options {
	return retry.Options{
		Stage: "dev", From: from, Filter: retry.Filter{Since: 14 * 24 * time.Hour}, Why: "the cause is mended", Max: 1000, Yes: true,
		Now: w.Clock.Now, In: strings.NewReader(""), Prompt: io.Discard, Plan: io.Discard,
	}
}

// retried has what it finds looked at again. What a run received and did not get to is hidden for a while.
func retried(from string) func(context.Context, *world, aws.Config, string) error {
	return func(ctx context.Context, w *world, cfg aws.Config, _ string) error {
		r, err := retry.Run(ctx, cfg, retryOptions(w, from))
		if err == nil && !r.Complete() {
			err = fmt.Errorf("not all was retried: %+v", r.Left)
		}
		return err
	}
}

func discarded(ctx context.Context, w *world, cfg aws.Config, _ string) error {
	r, err := retry.Discard(ctx, cfg, retryOptions(w, retry.FromParked))
	if err == nil && !r.Complete() {
		err = fmt.Errorf("not all was discarded: %+v", r.Left)
	}
	return err
}

// parkedAndMended leaves twelve messages parked whose replicas are all right since.
func (w *world) parkedAndMended() {
	w.States.TaskFault = func(_ context.Context, resource string, parameters []byte) error {
		if strings.Contains(resource+string(parameters), "function:autobackup-compare-etags") {
			return &asl.Error{Name: "Broken", Cause: "on purpose"}
		}
		return nil
	}
	for n := range 12 {
		w.put(fmt.Sprint("parked ", n), "content")
	}
	w.settle()
	w.States.TaskFault = nil
	require.Len(w.t, w.messages("validation-dlq"), 12)
	time.Sleep(time.Hour)
}

// stillParked is what lies in the DLQ, and whether others can receive it.
func (w *world) stillParked() string {
	time.Sleep(3 * time.Minute)
	n, err := w.SQS.Count(w.queue("validation-dlq"))
	require.NoError(w.t, err)
	return fmt.Sprint(len(w.messages("validation-dlq")), n.Visible)
}

// onRecord are the bodies of the messages that were discarded, each once, and how many were not.
func (w *world) onRecord() string {
	bodies := map[string]bool{}
	for _, name := range w.work().names("operations/") {
		if !strings.Contains(name, "-parked.json") {
			continue
		}
		r, err := shelf{w, w.client, "autobackup-dev-work-" + account}.open(name)
		require.NoError(w.t, err)
		var page []struct{ Body string }
		require.NoError(w.t, json.NewDecoder(r).Decode(&page))
		for _, m := range page {
			bodies[m.Body] = true
		}
	}
	return fmt.Sprint(len(bodies), len(w.messages("validation-dlq")))
}

// whereEach is where each version ended, and how often a message of it came at most.
func (w *world) whereEach() string {
	w.settle()
	came := map[string]int{}
	for _, e := range w.validations() {
		for _, m := range w.messagesOf(e) {
			came[m.Body]++
		}
	}
	twice := 0 // beside that in the execution which failed
	for body, n := range came {
		if n > 1+map[bool]int{true: 1}[strings.Contains(body, "unsettled ") || strings.Contains(body, "parked ")] {
			twice++
		}
	}
	assert.LessOrEqual(w.t, twice, 10, "no more than the page under way comes twice")
	ends := map[string]int{}
	for _, at := range w.became() {
		ends[strings.Join(at, ", ")]++
	}
	return fmt.Sprint(ends, len(w.messages("event-dlq")), len(w.published("failure-topic")))
}

// auditedLast is what the last audit of the bucket came to.
func (w *world) auditedLast() string {
	w.settle()
	ended, err := (&audit.Stage{Name: "dev", Config: w.AWSConfig(w.region)}).Last(w.t.Context(), w.bucket())
	require.NoError(w.t, err)
	require.Len(w.t, ended, 1)
	return fmt.Sprint(ended[0].Result, ended[0].Listed, len(w.published("failure-topic")))
}

// typed runs a command whose calls go wrong, and again without, and tells what it came to.
func (c command) typed(t *testing.T, wrong ...faults.Fault) (came string, made []faults.Made) {
	dir := t.TempDir()
	c.world(t, c.changes, func(w *world) {
		if c.before != nil {
			c.before(w)
		}
		injector := faults.New(wrong...)
		cfg := w.AWSConfig(w.region)
		cfg.HTTPClient = injector.On(cfg.HTTPClient, func(*http.Request) string { return "a command" })
		_, err := faults.Process(w.t.Context(), func(ctx context.Context) error { return c.run(ctx, w, cfg, dir) })
		made = injector.Made()
		if len(wrong) == 0 {
			require.NoError(t, err)
		} else {
			require.Positive(t, injector.Struck(), "no call went wrong")
			time.Sleep(3 * time.Minute)                             // what retry has received is hidden so long
			_ = c.run(w.t.Context(), w, w.AWSConfig(w.region), dir) // whose exit code may be that there is nothing left to do
		}
		came = c.comesTo(w)
	})
	return came, made
}

// A command that is killed at any call, and then typed again, leaves what it leaves otherwise; so
// does one of whose calls any goes wrong in any way.
func TestKilledAtAnyCallACommandEndsAsOtherwiseOnceItIsTypedAgain(t *testing.T) {
	all := commands()
	r := rand.New(rand.NewPCG(1, 15))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := all[name]
		clean, made := c.typed(t)
		var wrong [2][]faults.Fault // kills, and all others
		for _, m := range made {
			for n, those := range [][]faults.Fault{faults.Kills(m.Call), faults.Of(m.Call)} {
				for _, f := range those {
					f.Attempt = m.Attempt
					if !slices.Contains([]faults.Kind{faults.Silent, faults.Slow, faults.Late}, f.What) { // which take as long as nobody waits
						wrong[n] = append(wrong[n], f)
					}
				}
			}
		}
		for n := range wrong { // what is called at once comes in any order
			slices.SortFunc(wrong[n], func(a, b faults.Fault) int {
				return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Attempt, b.Attempt), cmp.Compare(a.What, b.What))
			})
		}
		t.Logf("%s: %d calls, %d kills, %d other faults", name, len(made), len(wrong[0]), len(wrong[1]))
		noted(t, "kills: of the command "+name, len(wrong[0]))
		noted(t, "faults: of the command "+name, len(wrong[1]))
		for n := range wrong {
			if !*everyKill {
				r.Shuffle(len(wrong[n]), func(i, j int) { wrong[n][i], wrong[n][j] = wrong[n][j], wrong[n][i] })
				wrong[n] = wrong[n][:min(share(2), len(wrong[n]))]
			}
		}
		for n, f := range slices.Concat(wrong[0], wrong[1]) {
			t.Run(fmt.Sprintf("%s %d", name, n), func(t *testing.T) {
				came, _ := c.typed(t, f)
				assert.Equal(t, clean, came, "%+v", f)
			})
		}
	}
}
