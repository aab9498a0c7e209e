package local_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/comparebytes"
	"autobackup/internal/verdict"
	locals3 "autobackup/local/s3"
)

// recutReplicas makes replicas that neither checksums nor parts decide: SHA256 of
// other parts than the primary's. Those of names that begin with "damaged" have
// a bit flipped before.
func (w *world) recutReplicas() {
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
		how := locals3.Intact
		if strings.HasPrefix(r.Key, "plain lag") {
			return locals3.Plan{Lag: time.Hour}
		}
		if strings.HasPrefix(r.Key, "plain") {
			return locals3.Plan{}
		}
		if strings.HasPrefix(r.Key, "damaged") {
			how = locals3.FlipBit
		}
		part := int64(3)
		if strings.HasSuffix(r.Key, "large.bin") {
			part = 4000
		}
		plan := recut(part, s3types.ChecksumTypeComposite, how)
		if strings.HasPrefix(r.Key, "slow") {
			plan.Lag = time.Hour
		}
		return plan
	}
}

func TestInconclusiveObjectsAreDecidedByTheirBytes(t *testing.T) {
	inWorld(t, func(w *world) {
		w.recutReplicas()
		w.putWith("intact.bin", "content", s3types.ChecksumAlgorithmSha256)
		w.putWith("damaged.bin", "content", s3types.ChecksumAlgorithmSha256)
		w.put("plain.bin", "content")
		w.settle()
		assert.Equal(t, "3 objects after 1 look: 1 verified, 2 reading", w.summary(w.first()).Text)
		assert.Len(t, w.States.Executions(), 3, "one each for what is to be read")
		assert.Equal(t, []string{"CONTENT_MISMATCH"}, w.reasons())
		evidence := map[string]verdict.Evidence{}
		for _, o := range w.settled() {
			evidence[o.Object[strings.LastIndex(o.Object, "/")+1:strings.LastIndex(o.Object, "@")]] = o.Evidence
		}
		assert.Equal(t, verdict.BytesRead, evidence["intact.bin"])
		assert.Equal(t, verdict.Evidence("full-object checksum CRC64NVME"), evidence["plain.bin"])
		assert.Contains(t, w.parked()[0].Attributes["detail"].Value, "bytes differ, first in the block of 7 bytes from byte 0 on; side unknown")
	})
}

func TestWithNeverAnInconclusiveObjectFails(t *testing.T) {
	inWorld(t, func(w *world) {
		w.recutReplicas()
		w.putWith("intact.bin", "content", s3types.ChecksumAlgorithmSha256)
		w.settle()
		assert.Equal(t, []string{"INCONCLUSIVE"}, w.reasons())
		assert.NotContains(t, w.path(), "StartReadings")
	}, replace("template.yaml", "Default: inconclusive", "Default: never"))
}

func TestALargeObjectIsReadInRangesThroughADistributedMap(t *testing.T) {
	content := strings.Repeat("0123456789abcdef", 1000)
	ranges := replace("template.yaml", `RANGE_BYTES: "4294967296"`, `RANGE_BYTES: "500"`)
	for name, want := range map[string]string{
		"large.bin":         "1 object after 2 looks: 1 verified",
		"damaged-large.bin": "1 object after 2 looks: 1 failed (CONTENT_MISMATCH)",
	} {
		inWorld(t, func(w *world) {
			w.recutReplicas()
			w.putWith(name, content, s3types.ChecksumAlgorithmSha256)
			w.settle()
			require.Len(t, w.States.Executions(), 2)
			reads := w.States.Executions()[1]
			assert.Equal(t, want, w.summary(reads).Text)
			path := strings.Join(reads.Result.Path, " ")
			assert.Contains(t, path, "ReadRanges")
			assert.Contains(t, path, "ConcludeBytes BytesRead CompareETags")
		}, ranges)
	}
}

func TestBytesAreReadOnceTheReplicaIsThereAndNobodyWaitsForThem(t *testing.T) {
	inWorld(t, func(w *world) {
		w.recutReplicas()
		w.S3.Fault = func(q locals3.Request) *locals3.Fault {
			if q.Operation == "GetObject" && q.Key == "fast.bin" {
				time.Sleep(2 * time.Minute) // its bytes take long
			}
			return nil
		}
		w.putWith("slow.bin", "content", s3types.ChecksumAlgorithmSha256)
		w.putWith("fast.bin", "content", s3types.ChecksumAlgorithmSha256)
		w.putWith("plain lag.bin", "content", s3types.ChecksumAlgorithmCrc32)
		w.settle()
		require.Len(t, w.States.Executions(), 3)
		looks := map[string]int{}
		for _, line := range w.settled() {
			looks[line.Object[strings.LastIndex(line.Object, "/")+1:strings.LastIndex(line.Object, "@")]] = line.Looks
			assert.Equal(t, verdict.Verified, line.Verdict)
		}
		assert.Equal(t, 2, looks["fast.bin"], "one in each execution")
		first := w.first().Result
		lag := first.Stop.Sub(first.Start)
		assert.GreaterOrEqual(t, lag, time.Hour-5*time.Minute)
		for _, e := range w.States.Executions()[1:] {
			assert.Less(t, e.Result.Stop.Sub(e.Result.Start), 10*time.Minute)
		}
	})
}

