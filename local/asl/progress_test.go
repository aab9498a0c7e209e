package asl_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/asl"
	"autobackup/local/clock"
)

// told is all that a run lets others know.
type told struct {
	Result  asl.Result
	Events  map[string][]types.HistoryEvent // by execution
	MapRuns map[string]asl.MapRun
	Objects map[string]string
}

// moment is what is there when the process dies.
type moment struct {
	at       time.Time
	progress []byte
	redrive  bool
	tasks    map[string][]answer
}

// theatre plays a scenario, from the beginning or from a moment on.
type theatre struct {
	t          *testing.T
	c          *scenario
	definition []byte
	dir        string

	mu      sync.Mutex
	scripts map[string]*script
	events  map[string][]types.HistoryEvent
	runs    map[string]asl.MapRun
	place   *bucket
	watch   func(moment) // gets every moment, those between two goroutines included; nil for those in which all wait
	run     *asl.Run
}

const root = "arn:aws:states:eu-west-1:123456789012:execution:machine:run"

func (p *theatre) begin(from moment) (*asl.Run, context.CancelFunc, chan struct{}) {
	start := time.Now()
	if !from.at.IsZero() {
		time.Sleep(from.at.Sub(start)) // bubble time: each bubble begins at the same instant
	}
	p.events, p.runs, p.scripts = map[string][]types.HistoryEvent{}, map[string]asl.MapRun{}, map[string]*script{}
	p.place = &bucket{objects: map[string]string{}}
	for key, text := range p.c.Objects {
		p.place.objects[key] = text
	}
	clk, changed := clock.Real(), make(chan struct{}, 1)
	x := asl.Execution{
		Clock: clk, Seed: p.c.Seed, Input: compact(p.t, p.c.Input), ARN: root, Name: "run", RoleARN: "arn:aws:iam::123456789012:role/r",
		StateMachineARN: "arn:aws:states:eu-west-1:123456789012:stateMachine:machine", StateMachineName: "machine",
		Objects: p.place, TerminalDataLimit: p.c.TerminalDataLimit, Dir: p.dir,
		MapRun: func(r asl.MapRun) { p.note(func() { p.runs[r.ARN] = r }) },
		Changed: func() {
			p.changed()
			select {
			case changed <- struct{}{}:
			default:
			}
		},
	}
	x.History = func(e types.HistoryEvent) { p.note(func() { p.events[root] = append(p.events[root], e) }) }
	x.ChildHistory = func(arn string, e types.HistoryEvent) { p.note(func() { p.events[arn] = append(p.events[arn], e) }) }
	if from.progress != nil {
		x.From, x.Redrive = &asl.Progress{}, from.redrive
		require.NoError(p.t, json.Unmarshal(from.progress, x.From))
	}
	m, err := asl.Load(p.definition, func(arn string) (asl.Task, error) {
		if p.c.pure {
			return taskFunc(p.pure), nil
		}
		if p.scripts[arn] == nil {
			p.scripts[arn] = &script{t: p.t, clock: clk, answers: from.tasks[arn]}
		}
		return p.scripts[arn], nil
	})
	require.NoError(p.t, err)
	ctx, cancel := context.WithCancel(p.t.Context())
	if p.c.AbortAfter != "" {
		clk.AfterFunc(time.Until(start.Add(parse(p.t, p.c.AbortAfter))), cancel)
	}
	run := m.Begin(ctx, x)
	p.note(func() { p.run = run })
	return run, cancel, changed
}

func (p *theatre) changed() {
	if p.watch == nil {
		return
	}
	var run *asl.Run
	p.note(func() { run = p.run })
	m := p.moment(run)
	p.note(func() { p.watch(m) })
}

