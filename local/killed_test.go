package local_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/evidence"
	"autobackup/local/testing/faults"
)

// everyKill is whether processes are killed at every call that they make, and not only at some:
//
//	go test ./local -run TestKilled -every-kill -timeout 60m -v
var everyKill = flag.Bool("every-kill", false, "kill functions and commands at every call that they make")

// cameTo is what a run came to, as far as it must be the same whenever a process is killed.
type cameTo struct {
	ends     string
	failed   int // executions
	mails    int
	problems []string
	made     []faults.Made
}

// killable are worlds in which functions' processes are killed.
func killable() map[string]func(*testing.T, ...faults.Fault) cameTo {
	all := map[string]func(*testing.T, ...faults.Fault) cameTo{"evidence": evidenceComesTo, "doctor": doctorComesTo}
	for name, of := range exploredWorlds {
		all[name] = func(t *testing.T, wrong ...faults.Fault) cameTo {
			c := cleanly(t, name)
			if len(wrong) > 0 {
				c = plays(t, of, wrong...)
			}
			ends, err := json.Marshal(c.became)
			require.NoError(t, err)
			return cameTo{string(ends), c.failed, c.mails, c.problems, c.made}
		}
	}
	return all
}

// inKilledWorld runs a world with a process that is killed, and notes what all have in common.
func inKilledWorld(t *testing.T, wrong []faults.Fault, drive func(w *world) string, changes ...change) (c cameTo) {
	injector := faults.New(wrong...)
	inPreparedWorld(t, preparation{injector: injector}, func(w *world) {
		c.ends = drive(w)
		c.made, c.mails = injector.Made(), len(w.published("failure-topic"))
		for _, e := range w.States.Executions() {
			if e.Result == nil || e.Result.Status != types.ExecutionStatusSucceeded {
				c.failed++
			}
		}
		if len(wrong) > 0 && injector.Struck() == 0 {
			c.problems = append(c.problems, "no process was killed: what is called differs from run to run")
		}
	}, changes...)
	return c
}

// evidenceComesTo is what the evidence of uploads has, and what is left of facts. An hour in which
// the function was killed is the next one's.
func evidenceComesTo(t *testing.T, wrong ...faults.Fault) cameTo {
	return inKilledWorld(t, wrong, func(w *world) string {
		w.put("one", "content")
		w.put("two", "content")
		w.settle()
		failed := w.hours(30)
		assert.LessOrEqual(t, len(failed), 1)
		v, records := w.kept()
		return fmt.Sprint(ends(records, evidence.Upload), v.Records, v.Manifests, w.work().names("facts/"))
	}, evidenced()...)
}

// doctorComesTo is what doctor measures, where it looks until it has.
func doctorComesTo(t *testing.T, wrong ...faults.Fault) cameTo {
	return inKilledWorld(t, wrong, func(w *world) string {
		before := w.told([]string{w.bucket()})
		for tries := 1; ; tries++ { // Lambda invokes twice more what a schedule invoked
			if w.Events.Fire(w.region, "autobackup-doctor-dev") == nil {
				synctest.Wait()
				assert.LessOrEqual(t, tries, 2)
				break
			}
			time.Sleep(time.Minute)
		}
		assert.Equal(t, before, w.told([]string{w.bucket()}))
		return fmt.Sprint(w.Gate.Refusals(), len(w.States.Executions()))
	}, everyDay)
}

// killsOf are the ends of processes at the calls that were made. With -more, in each world each function
// is killed before a call and after one; by default where that is in no world before, and once in any.
func killsOf(t *testing.T, name string, made []faults.Made, known map[string]bool) (all []faults.Fault) {
	by := map[string][]faults.Fault{}
	for _, m := range made {
		for _, f := range faults.Kills(m.Call) {
			f.Attempt = m.Attempt
			all = append(all, f)
			by[fmt.Sprint(m.Principal, f.Done)] = append(by[fmt.Sprint(m.Principal, f.Done)], f)
		}
	}
	noted(t, "kills: of functions in "+name, len(all))
	if *everyKill {
		return all
	}
	r := rand.New(rand.NewPCG(1, 15))
	all = nil
	var others []faults.Fault // of functions that are killed in another world
	for _, of := range slices.Sorted(maps.Keys(by)) {
		slices.SortFunc(by[of], func(a, b faults.Fault) int { // what is called at once comes in any order
			return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Attempt, b.Attempt))
		})
		if f := by[of][r.IntN(len(by[of]))]; *more || !known[of] {
			all = append(all, f)
		} else {
			others = append(others, f)
		}
		known[of] = true
	}
	if len(all) == 0 {
		all = others[r.IntN(len(others)):][:1]
	}
	return all
}

// A function's process that is killed at any call, before it is made or once it has been done, is
// followed by another that ends what it began: nothing is lost, parked or told of because of it,
// but that the sender's last e-mail may come again, as nobody knows whether it went out, or what
// would have been one e-mail comes as two, because some of it is later.
func TestKilledAtAnyCallAFunctionChangesNothing(t *testing.T) {
	all := killable()
	functions, known := map[string]int{}, map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		comes := all[name]
		clean := comes(t)
		require.Empty(t, clean.problems)
		kills := killsOf(t, name, clean.made, known)
		for _, f := range kills {
			functions[f.Principal]++
		}
		t.Logf("%s: %d kills", name, len(kills))
		for n, f := range kills {
			t.Run(fmt.Sprintf("%s %d", name, n), func(t *testing.T) {
				t.Parallel()
				c := comes(t, f)
				said := faults.Scenario{World: name, Faults: []faults.Fault{f}}.String()
				assert.Empty(t, c.problems, said)
				assert.Equal(t, clean.ends, c.ends, said)
				assert.Equal(t, clean.failed, c.failed, said)
				assert.Equal(t, clean.mails > 0, c.mails > 0, said)
				assert.LessOrEqual(t, c.mails, clean.mails+1, said)
			})
		}
	}
	assert.Len(t, functions, 10, "all nine functions, and hash-bytes of the other region: %v", functions)
}
