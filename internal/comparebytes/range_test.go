package comparebytes_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/checksum"
	"autobackup/internal/comparebytes"
	"autobackup/internal/digest"
	"autobackup/internal/hashbytes"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// made answers for a side whatever is asked, by region.
type made map[string]hashbytes.Answer

func (m made) Hash(_ context.Context, region string, _ hashbytes.Request) (hashbytes.Answer, error) {
	return m[region], nil
}

func (m made) HashList(_ context.Context, region string, list []hashbytes.Request) ([]hashbytes.Answer, error) {
	return slices.Repeat([]hashbytes.Answer{m[region]}, len(list)), nil
}

// of has the digests of 7 bytes, changed.
func of(change func(*digest.Digests)) hashbytes.Answer {
	d := &digest.Digests{Length: 7, BlockSize: digest.BlockSize, Algorithm: checksum.SHA256, Blocks: make([]byte, 32)}
	change(d)
	return hashbytes.Answer{Found: verdict.Object, Digests: d}
}

func unchanged(*digest.Digests) {}

func sevenBytes(t *testing.T, h comparebytes.Hasher) (any, error) {
	t.Helper()
	b := batchOf(7)
	c := comparebytes.Comparer{Hasher: h, Now: time.Now, Wait: atOnce}
	return c.Do(t.Context(), decoded(t, comparebytes.Request{Operation: comparebytes.OpCompare, Batch: &b}))
}

func TestAnAnswerThatIsNotWhatWasAskedForIsAnErrorAndNoFact(t *testing.T) {
	tests := map[string]hashbytes.Answer{
		"digests of fewer bytes": of(func(d *digest.Digests) { d.Length-- }),
		"other blocks":           of(func(d *digest.Digests) { d.BlockSize-- }),
		"another algorithm":      of(func(d *digest.Digests) { d.Algorithm, d.Blocks = checksum.CRC64NVME, d.Blocks[:8] }),
		"too few digests":        of(func(d *digest.Digests) { d.Blocks = nil }),
		"no digests":             {Found: verdict.Object},
		"digests of a missing":   {Found: verdict.Missing, Digests: of(unchanged).Digests},
		"nothing":                {},
		"a marker":               {Found: verdict.Marker},
		"what is not known":      {Found: "eaten"},
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			for _, h := range []made{{home: answer, away: of(unchanged)}, {home: of(unchanged), away: answer}, {home: answer, away: answer}} {
				_, err := sevenBytes(t, h)
				want := "the answer is not what was asked for"
				if name == "too few digests" {
					want = digest.ErrNotComparable.Error()
				}
				require.ErrorContains(t, err, want)
				assert.Equal(t, reason.Internal, named(t, err))
			}
		})
	}
	answer, err := sevenBytes(t, made{home: of(unchanged), away: of(unchanged)})
	require.NoError(t, err)
	assert.Nil(t, answer.(comparebytes.Answer).Batch.Reading[0].Look.Replicas[1].Bytes.Different)
}

// noting notes what the readers are asked.
type noting struct {
	comparebytes.Hasher
	asked chan [2]any
}

func (n noting) Hash(_ context.Context, region string, in hashbytes.Request) (hashbytes.Answer, error) {
	n.asked <- [2]any{region, in}
	return hashbytes.Answer{Found: verdict.Missing}, in.Validate()
}

func TestBothSidesAreAskedForTheSameRange(t *testing.T) {
	n := noting{asked: make(chan [2]any, 2)}
	plan := planOf()
	plan.Pair.Primary.ETag, plan.Pair.Replica.ETag, plan.Algorithm = "e1", "e2", checksum.CRC64NVME
	in := comparebytes.Request{Operation: comparebytes.OpRange, Plan: &plan, Range: &digest.Range{Index: 3, Offset: 15, Length: 5}}
	result, err := comparebytes.Comparer{Hasher: n, Now: time.Now}.Do(t.Context(), decoded(t, in))
	require.NoError(t, err)
	assert.Equal(t, comparebytes.RangeResult{Range: *in.Range, Primary: comparebytes.Part{Found: verdict.Missing}, Replica: comparebytes.Part{Found: verdict.Missing}}, result)
	want := func(bucket, etag string) hashbytes.Request {
		return hashbytes.Request{Bucket: bucket, Key: "k", Version: "v1", ETag: etag, Size: 25, Offset: 15, Length: 5, BlockSize: 5, Algorithm: checksum.CRC64NVME}
	}
	assert.ElementsMatch(t, [][2]any{{home, want("docs", "e1")}, {away, want("copy", "e2")}}, [][2]any{<-n.asked, <-n.asked})
}

func TestThePairOfABatchIsThatOfItsMessageAndLook(t *testing.T) {
	n := noting{asked: make(chan [2]any, 2)}
	key := "a\n\"" + strings.Repeat("é", 100)
	primary, replica := primaryOf(7), replicaOf(7)
	primary.ETag, replica.ETag = `"e1"`, `"e2"`
	b := about(key, "v9", primary, replica)
	_, err := comparebytes.Comparer{Hasher: n, Now: time.Now}.Do(t.Context(), decoded(t, comparebytes.Request{Operation: comparebytes.OpCompare, Batch: &b}))
	require.NoError(t, err)
	want := func(bucket, etag string) hashbytes.Request {
		return hashbytes.Request{Bucket: bucket, Key: key, Version: "v9", ETag: etag, Size: 7, Length: 7, BlockSize: digest.BlockSize, Algorithm: checksum.SHA256}
	}
	assert.ElementsMatch(t, [][2]any{{home, want("docs", `"e1"`)}, {away, want("copy", `"e2"`)}}, [][2]any{<-n.asked, <-n.asked})
}
