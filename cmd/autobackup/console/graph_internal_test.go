package console

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/course"
	"autobackup/internal/diagram"
)

func TestItemsThatAreExecutionsOfTheirOwnAreSaidToBe(t *testing.T) {
	m, err := diagram.Parse(`{"StartAt": "Apart", "States": {
		"Apart": {"Type": "Map", "Next": "Here", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "A", "States": {"A": {"Type": "Task"}}}},
		"Here": {"Type": "Map", "Next": "Never", "ItemProcessor": {"StartAt": "B", "States": {"B": {"Type": "Task"}}}},
		"Never": {"Type": "Map", "ItemProcessor": {"StartAt": "C", "States": {"C": {"Type": "Task"}}}}}}`)
	require.NoError(t, err)
	graphs := newGraphs(m, &executionData{Visits: []course.Visits{{State: "Apart", Times: 1}, {State: "Here", Times: 1}, {State: "B", Times: 3, Errors: 1}}})
	require.Len(t, graphs, 3, "none of what it has not been in")
	assert.Equal(t, []string{"", "Apart", "Here"}, []string{graphs[0].Inside, graphs[1].Inside, graphs[2].Inside})
	assert.Equal(t, []bool{false, true, false}, []bool{graphs[0].Apart, graphs[1].Apart, graphs[2].Apart})
	assert.Empty(t, graphs[1].Boxes[0].Class, "nothing is known of it")
	assert.Equal(t, "failed", graphs[2].Boxes[0].Class)
	assert.Equal(t, "3 times", graphs[2].Boxes[0].Note)
}