func (p *theatre) note(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *theatre) told(r asl.Result) told {
	r.Start, r.Stop = r.Start.UTC(), r.Stop.UTC()
	for key, text := range p.place.objects { // children that end at one instant are written as they come
		var records []json.RawMessage
		if json.Unmarshal([]byte(text), &records) == nil {
			slices.SortFunc(records, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
			p.place.objects[key] = fmt.Sprintf("%s", records)
		}
	}
	return told{r, p.events, p.runs, p.place.objects}
}

// after completes what was told from a moment on with what the whole run told before.
func (p *theatre) after(whole *theatre) {
	for arn, events := range whole.events {
		n := len(events)
		if later := p.events[arn]; len(later) > 0 {
			n = int(later[0].Id - events[0].Id)
		}
		p.events[arn] = append(events[:n:n], p.events[arn]...)
	}
	for arn, run := range whole.runs {
		if _, told := p.runs[arn]; !told { // it had ended
			p.runs[arn] = run
		}
	}
	for key, text := range whole.place.objects {
		if _, there := p.place.objects[key]; !there { // it was written before
			p.place.objects[key] = text
		}
	}
}

// moment is what is there now, while every goroutine waits.
func (p *theatre) moment(run *asl.Run) moment {
	m := moment{at: time.Now(), tasks: map[string][]answer{}}
	var err error
	m.progress, err = json.Marshal(run.Progress())
	require.NoError(p.t, err)
	for arn, s := range p.scripts {
		m.tasks[arn] = s.left()
	}
	return m
}

// left has the answers that nobody got: those under way come in the time that is
// left, so that the execution can be told from none that was stopped.
func (s *script) left() (left []answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.answers {
		if a.over {
			continue
		}
		if a.used {
			a.Takes = (parse(s.t, a.Takes) - time.Since(a.began)).String()
			a.When, a.used = a.parameters, false
			left = append([]answer{a}, left...)
		} else {
			left = append(left, a)
		}
	}
	return left
}

// An execution that is stopped at any moment goes on from its progress, which was
// text meanwhile, in another machine: nothing of what it tells differs from one that
// nobody stopped, not even a time.
func TestAnExecutionGoesOnFromWhereverItWasStopped(t *testing.T) {
	folders, err := filepath.Glob("testdata/*/case.json")
	require.NoError(t, err)
	all := 0
	for _, file := range folders {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			definition, err := os.ReadFile(filepath.Join(filepath.Dir(file), "definition.asl.json"))
			require.NoError(t, err)
			all += goesOn(t, read(t, filepath.Dir(file)), definition)
		})
	}
	for name, c := range mazes {
		t.Run(name, func(t *testing.T) { all += goesOn(t, c.scenario(), []byte(c.definition)) })
	}
	assert.Greater(t, all, 290, "moments at which an execution was stopped")
}

// maze is a definition with much under way at a time. Its tasks answer with what they
// get, when a period of so many seconds is over; negative ones fail in the first minute.
type maze struct {
	definition, input string
	lines             string // the object b/k
}

var mazes = map[string]maze{
	"Maps in a Map, with waits, retries and random numbers": {input: `[[3,1],[],[2,-1,5],[4]]`, definition: `{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"MaxConcurrency":3,"Catch":[{"ErrorEquals":["Negative"],"Next":"R"}],
		"ItemProcessor":{"StartAt":"N","States":{"N":{"Type":"Map","Next":"W","ItemProcessor":{"StartAt":"T","States":{
			"T":{"Type":"Task","Resource":"r","Retry":[{"ErrorEquals":["Negative"],"IntervalSeconds":3,"MaxAttempts":2,"JitterStrategy":"FULL"}],"ResultPath":null,"Next":"U"},
			"U":{"Type":"Pass","Parameters":{"id.$":"States.UUID()","n.$":"$"},"Next":"V"},"V":{"Type":"Wait","SecondsPath":"$.n","End":true}}}},
			"W":{"Type":"Wait","Seconds":2,"End":true}}}},"R":{"Type":"Pass","Parameters":{"id.$":"States.UUID()"},"End":true}}}`},
	"a Map Run of batches with results": {input: `{"key":"k"}`, lines: "1\n5\n2\n-1\n4\n3\n1\n2\n", definition: distributed(reading(`"InputType":"JSONL"`)+writing("")+
		`,"MaxConcurrency":2,"ToleratedFailureCount":2,"ItemBatcher":{"MaxItemsPerBatch":2},"ItemSelector":{"id.$":"States.UUID()","n.$":"$$.Map.Item.Value","i.$":"$$.Map.Item.Index"}`,
		`"StartAt":"X","States":{"X":{"Type":"Pass","InputPath":"$.Items[0].n","ResultPath":"$.n","Next":"T"},"T":{"Type":"Task","Resource":"r","InputPath":"$.n","ResultPath":"$.t","Next":"V"},"V":{"Type":"Wait","SecondsPath":"$.n","End":true}}`)},
	"a Map Run of batches of so many bytes": {input: `[11,5,-7,2,33,1,2,3,4]`, definition: distributed(`,"MaxConcurrency":2,"ToleratedFailureCount":4,"ItemBatcher":{"MaxInputBytesPerBatch":19},"ItemSelector":{"u.$":"States.MathRandom(1,9)"}`,
		`"StartAt":"X","States":{"X":{"Type":"Pass","InputPath":"$.Items[0].u","Next":"T"},"T":{"Type":"Task","Resource":"r","End":true}}`)},
	"a Map Run that fails, and is redriven": {input: `[1,3,-2,9,2,-5]`, definition: distributed(writing("")+`,"MaxConcurrency":3`,
		`"StartAt":"P","States":{"P":{"Type":"Pass","Next":"T"},"T":{"Type":"Task","Resource":"r","Next":"V"},"V":{"Type":"Wait","Seconds":1,"End":true}}`)},
	"an EXPRESS Map Run that fails, and is redriven":  {input: `[1,3,-2,9]`, definition: strings.Replace(distributed(`,"MaxConcurrency":2`, calling), "STANDARD", "EXPRESS", 1)},
	"a Map with Map Runs that fails, and is redriven": {input: `[[1,3],[-2,9]]`, definition: `{"StartAt":"A","States":{"A":{"Type":"Map","End":true,"ItemProcessor":` + distributed(writing(""), calling) + `}}}`},
	"a Map Run in a child of another":                 {input: `[[1,3],[2]]`, definition: distributed("", strings.TrimSuffix(strings.TrimPrefix(strings.ReplaceAll(distributed("", calling), `"M"`, `"N"`), "{"), "}"))},
}

