package audit_test

import (
	"bytes"
	"context"
	"crypto/md5" // #nosec G501: as S3's ETags are
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	core "autobackup/internal/audit"
	"autobackup/internal/look"
	"autobackup/internal/s3event"
	"autobackup/internal/scrub"
	"autobackup/internal/ticket"
	"autobackup/internal/verdict"
)

// working is a working bucket.
type working struct {
	lock    sync.Mutex
	objects map[string][]byte
	// stop is called before each call, and may end the function's context.
	stop func()
}

func (w *working) called(ctx context.Context) error {
	if w.stop != nil {
		w.stop()
	}
	return ctx.Err()
}

func refusedWith(status int) error {
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: fmt.Errorf("status %d", status),
	}}
}

func etagOf(content []byte) *string {
	sum := md5.Sum(content) // #nosec G401: as above
	return aws.String(`"` + hex.EncodeToString(sum[:]) + `"`)
}

// GetObject implements keep.Client.
func (w *working) GetObject(ctx context.Context, in *sdk.GetObjectInput, _ ...func(*sdk.Options)) (*sdk.GetObjectOutput, error) {
	if err := w.called(ctx); err != nil {
		return nil, err
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	content, there := w.objects[*in.Key]
	if !there {
		return nil, refusedWith(http.StatusNotFound)
	}
	etag := etagOf(content)
	if in.Range != nil {
		var from, to int
		if _, err := fmt.Sscanf(*in.Range, "bytes=%d-%d", &from, &to); err != nil {
			return nil, err
		}
		content = content[from : to+1]
	}
	return &sdk.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(content)), ETag: etag}, nil
}

// PutObject implements keep.Client.
func (w *working) PutObject(ctx context.Context, in *sdk.PutObjectInput, _ ...func(*sdk.Options)) (*sdk.PutObjectOutput, error) {
	if err := w.called(ctx); err != nil {
		return nil, err
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	content, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, err
	}
	old, there := w.objects[*in.Key]
	if there && in.IfNoneMatch != nil || in.IfMatch != nil && (!there || *etagOf(old) != *in.IfMatch) {
		return nil, refusedWith(http.StatusPreconditionFailed)
	}
	w.objects[*in.Key] = content
	return &sdk.PutObjectOutput{}, nil
}

