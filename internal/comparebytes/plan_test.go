package comparebytes_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/comparebytes"
	"autobackup/internal/digest"
	"autobackup/internal/reason"
)

// planned is the answer about an object that is larger than a range.
func planned(t *testing.T, d *deployment, b batch.Batch) comparebytes.Answer {
	t.Helper()
	var answer comparebytes.Answer
	require.NoError(t, d.task(t.Context(), comparebytes.Request{Operation: comparebytes.OpCompare, Batch: &b}, &answer))
	require.NotNil(t, answer.Plan)
	assert.Equal(t, b, answer.Batch, "the batch is unchanged")
	return answer
}

func TestThePlanIsItemsForADistributedMap(t *testing.T) {
	fake := &fakeS3{}
	d := deploy(fake.start(t), func(c *comparebytes.Comparer) { c.Concurrency = 40 })
	const size = 10<<40 + 1
	plan := planned(t, d, batchOf(size)).Plan
	assert.Regexp(t, `^plans/[0-9a-f]{64}\.json$`, plan.Key)
	want := planOf()
	want.Key, want.Pair.Size, want.Ranges, want.RangeSize, want.BlockSize, want.Concurrency = plan.Key, size, 2561, 4<<30, 16<<20, 40
	assert.Equal(t, want, *plan)
	var ranges []digest.Range
	require.NoError(t, json.Unmarshal(fake.files[plan.Key], &ranges))
	require.Len(t, ranges, 2561)
	assert.Equal(t, digest.Range{Index: 2560, Offset: 10 << 40, Length: 1}, ranges[2560])
	assert.Empty(t, fake.asked, "nothing is read yet")
}

func TestThePlansNameFollowsFromThePair(t *testing.T) {
	d := deploy((&fakeS3{}).start(t), func(c *comparebytes.Comparer) { c.RangeSize = 5 })
	b := batchOf(6)
	name := planned(t, d, b).Plan.Key
	assert.Equal(t, name, planned(t, d, b).Plan.Key, "the same pair has the same plan")
	names := map[string]bool{name: true}
	for _, other := range []batch.Batch{
		about("other", "v1", primaryOf(6), replicaOf(6)), about("k", "v2", primaryOf(6), replicaOf(6)),
	} {
		names[planned(t, d, other).Plan.Key] = true
	}
	b.Replica = 2
	names[planned(t, d, b).Plan.Key] = true
	b.Reading[0].Look.Primary.Bucket = "other"
	names[planned(t, d, b).Plan.Key] = true
	d = deploy((&fakeS3{}).start(t), func(c *comparebytes.Comparer) { c.RangeSize = 4 })
	names[planned(t, d, b).Plan.Key] = true
	assert.Len(t, names, 6, "key, version, replica, primary and size of ranges make another one")
}

func TestWithoutASettingRangesAreComparedOneAfterTheOther(t *testing.T) {
	d := deploy((&fakeS3{}).start(t), nil)
	assert.Equal(t, 1, planned(t, d, batchOf(5<<30)).Plan.Concurrency, "0 would be all at once")
}

func TestARangeIsGivenNoMoreThanItNeeds(t *testing.T) {
	d := deploy((&fakeS3{}).start(t), func(c *comparebytes.Comparer) { c.RangeSize = 5 })
	key := strings.Repeat("k", 1024)
	bucket := strings.Repeat("b", 63)
	primary, replica := primaryOf(6), replicaOf(6)
	primary.Bucket, replica.Bucket = bucket, bucket
	primary.ETag, replica.ETag = `"d41d8cd98f00b204e9800998ecf8427e-10000"`, `"d41d8cd98f00b204e9800998ecf8427e-10000"`
	plan, err := json.Marshal(planned(t, d, about(key, "v1", primary, replica)).Plan)
	require.NoError(t, err)
	assert.Less(t, len(plan), len(key)+800)
	assert.Equal(t, 1, strings.Count(string(plan), key))
}

func TestAPlanThatCannotBeWrittenIsAnError(t *testing.T) {
	fake := &fakeS3{}
	d := deploy(fake.start(t), func(c *comparebytes.Comparer) { c.RangeSize, c.Bucket = 5, "elsewhere" })
	b := batchOf(6)
	err := d.task(t.Context(), comparebytes.Request{Operation: comparebytes.OpCompare, Batch: &b}, nil)
	name, message := told(t, err)
	assert.Equal(t, reason.Internal, name)
	assert.Contains(t, message, "write the plan s3://elsewhere/plans/")
}
