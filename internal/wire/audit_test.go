package wire_test

import (
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/checksum"
	"autobackup/internal/verdict"
	"autobackup/internal/wire"
)

// ofAudits is an environment of the function audit.
var ofAudits = map[string]string{
	"STAGE": "dev", "WORK_BUCKET": "work", "FETCH_ETAGS_ARN": "arn:aws:lambda:eu-central-1:123456789012:function:f", "AUDIT_LEVEL": "all", "AUDIT_RATE": "500",
	"AUDIT_DOLLARS": "10", "AUDIT_CONCURRENCY": "40", "AUDIT_HOURS": "24", "DEADLINE_MINUTES": "240", "MARKER_DEADLINE_MINUTES": "1440", "METADATA_DIFFERENCES": "alert",
	"VALIDATION_QUEUE_ARN": "arn:aws:sqs:eu-central-1:123456789012:q", "MESSAGE_BYTES": "2048",
	"SCRUB_DAYS": "90", "SCRUB_DOLLARS": "7", "SCRUB_CLASSES": "STANDARD_IA,GLACIER_IR", "DIGEST_ALGORITHM": "SHA256",
	"PRIMARY_HASH_BYTES_ARN": "arn:aws:lambda:eu-central-1:123456789012:function:h", "REPLICA_HASH_BYTES_ARNS": "arn:aws:lambda:eu-west-1:123456789012:function:h",
}

func TestTheFunctionOfAuditsHasItsEnvironment(t *testing.T) {
	got, err := wire.AuditOf(func(name string) string { return ofAudits[name] })
	require.NoError(t, err)
	assert.Equal(t, wire.Audit{
		Stage: "dev", WorkBucket: "work", FetchETags: ofAudits["FETCH_ETAGS_ARN"], Level: "all", Rate: 500, Dollars: 10, AtOnce: 40, Time: 24 * time.Hour,
		Policy:        verdict.Policy{Deadline: 4 * time.Hour, MarkerDeadline: 24 * time.Hour, AlertMetadata: true},
		ValidationURL: "https://sqs.eu-central-1.amazonaws.com/123456789012/q", MessageBytes: 2048,
		ValidationARN: arn.ARN{Partition: "aws", Service: "sqs", Region: "eu-central-1", AccountID: "123456789012", Resource: "q"},
		ScrubDays:     90, ScrubDollars: 7, ScrubClasses: []string{"", "STANDARD_IA", "GLACIER_IR"}, Digest: checksum.SHA256,
		HashBytes: map[string]string{"eu-central-1": ofAudits["PRIMARY_HASH_BYTES_ARN"], "eu-west-1": ofAudits["REPLICA_HASH_BYTES_ARNS"]},
	}, got)
	without := maps.Clone(ofAudits)
	without["VALIDATION_QUEUE_ARN"], without["MESSAGE_BYTES"] = "", ""
	got, err = wire.AuditOf(func(name string) string { return without[name] })
	require.NoError(t, err, "findings go to no queue")
	assert.Empty(t, got.ValidationURL)
	without = maps.Clone(ofAudits)
	for _, name := range []string{"SCRUB_DOLLARS", "SCRUB_CLASSES", "DIGEST_ALGORITHM", "PRIMARY_HASH_BYTES_ARN", "REPLICA_HASH_BYTES_ARNS"} {
		without[name] = ""
	}
	without["SCRUB_DAYS"] = "0"
	got, err = wire.AuditOf(func(name string) string { return without[name] })
	require.NoError(t, err, "no bytes are read")
	assert.Zero(t, got.ScrubDays)
}

func TestEachVariableOfTheFunctionOfAuditsIsTold(t *testing.T) {
	for name, c := range map[string]struct{ value, want string }{
		"STAGE":                   {"", "environment variable STAGE is not set: set it to a value like dev"},
		"WORK_BUCKET":             {"", "environment variable WORK_BUCKET is not set: set it to a value like autobackup-dev-work-123456789012"},
		"FETCH_ETAGS_ARN":         {"f", `environment variable FETCH_ETAGS_ARN is "f": set it to an ARN`},
		"AUDIT_LEVEL":             {"bytes", `environment variable AUDIT_LEVEL is "bytes": set it to listed, rest or all`},
		"AUDIT_RATE":              {"0", `environment variable AUDIT_RATE is "0": set it to a whole number of requests a second from 10 to 20000`},
		"AUDIT_DOLLARS":           {"0", `environment variable AUDIT_DOLLARS is "0": set it to a whole number of dollars from 1 to 100000`},
		"AUDIT_CONCURRENCY":       {"0", `environment variable AUDIT_CONCURRENCY is "0": set it to a whole number of parts at the same time from 1 to 1000`},
		"AUDIT_HOURS":             {"8761", `environment variable AUDIT_HOURS is "8761": set it to a whole number of hours from 1 to 8760`},
		"DEADLINE_MINUTES":        {"", "environment variable DEADLINE_MINUTES is"},
		"MARKER_DEADLINE_MINUTES": {"", "environment variable MARKER_DEADLINE_MINUTES is"},
		"METADATA_DIFFERENCES":    {"", "environment variable METADATA_DIFFERENCES is"},
		"VALIDATION_QUEUE_ARN":    {"q", `environment variable VALIDATION_QUEUE_ARN is "q": set it to an ARN`},
		"MESSAGE_BYTES":           {"", `environment variable MESSAGE_BYTES is "": set it to a whole number of bytes from 1 to 1048576`},
		"SCRUB_DAYS":              {"3651", `environment variable SCRUB_DAYS is "3651": set it to a whole number of days from 0 to 3650`},
		"SCRUB_DOLLARS":           {"0", `environment variable SCRUB_DOLLARS is "0": set it to a whole number of dollars a month from 1 to 100000`},
		"DIGEST_ALGORITHM":        {"MD5", `environment variable DIGEST_ALGORITHM is "MD5": set it to one of`},
		"PRIMARY_HASH_BYTES_ARN":  {"h", `PRIMARY_HASH_BYTES_ARN`},
		"REPLICA_HASH_BYTES_ARNS": {"h", `REPLICA_HASH_BYTES_ARNS`},
	} {
		wrong := maps.Clone(ofAudits)
		wrong[name] = c.value
		_, err := wire.AuditOf(func(name string) string { return wrong[name] })
		assert.ErrorContains(t, err, c.want, name)
	}
	_, err := wire.AuditOf(func(string) string { return "" })
	assert.ErrorContains(t, err, "STAGE")
	assert.ErrorContains(t, err, "METADATA_DIFFERENCES", "all that is wrong at once")
}
