package states_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/states"
)

const simple = "arn:aws:states:eu-west-1:" + account + ":stateMachine:m"

// passing is a service with a state machine that hands on what it gets.
func passing(t *testing.T, dir string) *states.Service {
	t.Helper()
	s := states.New(t.Context(), states.Config{Clock: clock.Real(), Dir: dir, Failed: func(err error) { t.Error(err) },
		NewID: uuid.NewString, AWSConfig: func(string, string) aws.Config { return aws.Config{} }})
	t.Cleanup(s.Close)
	require.NoError(t, s.Make(simple, `{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}`))
	return s
}

// An execution that has ended takes a few hundred bytes, whatever its input and output
// are. A million as large as these would take 20 GB.
func TestWhatHasEndedTakesLittleMemory(t *testing.T) {
	const many = 1_500
	s := passing(t, t.TempDir())
	input := []byte(`"` + strings.Repeat("x", 10_000) + `"`)
	before := heap()
	for range many {
		_, err := s.StartExecution(simple, input)
		require.NoError(t, err)
		for ended, running := s.UnderWay(); running; ended, running = s.UnderWay() {
			<-ended
		}
	}
	each := (heap() - before) / many
	t.Logf("%d bytes for each execution", each)
	assert.Less(t, each, int64(600))
	all := s.Executions()
	require.Len(t, all, many)
	assert.Equal(t, string(input), string(all[many/2].Result.Output), "and yet it is there")
}

func TestALineThatTheProcessDiedOverIsDroppedAndTheOthersAreKnown(t *testing.T) {
	dir := t.TempDir()
	s := passing(t, dir)
	var arns []string
	for range 3 {
		e, err := s.StartExecution(simple, []byte(`1`))
		require.NoError(t, err)
		arns = append(arns, e.ARN)
		for ended, running := s.UnderWay(); running; ended, running = s.UnderWay() {
			<-ended
		}
	}
	kept := s.Suspend()
	assert.Empty(t, kept.Executions)
	files, err := filepath.Glob(filepath.Join(dir, "executions", "*"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	info, err := os.Stat(files[0])
	require.NoError(t, err)
	require.NoError(t, os.Truncate(files[0], info.Size()-5))
	next := passing(t, dir)
	require.NoError(t, next.Resume(kept))
	all := next.Executions()
	require.Len(t, all, 2)
	for i, e := range all {
		assert.Equal(t, arns[i], e.ARN)
		assert.Equal(t, "1", string(e.Result.Output))
	}
	_, err = next.StartExecution(simple, []byte(`2`))
	require.NoError(t, err)
	for ended, running := next.UnderWay(); running; ended, running = next.UnderWay() {
		<-ended
	}
	assert.Equal(t, "2", string(next.Executions()[2].Result.Output), "what comes after is written where the line was")
}

func TestMapRunsAreKeptAsLongAsExecutions(t *testing.T) {
	const mapping = `{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
		"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}}`
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := passing(t, dir)
		require.NoError(t, s.Make(simple, mapping))
		arns := func() (all []string) {
			for _, run := range s.Keep().MapRuns {
				all = append(all, run.ARN)
			}
			return all
		}
		run := func() {
			_, err := s.StartExecution(simple, []byte(`[1]`))
			require.NoError(t, err)
			synctest.Wait()
		}
		run()
		first := arns()
		require.Len(t, first, 1)
		time.Sleep(24 * time.Hour)
		run()
		require.Len(t, arns(), 2, "each has an id of its own")
		kept := s.Suspend()
		s = passing(t, dir)
		require.NoError(t, s.Make(simple, mapping))
		require.NoError(t, s.Resume(kept))
		require.Len(t, arns(), 2)
		time.Sleep(90*24*time.Hour - time.Hour)
		run()
		require.Len(t, arns(), 2)
		assert.NotContains(t, arns(), first[0])
		assert.Len(t, s.Executions(), 2)
		time.Sleep(24 * time.Hour)
		run()
		files, err := os.ReadDir(filepath.Join(dir, "executions"))
		require.NoError(t, err)
		var names []string
		for _, file := range files {
			names = append(names, file.Name())
		}
		assert.Equal(t, []string{"2000-01-02.jsonl", "2000-03-31.jsonl", "2000-04-01.jsonl"}, names, "a day's file goes when the day is over")
	})
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
