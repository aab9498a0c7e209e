package asl_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
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

// scenario is a testdata/<behaviour>/case.json.
type scenario struct {
	Comment    string
	Input      json.RawMessage
	Seed       uint64
	AbortAfter string              // stop the execution then
	Tasks      map[string][]answer // by resource, in turn
	Redriven   map[string][]answer // the same when it is redriven; nil where it is not
	Objects    map[string]string   // what distributed Maps read, by "bucket/key"
	// TerminalDataLimit is the guide's reading of a task's result that is too large.
	TerminalDataLimit bool

	Status      types.ExecutionStatus
	Output      json.RawMessage
	Error       string
	Cause       string
	Path        []string
	Transitions int // 0: not compared
	Elapsed     string
	AtMost      string            // instead of Elapsed, where it is random: more than 0, less than this
	Calls       []json.RawMessage // parameters, in the order of the calls; null: not compared
	Events      []string          // "3<2 TaskScheduled"; empty: not compared

	pure bool // a maze
}

// answer is what a scripted task does once.
type answer struct {
	When   json.RawMessage // only for these parameters
	Takes  string
	Output json.RawMessage
	Echo   bool // answer with the parameters
	Bytes  int  // answer with a string of JSON this large
	Error  string
	Cause  string
	Plain  string // an error that is no *asl.Error
	used   bool

	parameters []byte    // of the call that it answers
	began      time.Time // when that came
	over       bool      // it was given
}

// script plays the tasks of a scenario. A call that it does not expect fails
// the test.
type script struct {
	t       *testing.T
	clock   *clock.Clock
	mu      sync.Mutex
	answers []answer
	calls   []json.RawMessage
}

func (s *script) take(parameters []byte) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, append(json.RawMessage{}, parameters...))
	for i := range s.answers {
		a := &s.answers[i]
		if !a.used && (a.When == nil || bytes.Equal(compact(s.t, a.When), parameters)) {
			a.used, a.parameters, a.began = true, parameters, time.Now()
			return a
		}
	}
	return nil
}

func (s *script) Run(ctx context.Context, parameters []byte) ([]byte, error) {
	a := s.take(parameters)
	if a == nil {
		s.t.Errorf("a call that the scenario has no answer for: %s", parameters)
		return nil, errors.New("unexpected call")
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		a.over = true
	}()
	if a.Takes != "" {
		if err := s.clock.Sleep(ctx, parse(s.t, a.Takes)); err != nil {
			return nil, err
		}
	}
	switch {
	case a.Error != "":
		return nil, &asl.Error{Name: a.Error, Cause: a.Cause}
	case a.Plain != "":
		return nil, errors.New(a.Plain)
	case a.Echo:
		return parameters, nil
	case a.Bytes > 0:
		return []byte(`"` + strings.Repeat("x", a.Bytes-2) + `"`), nil
	}
	return a.Output, nil
}

func TestScenarios(t *testing.T) {
	folders, err := filepath.Glob("testdata/*/case.json")
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for _, file := range folders {
		folder := filepath.Dir(file)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			first := play(t, folder)
			assert.Equal(t, first, play(t, folder), "two runs of one input have the same history")
		})
	}
}

// play runs a scenario, compares, and answers with the history as JSON.
func play(t *testing.T, folder string) (history string) {
	c := read(t, folder)
	definition, err := os.ReadFile(filepath.Join(folder, "definition.asl.json"))
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		x := asl.Execution{
			Clock: clock.Real(), Seed: c.Seed, Input: compact(t, c.Input),
			ARN: "arn:aws:states:eu-west-1:123456789012:execution:machine:run", Name: "run", RoleARN: "arn:aws:iam::123456789012:role/r",
			StateMachineARN: "arn:aws:states:eu-west-1:123456789012:stateMachine:machine", StateMachineName: "machine",
			Objects: &bucket{objects: c.Objects}, TerminalDataLimit: c.TerminalDataLimit,
		}
		var events []types.HistoryEvent
		var mu sync.Mutex
		children := map[string][]types.HistoryEvent{}
		x.History = func(e types.HistoryEvent) { events = append(events, e) }
		x.ChildHistory = func(arn string, e types.HistoryEvent) {
			mu.Lock()
			defer mu.Unlock()
			children[arn] = append(children[arn], e)
		}
		calls, machine := c.load(t, definition, x.Clock)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if c.AbortAfter != "" {
			defer x.Clock.AfterFunc(parse(t, c.AbortAfter), cancel)()
		}
		r := machine.Run(ctx, x)
		c.compare(t, r, calls(), events)
		text, err := json.MarshalIndent([]any{events, children}, "", " ")
		require.NoError(t, err)
		history = string(text)
	})
	return history
}

func (c *scenario) load(t *testing.T, definition []byte, clk *clock.Clock) (calls func() []json.RawMessage, m *asl.Machine) {
	scripts := map[string]*script{}
	m, err := asl.Load(definition, func(arn string) (asl.Task, error) {
		if scripts[arn] == nil {
			scripts[arn] = &script{t: t, clock: clk, answers: c.Tasks[arn]}
		}
		return scripts[arn], nil
	})
	require.NoError(t, err)
	return func() (all []json.RawMessage) {
		for _, s := range scripts {
			all = append(all, s.calls...)
		}
		return all
	}, m
}

func (c *scenario) compare(t *testing.T, r asl.Result, calls []json.RawMessage, events []types.HistoryEvent) {
	assert.Equal(t, string(c.Status), string(r.Status))
	assert.Equal(t, c.Error, r.Error)
	assert.Equal(t, c.Cause, r.Cause)
	assert.Equal(t, string(compact(t, c.Output)), string(r.Output))
	assert.Equal(t, c.Path, r.Path)
	elapsed := r.Stop.Sub(r.Start)
	if c.AtMost != "" {
		assert.Positive(t, elapsed)
		assert.Less(t, elapsed, parse(t, c.AtMost))
	} else {
		assert.Equal(t, parse(t, c.Elapsed), elapsed.Truncate(time.Millisecond))
	}
	if c.Transitions > 0 {
		assert.Equal(t, c.Transitions, r.Transitions)
	}
	if c.Calls != nil {
		assert.Equal(t, lines(t, c.Calls), lines(t, calls))
	}
	if len(c.Events) > 0 {
		assert.Equal(t, c.Events, summary(events))
	}
}

func read(t *testing.T, folder string) *scenario {
	data, err := os.ReadFile(filepath.Join(folder, "case.json"))
	require.NoError(t, err)
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	c := &scenario{}
	require.NoError(t, dec.Decode(c))
	return c
}

func compact(t *testing.T, text json.RawMessage) []byte {
	if text == nil {
		return nil
	}
	var out bytes.Buffer
	require.NoError(t, json.Compact(&out, text))
	return out.Bytes()
}

func lines(t *testing.T, values []json.RawMessage) (texts []string) {
	for _, v := range values {
		texts = append(texts, string(compact(t, v)))
	}
	return texts
}

func parse(t *testing.T, text string) time.Duration {
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	require.NoError(t, err)
	return d
}
