package alert_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/alert"
	"autobackup/internal/s3event"
)

func gaveUp(key, operation, cause string) s3event.ReplicationFailure {
	return s3event.ReplicationFailure{
		ObjectVersion: s3event.ObjectVersion{
			Bucket: "docs-primary", Key: key, VersionID: "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH", Region: "eu-central-1", Size: 48213,
			Time: time.Date(2026, 3, 2, 9, 15, 12, 0, time.UTC),
		},
		Destination: "docs-replica", Operation: operation, Rule: "everything",
		Requested: time.Date(2026, 3, 2, 9, 14, 5, 0, time.UTC), Cause: cause,
	}
}

func composed(failures ...s3event.ReplicationFailure) string {
	a := alert.ComposeReplication("prod", "059f36b4-87a3-44ab-83d2-661975960001", prod.Queues, failures)
	return a.Subject + "\n\n" + a.Message
}

func TestOperatorsReadS3sReasonInWords(t *testing.T) {
	noTime := gaveUp("a.txt", "OBJECT_PUT", "DstBucketNotFound")
	noTime.Requested, noTime.Rule = time.Time{}, ""
	for name, failures := range map[string][]s3event.ReplicationFailure{
		"s3-of-an-upload":          {gaveUp("reports/2026/annual report.pdf", "OBJECT_PUT", "DstPutObjectNotPermitted")},
		"s3-of-metadata":           {gaveUp("reports/2026/annual report.pdf", "OBJECT_TAGGING", "DstPutTaggingNotPermitted")},
		"s3-with-a-hostile-reason": {gaveUp("-\x1b[2J\n'$(x)", "OBJECT\nPUT", "\u202eReason \"new\"\x07")},
		"s3-of-several-uploads":    {gaveUp("a.txt", "OBJECT_PUT", "AssumeRoleNotPermitted"), noTime},
	} {
		t.Run(name, func(t *testing.T) {
			path, got := "testdata/"+name+".txt", composed(failures...)
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
		})
	}
}

// documented are the reasons on AWS's page, read in November 2026:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-metrics-events.html#replication-failure-codes
const documented = `AssumeRoleNotPermitted DstBucketInvalidRegion DstBucketNotFound DstBucketObjectLockConfigMissing DstBucketUnversioned
	DstDelObjNotPermitted DstKmsKeyInvalidState DstKmsKeyNotFound DstMultipartCompleteNotPermitted DstMultipartInitNotPermitted
	DstMultipartUploadNotPermitted DstObjectHardDeleted DstPutAclNotPermitted DstPutLegalHoldNotPermitted DstPutObjectNotPermitted
	DstPutRetentionNotPermitted DstPutTaggingNotPermitted DstVersionNotFound InitiateReplicationNotPermitted SrcBucketInvalidRegion
	SrcBucketNotFound SrcBucketReplicationConfigMissing SrcGetAclNotPermitted SrcGetLegalHoldNotPermitted SrcGetObjectNotPermitted
	SrcGetRetentionNotPermitted SrcGetTaggingNotPermitted SrcHeadObjectNotPermitted SrcKeyNotFound SrcKmsKeyInvalidState
	SrcObjectNotEligible SrcObjectNotFound SrcReplicationNotPending SrcVersionNotFound`

func TestEveryReasonThatAWSDocumentsHasWords(t *testing.T) {
	const unknown = "has no words for"
	for _, code := range strings.Fields(documented) {
		text := composed(gaveUp("a.txt", "OBJECT_PUT", code))
		assert.NotContains(t, text, unknown, code)
		assert.Contains(t, text, "failure reason "+code+";")
		assert.Regexp(t, `What happened:   S3 gave up replicating this upload\. \S.*\.\n`, text, code)
		assert.Regexp(t, `What to do:      \S.*\. Then replicate again`, text, code)
	}
	assert.Contains(t, composed(gaveUp("a.txt", "OBJECT_PUT", "DstOutOfCapacity")), unknown)
}

func TestNoFailureIsNoAlert(t *testing.T) {
	assert.Zero(t, alert.ComposeReplication("prod", "id", prod.Queues, nil))
}

func TestAnAlertOfS3IsBoundedAndPrintableWhateverS3Says(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		failures := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) s3event.ReplicationFailure {
			f := gaveUp(anyKey().Draw(t, "key"), rapid.String().Draw(t, "operation"), rapid.String().Draw(t, "cause"))
			f.Rule = rapid.String().Draw(t, "rule")
			return f
		}), 1, 40).Draw(t, "failures")
		a := alert.ComposeReplication("prod", "id", prod.Queues, failures)
		encoded, err := json.Marshal(a)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(encoded), alert.MaxBytes)
		assert.Less(t, len(a.Subject), 100)
		assert.NotRegexp(t, `[^ -~]`, a.Subject)
		assert.NotRegexp(t, regexp.MustCompile("[\x00-\x09\x0b-\x1f\x7f\u202e]"), a.Message)
		assert.Contains(t, a.Message, "The original messages")
	})
}
