package alert_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"autobackup/internal/alert"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

func TestALineTellsTheFactsOfAVerdict(t *testing.T) {
	long := func(letter string) string { return strings.Repeat(letter, 63) }
	entry := func(bucket, region string, o verdict.Outcome, detail string) verdict.Entry {
		return verdict.Entry{Bucket: bucket, Region: region, Outcome: o, Reason: reason.AccessDenied, Detail: detail}
	}
	failed := func(entries ...verdict.Entry) verdict.Verdict {
		return verdict.Verdict{Outcome: verdict.Failed, Reason: reason.ContentMismatch, Replicas: entries}
	}
	a := object("a.txt")
	tests := map[string]struct {
		verdict verdict.Verdict
		object  s3event.ObjectVersion
		want    string
	}{
		"one replica": {situations["content/sizes-differ"].judge(), a,
			"primary docs-primary (eu-central-1) and replica docs-replica (eu-west-1): sizes differ: 48213 bytes and 48212 bytes"},
		"only what has the verdict's outcome": {situations["several-replicas/corrupt-and-fine"].judge(), a,
			"primary docs-primary (eu-central-1) and replica docs-third (us-east-1): full-object checksum CRC64NVME differs: rosUhgp5mIg= and AAAAAAAAAAA="},
		"what is verified": {healthy().judge(), a,
			"primary docs-primary (eu-central-1) and replica docs-replica (eu-west-1): full-object checksum CRC64NVME is equal: rosUhgp5mIg="},
		"two replicas": {failed(entry("r1", "eu-west-1", verdict.Failed, "one"), entry("r2", "", verdict.Failed, "")), a,
			"primary docs-primary (eu-central-1); replica r1 (eu-west-1): one; replica r2 (region unknown): ACCESS_DENIED"},
		"what the primary decides": {situations["rule-not-supported"].judge(), a,
			"primary docs-primary (eu-central-1): 4 replicas; autobackup compares at most 3"},
		"a message that tells of no object": {verdict.Verdict{Outcome: verdict.Failed, Reason: reason.MalformedEvent, Detail: "not JSON"}, s3event.ObjectVersion{},
			"not JSON"},
		"a reason alone":   {verdict.Verdict{Outcome: verdict.Failed, Reason: reason.WorkflowError}, s3event.ObjectVersion{}, "WORKFLOW_ERROR"},
		"an outcome alone": {verdict.Verdict{Outcome: verdict.Verified}, s3event.ObjectVersion{}, "verified"},
		"nothing":          {verdict.Verdict{}, s3event.ObjectVersion{}, "nothing is known"},
		"a hostile detail": {failed(entry("r1", "eu-west-1", verdict.Failed, "a\nb\x1b\u202e")), s3event.ObjectVersion{},
			"replica r1 (eu-west-1): a b??"},
		"long names leave out the primary": {failed(entry(long("a"), "eu-central-1", verdict.Failed, "x"), entry(long("b"), "eu-west-1", verdict.Failed, "y")),
			s3event.ObjectVersion{Bucket: long("p"), Region: "eu-central-1"},
			"replica " + long("a") + " (eu-central-1): x; replica " + long("b") + " (eu-west-1): y"},
		"then their regions": {failed(entry(long("a"), "eu-central-1", verdict.Failed, "x"), entry(long("b"), "eu-west-1", verdict.Failed, "y"), entry(long("c"), "us-east-1", verdict.Failed, strings.Repeat("z", 240))),
			s3event.ObjectVersion{Bucket: long("p"), Region: "eu-central-1"},
			"replica " + long("a") + ": x; replica " + long("b") + ": y; replica " + long("c") + ": " + strings.Repeat("z", 22) + "..."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, alert.Line(tt.verdict, tt.object)) })
	}
}

func TestALineIsOfBoundedPrintableASCIIAndNamesItsReplicas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, o := anyVerdict().Draw(t, "verdict"), anyObject().Draw(t, "object")
		line := alert.Line(v, o)
		assert.Regexp(t, `^[ -~]+$`, line)
		assert.LessOrEqual(t, len(line), alert.MaxLine)
		if len(v.Replicas) > verdict.MaxReplicas {
			return // no function of this project has so many
		}
		for _, e := range v.Replicas {
			if e.Outcome == v.Outcome && e.Bucket != "" {
				assert.Contains(t, line, "replica "+cut(e.Bucket))
			}
		}
	})
}
