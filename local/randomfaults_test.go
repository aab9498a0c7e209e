package local_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/local/testing/faults"
)

// schedules are how many schedules of many faults at random are tried. A seed is a run:
//
//	go test ./local -run TestManyFaults -schedules 2000 -timeout 120m
//	go test ./local -run TestManyFaults/1742$ -schedules 2000 -v
var schedules = flag.Int("schedules", 2, "schedules of many faults, chosen at random, that are tried")

// outages are of whole services and of everything that people do: what goes wrong beside single calls.
func outages(r *rand.Rand) faults.Fault {
	down := func(action string, what faults.Kind) faults.Fault {
		return faults.Fault{
			Call: faults.Call{At: faults.Gate, Principal: "arn:*", Action: action, Resource: "*"}, Attempt: 1 + r.IntN(20),
			Lasts: true, Minutes: []int{1, 10, 60, 300}[r.IntN(4)], What: what,
		}
	}
	invoked := func(what faults.Kind, function string) faults.Fault {
		return faults.Fault{Call: faults.Call{At: faults.Function, Action: "lambda:InvokeFunction", Resource: "*:function:" + function}, Attempt: 1, Lasts: true, What: what}
	}
	all := []faults.Fault{
		down("sns:*", faults.Broken), down("sqs:SendMessage", faults.Throttled), down("sqs:*", faults.Broken), down("lambda:*", faults.Throttled), down("states:*", faults.Throttled),
		down("s3:*", faults.Broken), down("kms:*", faults.Denied), invoked(faults.Ahead, "*"), invoked(faults.Behind, "*"), invoked(faults.Slow, "*-etags-dev"), invoked(faults.Ahead, "*-notifier-dev"),
		{Call: faults.Call{At: faults.Delivery, Principal: "s3.amazonaws.com", Action: "*", Resource: "*"}, Attempt: 1, Lasts: true, What: faults.Twice},
		{Call: faults.Call{At: faults.Network, Principal: "*", Action: "s3:*", Resource: "*"}, Attempt: 1 + r.IntN(50), Lasts: true, Minutes: 1 + r.IntN(100), What: faults.Slow},
	}
	return all[r.IntN(len(all))]
}

// schedule is the world and the faults of a seed.
func schedule(t *testing.T, seed uint64) faults.Scenario {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 15))
	worlds := slices.DeleteFunc(slices.Sorted(maps.Keys(exploredWorlds)), func(name string) bool {
		return exploredWorlds[name].own+exploredWorlds[name].others < 5 // which cost more than they show
	})
	s := faults.Scenario{World: worlds[r.IntN(len(worlds))]}
	all := slices.DeleteFunc(faultsOf(cleanly(t, s.World).made), func(f faults.Fault) bool { return knownToFail(f) != "" })
	for range 2 + r.IntN(9) {
		if r.IntN(4) == 0 {
			s.Faults = append(s.Faults, outages(r))
			continue
		}
		f := all[r.IntN(len(all))]
		if f.Lasts && r.IntN(2) == 0 {
			f.Minutes = 1 + r.IntN(200)
		}
		s.Faults = append(s.Faults, f)
	}
	return s
}

// shrunk is a scenario without the faults that it takes none of to fail.
func shrunk(s faults.Scenario, fails func(faults.Scenario) bool) faults.Scenario {
	for n := 0; n < len(s.Faults); {
		without := faults.Scenario{World: s.World, Faults: slices.Delete(slices.Clone(s.Faults), n, n+1)}
		if len(without.Faults) > 0 && fails(without) {
			s = without
		} else {
			n++
		}
	}
	return s
}

// Of a schedule that fails, the smallest that does is kept in testdata/faults, and played from then on.
func TestManyFaultsAtOnceEndAsTheDesignSays(t *testing.T) {
	for seed := range uint64(*schedules) { // #nosec G115: some
		s := schedule(t, seed)
		of, clean := exploredWorlds[s.World], cleanly(t, s.World)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			wrong := func(s faults.Scenario) []string {
				return slices.DeleteFunc(wrongWith(t, of, clean, s.Faults...), func(what string) bool { return what == nothingStruck })
			}
			if len(wrong(s)) == 0 {
				return
			}
			s = shrunk(s, func(s faults.Scenario) bool { return len(wrong(s)) > 0 })
			file := filepath.Join("testdata", "faults", fmt.Sprintf("found-by-seed-%d.json", seed))
			assert.NoError(t, os.WriteFile(file, []byte(s.String()), 0o600))
			assert.Empty(t, wrong(s), "%s has it:\n%s", file, s)
		})
	}
}

func TestAScheduleThatFailsIsShrunkToWhatItTakes(t *testing.T) {
	var all, want []faults.Fault
	for n := range 8 {
		all = append(all, faults.Fault{Attempt: n})
	}
	want = []faults.Fault{all[2], all[5]}
	got := shrunk(faults.Scenario{World: "w", Faults: all}, func(s faults.Scenario) bool {
		return slices.Contains(s.Faults, all[2]) && slices.Contains(s.Faults, all[5])
	})
	assert.Equal(t, faults.Scenario{World: "w", Faults: want}, got)
}