// DeleteObject implements keep.Client.
func (w *working) DeleteObject(ctx context.Context, in *sdk.DeleteObjectInput, _ ...func(*sdk.Options)) (*sdk.DeleteObjectOutput, error) {
	if err := w.called(ctx); err != nil {
		return nil, err
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	delete(w.objects, *in.Key)
	return &sdk.DeleteObjectOutput{}, nil
}

// ListObjectsV2 implements keep.Client, for folders.
func (w *working) ListObjectsV2(ctx context.Context, in *sdk.ListObjectsV2Input, _ ...func(*sdk.Options)) (*sdk.ListObjectsV2Output, error) {
	if err := w.called(ctx); err != nil {
		return nil, err
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	var folders []string
	for key := range w.objects {
		if rest, below := strings.CutPrefix(key, *in.Prefix); below && strings.Contains(rest, "/") {
			folders = append(folders, *in.Prefix+rest[:strings.Index(rest, "/")+1])
		}
	}
	slices.Sort(folders)
	out := &sdk.ListObjectsV2Output{}
	for _, f := range slices.Compact(folders) {
		out.CommonPrefixes = append(out.CommonPrefixes, s3types.CommonPrefix{Prefix: &f})
	}
	return out, nil
}

// lookers look as fetch-etags does.
type lookers struct{ *look.Looker }

// LookAt implements audit.Looks.
func (l lookers) LookAt(ctx context.Context, replica string, versions []s3event.ObjectVersion) ([]verdict.Look, error) {
	return l.Looker.LookAt(ctx, look.Versions{Replica: replica, Versions: versions}).Looks, nil
}

// running has executions that are under way.
type running map[string]bool

// DescribeExecution implements audit.Executions.
func (r running) DescribeExecution(_ context.Context, in *sfn.DescribeExecutionInput, _ ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error) {
	status := types.ExecutionStatusFailed
	if r[*in.ExecutionArn] {
		status = types.ExecutionStatusRunning
	}
	return &sfn.DescribeExecutionOutput{Status: status}, nil
}

// stage is a stage's audits over the fake S3. Each question for the time takes four seconds, so
// that parts leave much for the next round.
type stage struct {
	t testing.TB
	audit.Deployed
	*working
	now    atomic.Int64
	rounds int
	// lose says which parts' functions fail in all attempts.
	lose func(step audit.Step, part int) bool
}

func newStage(t testing.TB, f *fake, o audit.Options) *stage {
	t.Helper()
	w := &working{objects: map[string][]byte{}}
	config := aws.Config{Region: home, BaseEndpoint: aws.String("http://s3.example.com"), Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""), HTTPClient: f}
	client := sdk.NewFromConfig(config, func(o *sdk.Options) { o.UsePathStyle = true })
	s := &stage{t: t, working: w}
	plan := o.Plan
	plan.FailOn = audit.FailOn{audit.FailFindings, audit.FailUnknown}
	s.Deployed = audit.Deployed{
		Objects: w, Executions: running{}, Config: config, Bucket: "work", Stage: "test", Plan: plan, Rate: 10_000, AtOnce: 4, Time: 365 * day,
		Looks: lookers{look.New(client, client, time.Now)}, Metrics: io.Discard, Wait: o.Wait, Dir: t.TempDir(), HTTP: f,
		Now: func() time.Time { return o.Started.Add(time.Duration(s.now.Add(4)) * time.Second) },
	}
	audit.BoundedParts(&s.Deployed)
	return s
}

// do sends a request as the state machine does, and reads the answer.
func do[T any](t testing.TB, d audit.Deployed, r audit.Request) (answer T, err error) {
	t.Helper()
	return doIn[T](t.Context(), t, d, r)
}

func doIn[T any](ctx context.Context, t testing.TB, d audit.Deployed, r audit.Request) (answer T, err error) {
	t.Helper()
	text, err := json.Marshal(r)
	require.NoError(t, err)
	r = audit.Request{}
	require.NoError(t, json.Unmarshal(text, &r))
	got, err := d.Do(ctx, r)
	if err != nil {
		return answer, err
	}
	text, err = json.Marshal(got)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &answer))
	return answer, nil
}

// run does what the state machine does with one order.
func (s *stage) run(execution string, order audit.Order) (audit.Summary, error) {
	s.t.Helper()
	by := audit.Execution{ID: "arn:" + execution, Name: execution, Start: s.Plan.Started}
	step, err := do[audit.Step](s.t, s.Deployed, audit.Request{Operation: audit.OpPlan, Execution: by, Order: &order})
	if err != nil || step.Phase == audit.PhaseBusy {
		return audit.Summary{By: step.By}, err
	}
	for step.Phase != audit.PhaseReport {
		s.rounds++
		var items []int
		require.NoError(s.t, json.Unmarshal(s.objects[step.Items.Key], &items))
		for _, i := range items {
			if s.lose != nil && s.lose(step, i) {
				continue
			}
			_, err := do[struct{}](s.t, s.Deployed, audit.Request{Operation: audit.OpWork, Step: &step, Part: i})
			if err != nil {
				return audit.Summary{}, err
			}
		}
		if step, err = do[audit.Step](s.t, s.Deployed, audit.Request{Operation: audit.OpCollect, Step: &step}); err != nil {
			return audit.Summary{}, err
		}
	}
	return do[audit.Summary](s.t, s.Deployed, audit.Request{Operation: audit.OpReport, Step: &step})
}

