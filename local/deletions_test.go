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

// remove deletes a version for good or, without one, makes a delete marker.
func (w *world) remove(key, version string) string {
	w.t.Helper()
	in := &s3.DeleteObjectInput{Bucket: aws.String(w.bucket()), Key: &key}
	if version != "" {
		in.VersionId = &version
	}
	out, err := w.client.DeleteObject(w.t.Context(), in)
	require.NoError(w.t, err)
	return aws.ToString(out.VersionId)
}

func TestEachKindOfDeletionEndsForItsOwnReasonAndAlertsNobody(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put("hidden.txt", "content")
		w.put("expired.txt", "content")
		removed := w.put("removed.txt", "content")
		w.settle()

		marker := w.remove("hidden.txt", "")
		require.NoError(t, w.S3.ExpireCurrent(w.bucket(), "expired.txt"))
		w.remove("removed.txt", removed)
		assert.Len(t, w.messages("validation-queue"), 2, "the rule keeps permanent deletions out")
		w.settle()

		ends := map[reason.Code]verdict.Evidence{}
		for _, line := range w.settled() {
			if line.Object == "s3://"+w.bucket()+"/hidden.txt@"+marker || line.Verdict == verdict.Skipped {
				ends[line.Reason] = line.Evidence
			}
		}
		assert.Equal(t, map[reason.Code]verdict.Evidence{"": verdict.DeleteMarker, reason.LifecycleMarker: ""}, ends)
		assert.Empty(t, w.parked())
		assert.Empty(t, w.subjects())
	})
}

func TestAVersionThatIsRemovedWhileItsReplicaLagsIsSkipped(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Lag: time.Hour} }
		version := w.put("draft.txt", "content")
		time.Sleep(10 * time.Minute)
		w.remove("draft.txt", version)
		w.settle()

		line := w.summary(w.one()).Objects[0]
		assert.Equal(t, verdict.Skipped, line.Verdict)
		assert.Equal(t, reason.SourceDeleted, line.Reason)
		assert.Greater(t, line.Looks, 1)
		assert.Empty(t, w.parked())
		assert.Empty(t, w.subjects())
	})
}
