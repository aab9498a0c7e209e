package docs_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/digest"
	"autobackup/local/gate"
)

// region is what AWS documents that an account may do in a region, a second.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
type region struct {
	name                        string
	events, starts, transitions float64
}

func regionsOf() []region {
	return []region{
		{"us-east-1, us-west-2, eu-west-1", 18_750, 300, 1500},
		{"eu-central-1, us-east-2", 4500, 150, 500},
		{"those with the smallest quotas", 750, 150, 500},
	}
}

// A pipe reads five batches of a queue at once, and up to 60 more each minute.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-sqs.html
const (
	readers     = 5.0
	moreReaders = 60.0 / 60 // a second
	readTime    = 0.5       // seconds to receive a batch, to start its execution and to delete it: assumed
)

// Concurrent executions of Lambda: of a new account, between, and the usual quota.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
var concurrencies = []int{10, 25, 50, 100, 1000}

// unreserved is what Lambda keeps for functions that reserve nothing.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
const unreserved = 100

func TestOperationsSaysHowMuchRunsAtOnce(t *testing.T) {
	d := ofDefaults(t)
	want := between(t, read(t, "operations.md"), "ceilings", ceilingTable(d))
	want = between(t, want, "burst", burstTable(t, d))
	want = between(t, want, "backlog", backlogTable(t, d))
	want = between(t, want, "large objects", largeTable(t))
	generated(t, "operations.md", want)
}

// What the text around the tables says in numbers follows from the same
// quantities.
func TestTheTextAboutHowMuchRunsAtOnceSaysWhatTheTablesDo(t *testing.T) {
	d, text := ofDefaults(t), strings.Join(strings.Fields(read(t, "operations.md")), " ")
	s := resolved(t, "template.yaml", needed)
	keepsUp := d.batch / (lookTime + judgeTime) // uploads a second and concurrent execution
	first, retry := concurrencies[0], retryOf(t, "FetchETags")
	for _, want := range []string{
		fmt.Sprintf("%s executions", grouped(math.Ceil(million/d.batch))),
		fmt.Sprintf("Ten keep up with %.0f uploads a second", float64(first)*keepsUp),
		fmt.Sprintf("%d times, after at most %.0f seconds each", retry.MaxAttempts, retry.MaxDelaySeconds),
		fmt.Sprintf("`RangeConcurrency` (%s)", s.Parameters["RangeConcurrency"]),
		fmt.Sprintf("at most %.0f each with a quota of 1,000", math.Floor((1000-unreserved)/d.functions)),
		fmt.Sprintf("failure-notifier runs at most %s", map[float64]string{2: "twice"}[d.senders]),
		fmt.Sprintf("starts %g executions a second and %g at once", gate.Starts("eu-central-1").Refill, gate.Starts("eu-central-1").Bucket),
		fmt.Sprintf("--max-number-of-messages-per-second %d", movedBack),
		fmt.Sprintf("a million take %s to start at 300 a second and %s at 150", lasting(million/300), lasting(million/150)),
	} {
		assert.Contains(t, text, want)
	}
	moved := figure(t, afterWord(t, text, "--max-number-of-messages-per-second"))
	assert.LessOrEqual(t, moved, float64(first)*keepsUp/2, "half of what the account keeps up with")
	assert.LessOrEqual(t, moved, 500.0, "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html")
}

func afterWord(t *testing.T, text, word string) string {
	t.Helper()
	_, after, found := strings.Cut(text, word+" ")
	require.True(t, found, word)
	return strings.Fields(after)[0]
}

// ceilingTable has how long each part takes by itself for a million uploads.
func ceilingTable(d deployed) string {
	executions := math.Ceil(million / d.batch)
	table := "| what | quota a second |"
	for _, r := range regionsOf() {
		table += " " + r.name + " |"
	}
	table += "\n|---|---|" + strings.Repeat("---|", len(regionsOf())) + "\n"
	row := func(what string, quota func(region) float64, seconds func(region) float64) {
		var quotas []string
		var times string
		for _, r := range regionsOf() {
			quotas = append(quotas, grouped(quota(r)))
			times += " " + lasting(seconds(r)) + " |"
		}
		table += fmt.Sprintf("| %s | %s |%s\n", what, strings.Join(quotas, " / "), times)
	}
	row("EventBridge delivers the events", func(r region) float64 { return r.events }, func(r region) float64 { return million / r.events })
	row("the executions are started", func(r region) float64 { return r.starts }, func(r region) float64 { return executions / r.starts })
	row(fmt.Sprintf("%g transitions of each", d.transitions), func(r region) float64 { return r.transitions },
		func(r region) float64 { return executions * d.transitions / r.transitions })
	table += fmt.Sprintf("| the pipe reads the queue | %.0f, and %.0f more each second |", readers/readTime, moreReaders/readTime)
	for range regionsOf() {
		table += " " + lasting(readAfter(executions)) + " |"
	}
	return table + "\n"
}

// readAfter is when the pipe has read so many batches of a full queue, in seconds.
func readAfter(batches float64) float64 {
	a, b := moreReaders/readTime/2, readers/readTime
	return (math.Sqrt(b*b+4*a*batches) - b) / (2 * a)
}