func (m maze) scenario() *scenario {
	return &scenario{Seed: 7, Input: json.RawMessage(m.input), Objects: map[string]string{"b/k": m.lines}, Redriven: map[string][]answer{}, pure: true}
}

// pure is the task of a maze: what it comes to, and when, depends on what it gets and
// on the time alone, so that it makes no difference whether it is called again.
func (p *theatre) pure(ctx context.Context, parameters []byte) ([]byte, error) {
	n, err := strconv.Atoi(string(parameters))
	if err != nil {
		return nil, err
	}
	period := time.Duration(max(n, -n, 1)) * time.Second
	if over := time.Since(epoch) % period; over > 0 {
		if err := clock.Real().Sleep(ctx, period-over); err != nil {
			return nil, err
		}
	}
	if n < 0 && time.Since(epoch) < time.Minute {
		return nil, &asl.Error{Name: "Negative"}
	}
	return parameters, nil
}

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(-500 * time.Millisecond) // no call comes at the end of a period

// goesOn runs a scenario, and then again from each of its moments.
func goesOn(t *testing.T, c *scenario, definition []byte) int {
	for _, list := range c.Tasks {
		for i := range list {
			if list[i].Takes == "" {
				list[i].Takes = "1ms" // so that there is a moment while it is under way
			}
		}
	}
	begin := moment{tasks: answers(c.Tasks)}
	dir := t.TempDir()
	moments, last := playOn(t, c, definition, dir, begin)
	if c.Redriven != nil && !strings.Contains(string(last.progress), `"Status":"SUCCEEDED"`) {
		last.redrive, last.tasks, last.at = true, answers(c.Redriven), last.at.Add(time.Minute)
		more, _ := playOn(t, c, definition, dir, last)
		moments += more
	}
	return moments
}

// playOn plays from a moment on, and again from each that follows; last is the end.
func playOn(t *testing.T, c *scenario, definition []byte, dir string, begin moment) (n int, last moment) {
	var moments []moment
	var whole *theatre
	var end asl.Result
	synctest.Test(t, func(t *testing.T) {
		whole = &theatre{t: t, c: c, definition: definition, dir: dir}
		if c.pure {
			whole.watch = func(m moment) { moments = append(moments, m) }
		}
		run, cancel, changed := whole.begin(begin)
		defer cancel()
		ended := make(chan asl.Result)
		if whole.watch == nil {
			moments = append(moments, whole.moment(run))
		}
		go func() { ended <- run.Finish() }()
		for {
			select {
			case end = <-ended:
				last = whole.moment(run)
				return
			case <-changed:
				if synctest.Wait(); whole.watch == nil {
					moments = append(moments, whole.moment(run))
				}
			}
		}
	})
	want := text(t, whole.told(end))
	for i, m := range moments {
		copied := filepath.Join(t.TempDir(), "of the first process")
		require.NoError(t, os.CopyFS(copied, os.DirFS(dir)))
		synctest.Test(t, func(t *testing.T) {
			again := &theatre{t: t, c: c, definition: definition, dir: copied}
			run, cancel, _ := again.begin(m)
			defer cancel()
			r := run.Finish()
			again.after(whole)
			require.Equal(t, want, text(t, again.told(r)), "stopped at moment %d of %d: %s", i, len(moments), m.progress)
		})
	}
	return len(moments), last
}

func answers(tasks map[string][]answer) map[string][]answer {
	all := map[string][]answer{}
	for arn, list := range tasks {
		all[arn] = append([]answer{}, list...)
	}
	return all
}

// text is a value as JSON, without what is null.
func text(t *testing.T, value any) string {
	b, err := json.Marshal(value)
	require.NoError(t, err)
	var members any
	require.NoError(t, json.Unmarshal(b, &members))
	b, err = json.MarshalIndent(there(members), "", " ")
	require.NoError(t, err)
	return string(b)
}

func there(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if value[name] = there(member); value[name] == nil {
				delete(value, name)
			}
		}
	case []any:
		for i := range value {
			value[i] = there(value[i])
		}
	}
	return value
}
