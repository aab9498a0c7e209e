package replication_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/pair"
	core "autobackup/internal/audit"
	"autobackup/internal/verdict"
	"autobackup/local/testing/minio"
)

// audit audits the two servers, each side with an endpoint of its own, and answers what
// was found by category and reason.
func (w *world) audit(level core.Level, key string) (counts map[string]int64, examples map[string]core.Item) {
	t := w.t
	t.Setenv("AWS_ACCESS_KEY_ID", minio.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", minio.SecretKey)
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	result, err := audit.Run(t.Context(), audit.Options{
		Plan: audit.Plan{
			Started: time.Now().Add(48 * time.Hour), Primary: bucket, Prefix: key, Level: level, Deadline: time.Hour, MarkerDeadline: time.Hour,
			From: pair.Access{Endpoint: w.primary.URL, Region: w.primary.Region}, To: pair.Access{Endpoint: w.replica.URL, Region: w.replica.Region},
			Bytes: verdict.ByteVerification{Inconclusive: true, PerMille: 1000}, Classes: []string{""},
		},
		Folder: t.TempDir(), MaxRate: 10_000, Workers: 8, Watch: audit.Unwatched{}, Clock: time.Now, Budget: audit.Budget{Agreed: true},
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	require.NoError(t, err)
	require.Len(t, result.Reports, 1)
	counts, examples = map[string]int64{}, map[string]core.Item{}
	sum := int64(0)
	for _, c := range result.Reports[0].Counts {
		name := strings.TrimSpace(string(c.Category) + " " + string(c.Reason))
		counts[name] += c.Versions
		sum += c.Versions
		if len(c.Examples) > 0 {
			examples[name] = c.Examples[0]
		}
	}
	assert.Equal(t, result.Reports[0].Listed, sum)
	return counts, examples
}

func (w *world) delete(client *s3.Client, bucket string, v version) {
	_, err := client.DeleteObject(w.t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &v.key, VersionId: &v.id})
	require.NoError(w.t, err)
}

func TestAnAuditFindsWhatWasPlantedBetweenTwoServersThatReplicate(t *testing.T) {
	inWorld(t, func(w *world) {
		var all []version
		for i := range 30 {
			all = append(all, w.upload(fmt.Sprintf("many/%02d", i%20), fmt.Sprint("content ", i))) // ten keys are overwritten
		}
		lost, erased := w.upload("lost.txt", "content"), w.upload("erased.txt", "content")
		removed, unmarked := w.upload("removed.txt", "content"), w.upload("unmarked.txt", "content")
		for _, v := range append(all, lost, erased, removed, unmarked) {
			w.await("the replica of "+v.key, func() bool { return w.replicated(t.Context(), v) && w.status(v) == "COMPLETED" })
		}
		marker, gone := w.remove("removed.txt"), w.remove("unmarked.txt")
		for _, v := range []version{marker, gone} {
			w.await("the marker of "+v.key, func() bool { _, status := head(t.Context(), w.to, replicaBucket, v); return status == 405 })
		}
		counts, _ := w.audit(core.Rest, "")
		assert.Equal(t, map[string]int64{"alike": 34, "compared": 2}, counts, "nothing is found where nothing was planted")

		w.delete(w.to, replicaBucket, lost)
		w.delete(w.from, bucket, erased)
		w.delete(w.to, replicaBucket, gone)
		_, err := w.to.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(replicaBucket), Key: aws.String("foreign.txt"), Body: strings.NewReader("x")})
		require.NoError(t, err)
		counts, examples := w.audit(core.Rest, "")
		assert.Equal(t, map[string]int64{
			"alike": 32, "compared": 1,
			"finding REPLICA_MISSING": 1, "finding MARKER_MISSING": 1, "finding NOT_ERASED": 1, "finding REPLICA_ONLY": 1,
		}, counts)
		for name, v := range map[string]version{"finding REPLICA_MISSING": lost, "finding MARKER_MISSING": gone, "finding NOT_ERASED": erased} {
			assert.Equal(t, [2]string{v.key, v.id}, [2]string{examples[name].Key, examples[name].Version}, name)
		}
	})
}

func TestAnAuditThatReadsBytesTellsDamageUnderTheServer(t *testing.T) {
	inWorld(t, func(w *world) {
		rotten, whole := w.upload("rotten.bin", large(6<<20)), w.upload("whole.bin", large(6<<20))
		for _, v := range []version{rotten, whole} {
			w.await("the replica of "+v.key, func() bool { return w.replicated(t.Context(), v) })
		}
		require.NoError(t, w.replica.Damage(replicaBucket, rotten.key))
		counts, _ := w.audit(core.Rest, "")
		assert.Equal(t, map[string]int64{"alike": 2}, counts, "no byte was read")
		counts, examples := w.audit(core.Bytes, "")
		assert.Equal(t, map[string]int64{"compared": 1, "unknown BYTES_NOT_READ": 1}, counts, "MinIO refuses to hand out what is damaged")
		assert.Equal(t, rotten.key, examples["unknown BYTES_NOT_READ"].Key)
	})
}
