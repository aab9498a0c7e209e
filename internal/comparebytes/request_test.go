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
	"autobackup/internal/verdict"
)

// good has a request of every operation, about 25 bytes.
func good() map[string]comparebytes.Request {
	b, plan := batchOf(25), planOf()
	return map[string]comparebytes.Request{
		comparebytes.OpCompare:  {Operation: comparebytes.OpCompare, Batch: &b},
		comparebytes.OpRange:    {Operation: comparebytes.OpRange, Plan: &plan, Range: &digest.Range{Index: 4, Offset: 20, Length: 5}},
		comparebytes.OpConclude: {Operation: comparebytes.OpConclude, Batch: &b, Plan: &plan, Results: &comparebytes.Object{Bucket: working, Key: "m"}},
	}
}

func TestWhatNoOperationTakesIsBadInput(t *testing.T) {
	type change = func(*comparebytes.Request)
	message := func(f func(*batch.Message)) change {
		return func(r *comparebytes.Request) { f(&r.Batch.Reading[0]) }
	}
	tests := map[string]struct {
		operation string
		change    change
		want      string
	}{
		"another operation":  {"compare", func(r *comparebytes.Request) { r.Operation = "restore" }, `operation "restore" is none of compare, range and conclude`},
		"a plan alone":       {"conclude", func(r *comparebytes.Request) { r.Batch = nil }, `"batch" is missing`},
		"nothing to compare": {"compare", func(r *comparebytes.Request) { r.Batch = nil }, `"batch" is missing`},
		"a range alone":      {"range", func(r *comparebytes.Request) { r.Plan = nil }, `"plan" is missing`},
		"no plan":            {"conclude", func(r *comparebytes.Request) { r.Plan = nil }, `"plan" is missing`},
		"no range":           {"range", func(r *comparebytes.Request) { r.Range = nil }, `"range" is missing`},
		"no results":         {"conclude", func(r *comparebytes.Request) { r.Results = nil }, `"results" is missing`},

		"a batch that reads nothing": {"compare", func(r *comparebytes.Request) { r.Batch.Reads = false }, `"batch" has not "reads" set and one message in "reading"`},
		"a batch of two":             {"compare", func(r *comparebytes.Request) { r.Batch.Reading = append(r.Batch.Reading, r.Batch.Reading[0]) }, `and one message in "reading"`},
		"an empty batch":             {"compare", func(r *comparebytes.Request) { r.Batch.Reading = nil }, `and one message in "reading"`},
		"no look":                    {"compare", message(func(m *batch.Message) { m.Look = nil }), "no look at replica 1"},
		"a replica too far":          {"compare", func(r *comparebytes.Request) { r.Batch.Replica = 3 }, "no look at replica 3"},
		"a replica before the first": {"compare", func(r *comparebytes.Request) { r.Batch.Replica = -1 }, "no look at replica -1"},
		"a message of no object":     {"compare", message(func(m *batch.Message) { m.Body = "noise" }), `the message in "reading": malformed event`},
		"an object without versions": {"compare", message(func(m *batch.Message) { m.Body = strings.Replace(m.Body, `"v1"`, `"null"`, 1) }), "a pair needs a key, a version and two buckets"},
		"a primary without it":       {"compare", message(func(m *batch.Message) { m.Look.Primary.Found = verdict.Missing }), "only where both sides have the object"},
		"a replica without it":       {"compare", message(func(m *batch.Message) { m.Look.Replicas[1].Found = verdict.Marker }), "only where both sides have the object"},
		"a primary of no bucket":     {"compare", message(func(m *batch.Message) { m.Look.Primary.Bucket = "" }), "a pair needs"},
		"a replica of no bucket":     {"compare", message(func(m *batch.Message) { m.Look.Replicas[1].Bucket = "" }), "a pair needs"},
		"other sizes":                {"compare", message(func(m *batch.Message) { m.Look.Primary.Size = 26 }), "the same size, not 26 and 25 bytes"},
		"a negative size":            {"compare", message(func(m *batch.Message) { m.Look.Primary.Size, m.Look.Replicas[1].Size = -1, -1 }), "S3 has no object of -1 bytes"},
		"a size of no object": {"compare", message(func(m *batch.Message) {
			m.Look.Primary.Size, m.Look.Replicas[1].Size = digest.MaxSize+1, digest.MaxSize+1
		}),
			"S3 has no object of 54975581388801 bytes"},

		"a range that is not in the plan": {"range", func(r *comparebytes.Request) { *r.Range = digest.Range{Index: 5, Offset: 25} }, "range 5, 0 bytes from byte 25 on, is not one of the plan"},
		"a range before the first":        {"range", func(r *comparebytes.Request) { *r.Range = digest.Range{Index: -1, Offset: -5, Length: 5} }, "is not one of the plan"},
		"a range cut otherwise":           {"range", func(r *comparebytes.Request) { r.Range.Length = 4 }, "is not one of the plan"},
		"a plan of another size":          {"range", func(r *comparebytes.Request) { r.Plan.RangeSize = 26 }, `"plan": a plan of 5 ranges of 26 bytes is not one of an object of 25 bytes`},
		"a plan without ranges":           {"range", func(r *comparebytes.Request) { r.Plan.RangeSize = 0 }, "a plan of 5 ranges of 0 bytes"},
		"a plan without blocks":           {"range", func(r *comparebytes.Request) { r.Plan.BlockSize = 0 }, `"plan": a plan of`},
		"a plan of nothing":               {"range", func(r *comparebytes.Request) { *r.Plan = comparebytes.Plan{} }, `"plan": a pair needs`},
		"a plan without a key":            {"range", func(r *comparebytes.Request) { r.Plan.Pair.Key = "" }, `"plan": a pair needs`},
		"a plan without a version":        {"range", func(r *comparebytes.Request) { r.Plan.Pair.Version = "" }, `"plan": a pair needs`},
		"a plan with MD5":                 {"range", func(r *comparebytes.Request) { r.Plan.Algorithm = "MD5" }, `"plan": digest algorithm "MD5" is none of`},
		"a plan of too many ranges": {"conclude", func(r *comparebytes.Request) {
			r.Plan.Pair.Size, r.Plan.RangeSize, r.Plan.Ranges = 12_801, 1, 12_801
			r.Batch.Reading[0].Look.Primary.Size, r.Batch.Reading[0].Look.Replicas[1].Size = 12_801, 12_801
		}, "a plan of 12801 ranges"},
		"another version's plan":   {"conclude", func(r *comparebytes.Request) { r.Plan.Pair.Version = "v2" }, `"plan" is not of what "batch" has to be read`},
		"another replica's plan":   {"conclude", func(r *comparebytes.Request) { r.Batch.Replica = 2 }, `"plan" is not of what "batch" has to be read`},
		"a plan of another region": {"conclude", func(r *comparebytes.Request) { r.Plan.Pair.Replica.Region = home }, `"plan" is not of what "batch" has to be read`},
	}
	function := deploy((&fakeS3{}).start(t), nil)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := good()[tt.operation]
			decoded(t, in)
			tt.change(&in)
			err := function.task(t.Context(), in, nil)
			name, message := told(t, err)
			assert.Equal(t, reason.BadInput, name)
			assert.Contains(t, message, tt.want)
		})
	}
}

