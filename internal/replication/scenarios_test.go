package replication_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/local/sqs"
)

func TestADeleteMarkerIsVerifiedAtItsOwnVersion(t *testing.T) {
	inWorld(t, func(w *world) {
		object := w.put("gone.txt", "content")
		marker := w.remove("gone.txt")
		lines := w.settle()
		assert.Equal(t, verdict.Verified, lines[object.uri()].Verdict, "the version below it is still there")
		assert.Equal(t, verdict.Verified, lines[marker.uri()].Verdict, lines[marker.uri()].Reason)
		assert.Equal(t, verdict.DeleteMarker, lines[marker.uri()].Evidence)
		assert.Empty(t, w.parked())
	})
}

func TestAnOverwriteDuringValidationIsTwoVersionsEachVerifiedAtItsOwn(t *testing.T) {
	inWorld(t, func(w *world) {
		var second version
		overwrite := sync.OnceFunc(func() { second = w.put("contract.pdf", "second, longer") })
		w.hold = func(ctx context.Context, looks int, versions []version) {
			overwrite() // between the message and its first look
			w.untilReplicated(ctx, looks, versions)
		}
		first := w.put("contract.pdf", "first")
		lines := w.settle()
		assert.Equal(t, verdict.Verified, lines[first.uri()].Verdict, lines[first.uri()].Reason)
		assert.Equal(t, verdict.Verified, lines[second.uri()].Verdict, lines[second.uri()].Reason)
		assert.Len(t, lines, 2)
		assert.Empty(t, w.parked())
	})
}

func TestATargetThatHangsIsPendingAndVerifiedOnceItGoesOn(t *testing.T) {
	inWorld(t, func(w *world) {
		require.NoError(t, w.replica.Pause())
		var v version
		var seen []types.ReplicationStatus
		w.hold = func(ctx context.Context, looks int, versions []version) {
			seen = append(seen, w.status(v))
			if looks > 0 {
				assert.NoError(t, w.replica.Resume())
				w.untilReplicated(ctx, looks, versions)
			}
		}
		v = w.upload("late.mov", large(6<<20))
		w.tell(v, "Object Created", "PutObject")
		lines := w.settle()
		assert.Equal(t, verdict.Verified, lines[v.uri()].Verdict, lines[v.uri()].Reason)
		assert.Equal(t, []types.ReplicationStatus{"PENDING", "PENDING"}, seen[:2], "before the first look and after it")
		assert.GreaterOrEqual(t, lines[v.uri()].Looks, 2)
		assert.Empty(t, w.parked())
	})
}

// MinIO says FAILED where S3 says PENDING, so only a look that finds the target
// stopped is a lag.
func TestAStoppedTargetLagsAndIsVerifiedOnceItHasCaughtUp(t *testing.T) {
	inWorld(t, func(w *world) {
		require.NoError(t, w.replica.Stop())
		restart := sync.OnceFunc(func() { assert.NoError(t, w.replica.Restart(t.Context())) })
		v := w.upload("late.mov", large(6<<20))
		w.await("MinIO tries", func() bool { return w.status(v) == types.ReplicationStatusFailed })
		w.hold = func(_ context.Context, looks int, _ []version) {
			if looks > 1 { // two looks found nobody
				restart()
				w.await("the replica catches up", func() bool { return w.replicated(t.Context(), v) })
			}
		}
		w.tell(v, "Object Created", "PutObject")
		line := w.settle()[v.uri()]
		assert.Equal(t, verdict.Verified, line.Verdict, line.Reason)
		assert.Equal(t, 3, line.Looks)
		assert.Empty(t, w.parked())
	})
}

func TestRevokedCredentialsFailAndAreVerifiedWhenTheyAreBack(t *testing.T) {
	inWorld(t, func(w *world) {
		require.NoError(t, w.replica.Allow(t.Context(), replicator, false))
		v := w.upload("refused.txt", "content")
		w.await("MinIO gives up", func() bool { return w.status(v) == types.ReplicationStatusFailed })
		w.tell(v, "Object Created", "PutObject")
		lines := w.settle()
		assert.Equal(t, reason.ReplicationFailed, lines[v.uri()].Reason)
		parked := w.parked()
		require.Len(t, parked, 1)
		assert.Len(t, w.SNS.Published(), 1)

		// MinIO, unlike S3, tries again by itself.
		require.NoError(t, w.replica.Allow(t.Context(), replicator, true))
		w.await("MinIO tries again", func() bool { return w.replicated(t.Context(), v) })
		_, err := w.SQS.Send(w.queue("validation-queue"), sqs.Outgoing{Body: parked[0].Body})
		require.NoError(t, err)
		assert.Equal(t, verdict.Verified, w.settle()[v.uri()].Verdict, "looked at again, as an operator would have it")
	})
}