// comes is when the n-th batch of a million uploads is started, in seconds after
// the first.
func (r region) comes(d deployed, n float64) float64 {
	return max(n*d.batch/r.events, n/r.starts, n*d.transitions/r.transitions, readAfter(n))
}

// burstTable has how long a million uploads take, and how many executions give up,
// by the account's concurrent executions.
func burstTable(t *testing.T, d deployed) string {
	t.Helper()
	executions, retry := int(math.Ceil(million/d.batch)), retryOf(t, "FetchETags")
	require.Equal(t, retry, retryOf(t, "CompareETags"))
	table := "| concurrent executions |"
	for _, r := range regionsOf() {
		table += " " + r.name + " |"
	}
	table += "\n|---|" + strings.Repeat("---|", len(regionsOf())) + "\n"
	for _, slots := range concurrencies {
		table += "| " + grouped(float64(slots)) + " |"
		for _, r := range regionsOf() {
			b := burst{slots: slots, retry: retry, comes: func(n int) float64 { return r.comes(d, float64(n)) }}
			lasted, lost := b.run(executions)
			cell := lasting(lasted)
			if lost > 0 {
				cell += fmt.Sprintf(", and %.0f %% give up", math.Ceil(100*float64(lost)/float64(executions)))
			}
			table += " " + cell + " |"
		}
		table += "\n"
	}
	return table
}

// backlogs are messages that wait, and backlogSlots the concurrent executions of the account that
// they are reckoned for.
var (
	backlogs     = []float64{10_000, 100_000, million}
	backlogSlots = []int{10, 100, 1000}
)

// movedBack is how many messages a second the page has moved back to the validation queue.
const movedBack = 300

// backlogTable has how long messages take that wait in the queue when its pipe starts, in a region
// that starts executions at the lower of AWS's rates: until all have ended, and what gave up has
// been moved back and ended, too.
func backlogTable(t *testing.T, d deployed) string {
	t.Helper()
	table := "| messages | executions |"
	for _, slots := range backlogSlots {
		table += fmt.Sprintf(" %s functions at once |", grouped(float64(slots)))
	}
	table += "\n|---|---|" + strings.Repeat("---|", len(backlogSlots)) + "\n"
	starts := gate.Starts("eu-central-1")
	for _, messages := range backlogs {
		executions := int(math.Ceil(messages / d.batch))
		table += fmt.Sprintf("| %s | %s |", grouped(messages), grouped(float64(executions)))
		for _, slots := range backlogSlots {
			lasted, again := backlog(executions, slots, d, retryOf(t, "FetchETags"), starts)
			cell := lasting(lasted)
			if again > 0 {
				cell += fmt.Sprintf("; %.0f %% give up and take %s more", math.Ceil(100*again/float64(executions)), lasting(again*d.batch/movedBack))
			}
			table += " " + cell + " |"
		}
		table += "\n"
	}
	return table
}

// backlog is when so many executions of a full queue have ended, in seconds after the pipe begins to
// read it, and how many of them gave up.
func backlog(executions, slots int, d deployed, retry retrier, starts gate.Quota) (lasted, lost float64) {
	b := burst{slots: slots, retry: retry, comes: func(n int) float64 {
		at := float64(n)
		return max((at-starts.Bucket)/starts.Refill, at*d.transitions/500, readAfter(at))
	}}
	lasted, gaveUp := b.run(executions)
	return lasted, float64(gaveUp)
}

// retrier is what a state says of tries after an error that passes.
type retrier struct {
	IntervalSeconds, BackoffRate, MaxDelaySeconds float64
	MaxAttempts                                   int
	JitterStrategy                                string
}

func retryOf(t *testing.T, state string) retrier {
	t.Helper()
	var s struct{ Retry []retrier }
	require.NoError(t, json.Unmarshal(topStates(t)[state], &s))
	require.Len(t, s.Retry, 1)
	require.Equal(t, "FULL", s.Retry[0].JitterStrategy)
	return s.Retry[0]
}

// largeTable has how long reading a large object takes.
func largeTable(t *testing.T) string {
	t.Helper()
	atOnce := figure(t, resolved(t, "template.yaml", needed).Parameters["RangeConcurrency"])
	table := fmt.Sprintf("| object | ranges of 4 GiB | one at once | %g at once |\n|---|---|---|---|\n", atOnce)
	for _, o := range []struct {
		name string
		size int64
	}{{"100 GiB", 100 << 30}, {"1 TiB", 1 << 40}, {"50 TB, the largest", 50_000_000_000_000}} {
		ranges := float64(digest.Pieces{Length: o.size, Size: digest.RangeSize}.Count())
		each := digest.RangeSize / (network * million)
		table += fmt.Sprintf("| %s | %s | %s | %s |\n", o.name, grouped(ranges), lasting(ranges*each), lasting(math.Ceil(ranges/atOnce)*each))
	}
	return table
}

// lasting writes seconds as people say them.
func lasting(seconds float64) string {
	switch s := math.Round(seconds); {
	case s < 120:
		return fmt.Sprintf("%.0f s", s)
	case s < 7200:
		return fmt.Sprintf("%.0f min", s/60)
	default:
		return fmt.Sprintf("%.1f h", s/3600)
	}
}