func TestAPayloadOfAnotherShapeIsBadInput(t *testing.T) {
	function := deploy((&fakeS3{}).start(t), nil)
	halfGood := map[string]any{"operation": "compare", "batch": batchOf(25), "results": 1}
	for _, payload := range []any{[]int{}, map[string]any{"operation": 1}, map[string]any{}, halfGood} {
		name, _ := told(t, function.task(t.Context(), payload, nil))
		assert.Equal(t, reason.BadInput, name, payload)
	}
}

func TestEveryReplicaOfALookCanBeRead(t *testing.T) {
	fake := &fakeS3{}
	fake.hold([]byte("12345"), []byte("12345"))
	d := deploy(fake.start(t), nil)
	for i := range 3 {
		b := batchOf(5)
		b.Replica = i
		b.Reading[0].Look.Replicas[i].Bucket = "copy"
		assert.Equal(t, verdict.Object, d.must(t, b).Replica.Found)
	}
}

// The largest object and one of as many ranges are within the bounds.
func TestTheLargestObjectIsPlanned(t *testing.T) {
	fake := &fakeS3{}
	d := deploy(fake.start(t), nil)
	b := batchOf(digest.MaxSize)
	var answer comparebytes.Answer
	require.NoError(t, d.task(t.Context(), comparebytes.Request{Operation: comparebytes.OpCompare, Batch: &b}, &answer))
	require.NotNil(t, answer.Plan)
	assert.Equal(t, int64(12_800), answer.Plan.Ranges)
	last := digest.Range{Index: 12_799, Offset: digest.MaxSize - digest.RangeSize, Length: digest.RangeSize}
	decoded(t, comparebytes.Request{Operation: comparebytes.OpRange, Plan: answer.Plan, Range: &last})
}

func TestAnAnswerChangesNothingButTheReplicaThatWasRead(t *testing.T) {
	fake := &fakeS3{}
	fake.hold([]byte("12345"), []byte("12345"))
	d := deploy(fake.start(t), nil)
	b := batchOf(5)
	in := decoded(t, comparebytes.Request{Operation: comparebytes.OpCompare, Batch: &b})
	before, err := json.Marshal(in)
	require.NoError(t, err)
	answer, err := d.comparer.Do(t.Context(), in)
	require.NoError(t, err)
	after, err := json.Marshal(in)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after), "the request stays as it is")
	want := decoded(t, in).Batch
	want.Reading[0].Look.Replicas[1].Bytes = &verdict.Bytes{
		Primary: verdict.Read{Found: verdict.Object, CRC64NVME: crc([]byte("12345"))},
		Replica: verdict.Read{Found: verdict.Object, CRC64NVME: crc([]byte("12345"))},
	}
	assert.Equal(t, comparebytes.Answer{Batch: *want}, answer)
}
