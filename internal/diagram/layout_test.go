package diagram_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/diagram"
)

func TestTheDeployedMachinesAreDrawnWithoutBoxesOnEachOther(t *testing.T) {
	for _, name := range []string{"validate", "audit"} {
		definition, err := os.ReadFile("../../statemachine/" + name + ".asl.json")
		require.NoError(t, err)
		m, err := diagram.Parse(string(definition))
		require.NoError(t, err)
		d := diagram.Draw(m)
		assert.Len(t, d.Boxes, len(m.States))
		assert.Len(t, d.Lines, len(m.Lines))
		assertApart(t, d)
		for _, in := range m.Inside {
			assertApart(t, diagram.Draw(in.Machine))
		}
		assert.NotEmpty(t, m.Inside)
		assert.Equal(t, m.Start, d.Boxes[0].State, "the start is on top")
	}
}

// assertApart: no box is on another or outside, and each line begins at its state's border and
// ends at the other's.
func assertApart(t require.TestingT, d diagram.Drawing) {
	at := map[string]diagram.Box{}
	for i, b := range d.Boxes {
		at[b.State] = b
		require.True(t, b.X >= 0 && b.X+b.Width <= d.Width && b.Y >= 0 && b.Y+b.Height <= d.Height, "%s is outside", b.State)
		for _, o := range d.Boxes[:i] {
			require.False(t, o.Y == b.Y && b.X < o.X+o.Width && o.X < b.X+b.Width, "%s is on %s", b.State, o.State)
		}
	}
	for _, l := range d.Lines {
		from, to, first, last := at[l.From], at[l.To], l.Points[0], l.Points[len(l.Points)-1]
		require.InDelta(t, from.Middle(), first.X, 0.01)
		require.InDelta(t, to.Middle(), last.X, 0.01)
		if from.Y < to.Y {
			require.InDelta(t, from.Y+from.Height, first.Y, 0.01)
			require.InDelta(t, to.Y, last.Y, 0.01)
		}
	}
}

func TestALineDownLeadsToALowerRowAndOneBackUp(t *testing.T) {
	m, err := diagram.Parse(`{"StartAt": "A", "States": {
		"A": {"Type": "Task", "Next": "B", "Catch": [{"Next": "E"}]},
		"B": {"Type": "Choice", "Choices": [{"Next": "C"}, {"Next": "C"}], "Default": "D"},
		"C": {"Type": "Wait", "Next": "A"}, "D": {"Type": "Succeed"}, "E": {"Type": "Fail"}, "F": {"Type": "Pass", "Next": "A"}}}`)
	require.NoError(t, err)
	assert.Equal(t, []string{"A", "B", "C", "D", "E"}, m.States, "none leads to F")
	assert.Equal(t, []diagram.Line{{From: "A", To: "B"}, {From: "B", To: "C"}, {From: "C", To: "A"}, {From: "B", To: "D"}, {From: "A", To: "E", Caught: true}}, m.Lines)
	d := diagram.Draw(m)
	y := map[string]float64{}
	for _, b := range d.Boxes {
		y[b.State] = b.Y
	}
	assert.Less(t, y["A"], y["B"])
	assert.Less(t, y["B"], y["C"])
	for _, l := range d.Lines {
		first, last := l.Points[0], l.Points[len(l.Points)-1]
		assert.Equal(t, l.To != "A", first.Y < last.Y, "%v", l)
	}
}

func TestWhatIsInsideOfMapsAndParallelsIsAMachineOfItsOwn(t *testing.T) {
	m, err := diagram.Parse(`{"StartAt": "Each", "States": {
		"Each": {"Type": "Map", "Next": "Both", "ItemProcessor": {"StartAt": "A", "States": {"A": {"Type": "Map", "ItemProcessor": {
			"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "Deep", "States": {"Deep": {"Type": "Task"}}}}}}},
		"Both": {"Type": "Parallel", "Branches": [{"StartAt": "Left", "States": {"Left": {"Type": "Pass", "Next": "Then"}, "Then": {"Type": "Pass"}}}, {"StartAt": "Right", "States": {"Right": {"Type": "Fail"}}}]}}}`)
	require.NoError(t, err)
	var all []string
	for _, in := range m.Inside {
		all = append(all, fmt.Sprintf("%s %v %v %v", in.State, in.Apart, in.States, in.Lines))
		assert.Empty(t, in.Inside, "each is named once")
	}
	assert.Equal(t, []string{"Each false [A] []", "A true [Deep] []", "Both false [Left Then] [{Left Then false}]", "Both false [Right] []"}, all)
	assert.Equal(t, []string{"Each", "Both"}, m.States)
}

func TestWhatIsNoDefinitionIsAnError(t *testing.T) {
	for definition, want := range map[string]string{
		`{`:                              "read the definition: ",
		`{"StartAt": "A", "States": {}}`: "StartAt names no state",
		`{"StartAt": "A", "States": {"A": {"Next": "B"}}}`:                       `a state leads to "B", which is none`,
		`{"StartAt": "A", "States": {"A": {"ItemProcessor": {"StartAt": "B"}}}}`: "read the definition: inside of A: StartAt names no state",
	} {
		_, err := diagram.Parse(definition)
		assert.ErrorContains(t, err, want)
	}
}

func TestAnyMachineIsDrawnTheSameAgainAndApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "states")
		var states []string
		for i := range n {
			to := rapid.SliceOfN(rapid.IntRange(0, n-1), 1, 3).Draw(t, "to")
			var choices []string
			for _, k := range to {
				choices = append(choices, fmt.Sprintf(`{"Next": "S%d"}`, k))
			}
			states = append(states, fmt.Sprintf(`"S%d": {"Type": "Choice", "Choices": [%s]}`, i, strings.Join(choices, ",")))
		}
		m, err := diagram.Parse(`{"StartAt": "S0", "States": {` + strings.Join(states, ",") + `}}`)
		require.NoError(t, err)
		d := diagram.Draw(m)
		assertApart(t, d)
		require.Equal(t, d, diagram.Draw(m))
	})
}