// folder copies a report out of the working bucket.
func (s *stage) folder(of audit.Summary) string {
	s.t.Helper()
	dir := s.t.TempDir()
	prefix := strings.TrimPrefix(of.Report, "s3://work/")
	for key, content := range s.objects {
		if name, below := strings.CutPrefix(key, prefix); below {
			require.NoError(s.t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
		}
	}
	return dir
}

func TestAnAuditOfAStageHasTheReportOfTheProgram(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rounds := 0
		seeds := uint64(4) // each level once, and a prefix
		if *everyStop {
			seeds = 40
		}
		for seed := uint64(1); seed <= seeds && !t.Failed(); seed++ {
			level := []core.Level{core.AllLooked, core.Rest, core.Listed, core.Rest}[seed%4]
			prefix := []string{"", "a", "", "", "\uff5e"}[seed%5]
			m := newModel(seed, 150, time.Now().UTC())
			f := m.fake(t)
			o := of(t, f, func(o *audit.Options) { o.Level, o.Prefix = level, prefix })
			_, err := audit.Run(t.Context(), o)
			require.NoError(t, err)
			s := newStage(t, f, o)
			summary, err := s.run("e1", audit.Order{Bucket: primary, Prefix: prefix})
			require.NoError(t, err)
			want := files(t, o.Folder)
			o.Folder = s.folder(summary)
			got := files(t, o.Folder)
			for _, name := range []string{"findings.jsonl", "findings.csv", "manifest.csv"} {
				assert.Equal(t, want[name], got[name], name)
			}
			agree(t, m, o)
			rounds += s.rounds
			assert.NotContains(t, s.objects, "audits/"+primary+"/lock.json")
			if t.Failed() {
				t.Logf("seed %d, level %s, prefix %q", seed, level, prefix)
			}
		}
		assert.Greater(t, rounds, int(3*seeds), "parts leave much for the next round")
	})
}

func TestAKeyThatIsLongerThanAPartGoesOnInsideTheKey(t *testing.T) {
	bubble(t, func(t *testing.T) {
		seeds := uint64(1)
		if *everyStop {
			seeds = 10
		}
		for seed := uint64(1); seed <= seeds && !t.Failed(); seed++ {
			m := newModel(seed, 20, time.Now().UTC())
			for range 2500 {
				m.version("long")
			}
			f := m.fake(t)
			f.most = 100
			o := of(t, f)
			_, err := audit.Run(t.Context(), o)
			require.NoError(t, err)
			want := files(t, o.Folder)
			s := newStage(t, f, o)
			summary, err := s.run("e1", audit.Order{Bucket: primary})
			require.NoError(t, err)
			o.Folder = s.folder(summary)
			got := files(t, o.Folder)
			for _, name := range []string{"findings.jsonl", "findings.csv", "manifest.csv"} {
				assert.Equal(t, want[name], got[name], name)
			}
			agree(t, m, o)
			paused := 0
			for key := range s.objects {
				if strings.Contains(key, "/inside/") && strings.HasSuffix(key, ".json") {
					paused++
				}
			}
			assert.Greater(t, paused, 1)
		}
	})
}

// small is a stage over a model of some keys, and what the report of the program says of it.
func small(t *testing.T, change ...func(*audit.Options)) (*stage, *fake, audit.Options) {
	t.Helper()
	m := newModel(7, 150, time.Now().UTC())
	f := m.fake(t)
	o := of(t, f, change...)
	return newStage(t, f, o), f, o
}

func sum(r core.Report) (n int64) {
	for _, c := range r.Counts {
		n += c.Versions
	}
	return n
}

func TestAPartThatIsLostIsToldAndLosesNoOther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, f, o := small(t)
		whole, err := audit.Run(t.Context(), o)
		require.NoError(t, err)
		s.lose = func(step audit.Step, part int) bool { return step.Round == 2 && part == 0 }
		summary, err := s.run("e1", audit.Order{Bucket: primary})
		require.NoError(t, err)
		report := reports(t, s.folder(summary))[0]
		require.Len(t, report.NotListed, 1)
		assert.Contains(t, report.NotListed[0].Why, "failed in each of its attempts")
		assert.Contains(t, strings.Join(report.Notes, "\n"), "were not listed, and nothing is known of them")
		assert.Less(t, report.Listed, whole.Reports[0].Listed)
		assert.Positive(t, report.Listed)
		assert.Equal(t, report.Listed, sum(report))
		assert.Equal(t, audit.ExitFindings, report.Exit)
		assert.Contains(t, summary.Cut, "failed in each of its attempts")
		assert.Positive(t, f.sent())
	})
}

