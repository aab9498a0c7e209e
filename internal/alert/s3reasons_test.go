package alert_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/alert"
	"autobackup/internal/reason"
)

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
		for name, change := range map[string][]func(*situation){
			"upload": {missing("FAILED"), gaveUp("OBJECT_PUT", code)},
			"marker": {missing("FAILED"), asMarker, gaveUp("DELETE_MARKER", code)},
			"change": {gaveUp("OBJECT_TAGGING", code)},
		} {
			text := alert.Compose(prod, news(where(change...).example())).Message
			assert.NotContains(t, text, unknown, code)
			assert.Contains(t, text, " S3's reason is "+code+": ", name)
			assert.Contains(t, text, "S3 says:         failureReason "+code+"; operation ", name)
			assert.Regexp(t, `\n  What to do:      [A-Z][^\n]*[.)]\n`, text, "%s of %s", code, name)
			assert.NotRegexp(t, `What to do:[^\n]*(\. [a-z]|\.\.|Then Then|  Then)`, text, "%s of %s", code, name)
		}
	}
	text := alert.Compose(prod, news(where(missing("FAILED"), gaveUp("OBJECT_PUT", "DstOutOfCapacity")).example())).Message
	assert.Contains(t, text, unknown)
}

// The words of all reasons, side by side.
func TestOperatorsReadWhatIsTrueOfEachReasonOfS3(t *testing.T) {
	var all strings.Builder
	for _, code := range append(strings.Fields(documented), "DstOutOfCapacity") {
		message := alert.Compose(prod, news(where(missing("FAILED"), gaveUp("OBJECT_PUT", code)).example())).Message
		all.WriteString(explanation(message) + "\n")
	}
	golden(t, "all-reasons-of-s3", alert.Email{Message: all.String()})
}

func TestOperatorsReadWhatIsTrueOfEachReasonWithoutItsFacts(t *testing.T) {
	var all strings.Builder
	for _, code := range reason.Severity() {
		x := bare(code, "kept line")
		x.Verdict.Detail = x.Detail // as package told has it
		all.WriteString(string(code) + "\n" + explanation(alert.Compose(prod, news(x)).Message) + "\n")
	}
	golden(t, "all-reasons-without-facts", alert.Email{Message: all.String()})
}

// explanation are the lines that say what happened and what to do.
func explanation(message string) string {
	return strings.Join(regexp.MustCompile(`(?m)^  (?:What|Why) .*\n`).FindAllString(message, -1), "")
}

func TestAVersionThatS3DidNotFindWasFoundByTheCheck(t *testing.T) {
	for _, code := range []string{"SrcBucketNotFound", "SrcKeyNotFound", "SrcObjectNotFound", "SrcVersionNotFound"} {
		text := alert.Compose(prod, news(where(missing("FAILED"), gaveUp("OBJECT_PUT", code)).example())).Message
		assert.Regexp(t, code+`: it did not find [^.]* docs-primary\. But the backup check found it there since\.`, text)
	}
}

func TestAnythingElseThanABatchJobNeedsANewReplica(t *testing.T) {
	for _, code := range strings.Fields(documented) {
		text := alert.Compose(prod, news(where(missing("FAILED"), gaveUp("OBJECT_PUT", code)).example())).Message
		switch code {
		case "DstBucketInvalidRegion", "SrcBucketInvalidRegion", "InitiateReplicationNotPermitted":
			assert.Contains(t, text, "correct the job", code)
			assert.NotContains(t, text, "aws s3api copy-object", code)
		case "SrcObjectNotEligible":
			assert.NotContains(t, text, "aws s3api copy-object", code)
		default:
			assert.Contains(t, text, "aws s3api copy-object", code)
		}
	}
}
