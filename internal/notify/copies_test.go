package notify_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/alert"
	"autobackup/internal/batch"
	"autobackup/internal/handler"
)

// copied has the world log as a function does, and reads the copies of e-mails out of it, with what each
// tells of.
func (w *world) copied() (copies func() []alert.Copy, tellings func() []alert.Telling, longest func() int) {
	var log bytes.Buffer
	w.n.Log = handler.Logger(&log)
	of := func(message string) (all []string) {
		for line := range strings.Lines(log.String()) {
			if strings.Contains(line, `"msg":"`+message+`"`) {
				all = append(all, line)
			}
		}
		return all
	}
	copies = func() (all []alert.Copy) {
		for _, line := range of(alert.Sent) {
			var l struct{ Email alert.Copy }
			require.NoError(w.t, json.Unmarshal([]byte(line), &l), line)
			all = append(all, l.Email)
		}
		return all
	}
	tellings = func() (all []alert.Telling) {
		for _, line := range of(alert.Told) {
			var l struct{ Telling alert.Telling }
			require.NoError(w.t, json.Unmarshal([]byte(line), &l), line)
			all = append(all, l.Telling)
		}
		return all
	}
	return copies, tellings, func() (most int) {
		for _, line := range slices.Concat(of(alert.Sent), of(alert.Told)) {
			most = max(most, len(line))
		}
		return most
	}
}

func TestEachEMailIsLoggedAsSNSTookIt(t *testing.T) {
	w := newWorld(t)
	copies, tellings, _ := w.copied()
	w.put(report(t, missing("a.txt"), missing("b\"<b>☃"), missing("odd \"\\\n\x1b<b>☃")), nil, 0)
	w.settle()
	w.put(report(t, missing("c.txt")), nil, 0)
	w.settle()
	require.Len(t, w.mails, 2)
	var sent []alert.Copy
	for i, m := range w.mails {
		sent = append(sent, alert.Copy{Subject: m.subject, Message: m.message, ID: fmt.Sprintf("message %d", i+1)})
	}
	assert.Equal(t, sent, copies())
	var told []string
	for _, of := range tellings() {
		told = append(told, fmt.Sprintf("%s: %s %s in %s, names %v and counts %d more", of.ID, of.Kind, of.Reason, of.Replica, of.Named, of.Unnamed))
	}
	assert.Equal(t, []string{
		"message 1: single REPLICA_MISSING in docs-r, names [{docs a.txt 1} {docs b\"<b>☃ 1}] and counts 0 more",
		"message 1: single REPLICA_MISSING in docs-r, names [] and counts 1 more", // of which nobody can read what object it is about
		"message 2: single REPLICA_MISSING in docs-r, names [{docs c.txt 1}] and counts 0 more",
	}, told)
}

func TestWhatSNSDidNotTakeIsNotLoggedAsSent(t *testing.T) {
	w := newWorld(t)
	copies, tellings, _ := w.copied()
	w.fault = func(operation string) (error, error) {
		if operation == "Publish" {
			return nil, errors.New("no answer came")
		}
		return nil, nil
	}
	_, err := w.invoke(message(report(t, missing("a.txt"))))
	require.ErrorContains(t, err, "no answer came")
	assert.Empty(t, copies())
	assert.Empty(t, tellings(), "nobody was told")
}

// CloudWatch Logs takes events of 256 KB, or 1 MB by now; pieces of 64 KiB are what a pipe hands
// on at once. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
func TestACopyOfTheLongestEMailIsOneEventOfTheLog(t *testing.T) {
	w := newWorld(t)
	copies, _, longest := w.copied()
	for i := range 40 {
		var failures []batch.Failed
		for n := range 25 {
			f := of(25*i+n, n)
			f.Body = upload(strings.Repeat(`\"`, 500) + fmt.Sprint(25*i+n))
			failures = append(failures, f)
		}
		w.put(report(t, failures...), nil, 0)
	}
	w.settle()
	full := 0
	for _, c := range copies() {
		full = max(full, len(c.Message))
	}
	require.Greater(t, full, alert.MaxMessage-4000, "an e-mail is as long as one can be")
	assert.Less(t, longest(), 64<<10)
}