func TestRowsThatNobodyLooksAtAreWhatTheListingsSayOfThem(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _, o := small(t)
		listed := o
		listed.Level, listed.Folder = core.Listed, t.TempDir()
		_, err := audit.Run(t.Context(), listed)
		require.NoError(t, err)
		s.lose = func(step audit.Step, _ int) bool { return step.Phase == audit.PhaseLook }
		summary, err := s.run("e1", audit.Order{Bucket: primary})
		require.NoError(t, err)
		report := reports(t, s.folder(summary))[0]
		assert.Empty(t, report.NotListed)
		assert.Equal(t, report.Listed, sum(report))
		assert.Contains(t, strings.Join(report.Notes, "\n"), "were not looked at: the function that was to do it failed")
		_, counts := told(t, s.folder(summary))
		_, want := told(t, listed.Folder)
		assert.Equal(t, want, counts)
	})
}

func TestAnAuditStopsBeforeItSpendsMoreThanItMay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		audited := func(level core.Level, dollars float64) (audit.Summary, core.Report) {
			s, f, _ := small(t)
			f.most = 1000 // rows a page, so that looks cost more than listing
			s.Now = func() time.Time { return s.Plan.Started }
			summary, err := s.run("e1", audit.Order{Bucket: primary, Dollars: dollars, Level: level})
			require.NoError(t, err)
			return summary, reports(t, s.folder(summary))[0]
		}
		_, listed := audited(core.Listed, 0)
		for dollars, want := range map[float64]string{
			listed.Dollars / 3:    "the audit has cost $0.0",
			listed.Dollars + 1e-4: "versions that the listings leave open would cost $0.0",
		} {
			summary, report := audited(core.AllLooked, dollars)
			assert.Contains(t, summary.Cut, want)
			assert.Contains(t, strings.Join(report.Notes, "\n"), want)
			assert.Equal(t, report.Listed, sum(report))
			assert.NotZero(t, summary.Exit)
		}
	})
}

func TestAnAuditThatTakesTooLongEndsAndSaysSo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _, _ := small(t)
		s.Time = 2 * time.Minute
		summary, err := s.run("e1", audit.Order{Bucket: primary})
		require.NoError(t, err)
		assert.Contains(t, summary.Cut, "the audit has taken 2m0s, which is all that it may")
		assert.NotZero(t, summary.Exit)
		report := reports(t, s.folder(summary))[0]
		assert.Equal(t, report.Listed, sum(report))
	})
}

func TestABucketIsAuditedByOneExecutionAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _, _ := small(t)
		alive := running{"arn:e1": true}
		s.Executions = alive
		plan := func(name string) audit.Step {
			by := audit.Execution{ID: "arn:" + name, Name: name, Start: s.Plan.Started}
			step, err := do[audit.Step](t, s.Deployed, audit.Request{Operation: audit.OpPlan, Execution: by, Order: &audit.Order{Bucket: primary}})
			require.NoError(t, err)
			return step
		}
		first := plan("e1")
		assert.Equal(t, audit.PhaseList, first.Phase)
		assert.Equal(t, first, plan("e1"), "a second attempt is the same audit")
		busy := plan("e2")
		assert.Equal(t, audit.PhaseBusy, busy.Phase)
		assert.Equal(t, "arn:e1", busy.By)
		alive["arn:e1"] = false // it was stopped
		assert.Equal(t, audit.PhaseList, plan("e2").Phase)
		alive["arn:e2"] = true
		assert.Equal(t, audit.PhaseBusy, plan("e1").Phase)
	})
}

