package local_test

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"autobackup/local/gate"
	"autobackup/local/iam"
	locals3 "autobackup/local/s3"
	"autobackup/local/testing/faults"
)

// loadSize is how many objects come into a world of which a share of all calls goes wrong:
//
//	go test ./local -run TestALoad -load 100000 -timeout 60m -v
var loadSize = flag.Int("load", 450, "objects in the load tests")

// hundredth is the share of calls that go wrong, and of objects that are damaged.
const hundredth = 0.01

// cost is what was done for some objects.
type cost struct {
	objects, transitions, executions int

	mu    sync.Mutex
	calls map[string]int // which the gate allowed, by action
}

func (c *cost) saw(call gate.Call, d iam.Decision) {
	if !d.Allowed {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[call.Action]++
}

// an is what is done for an object: transitions, invocations, and all other calls.
func (c *cost) an() (transitions, invocations, requests float64) {
	all := 0
	for _, n := range c.calls {
		all += n
	}
	n := float64(c.objects)
	return float64(c.transitions) / n, float64(c.calls["lambda:InvokeFunction"]) / n, float64(all-c.calls["lambda:InvokeFunction"]) / n
}

// heap is what is in use once the garbage is collected.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc) // #nosec G115: it fits
}

// load uploads so many objects, every hundredth of which is damaged, as fast as full batches need
// it, and answers where they ended and what it took.
func load(t *testing.T, objects int, injector *faults.Injector) (l ledger, c *cost, perObject int) {
	c = &cost{objects: objects, calls: map[string]int{}}
	wrong := func(key string) bool { return strings.HasSuffix(key, "07") }
	inPreparedWorld(t, preparation{injector: injector, unrecorded: true, prepare: func(g *gate.Gate) { g.Saw = c.saw }}, func(w *world) {
		c.mu.Lock()
		clear(c.calls) // of the deployment
		c.mu.Unlock()
		w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
			if wrong(r.Key) {
				return locals3.Plan{Corrupt: locals3.FlipBit}
			}
			return locals3.Plan{}
		}
		before := heap()
		versions := make(map[string]string, objects)
		for n := range objects {
			key := fmt.Sprintf("load/%06d", n)
			versions[w.put(key, "content")] = key
			time.Sleep(100 * time.Millisecond)
		}
		w.settle()
		perObject = (heap() - before) / objects
		for _, e := range w.States.Executions() {
			c.executions++
			if e.Result != nil {
				c.transitions += e.Result.Transitions
			}
		}
		l = w.balance(versions, wrong)
		assert.LessOrEqual(t, len(w.published("failure-topic")), 20, "few e-mails whatever goes wrong")
		assert.Len(t, versions, objects, "each object has a version of its own")
	})
	return l, c, perObject
}

// happens admits the faults that can happen where they are drawn, as explorations do. Replication
// is left alone: where S3 is kept from that, replicas really are missing. So are deliveries: what comes
// twice would be two messages of the ledger.
func happens(f faults.Fault) bool {
	if strings.Contains(f.Principal, "role/autobackup-dev-replication-") || f.At == faults.Delivery {
		return false
	}
	ofServices := strings.Contains(f.Principal, "StateMachineRole") || strings.Contains(f.Principal, "PipeRole")
	return makes(f, map[string]bool{f.Principal: !ofServices})
}

func TestALoadWithAHundredthOfAllCallsGoingWrongBalancesToTheMessage(t *testing.T) {
	injector := faults.AtRandom(1, hundredth, happens)
	l, c, perObject := load(t, *loadSize, injector)
	assert.Empty(t, l.problems)
	total := 0
	for _, n := range l.ends {
		total += n
	}
	assert.Equal(t, *loadSize, total)
	assert.Zero(t, l.ends["waiting"], l)
	assert.Greater(t, l.ends["verified"], *loadSize*9/10, l)
	assert.Greater(t, injector.Struck(), *loadSize/50)
	assert.Less(t, perObject, 8<<10 + (20<<20) / *loadSize, "bytes that are left in memory of an object, beside what is left once")
	transitions, invocations, requests := c.an()
	t.Logf("%d objects: %s; %d calls went wrong: %v; an object %.3f transitions, %.3f invocations, %.2f requests, %d bytes of memory",
		*loadSize, l, injector.Struck(), injector.StruckBy(), transitions, invocations, requests, perObject)
}

func TestAnObjectCostsTheSameHoweverManyThereAre(t *testing.T) {
	sizes := []int{90, 450} // whole batches: one that is not full costs as much
	if *loadSize > sizes[1] {
		sizes = nil
		for n := 90; n <= *loadSize; n *= 10 {
			sizes = append(sizes, n)
		}
	}
	var first [3]float64
	for _, n := range sizes {
		l, c, _ := load(t, n, nil)
		assert.Empty(t, l.problems)
		damaged := (n + 92) / 100
		assert.Equal(t, map[string]int{"verified": n - damaged, "parked and told": damaged}, l.ends, n)
		transitions, invocations, requests := c.an()
		t.Logf("%d objects: %s; an object %.3f transitions, %.3f invocations, %.2f requests", n, l, transitions, invocations, requests)
		these := [3]float64{transitions, invocations, requests}
		if first == [3]float64{} {
			first = these
		}
		assert.InEpsilonSlice(t, first[:], these[:], 0.06, n)
	}
}
