package docs_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Ways through the workflow that costs are reckoned from. The way to the end of an
// execution counts as a transition, too.
var (
	// whenAllAreVerified is that of a batch whose messages are all verified at the
	// first look.
	whenAllAreVerified = []string{"FetchETags", "CompareETags", "Verdicts", "Done"}
	// whenSomeLag is what a further look adds.
	whenSomeLag = []string{"WaitForReplication", "FetchETagsAgain", "CompareETags", "Verdicts"}
	// whenSomeFail is what a round with failures adds, and eachFailure what each of
	// its failures does.
	whenSomeFail = []string{"ParkFailures", "TellFailures", "Reported", "Verdicts"}
	eachFailure  = []string{"ParkFailure"}
	// whenBytesAreToBeRead is what a round that starts readings adds, and
	// eachReading what each of them does.
	whenBytesAreToBeRead = []string{"StartReadings", "Started", "Verdicts"}
	eachReading          = []string{"StartReading"}
	// whenBytesAreRead is the execution that reads an object of one range.
	whenBytesAreRead = []string{
		"FetchETags", "CompareETags", "Verdicts", "CompareBytes", "Planned", "BytesRead", "CompareETags", "Verdicts", "Done",
	}
)

// transitions are those of an execution that goes this way to its end.
func transitions(t *testing.T, path []string) float64 {
	t.Helper()
	checkWay(t, path)
	return float64(len(path) + 1)
}

// added are the transitions of a part of a way that begins and ends at Verdicts,
// which every way goes through.
func added(t *testing.T, path []string) float64 {
	t.Helper()
	require.Equal(t, "Verdicts", path[len(path)-1])
	checkWay(t, append([]string{"Verdicts"}, path...))
	return float64(len(path))
}

// inItem are the transitions of one item of an inline Map.
func inItem(t *testing.T, within string, path []string) float64 {
	t.Helper()
	var processor struct {
		ItemProcessor struct{ StartAt string }
	}
	require.NoError(t, json.Unmarshal(topStates(t)[within], &processor))
	require.Equal(t, path, []string{processor.ItemProcessor.StartAt})
	return float64(len(path))
}

func topStates(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	var m struct{ States map[string]json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(read(t, "../statemachine/validate.asl.json")), &m))
	return m.States
}

// checkWay holds that the definition lets an execution go this way.
func checkWay(t *testing.T, path []string) {
	t.Helper()
	all := topStates(t)
	for i, next := range path[1:] {
		assert.Regexp(t, `"(Next|Default)":\s*"`+next+`"`, string(all[path[i]]), "%s leads to %s", path[i], next)
	}
}
