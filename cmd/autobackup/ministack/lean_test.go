package ministack_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/demo"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	locals3 "autobackup/local/s3"
)

// The lean form verifies, tells and parks; it becomes the full one and is lean again, with empty
// queues as docs/deploy.md says.
func TestTheLeanFormThroughMinistack(t *testing.T) {
	needed(t)
	t.Parallel()
	r := &replication{rules: rules(t)}
	d := prepare(t, start(t, r.serve(t)))
	r.d = d
	d.set("default", "Form=lean")
	d.deployBoth()
	d.isLean(true)
	mails := d.subscribe()

	expected := map[string]demo.Expectation{}
	for _, it := range []demo.Item{
		demo.Sample("documents", "letter.txt", locals3.Plan{}, demo.Expectation{Outcome: verdict.Verified}),
		demo.Sample("media", "photo.jpg", locals3.Plan{Corrupt: locals3.FlipBit}, demo.Expectation{Outcome: verdict.Failed, Reason: reason.ContentMismatch}),
	} {
		expected[r.put(it).uri()] = it.Expect
	}
	first := d.pipe(r, len(expected))
	d.succeeded(first, expected)
	parked := d.parked(first, expected)
	d.alerted(mails, string(reason.ContentMismatch))
	for _, m := range parked {
		d.delete(d.outputs["ValidationDLQUrl"], m)
	}

	for _, form := range []string{"full", "lean"} {
		d.set("default", "Form="+form)
		d.deployBoth()
		d.isLean(form == "lean")
		u := r.put(demo.Sample("documents", "in the "+form+" form.txt", locals3.Plan{}, demo.Expectation{Outcome: verdict.Verified}))
		d.succeeded(d.pipe(r, 1), map[string]demo.Expectation{u.uri(): u.Expect})
	}
}

// isLean looks for what the forms differ in.
func (d *stack) isLean(lean bool) {
	d.Helper()
	assert.Len(d, d.keys("default"), map[bool]int{true: 0, false: 2}[lean])
	assert.Equal(d, map[bool]string{true: "0", false: "1"}[lean], d.ask("default", "cloudwatch", "list-dashboards", "--query", "length(DashboardEntries)"))
	named := d.ask("default", "cloudwatch", "describe-alarms", "--query", "MetricAlarms[].AlarmName")
	all := slices.DeleteFunc(strings.Fields(named), func(name string) bool { return strings.HasPrefix(name, "autobackup-audit-") }) // which both forms have with AuditLevel
	assert.Equal(d, lean, len(all) == 7, named)
	for _, output := range []string{"ValidationQueueUrl", "FailureQueueUrl"} {
		all, err := d.sqs.GetQueueAttributes(d.Context(), &sqs.GetQueueAttributesInput{QueueUrl: aws.String(d.outputs[output]), AttributeNames: []types.QueueAttributeName{"All"}})
		require.NoError(d, err)
		assert.Equal(d, lean, all.Attributes["KmsMasterKeyId"] == "", output)
	}
}