func TestWhatIsNewIsToldByTheAuditBefore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, f, _ := small(t)
		first, err := s.run("e1", audit.Order{Bucket: primary})
		require.NoError(t, err)
		require.Positive(t, first.Findings)
		assert.Equal(t, first.Findings+first.Unknown, first.New, "where none was before, all is new")
		s.Plan.Started = s.Plan.Started.Add(time.Second)
		again, err := s.run("e2", audit.Order{Bucket: primary})
		require.NoError(t, err)
		assert.Equal(t, first.Findings, again.Findings)
		assert.Zero(t, again.New)
		s.Plan.Started = s.Plan.Started.Add(time.Second)
		lost := f.buckets[1].versions
		kept := slices.IndexFunc(lost, func(h held) bool {
			return h.status == "REPLICA" && !h.marker && h.made.Before(s.Plan.Started.Add(-day))
		})
		f.buckets[1].versions = slices.Delete(slices.Clone(lost), kept, kept+1)
		third, err := s.run("e3", audit.Order{Bucket: primary})
		require.NoError(t, err)
		assert.LessOrEqual(t, third.New, int64(1))
		assert.NotEmpty(t, reports(t, s.folder(third))[0].Since)
		other, err := s.run("e4", audit.Order{Bucket: primary, Level: core.AllLooked})
		require.NoError(t, err)
		assert.Empty(t, reports(t, s.folder(other))[0].Since, "another level gives other reasons")
	})
}

func TestWhateverIsDoneTwiceIsDoneOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _, o := small(t)
		_, err := audit.Run(t.Context(), o)
		require.NoError(t, err)
		by := audit.Execution{ID: "arn:e", Name: "e", Start: s.Plan.Started}
		var step audit.Step
		twice := func(r audit.Request, of audit.Step) {
			var again audit.Step
			r.Step = &of
			step, err = do[audit.Step](t, s.Deployed, r)
			require.NoError(t, err)
			again, err = do[audit.Step](t, s.Deployed, r)
			require.NoError(t, err)
			require.Equal(t, step, again)
		}
		twice(audit.Request{Operation: audit.OpPlan, Execution: by, Order: &audit.Order{Bucket: primary}}, audit.Step{})
		for step.Phase != audit.PhaseReport {
			var items []int
			require.NoError(t, json.Unmarshal(s.objects[step.Items.Key], &items))
			for _, i := range items {
				for range 2 {
					_, err := do[struct{}](t, s.Deployed, audit.Request{Operation: audit.OpWork, Step: &step, Part: i})
					require.NoError(t, err)
				}
			}
			twice(audit.Request{Operation: audit.OpCollect}, step)
		}
		var summary, again audit.Summary
		summary, err = do[audit.Summary](t, s.Deployed, audit.Request{Operation: audit.OpReport, Step: &step})
		require.NoError(t, err)
		want := files(t, o.Folder)
		got := files(t, s.folder(summary))
		assert.Equal(t, want["findings.jsonl"], got["findings.jsonl"])
		again, err = do[audit.Summary](t, s.Deployed, audit.Request{Operation: audit.OpReport, Step: &step})
		require.NoError(t, err)
		assert.Equal(t, summary, again)
	})
}

