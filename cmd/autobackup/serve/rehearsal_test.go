package serve_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/serve"
)

// runbook are the blocks of commands of docs/operations.md, in its order.
type runbook struct{ blocks []string }

func readRunbook(t *testing.T) (r runbook) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(project, "docs", "operations.md"))
	require.NoError(t, err)
	for _, found := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(string(text), -1) {
		r.blocks = append(r.blocks, found[1])
	}
	return r
}

// with is the first block that has these words.
func (r runbook) with(t *testing.T, words string) string {
	t.Helper()
	for _, block := range r.blocks {
		if strings.Contains(block, words) {
			return block
		}
	}
	require.Fail(t, "docs/operations.md has no command with "+words)
	return ""
}

// desk is a shell in which somebody types the runbook's commands.
type desk struct {
	running
	t     *testing.T
	first string // what is typed first
	mails int
}

// types types a block, with an answer to what it asks.
func (d *desk) types(block, answer string) string {
	d.t.Helper()
	c := shell(d.t, d.exports(d.t)+d.first+block)
	c.Stdin = strings.NewReader(answer + "\n")
	out, err := c.CombinedOutput()
	if err != nil { // of `parked`, which says so where there is something
		assert.Contains(d.t, string(out), "exit 1", "%s", block)
	}
	return string(out)
}

// mailed waits for one more e-mail about the message.
func (d *desk) mailed() {
	d.t.Helper()
	d.mails++
	require.Eventually(d.t, func() bool {
		return strings.Count(d.String(), "  e-mail  [dev] Backup check failed: MALFORMED_EVENT") >= d.mails
	}, time.Minute, 50*time.Millisecond, "e-mail %d\n%s", d.mails, d.String())
}

// halfAMinute passes, as somebody uploads meanwhile: a clock that skips what nobody waits for
// stands still while nothing is to come.
func (d *desk) halfAMinute() {
	d.t.Helper()
	before := len(d.String())
	upload(d.t, d.client(d.t, ""), "meanwhile.txt")
	d.saysAfter(d.t, before, `(?m)  documents  meanwhile\.txt  verified  `)
}

func TestTheRehearsalOfTheRunbookIsTypedWordForWord(t *testing.T) {
	if os.Getenv("AUTOBACKUP_AWS") == "" {
		t.Skip("AUTOBACKUP_AWS names no aws CLI; .ci/run does")
	}
	book := readRunbook(t)
	d := &desk{running: served(t, serve.Options{Fast: true}), t: t}
	d.first = strings.NewReplacer("region=eu-central-1\n", "region="+firstRegion+"\n", "replica=eu-west-1\n", "replica="+secondRegion+"\n").Replace(book.with(t, "region=eu-central-1\n"))
	empty := func(said string) {
		for _, number := range []string{`"ApproximateNumberOfMessages": "0"`, `"ApproximateNumberOfMessagesNotVisible": "0"`} {
			assert.Contains(t, said, number)
		}
	}
	const asks = "yes"
	send, over := book.with(t, "a rehearsal, no S3 event"), book.with(t, "ApproximateNumberOfMessagesNotVisible")

	// With the program's commands.
	assert.Contains(t, d.types(send, ""), "MessageId")
	d.mailed()
	parked := d.types(book.with(t, "autobackup parked --region"), "")
	assert.Regexp(t, `(?m)^MALFORMED_EVENT +1  .*told once$`, parked)
	d.halfAMinute()
	d.types(book.with(t, "--tell"), asks)
	d.mailed()
	d.halfAMinute()
	d.types(book.with(t, `--why "the cause is mended"`), asks)
	d.mailed()
	d.halfAMinute()
	assert.Regexp(t, `(?m)^MALFORMED_EVENT +1  `, d.types(book.with(t, "autobackup parked --region"), ""))
	d.halfAMinute()
	d.types(book.with(t, `--why "a rehearsal"`), asks)
	d.halfAMinute()
	empty(d.types(over, ""))

	// With those of SQS.
	d.types(send, "")
	d.mailed()
	assert.Contains(t, d.types(book.with(t, "aws sqs receive-message"), ""), `"StringValue": "MALFORMED_EVENT"`)
	d.halfAMinute()
	assert.Contains(t, d.types(book.with(t, "autobackup-validation-dlq-$stage --destination-arn ${arn}:autobackup-failure-queue-$stage"), ""), "TaskHandle")
	d.mailed()
	d.halfAMinute()
	assert.Contains(t, d.types(book.with(t, "autobackup-validation-dlq-$stage --destination-arn ${arn}:autobackup-validation-queue-$stage"), ""), "TaskHandle")
	d.mailed()
	d.halfAMinute()
	received := d.types(book.with(t, "aws sqs receive-message"), "")
	handle := regexp.MustCompile(`"ReceiptHandle": "([^"]+)"`).FindStringSubmatch(received)
	require.NotNil(t, handle, received)
	d.types(strings.Replace(book.with(t, "aws sqs delete-message"), "HANDLE", handle[1], 1), "")
	empty(d.types(over, ""))
}
