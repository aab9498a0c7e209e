package docs_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autobackup/local/testing/hostile"
)

// tried is how much of what was tried there is; tests of the local stack write it.
func tried(t *testing.T) (sum func(prefix string) (all, kinds int)) {
	t.Helper()
	figures := map[string]int{}
	require.NoError(t, json.Unmarshal([]byte(read(t, "../local/testdata/tried.json")), &figures))
	return func(prefix string) (all, kinds int) {
		for what, n := range figures {
			if strings.HasPrefix(what, prefix) {
				all, kinds = all+n, kinds+1
			}
		}
		require.NotZero(t, kinds, prefix)
		return all, kinds
	}
}

func TestThePageOnReliabilityHasTheFiguresOfWhatWasTried(t *testing.T) {
	sum := tried(t)
	calls, worlds := sum("faults: calls of ")
	faults, _ := sum("faults: of ")
	ofCommands, commands := sum("faults: of the command ")
	pairs, paired := sum("pairs: ")
	kills, _ := sum("kills: of functions")
	killed, _ := sum("kills: of the command")
	seeded, _ := sum("seeded: ")
	objects, _ := sum("load: objects")
	wrong, _ := sum("load: calls")
	breakages, _ := sum("breakages: ")
	rows := [][4]string{
		{
			"one fault at each call, in order and out of it: denied, throttled, broken, unanswered, slow, late, cut off, garbled, crashed, stopped by hand, twice, a wrong clock",
			fmt.Sprintf("%s faults at %s calls of %d worlds", grouped(float64(faults-ofCommands)), grouped(float64(calls)), worlds), "seven worlds whole, two fifths of the audited one, a share of the largest batch",
			"a page of something between was taken for rules that are none (a false NOT_REPLICATED); a cut-off answer parked at once: both are tried again now",
		},
		{
			"two faults at once, by what a caller can tell apart", fmt.Sprintf("%s pairs in %d worlds", grouped(float64(pairs)), paired), "15 pairs", "nothing",
		},
		{"many faults at once, at random, shrunk where they fail", "schedules by seed", "300", "two faults in the check, none in the product"},
		{"bugs that are seeded in workflow, templates and functions", fmt.Sprint(seeded), "all", "all are found"},
		{
			"functions killed at each call that they make, before it and after", grouped(float64(kills)), "all but those of the worlds that came last",
			"one process that ended parked its whole batch: such an end is tried again now",
		},
		{
			"commands killed, or disturbed, at each call, and typed again", fmt.Sprintf("%s kills and %s other faults of %d commands", grouped(float64(killed)), grouped(float64(ofCommands)), commands), "all",
			"attach could have written over all of a bucket's notifications after a foreign answer, and refused its own plan after a kill: no answer is S3's but by its name, and a plan goes on",
		},
		{"parked messages redriven by move tasks, executions by RedriveExecution", "4 causes, 13 messages, a stop at each fifth task", "all", "nothing"},
		{
			"load with a hundredth of all calls going wrong", fmt.Sprintf("%s objects, %s calls", grouped(float64(objects)), grouped(float64(wrong))), "all",
			"the ledger balances to the message; an object costs the same from 90 to 90,000",
		},
		{"quotas: ten times the starts, ten functions, SQS, KMS and SNS throttled", "6 situations", "all", "nothing is lost; [how long a backlog takes](operations.md#how-much-at-once)"},
		{
			"hostile keys, forged and edited messages, rules that lead elsewhere", fmt.Sprintf("%d keys, %d places", len(hostile.Keys), len(hostile.Tries)), "all",
			"a parked message that was edited was told with another object's facts, and keys could be links in e-mails: both can't be now",
		},
		{
			"breakages that somebody must notice", fmt.Sprint(breakages), "all, in both forms",
			"[heartbeats](heartbeats.md) came of it; an alarm that rang up to 14 times for one cause rings once; doctor tells of an alarm without an action",
		},
		{"each number, word and operand of each alarm, changed", "by rows of datapoints", "all", "what no row noticed is gone or has a reason"},
	}
	var table strings.Builder
	table.WriteString("| tried | how many there are | run | what it found, and what changed |\n|---|---|---|---|\n")
	for _, r := range rows {
		table.WriteString("| " + strings.Join(r[:], " | ") + " |\n")
	}
	generated(t, "reliability.md", between(t, read(t, "reliability.md"), "tried", table.String()))
}