// stopped is run, each of whose functions is stopped at some call, to either side, to the working
// bucket or to hash-bytes, and tried again. It says how many were.
func (s *stage) stopped(f *fake, first int, disks *disks) (summary audit.Summary, stops int) {
	t := s.t
	t.Helper()
	stop := first
	again := func(r audit.Request, answer func(ctx context.Context) error) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var calls atomic.Int64
		stopped := func() {
			if calls.Add(1) == int64(stop) {
				cancel()
			}
		}
		s.stop, f.before = stopped, func(int, *http.Request) (*http.Response, error) { stopped(); return nil, ctx.Err() }
		if disks != nil {
			disks.stop = stopped
		}
		err := answer(ctx)
		s.stop, f.before = nil, nil
		if disks != nil {
			disks.stop = nil
		}
		stop = 1 + (stop*5+3)%61
		if err != nil {
			stops++
			require.NoError(t, answer(t.Context()), r.Operation)
		}
	}
	step := audit.Step{}
	next := func(r audit.Request) {
		of := step
		r.Step = &of
		again(r, func(ctx context.Context) (err error) {
			step, err = doIn[audit.Step](ctx, t, s.Deployed, r)
			return err
		})
	}
	next(audit.Request{Operation: audit.OpPlan, Execution: audit.Execution{ID: "arn:e", Name: "e", Start: s.Plan.Started}, Order: &audit.Order{Bucket: primary}})
	for step.Phase != audit.PhaseReport {
		var items []int
		require.NoError(t, json.Unmarshal(s.objects[step.Items.Key], &items))
		for _, i := range items {
			r := audit.Request{Operation: audit.OpWork, Step: &step, Part: i}
			again(r, func(ctx context.Context) error {
				_, err := doIn[struct{}](ctx, t, s.Deployed, r)
				return err
			})
		}
		next(audit.Request{Operation: audit.OpCollect})
	}
	r := audit.Request{Operation: audit.OpReport, Step: &step}
	again(r, func(ctx context.Context) (err error) {
		summary, err = doIn[audit.Summary](ctx, t, s.Deployed, r)
		return err
	})
	return summary, stops
}

func TestAFunctionThatIsStoppedAtAnyCallChangesNothingOfTheReport(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newModel(11, 40, time.Now().UTC())
		f := m.fake(t)
		o := of(t, f)
		_, err := audit.Run(t.Context(), o)
		require.NoError(t, err)
		want := files(t, o.Folder)
		stops := 0
		for first := 1; first <= 60; first += stopStep() {
			s := newStage(t, f, o)
			summary, n := s.stopped(f, first, nil)
			stops += n
			got := files(t, s.folder(summary))
			for _, name := range []string{"findings.jsonl", "findings.csv", "manifest.csv"} {
				assert.Equal(t, want[name], got[name], "%s, first stopped at call %d", name, first)
			}
		}
		assert.Greater(t, stops, 10)
	})
}

// remembered is what the bucket's turns come to, in few words.
func (s *stage) remembered() string {
	var known struct {
		Purse scrub.Purse
		Pairs map[string]scrub.Turns
	}
	require.NoError(s.t, json.Unmarshal(s.objects["audits/"+primary+"/scrub.json"], &known))
	turns := known.Pairs[replica]
	reads := map[time.Time]int{}
	for _, at := range turns.Read {
		reads[at]++
	}
	return fmt.Sprintf("%.9f %v %v %v %v", known.Purse.Dollars, turns.Began, turns.Runs, reads, turns.Open)
}

// stopStep is from one first stop to the next.
func stopStep() int {
	if *everyStop {
		return 1
	}
	return 30
}

// The same of what a scrub reads, finds and remembers, over two days.
func TestAFunctionThatIsStoppedAtAnyCallChangesNothingOfTheScrub(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var want []string
		stops := 0
		for first := 0; first <= 60; first += stopStep() {
			all := objects(12, 5)
			all[3].size = 40 << 30
			s, d := scrubbing(t, 2, all...)
			s.pace(30 * time.Second)
			d.rotten[diskOf(replica, "v0003")], d.denied[diskOf(primary, "v0007")] = true, verdict.SSEC
			left := &facts{names: map[string]bool{}}
			s.Facts = keepOnly{facts: left}
			var got []string
			for range 3 {
				var summary audit.Summary
				if first == 0 {
					summary, _ = s.scrub(len(got))
				} else {
					var n int
					s.now.Store(0)
					summary, n = s.stopped(d.f, first, d)
					stops += n
					s.Plan.Started = s.Plan.Started.Add(day)
				}
				found, _ := fileOf(s, summary, "findings.jsonl")
				got = append(got, found, s.remembered())
			}
			lines := map[string]bool{}
			for _, r := range left.records {
				lines[fmt.Sprint(r.Source, r.Version, r.Told)] = true
			}
			got = append(got, fmt.Sprint(lines))
			if first == 0 {
				want = got
				continue
			}
			for i := range want {
				require.Equal(t, want[i], got[i], "first stopped at call %d", first)
			}
		}
		assert.Greater(t, stops, 10)
	})
}