// What a server stores beside the bytes says nothing about bytes that rot later:
// docs/verdicts.md. Reading them does.
func TestDamageUnderTheServerIsBeyondStoredChecksums(t *testing.T) {
	inWorld(t, func(w *world) {
		v := w.upload("rotten.bin", large(6<<20))
		w.await("the replica", func() bool { return w.replicated(t.Context(), v) })
		before, _ := head(t.Context(), w.to, replicaBucket, v)
		require.NoError(t, w.replica.Damage(replicaBucket, v.key))

		after, status := head(t.Context(), w.to, replicaBucket, v)
		require.Equal(t, http.StatusOK, status)
		assert.Equal(t, [...]*string{before.ETag, before.ChecksumCRC32}, [...]*string{after.ETag, after.ChecksumCRC32}, "HEAD answers as before")
		assert.Error(t, w.read(v), "the bytes can't be read")

		w.tell(v, "Object Created", "PutObject")
		line := w.settle()[v.uri()]
		assert.Equal(t, verdict.Verified, line.Verdict)
		assert.Equal(t, "full-object checksum CRC32", string(line.Evidence), "which says that no byte was read")
	})
}

func TestReadingTheBytesSeesDamageUnderTheServer(t *testing.T) {
	inWorld(t, func(w *world) {
		rotten, whole := w.upload("rotten.bin", large(6<<20)), w.upload("whole.bin", large(6<<20))
		for _, v := range []version{rotten, whole} {
			w.await("the replica of "+v.key, func() bool { return w.replicated(t.Context(), v) })
		}
		require.NoError(t, w.replica.Damage(replicaBucket, rotten.key))
		w.tell(rotten, "Object Created", "PutObject")
		w.tell(whole, "Object Created", "PutObject")
		lines := w.settle()
		assert.Equal(t, verdict.BytesRead, lines[whole.uri()].Evidence)
		assert.Equal(t, verdict.Failed, lines[rotten.uri()].Verdict)
		assert.Equal(t, reason.BytesNotRead, lines[rotten.uri()].Reason, "MinIO refuses to hand out what is damaged")
		require.Len(t, w.parked(), 1)
		assert.Contains(t, w.parked()[0].Attributes["detail"].Value, "reading the bytes of the replica shows unreachable")
	}, "ByteVerification", "always")
}

func TestAVersionDeletedAtTheTargetIsMissingAfterAFewLooks(t *testing.T) {
	inWorld(t, func(w *world) {
		w.hold = func(context.Context, int, []version) {} // nothing is to come
		v := w.upload("lost.txt", "content")
		w.await("the replica", func() bool { return w.replicated(t.Context(), v) })
		w.await("its status", func() bool { return w.status(v) == types.ReplicationStatusCompleted })
		_, err := w.to.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(replicaBucket), Key: &v.key, VersionId: &v.id})
		require.NoError(t, err)
		w.tell(v, "Object Created", "PutObject")
		line := w.settle()[v.uri()]
		assert.Equal(t, reason.ReplicaMissing, line.Reason)
		assert.Equal(t, verdict.GoneLooks, line.Looks)
		assert.Len(t, w.parked(), 1)
	})
}

func TestTwoThousandObjectsAtOnceAreAllVerified(t *testing.T) {
	const objects = 2000
	inWorld(t, func(w *world) {
		var all errgroup.Group
		all.SetLimit(16)
		for i := range objects {
			all.Go(func() error {
				w.put(fmt.Sprintf("many/%04d", i), fmt.Sprintf("content of %d", i))
				return nil
			})
		}
		require.NoError(t, all.Wait())
		lines := w.settle()
		require.Len(t, lines, objects)
		for object, line := range lines {
			require.Equal(t, verdict.Verified, line.Verdict, "%s: %s", object, line.Reason)
		}
		assert.Empty(t, w.parked())
		assert.Empty(t, w.SNS.Published())
	})
}
