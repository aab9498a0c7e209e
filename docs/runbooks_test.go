package docs_test

import (
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// runbooks are the names of the runbooks there are.
func runbooks(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("runbooks/*.md")
	require.NoError(t, err)
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".md"); name != "README" {
			names = append(names, name)
		}
	}
	return names
}

func TestEveryAlarmLinksItsRunbookAndEveryRunbookHasAnAlarm(t *testing.T) {
	each := regexp.MustCompile(`^(-metric|-(FetchETags|CompareETags|CompareBytes|HashBytes|FailureNotifier|Doctor|Lost|Different))?$`)
	var linked []string
	for _, a := range slices.Concat(alarms(t), ofSchedule(t, "full"), ofAudits(t, "full"), ofScrubs(t, "full")) {
		found := regexp.MustCompile(`^\S.*\. Runbook: docs/runbooks/([a-z-]+)\.md$`).FindStringSubmatch(a.AlarmDescription)
		require.NotNil(t, found, "%s: %s", a.ID, a.AlarmDescription)
		name, isOurs := strings.CutPrefix(strings.TrimSuffix(a.AlarmName, "-dev"), "autobackup-"+found[1])
		assert.True(t, isOurs && each.MatchString(name), "%s is not named after its runbook %s", a.AlarmName, found[1])
		linked = append(linked, found[1])
	}
	slices.Sort(linked)
	assert.Equal(t, runbooks(t), slices.Compact(linked))
}

func TestTheAddressOfTheRunbooksIsAParameter(t *testing.T) {
	const address = "https://github.com/owner/name/blob/main/docs/runbooks"
	with := map[string]string{"AlertEmail": "a@example.com", "ReplicaRegion": "eu-west-1", "RunbookAddress": address}
	description := propertiesOf(t, resolved(t, "template.yaml", with), "PipeFailingAlarm")["AlarmDescription"]
	assert.True(t, strings.HasSuffix(description.(string), " Runbook: "+address+"/pipe-failing.md"))
}

func TestEveryRunbookHasItsSectionsAndALineInTheIndex(t *testing.T) {
	var listed []string
	for _, row := range regexp.MustCompile(`(?m)^\| \[([a-z-]+)\]\(([a-z-]+)\.md\) \| \S.* \|$`).FindAllStringSubmatch(read(t, "runbooks/README.md"), -1) {
		assert.Equal(t, row[1], row[2])
		listed = append(listed, row[1])
	}
	slices.Sort(listed)
	assert.Equal(t, runbooks(t), listed)
	for _, name := range runbooks(t) {
		text := read(t, "runbooks/"+name+".md")
		assert.True(t, strings.HasPrefix(text, "# "+name+": "), name)
		var sections []string
		for _, section := range regexp.MustCompile(`(?m)^## (.*)\n\n\S`).FindAllStringSubmatch(text, -1) {
			sections = append(sections, section[1])
		}
		assert.Equal(t, []string{"Meaning", "Impact", "Diagnosis", "Mitigation", "How to see that it is over"}, sections, name)
		_, diagnosis, _ := strings.Cut(text, "## Diagnosis\n")
		diagnosis, over, _ := strings.Cut(diagnosis, "## Mitigation\n")
		assert.Contains(t, diagnosis, "```sh\nregion=eu-central-1\n", "%s has commands to paste", name)
		_, over, _ = strings.Cut(over, "## How")
		assert.Contains(t, over, "```sh\n", "%s has a command that shows the end", name)
		assert.Less(t, strings.Count(text, "\n"), 80, "%s is for somebody who was woken", name)
	}
}

func TestRunbooksSayTheNumbersOfTheTemplate(t *testing.T) {
	s := resolved(t, "template.yaml", needed)
	words := map[float64]string{3: "three", 5: "five", 7: "seven", 8: "eight"}
	number := func(value any) float64 { return figure(t, fmt.Sprint(value)) }
	redrive := func(queue string) string {
		return words[number(propertiesOf(t, s, queue)["RedrivePolicy"].(map[string]any)["maxReceiveCount"])]
	}
	failures, uploads := propertiesOf(t, s, "FailureQueue"), propertiesOf(t, s, "ValidationQueue")
	hidden := number(failures["VisibilityTimeout"])
	d := ofDefaults(t)
	for name, says := range map[string][]string{
		"failure-dlq-not-empty": {redrive("FailureQueue") + " times and failed, for more than half an hour"},
		"failure-queue-too-old": {"After " + redrive("FailureQueue") + " tries", fmt.Sprintf("comes back after %s minutes", words[hidden/60]), fmt.Sprintf("for %s minutes", words[number(propertiesOf(t, s, "FailureQueueTooOldAlarm")["Threshold"])/60])},
		"function-errors":       {"after " + redrive("FailureQueue") + " tries"},
		"function-throttled":    {words[float64(retryOf(t, "FetchETags").MaxAttempts)] + " times more, over some two minutes"},
		"pipe-failing":          {fmt.Sprintf("after %.0f minutes, %s times", number(uploads["VisibilityTimeout"])/60, redrive("ValidationQueue"))},
		"pipe-throttled":        {"`BatchSize` to " + grouped(d.batch)},
		"event-dlq-not-empty":   {"more than " + grouped(d.message) + " bytes"},
	} {
		text := strings.Join(strings.Fields(read(t, "runbooks/"+name+".md")), " ")
		for _, said := range says {
			assert.Contains(t, text, said, name)
		}
	}
	assert.Greater(t, hidden*number(failures["RedrivePolicy"].(map[string]any)["maxReceiveCount"]), 1800.0, "half an hour until SQS moves it")
	assert.InDelta(t, 30, d.senderWindow, 0, "half a minute")
}

// A retry waits for a random part of the time that is named, half of it on average.
func TestTriesAfterAThrottledCallTakeSomeTwoMinutes(t *testing.T) {
	r, together := retryOf(t, "FetchETags"), 0.0
	for tried := range r.MaxAttempts {
		together += min(r.IntervalSeconds*math.Pow(r.BackoffRate, float64(tried)), r.MaxDelaySeconds) / 2
	}
	assert.InDelta(t, 120, together, 15)
}
