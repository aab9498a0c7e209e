package local_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// ledger is what became of many versions: for each kind of ending how many have it, each version
// counted once, at the first of the endings that it has.
type ledger struct {
	ends     map[string]int
	reasons  map[string]int // of those that are parked
	problems []string       // no more than some
}

// The endings, in the order in which they count.
var ledgerOrder = []string{"verified", "skipped", "parked and told", "parked by SQS", "in a failed execution", "in the rule's DLQ", "waiting", dropped}

// dropped is a version whose event neither the rule's target nor its DLQ took, which an alarm tells
// by the rule's failed invocations: nothing has it.
const dropped = "dropped by the rule"

func (l ledger) String() string {
	var all []string
	for _, at := range ledgerOrder {
		if n := l.ends[at]; n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, at))
		}
	}
	for _, why := range slices.Sorted(maps.Keys(l.reasons)) {
		all = append(all, fmt.Sprintf("%d of %s", l.reasons[why], why))
	}
	return strings.Join(all, ", ")
}

func (l *ledger) problem(format string, args ...any) {
	if len(l.problems) < 10 {
		l.problems = append(l.problems, fmt.Sprintf(format, args...))
	}
}

// balance says where each version ended. wrong are those whose sides differ, by their key: only
// these may be parked for what a comparison found, and they are never verified. For what faults
// do, any may be parked.
func (w *world) balance(versions map[string]string, wrong func(key string) bool) (l ledger) {
	w.t.Helper()
	l.ends, l.reasons = map[string]int{}, map[string]int{}
	at := make(map[string]map[string]bool, len(versions))
	note := func(version, what string) {
		if at[version] == nil {
			at[version] = map[string]bool{}
		}
		at[version][what] = true
	}
	versionOf := func(body string) string {
		v, err := s3event.Parse(body)
		if err != nil {
			l.problem("a message is no event: %s", body)
		}
		return v.VersionID
	}
	for _, e := range w.validations() {
		if e.Result == nil {
			l.problem("an execution never ends")
			continue
		}
		ended := map[string]batch.Settled{}
		if e.Result.Status == types.ExecutionStatusSucceeded {
			for _, line := range w.summary(e).Objects {
				ended[line.ID] = line
			}
		}
		for _, m := range w.messagesOf(e) {
			version := versionOf(m.Body)
			line := ended[m.ID]
			switch {
			case e.Result.Status != types.ExecutionStatusSucceeded:
				note(version, "in a failed execution")
			case line.Verdict == verdict.Verified || line.Verdict == verdict.Skipped:
				note(version, string(line.Verdict))
			}
		}
	}
	for _, m := range w.parked() {
		version, why := versionOf(m.Body), m.Attributes["reason"].Value
		note(version, map[bool]string{true: "parked and told", false: "parked by SQS"}[why != ""])
		l.reasons[cmp.Or(why, "no reason")]++
		key := versions[version]
		if why != "" && !slices.Contains(mayBecome(nil), why) && !wrong(key) {
			l.problem("%s is as it must be, and parked as %s", key, why)
		}
	}
	for queue, what := range map[string]string{"event-dlq": "in the rule's DLQ", "validation-queue": "waiting"} {
		for _, m := range w.messages(queue) {
			note(versionOf(m.Body), what)
		}
	}
	var lost []string
	for version, key := range versions {
		here := at[version]
		first := slices.IndexFunc(ledgerOrder, func(what string) bool { return here[what] })
		if first < 0 {
			lost = append(lost, key)
			first = len(ledgerOrder) - 1
		}
		l.ends[ledgerOrder[first]]++
		if here["verified"] && wrong(key) {
			l.problem("%s is damaged, and verified", key)
		}
	}
	seen := 0
	for _, u := range w.Undelivered() {
		if strings.Contains(u.What, "dropped an event") {
			seen += u.Times
		}
	}
	if seen != len(lost) {
		l.problem("%d versions ended nowhere, and rules dropped %d events: %q", len(lost), seen, lost)
	}
	for version := range at {
		if _, known := versions[version]; !known {
			l.problem("version %s is none of those that were uploaded", version)
		}
	}
	if l.reasons[string(reason.ContentMismatch)]+l.reasons[string(reason.WorkflowError)] > 0 && len(w.published("failure-topic")) == 0 && len(w.messages("failure-queue"))+len(w.messages("failure-dlq")) == 0 {
		l.problem("messages are parked, and nobody is told")
	}
	return l
}
