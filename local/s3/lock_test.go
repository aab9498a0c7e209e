package s3_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/s3"
)

// lockedPair is a source and a destination with these Object Locks.
func lockedPair(t *testing.T, from, to *s3.ObjectLock) *local {
	t.Helper()
	l := start(t)
	require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: destination, Region: replica, Versioned: true, Lock: to}))
	require.NoError(t, l.server.CreateBucket(s3.BucketConfig{
		Name: source, Region: primary, Versioned: true, Lock: from, Replication: rules(destination)}))
	return l
}

func TestALockIsKeptAndReplicatedBeforeTheDefaultOfTheDestination(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lockedPair(t, &s3.ObjectLock{}, &s3.ObjectLock{Mode: "COMPLIANCE", Days: 1})
		until := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
		l.put(t, "locked", "v", func(in *awss3.PutObjectInput) {
			in.ObjectLockMode, in.ObjectLockRetainUntilDate = types.ObjectLockModeGovernance, &until
			in.ObjectLockLegalHoldStatus = types.ObjectLockLegalHoldStatusOff
		})
		l.put(t, "plain", "v")
		now := time.Now().UTC()
		l.settle()
		for region, bucket := range map[string]string{primary: source, replica: destination} {
			out, err := l.head(t, region, bucket, "locked", nil)
			require.NoError(t, err)
			assert.Equal(t, types.ObjectLockModeGovernance, out.ObjectLockMode)
			assert.Equal(t, until, aws.ToTime(out.ObjectLockRetainUntilDate))
			assert.Equal(t, types.ObjectLockLegalHoldStatusOff, out.ObjectLockLegalHoldStatus)
		}
		out, err := l.head(t, primary, source, "plain", nil)
		require.NoError(t, err)
		assert.Empty(t, out.ObjectLockMode)
		out, err = l.head(t, replica, destination, "plain", nil)
		require.NoError(t, err)
		assert.Equal(t, types.ObjectLockModeCompliance, out.ObjectLockMode)
		assert.WithinDuration(t, now.Add(24*time.Hour), aws.ToTime(out.ObjectLockRetainUntilDate), time.Minute)
	})
}

func TestALockedVersionCanBeRemovedWhenItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lockedPair(t, &s3.ObjectLock{Mode: "GOVERNANCE", Days: 1}, &s3.ObjectLock{})
		put := l.put(t, "k", "v")
		held := l.put(t, "held", "v", func(in *awss3.PutObjectInput) { in.ObjectLockLegalHoldStatus = types.ObjectLockLegalHoldStatusOn })
		l.settle()
		client := l.client("http", primary)
		remove := func(key string, version *string) error {
			_, err := client.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String(source), Key: &key, VersionId: version})
			return err
		}
		require.ErrorContains(t, remove("k", put.VersionId), "AccessDenied")
		require.NoError(t, remove("k", nil), "a delete marker removes nothing")
		time.Sleep(25 * time.Hour)
		require.NoError(t, remove("k", put.VersionId))
		require.ErrorContains(t, remove("held", held.VersionId), "AccessDenied", "a hold has no end")
	})
}

func TestADeleteMarkerIsNeverLocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		days := &s3.ObjectLock{Mode: "COMPLIANCE", Days: 1}
		l := lockedPair(t, days, days)
		l.put(t, "k", "v")
		marker, err := l.client("http", primary).DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String(source), Key: aws.String("k")})
		require.NoError(t, err)
		l.settle()
		for region, bucket := range map[string]string{primary: source, replica: destination} {
			removed, err := l.client("http", region).DeleteObject(t.Context(), &awss3.DeleteObjectInput{
				Bucket: &bucket, Key: aws.String("k"), VersionId: marker.VersionId,
			})
			require.NoError(t, err, bucket)
			assert.True(t, aws.ToBool(removed.DeleteMarker), bucket)
		}
	})
}

// md5OfV is the Content-MD5 of the body v: what is to be locked must be verifiable.
const md5OfV = "njZp0ZtnW9VwWP1GZCBdKg=="

func TestALockNeedsABucketWithObjectLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := func(in *awss3.PutObjectInput) { in.ObjectLockLegalHoldStatus = types.ObjectLockLegalHoldStatusOn }
		l := lockedPair(t, &s3.ObjectLock{}, nil)
		l.put(t, "k", "v", hold)
		l.put(t, "plain", "v")
		l.settle()
		assert.Equal(t, types.ReplicationStatusFailed, l.status(t, "k"), "the destination has no Object Lock")
		assert.Equal(t, types.ReplicationStatusCompleted, l.status(t, "plain"))

		for header, want := range map[[2]string]string{
			{"X-Amz-Object-Lock-Legal-Hold", "YES"}:                         "InvalidArgument",
			{"X-Amz-Object-Lock-Mode", "GOVERNANCE"}:                        "InvalidArgument",
			{"X-Amz-Object-Lock-Retain-Until-Date", "2030-01-02T03:04:05Z"}: "InvalidArgument",
		} {
			got := l.send(t, "PUT", "/"+source+"/k", map[string]string{header[0]: header[1], "Content-Md5": md5OfV}, []byte("v"))
			assert.Contains(t, got.body, want, header)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		l := lockedPair(t, nil, nil)
		got := l.send(t, "PUT", "/"+source+"/k", map[string]string{"X-Amz-Object-Lock-Legal-Hold": "ON", "Content-Md5": md5OfV}, []byte("v"))
		assert.Contains(t, got.body, "Bucket is missing Object Lock Configuration")
	})
}

func TestWhatABucketLocksByItselfMustBeVerifiableToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lockedPair(t, &s3.ObjectLock{Mode: "GOVERNANCE", Days: 1}, &s3.ObjectLock{})
		assert.Contains(t, l.send(t, "PUT", "/"+source+"/k", nil, []byte("v")).body, "Content-MD5 OR x-amz-checksum- HTTP header is required")
		assert.Equal(t, 200, l.send(t, "PUT", "/"+source+"/k", map[string]string{"Content-Md5": md5OfV}, []byte("v")).status)
	})
	synctest.Test(t, func(t *testing.T) {
		l := lockedPair(t, &s3.ObjectLock{}, nil)
		assert.Equal(t, 200, l.send(t, "PUT", "/"+source+"/k", nil, []byte("v")).status, "nothing is locked")
	})
}

func TestTheLocksOfAVersionAreReadByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lockedPair(t, &s3.ObjectLock{}, nil)
		until := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
		l.put(t, "locked", "v", func(in *awss3.PutObjectInput) {
			in.ObjectLockMode, in.ObjectLockRetainUntilDate = types.ObjectLockModeGovernance, &until
			in.ObjectLockLegalHoldStatus = types.ObjectLockLegalHoldStatusOn
		})
		l.put(t, "plain", "v")
		l.settle()
		client := l.client("http", primary)
		retention, err := client.GetObjectRetention(t.Context(), &awss3.GetObjectRetentionInput{Bucket: aws.String(source), Key: aws.String("locked")})
		require.NoError(t, err)
		assert.Equal(t, types.ObjectLockRetentionModeGovernance, retention.Retention.Mode)
		assert.Equal(t, until, aws.ToTime(retention.Retention.RetainUntilDate))
		hold, err := client.GetObjectLegalHold(t.Context(), &awss3.GetObjectLegalHoldInput{Bucket: aws.String(source), Key: aws.String("locked")})
		require.NoError(t, err)
		assert.Equal(t, types.ObjectLockLegalHoldStatusOn, hold.LegalHold.Status)

		_, err = client.GetObjectRetention(t.Context(), &awss3.GetObjectRetentionInput{Bucket: aws.String(source), Key: aws.String("plain")})
		assert.ErrorContains(t, err, "NoSuchObjectLockConfiguration")
		_, err = client.GetObjectLegalHold(t.Context(), &awss3.GetObjectLegalHoldInput{Bucket: aws.String(source), Key: aws.String("plain")})
		assert.ErrorContains(t, err, "NoSuchObjectLockConfiguration")
		_, err = l.client("http", replica).GetObjectLegalHold(t.Context(), &awss3.GetObjectLegalHoldInput{Bucket: aws.String(destination), Key: aws.String("plain")})
		assert.ErrorContains(t, err, "Bucket is missing Object Lock Configuration")
	})
}
