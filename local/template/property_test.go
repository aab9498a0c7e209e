package template_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/local/template"
)

// drawTemplate gives a template whose resources depend on each other in every
// way, without a circle, and for each what it depends on.
func drawTemplate(t *rapid.T) (source string, dependencies map[string][]string) {
	n := rapid.IntRange(1, 12).Draw(t, "resources")
	order := rapid.Permutation(slices.Collect(func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	})).Draw(t, "order")
	dependencies = map[string][]string{}
	var text strings.Builder
	text.WriteString("Resources:\n")
	for _, i := range order {
		id := fmt.Sprintf("R%d", i)
		dependencies[id] = nil
		fmt.Fprintf(&text, "  %s:\n    Type: X::Y\n    Properties:\n      Self: %d\n", id, i)
		for j := range i {
			other := fmt.Sprintf("R%d", j)
			way := rapid.SampledFrom([]string{"", "!Ref %s", "!GetAtt %s.Arn", "!Sub '${%s.Arn}'", "[{A: !Ref %s}]"}).Draw(t, "way")
			if way != "" {
				fmt.Fprintf(&text, "      P%d: "+way+"\n", j, other)
				dependencies[id] = append(dependencies[id], other)
			}
		}
	}
	return text.String(), dependencies
}

func TestResourcesComeAfterThoseTheyDependOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, dependencies := drawTemplate(t)
		stack, err := resolve(source, nil)
		require.NoError(t, err)
		assert.Len(t, stack.Resources, len(dependencies))
		order := ids(stack)
		for id, others := range dependencies {
			for _, other := range others {
				assert.Less(t, slices.Index(order, other), slices.Index(order, id), source)
			}
		}
	})
}

func TestResolvingTwiceGivesTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, _ := drawTemplate(t)
		loaded, err := template.Load([]byte(source), "t.yaml")
		require.NoError(t, err)
		first, err := loaded.Resolve(options(nil))
		require.NoError(t, err)
		second, err := loaded.Resolve(options(nil))
		require.NoError(t, err)
		assert.Equal(t, first, second)
	})
}