func TestTwoDeliveriesOfOneMessageAreReadOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put("a.bin", "content")
		w.settle()
		require.Len(t, w.States.Executions(), 2)
		machine := strings.Replace(w.first().ARN[:strings.LastIndex(w.first().ARN, ":")], ":execution:", ":stateMachine:", 1)
		_, err := w.States.StartExecution(machine, w.first().Input)
		require.NoError(t, err)
		w.settle()
		require.Len(t, w.States.Executions(), 3, "the second delivery found its reading started")
		again := w.States.Executions()[2]
		assert.Contains(t, strings.Join(again.Result.Path, " "), "StartReadings StartReading ReadingStarted Started Verdicts Done")
		assert.Equal(t, "1 object after 1 look: 1 reading", w.summary(again).Text)
		reads := w.States.Executions()[1]
		assert.Equal(t, "read-"+w.messagesOf(w.first())[0].ID, reads.ARN[strings.LastIndex(reads.ARN, ":")+1:])
		assert.Equal(t, verdict.BytesRead, w.summary(reads).Objects[0].Evidence)
		assert.Empty(t, w.parked())
	}, replace("template.yaml", "Default: inconclusive", "Default: always"))
}

// The samples of hash-bytes need an S3, and the golden files are what sam local invoke
// shows beside a local stack.
func TestTheSamplesOfHashBytesAreAnsweredAsTheGoldenFilesSay(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(project, "events/hash-bytes/*.json"))
	require.NoError(t, err)
	require.Len(t, paths, 4)
	samples, golden := map[string]string{}, map[string]string{}
	for _, path := range paths {
		for folder, into := range map[string]map[string]string{"events/hash-bytes": samples, "events/golden/hash-bytes": golden} {
			content, err := os.ReadFile(filepath.Join(project, folder, filepath.Base(path)))
			require.NoError(t, err)
			into[filepath.Base(path)] = string(content)
		}
	}
	inWorld(t, func(w *world) {
		for name, sample := range samples {
			out, err := w.invoke(w.region, w.functionARN("hash-bytes"), sample)
			require.NoError(t, err)
			assert.JSONEq(t, golden[name], string(out.Payload), name)
		}
	})
}

func TestAListOfPairsIsReadByTheDeployedFunctionsOfBothRegions(t *testing.T) {
	inWorld(t, func(w *world) {
		w.recutReplicas()
		comparer := comparebytes.Comparer{
			Hasher: comparebytes.Functions{
				Lambda: awslambda.NewFromConfig(w.AWSConfig(w.region)),
				ARNs:   map[string]string{firstRegion: w.functionARN("hash-bytes"), secondRegion: functionIn(secondRegion)},
			},
			RangeSize: 4,
		}
		var list []comparebytes.PairRange
		for _, key := range []string{"plain.bin", "gone.bin", "damaged.bin"} {
			pair := comparebytes.Pair{
				Key: key, Version: w.put(key, "content"), Size: 7,
				Primary: comparebytes.Place{Bucket: w.bucket(), Region: firstRegion}, Replica: comparebytes.Place{Bucket: w.replicaBucket(), Region: secondRegion},
			}
			for _, r := range comparer.Ranges(pair) {
				list = append(list, comparebytes.PairRange{Pair: pair, Range: r})
			}
		}
		w.settle()
		gone := list[2].Pair
		_, err := w.client.DeleteObject(w.t.Context(), &s3.DeleteObjectInput{Bucket: &gone.Primary.Bucket, Key: &gone.Key, VersionId: &gone.Version})
		require.NoError(t, err)
		before := w.S3.Requests()[locals3.Counted{Operation: "GetObject", Bucket: w.replicaBucket()}]
		results, err := comparer.CompareList(w.t.Context(), list)
		require.NoError(t, err)
		found := make([]string, len(results))
		for i, r := range results {
			found[i] = fmt.Sprintf("%s from byte %d on: %s and %s, equal %t", list[i].Pair.Key, r.Offset, r.Primary.Found, r.Replica.Found, r.Equal)
		}
		assert.Equal(t, []string{
			"plain.bin from byte 0 on: object and object, equal true", "plain.bin from byte 4 on: object and object, equal true",
			"gone.bin from byte 0 on: missing and object, equal false", "gone.bin from byte 4 on: missing and object, equal false",
			"damaged.bin from byte 0 on: object and object, equal " + fmt.Sprint(results[4].Equal), "damaged.bin from byte 4 on: object and object, equal " + fmt.Sprint(!results[4].Equal),
		}, found)
		assert.Equal(t, before+len(list), w.S3.Requests()[locals3.Counted{Operation: "GetObject", Bucket: w.replicaBucket()}])
	})
}
