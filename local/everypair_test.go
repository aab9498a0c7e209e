package local_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/local/testing/faults"
)

// everyPair is whether every pair of faults is tried, by what a caller can tell of them, and not only
// a share. All of a world, by its name:
//
//	go test ./local -run 'TestEveryPair/^each_verdict' -every-pair -timeout 600m -v
var everyPair = flag.Bool("every-pair", false, "try every pair of faults of every world that is explored, by what a caller can tell of them")

// mostPairs is how many pairs are tried with -more, of each world that has a share of faults.
const mostPairs = 3

// pairsOf are the pairs of faults of a world: for each kind of call one fault of each class, but for
// what people do, with each other one.
func pairsOf(clean course) (all [][]faults.Fault) {
	own, others, bySort := sorted(faultsOf(clean.made))
	r := rand.New(rand.NewPCG(2, 15))
	var each []faults.Fault
	known := map[sortOf]bool{}
	for _, k := range slices.Concat(own, others) {
		by := sortOf{call: k.call, class: k.class}
		if k.class == byHand || known[by] {
			continue
		}
		known[by] = true
		some := bySort[k]
		each = append(each, some[r.IntN(len(some))])
	}
	for i, a := range each {
		for _, b := range each[i+1:] {
			if a.Call == b.Call && b.Attempt == a.Attempt {
				b.Attempt++ // the same call, made again
			}
			all = append(all, []faults.Fault{a, b})
		}
	}
	return all
}

func TestEveryPairOfFaultsEndsAsTheDesignSays(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(exploredWorlds)) {
		of := exploredWorlds[name]
		if of.own+of.others < 10 && !*everyPair {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clean := cleanly(t, name)
			all := pairsOf(clean)
			t.Logf("%d pairs", len(all))
			noted(t, "pairs: of "+name, len(all))
			r := rand.New(rand.NewPCG(3, 15))
			r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			if !*everyPair {
				all = all[:share(mostPairs)]
			}
			for n, pair := range all {
				t.Run(fmt.Sprint(n), func(t *testing.T) {
					t.Parallel()
					assert.Empty(t, wrongWith(t, of, clean, pair...), "put this into local/testdata/faults to have it played:\n%s", faults.Scenario{World: name, Faults: pair})
				})
			}
		})
	}
}
