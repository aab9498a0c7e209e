package local_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	locals3 "autobackup/local/s3"
)

// alertMetadata deploys with the parameter MetadataDifferences=alert.
var alertMetadata = replace("template.yaml", "Default: record", "Default: alert")

func (w *world) corrupted(how locals3.Corruption) {
	w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Corrupt: how} }
}

func (w *world) putTagged(key string) {
	w.t.Helper()
	w.put(key, "content", func(in *s3.PutObjectInput) { in.Tagging = aws.String("team=x") })
}

func TestAnotherContentTypeIsAFindingAboutAVerifiedObject(t *testing.T) {
	inWorld(t, func(w *world) {
		w.corrupted(locals3.Relabel)
		w.put("page.html", "content")
		w.settle()
		summary := w.summary(w.one())
		assert.Equal(t, verdict.Verified, summary.Objects[0].Verdict)
		assert.Equal(t, reason.MetadataDiffers, summary.Objects[0].Finding)
		assert.Equal(t, "1 object after 1 look: 1 verified (1 with METADATA_DIFFERS)", summary.Text)
		assert.Empty(t, w.parked())
		assert.Empty(t, w.subjects())
	})
}

func TestAnotherContentTypeIsAlertedAndParkedByParameter(t *testing.T) {
	inWorld(t, func(w *world) {
		w.corrupted(locals3.Relabel)
		w.put("page.html", "content")
		w.settle()
		assert.Equal(t, []string{string(reason.MetadataDiffers)}, w.reasons())
		require.Len(t, w.subjects(), 1)
		assert.Contains(t, w.subjects()[0], "METADATA_DIFFERS")
	}, alertMetadata)
}

func TestLostTagsAreAFindingAfterTheirLooks(t *testing.T) {
	inWorld(t, func(w *world) {
		w.corrupted(locals3.Untag)
		w.putTagged("report.pdf")
		w.settle()
		line := w.summary(w.one()).Objects[0]
		assert.Equal(t, reason.MetadataDiffers, line.Finding)
		assert.Equal(t, verdict.MetadataLooks, line.Looks)
		assert.Greater(t, w.one().Result.Stop.Sub(w.one().Result.Start), 10*time.Minute, "S3 replicates a change of tags later")
	})
}

func TestTagsThatMayNotBeReadAreNeverLostTags(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Fault = func(r locals3.Request) *locals3.Fault {
			if r.Operation == "GetObjectTagging" && r.Bucket == w.replicaBucket() {
				return &locals3.Fault{Status: 403}
			}
			return nil
		}
		w.corrupted(locals3.Untag)
		w.putTagged("report.pdf")
		w.settle()
		line := w.summary(w.one()).Objects[0]
		assert.Equal(t, verdict.Verified, line.Verdict)
		assert.Empty(t, line.Finding)
		assert.Equal(t, 1, line.Looks)
	}, alertMetadata)
}

func TestContentComesBeforeMetadata(t *testing.T) {
	inWorld(t, func(w *world) {
		w.corrupted(locals3.FlipBit)
		w.putTagged("report.pdf")
		w.settle()
		assert.Equal(t, []string{string(reason.ContentMismatch)}, w.reasons())
	}, alertMetadata)
}

func TestTheDefaultRetentionOfAReplicaBucketIsNoDifference(t *testing.T) {
	inWorld(t, func(w *world) {
		version := w.put("report.pdf", "content")
		w.settle()
		line := w.summary(w.one()).Objects[0]
		assert.Equal(t, verdict.Verified, line.Verdict)
		assert.Empty(t, line.Finding)
		assert.Equal(t, 1, line.Looks)
		replica, err := w.client.HeadObject(w.t.Context(), &s3.HeadObjectInput{
			Bucket: aws.String(w.replicaBucket()), Key: aws.String("report.pdf"), VersionId: &version,
		}, func(o *s3.Options) { o.Region = secondRegion })
		require.NoError(t, err)
		assert.Equal(t, "COMPLIANCE", string(replica.ObjectLockMode))
	}, replace("replica.yaml", "Default: NONE", "Default: COMPLIANCE"), replace("replica.yaml", "ObjectLockDays:\n    Type: Number\n    Default: 0", "ObjectLockDays:\n    Type: Number\n    Default: 30"))
}