func TestWhichBucketsAnExecutionAuditsIsSaidByItsInputOrTheStage(t *testing.T) {
	d := audit.Deployed{}
	for name, c := range map[string]struct {
		input *audit.Input
		want  []audit.Order
		err   string
	}{
		"a schedule's event names none": {&audit.Input{}, []audit.Order{{Bucket: "docs"}, {Bucket: "media"}}, ""},
		"no input":                      {nil, []audit.Order{{Bucket: "docs"}, {Bucket: "media"}}, ""},
		"one bucket":                    {&audit.Input{Order: audit.Order{Bucket: "media", Level: core.AllLooked}}, []audit.Order{{Bucket: "media", Level: core.AllLooked}}, ""},
		"some":                          {&audit.Input{Buckets: []string{"media", "docs", "media"}}, []audit.Order{{Bucket: "docs"}, {Bucket: "media"}}, ""},
		"one of another stage":          {&audit.Input{Order: audit.Order{Bucket: "other"}}, nil, `audit the bucket "other": this stage does not validate it: it has docs, media`},
		"bytes":                         {&audit.Input{Order: audit.Order{Level: core.Bytes}}, nil, "audits of a stage read no sample: have them read all bytes in turns with ScrubDays"},
		"a level that there is not":     {&audit.Input{Order: audit.Order{Level: "deep"}}, nil, `level "deep": it is none of listed, rest and all`},
		"less than no rate":             {&audit.Input{Order: audit.Order{Rate: -1}}, nil, "rate -1: it is how many requests a second are sent, at least 10"},
		"a rate too low for a part":     {&audit.Input{Order: audit.Order{Rate: 9}}, nil, "rate 9: it is how many requests a second are sent, at least 10"},
		"less than no dollars":          {&audit.Input{Order: audit.Order{Dollars: -1}}, nil, "dollars -1: it is what the audit"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := do[audit.Orders](t, d, audit.Request{Operation: audit.OpBuckets, Names: ",docs,,", Categories: "media", Category: "*", Input: c.input})
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, got.Orders)
		})
	}
}

func TestWhatAuditsCameToIsToldInOneMessage(t *testing.T) {
	d := audit.Deployed{Stage: "dev", Config: aws.Config{Region: home}}
	told := func(all ...audit.Summary) audit.Told {
		got, err := do[audit.Told](t, d, audit.Request{Operation: audit.OpSummarize, Execution: audit.Execution{ID: "arn:e"}, Summaries: all, Chat: "Enabled"})
		require.NoError(t, err)
		return got
	}
	fine := audit.Summary{Bucket: "fine", Result: audit.AsItMustBe, Listed: 10}
	known := audit.Summary{Bucket: "known", Result: audit.Findings, Findings: 3}
	busy := audit.Summary{Bucket: "busy", By: "arn:other"}
	quiet := told(fine, known, busy)
	assert.False(t, quiet.Tell)
	assert.False(t, quiet.Failed)
	assert.Empty(t, quiet.Chat)
	assert.Len(t, quiet.Buckets, 3)

	found := audit.Summary{Bucket: "found", Result: audit.Findings, Findings: 3, New: 2, Unknown: 1, Listed: 12, Open: 1, Validated: 2, Report: "s3://work/audits/found/1/report/"}
	cut := audit.Summary{Bucket: "cut", Result: audit.NotAllKnown, Listed: 5, Cut: "the audit has cost $1\nand more"}
	broken := audit.Summary{Bucket: "broken", Error: json.RawMessage(`{"Error": "Autobackup.Internal", "Cause": "{\"errorMessage\": \"find the bucket broken: it does not exist\", \"errorType\": \"Autobackup.Internal\"}"}`)}
	all := told(found, cut, broken, fine)
	assert.True(t, all.Tell)
	assert.True(t, all.Failed)
	assert.Equal(t, "1 bucket could not be audited; the output of the state Summarize says why", all.Cause)
	assert.Equal(t, "[dev] Backup audit: 2 new in 3 buckets", all.Subject)
	for _, line := range []string{
		"s3://found\n  findings: 2 new of 3 findings and 1 unknown, of 12 versions\n  the bytes of 1 were not equal, or could not be read, on both sides: they are read again in each audit\n  2 of these are validated again", "report: s3://work/audits/found/1/report/",
		"not all was looked at: the audit has cost $1", "s3://broken\n  could not be audited: find the bucket broken: it does not exist",
		"autobackup audit --stage dev --region eu-central-1 --last s3://BUCKET --output audit-report", "Execution: arn:e",
	} {
		assert.Contains(t, all.Message, line)
	}
	assert.NotContains(t, all.Message, "s3://fine")
	assert.Contains(t, all.Chat, `"version":"1.0"`)
	assert.Contains(t, all.Chat, "2 new in 3 buckets")
	assert.Contains(t, all.Chat, "`autobackup audit --stage dev --region "+d.Config.Region+" --last`")
	for caught, want := range map[string]string{
		`{"Error": "States.Timeout", "Cause": ""}`: "States.Timeout: ", `"plain"`: "plain", `[1]`: "[1]", `{"Error": "X", "Cause": "y"}`: "X: y",
	} {
		assert.Contains(t, told(audit.Summary{Bucket: "b", Error: json.RawMessage(caught)}).Message, "could not be audited: "+want)
	}
	assert.Equal(t, "[dev] Backup audit: could not be made in 1 bucket", told(broken).Subject)
	assert.Equal(t, "[dev] Backup audit: not all is known in 1 bucket", told(cut).Subject)
}

