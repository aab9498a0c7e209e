package demo

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestARouteCountsRepeatedRounds(t *testing.T) {
	cases := map[string]string{
		"":                  "",
		"A":                 "A",
		"A B C":             "A → B → C",
		"A A A":             "A × 3",
		"A B A B A B C":     "(A → B) × 3 → C",
		"S A B C A B C E":   "S → (A → B → C) × 2 → E",
		"A P P P R A P R E": "A → P × 3 → R → A → P → R → E",
	}
	for states, want := range cases {
		assert.Equal(t, want, route(strings.Fields(states)), states)
	}
}

func TestARouteNamesEveryStateThatWasEntered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		states := rapid.SliceOfN(rapid.SampledFrom([]string{"A", "B", "C"}), 0, 30).Draw(t, "states")
		n := 0
		for rest := states; len(rest) > 0; {
			length, times := round(rest)
			n += length * times
			rest = rest[length*times:]
		}
		if n != len(states) {
			t.Fatalf("%d of %d states", n, len(states))
		}
	})
}
