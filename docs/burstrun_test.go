package docs_test

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/local/gate"
)

// burst is many executions at once, each of which needs fetch-etags and then
// compare-etags. One that Lambda refuses tries again, as the workflow says.
type burst struct {
	slots int // functions that run at once
	retry retrier
	comes func(n int) float64 // when the n-th execution is started, in seconds
}

// attempt is a call of a function at a time.
type attempt struct {
	at     float64
	judges bool // compare-etags
	tried  int
}

type attempts []attempt

func (a attempts) Len() int           { return len(a) }
func (a attempts) Less(i, j int) bool { return a[i].at < a[j].at }
func (a attempts) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *attempts) Push(x any)        { *a = append(*a, x.(attempt)) }
func (a *attempts) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// run lets so many executions run. It answers when the last one ends, in seconds
// after the first began, and how many gave up.
func (b burst) run(executions int) (lasted float64, lost int) {
	random := rand.New(rand.NewPCG(1, 2))
	var calls, running attempts
	for n := range executions {
		heap.Push(&calls, attempt{at: b.comes(n)})
	}
	for calls.Len() > 0 {
		call := heap.Pop(&calls).(attempt)
		for running.Len() > 0 && running[0].at <= call.at {
			heap.Pop(&running)
		}
		switch {
		case running.Len() < b.slots:
			end := call.at + map[bool]float64{false: lookTime, true: judgeTime}[call.judges]
			heap.Push(&running, attempt{at: end})
			lasted = max(lasted, end)
			if !call.judges {
				heap.Push(&calls, attempt{at: end, judges: true})
			}
		case call.tried >= b.retry.MaxAttempts:
			lost++
			lasted = max(lasted, call.at)
		default:
			wait := min(b.retry.IntervalSeconds*math.Pow(b.retry.BackoffRate, float64(call.tried)), b.retry.MaxDelaySeconds)
			heap.Push(&calls, attempt{at: call.at + random.Float64()*wait, judges: call.judges, tried: call.tried + 1})
		}
	}
	return lasted, lost
}

func TestABurstThatFitsTakesAsLongAsItComesAndOneThatDoesNotGivesUp(t *testing.T) {
	retry := retrier{IntervalSeconds: 2, BackoffRate: 2, MaxDelaySeconds: 60, MaxAttempts: 8}
	evenly := func(n int) float64 { return float64(n) }
	lasted, lost := burst{1, retry, evenly}.run(100)
	assert.InDelta(t, 99+lookTime+judgeTime, lasted, 1e-9)
	assert.Zero(t, lost)
	atOnce := func(int) float64 { return 0 }
	lasted, lost = burst{1000, retry, atOnce}.run(1000)
	assert.InDelta(t, lookTime+judgeTime, lasted, 1e-9)
	assert.Zero(t, lost)
	_, lost = burst{1, retry, atOnce}.run(10_000)
	assert.Greater(t, lost, 9000, "all tries end within minutes, in which one slot serves hundreds")
	_, lost = burst{0, retry, evenly}.run(10)
	assert.Equal(t, 10, lost)
}

func TestABacklogTakesAsLongAsItsStartsItsReadersAndItsFunctionsLetIt(t *testing.T) {
	retry := retrier{IntervalSeconds: 2, BackoffRate: 2, MaxDelaySeconds: 60, MaxAttempts: 8}
	starts := gate.Quota{Bucket: 800, Refill: 150}
	one := deployed{transitions: 5}
	lasted, lost := backlog(10_000, 100_000, one, retry, starts)
	assert.Zero(t, lost)
	assert.InDelta(t, 10_000*5/500+lookTime+judgeTime, lasted, 1, "100 transitions a second and 61 s of starts: the slower counts")
	lasted, lost = backlog(10_000, 100_000, one, retry, gate.Quota{Bucket: 10, Refill: 10})
	assert.Zero(t, lost)
	assert.InDelta(t, (10_000-10)/10+lookTime+judgeTime, lasted, 1, "starts are slowest")
	few := deployed{transitions: 0}
	lasted, lost = backlog(100, 100_000, few, retry, starts)
	assert.Zero(t, lost)
	assert.InDelta(t, readAfter(99)+lookTime+judgeTime, lasted, 1e-9, "the pipe's readers are slowest")
	lasted, lost = backlog(10_000, 1, one, retry, starts)
	assert.Greater(t, lost, 9000.0, "one function at once serves hundreds within the tries")
	assert.Less(t, lasted, 1000.0)
}