func TestTheEventOfAuditsTellsOfTheBucketsThatTheMessageTellsOf(t *testing.T) {
	over := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	d := audit.Deployed{Stage: "dev", Config: aws.Config{Region: home}, Now: func() time.Time { return over }}
	told := func(asked string, all ...audit.Summary) audit.Told {
		got, err := do[audit.Told](t, d, audit.Request{Operation: audit.OpSummarize, Execution: audit.Execution{ID: "arn:e"}, Summaries: all, Events: asked})
		require.NoError(t, err)
		return got
	}
	fine := audit.Summary{Bucket: "fine", Result: audit.AsItMustBe, Listed: 10}
	busy := audit.Summary{Bucket: "busy", By: "arn:other"}
	found := audit.Summary{Bucket: "found", Result: audit.Findings, Findings: 3, New: 2, Unknown: 1, Listed: 12, Open: 1, Validated: 2, Report: "s3://work/audits/found/1/report/"}
	cut := audit.Summary{Bucket: "cut", Result: audit.NotAllKnown, Listed: 5, Cut: "the audit has cost $1\nand more", Report: "s3://work/audits/cut/1/report/"}
	broken := audit.Summary{Bucket: "broken", Error: json.RawMessage(`{"Error": "Autobackup.Internal", "Cause": "{\"errorMessage\": \"\\\"}],\\n<it> is gone\", \"errorType\": \"X\"}"}`)}
	assert.Nil(t, told("Enabled", fine, busy).Event, "nothing is new")
	assert.Nil(t, told("Disabled", found).Event, "nobody asked")
	all := told("Enabled", fine, found, busy, cut, broken)
	require.NotNil(t, all.Event)
	assert.Equal(t, ticket.Audit{
		SchemaVersion: ticket.SchemaVersion, Stage: "dev", Time: over, Execution: "arn:e", Summary: all.Subject,
		News: []ticket.News{ticket.New, ticket.NotAudited, ticket.NotAllKnown},
		Buckets: []ticket.Audited{
			{Bucket: "found", Report: found.Report, Count: &ticket.Count{Result: audit.Findings, Listed: 12, Findings: 3, Unknown: 1, New: 2, Validated: 2}},
			{Bucket: "cut", Report: cut.Report, Cut: "the audit has cost $1 and more", Count: &ticket.Count{Result: audit.NotAllKnown, Listed: 5}},
			{Bucket: "broken", Error: `"}], <it> is gone`},
		},
	}, *all.Event)
}
