package comparebytes_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/checksum"
	"autobackup/internal/comparebytes"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

const content = "0123456789abcdefghijklmno" // 5 ranges of 5 bytes

func fives(c *comparebytes.Comparer) { c.RangeSize, c.BlockSize = 5, 2 }

// concluded runs a plan over equal contents, with the Map Run's records edited.
func concluded(t testing.TB, edit func([]map[string]any) []map[string]any) (verdict.Bytes, error) {
	t.Helper()
	fake := &fakeS3{}
	fake.hold([]byte(content), []byte(content))
	d := deploy(fake.start(t), fives)
	d.edit = edit
	answer, err := d.read(t.Context(), batchOf(25))
	if err != nil {
		return verdict.Bytes{}, err
	}
	return *answer.Batch.Reading[0].Look.Replicas[1].Bytes, nil
}

// output changes the output of record i.
func output(i int, change func(*comparebytes.RangeResult)) func([]map[string]any) []map[string]any {
	return func(records []map[string]any) []map[string]any {
		var r comparebytes.RangeResult
		_ = json.Unmarshal([]byte(records[i]["Output"].(string)), &r)
		change(&r)
		changed, _ := json.Marshal(r)
		records[i]["Output"] = string(changed)
		return records
	}
}

func TestResultsThatAreNotEveryRangeOnceAreAnErrorAndNoFacts(t *testing.T) {
	tests := map[string]struct {
		edit func([]map[string]any) []map[string]any
		want string
	}{
		"a range without a result": {func(r []map[string]any) []map[string]any { return append(r[:2:2], r[3:]...) },
			"4 of 5 ranges have a result; the first without is 2"},
		"no results":          {func([]map[string]any) []map[string]any { return nil }, "the results are not a JSON array"},
		"empty results":       {func(r []map[string]any) []map[string]any { return r[:0] }, "0 of 5 ranges have a result; the first without is 0"},
		"a range twice":       {func(r []map[string]any) []map[string]any { return append(r, r[3]) }, "range 3 has two results"},
		"a range of no plan":  {output(4, func(r *comparebytes.RangeResult) { r.Index = 5 }), "is not one of the plan"},
		"a negative range":    {output(4, func(r *comparebytes.RangeResult) { r.Index = -1 }), "is not one of the plan"},
		"another offset":      {output(1, func(r *comparebytes.RangeResult) { r.Offset++ }), "is not one of the plan"},
		"another length":      {output(1, func(r *comparebytes.RangeResult) { r.Length-- }), "is not one of the plan"},
		"a failed child":      {func(r []map[string]any) []map[string]any { r[0]["Status"] = "FAILED"; return r }, `a record has the status "FAILED"`},
		"an output of others": {func(r []map[string]any) []map[string]any { r[0]["Output"] = "{}"; return r }, "is not one of the plan"},
		"no output":           {func(r []map[string]any) []map[string]any { delete(r[0], "Output"); return r }, "decode the output of a child"},
		"a record of others":  {func(r []map[string]any) []map[string]any { r[0]["Output"] = 1; return r }, "decode a record"},
		"equal without digests": {output(2, func(r *comparebytes.RangeResult) { r.Primary.CRC64, r.Replica.CRC64 = nil, nil }),
			"the result of range 2 contradicts itself"},
		"equal, and one side unread": {output(2, func(r *comparebytes.RangeResult) { r.Replica = comparebytes.Part{Found: verdict.Denied} }),
			"the result of range 2 contradicts itself"},
		"different, and one side unread": {output(2, func(r *comparebytes.RangeResult) {
			r.Equal, r.Different, r.Primary = false, &checksum.Piece{Offset: 10, Length: 2}, comparebytes.Part{Found: verdict.Missing}
		}), "the result of range 2 contradicts itself"},
		"equal with other checksums":   {output(2, func(r *comparebytes.RangeResult) { *r.Primary.CRC64++ }), "contradicts itself"},
		"equal and different":          {output(2, func(r *comparebytes.RangeResult) { r.Different = &checksum.Piece{} }), "contradicts itself"},
		"neither":                      {output(2, func(r *comparebytes.RangeResult) { r.Equal = false }), "contradicts itself"},
		"bytes of a denied side":       {output(2, func(r *comparebytes.RangeResult) { r.Replica.Found = verdict.Denied }), "contradicts itself"},
		"bytes of an archived primary": {output(2, func(r *comparebytes.RangeResult) { r.Primary.Found = verdict.Archived }), "contradicts itself"},
		"nothing found": {output(2, func(r *comparebytes.RangeResult) { r.Equal, r.Replica = false, comparebytes.Part{} }),
			"contradicts itself"},
		"a marker found": {output(2, func(r *comparebytes.RangeResult) {
			r.Equal, r.Primary = false, comparebytes.Part{Found: verdict.Marker}
		}),
			"contradicts itself"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := concluded(t, tt.edit)
			name, message := told(t, err)
			assert.Equal(t, reason.Internal, name)
			assert.Contains(t, message, tt.want)
		})
	}
	got, err := concluded(t, func(r []map[string]any) []map[string]any { return r })
	require.NoError(t, err)
	read := verdict.Read{Found: verdict.Object, CRC64NVME: crc([]byte(content))}
	assert.Equal(t, verdict.Bytes{Primary: read, Replica: read}, got)
}

func TestTheFirstOfSeveralDifferencesIsNamedWhateverTheOrder(t *testing.T) {
	fake := &fakeS3{}
	other := []byte("0?23456?89abcd?fghijklmn?")
	fake.hold([]byte(content), other)
	d := deploy(fake.start(t), fives)
	assert.Equal(t, verdict.Bytes{
		Primary:   verdict.Read{Found: verdict.Object, CRC64NVME: crc([]byte(content))},
		Replica:   verdict.Read{Found: verdict.Object, CRC64NVME: crc(other)},
		Different: &checksum.Piece{Offset: 0, Length: 2},
	}, d.must(t, batchOf(25)))
	var equal []bool
	for _, r := range d.results {
		equal = append(equal, r.Equal)
	}
	assert.Equal(t, []bool{false, false, false, true, false}, equal)
}

func TestADifferenceOfOneByteIsNamedByItself(t *testing.T) {
	fake := &fakeS3{}
	fake.hold([]byte("0123456"), []byte("01234?6"))
	for _, size := range []int64{1, 7} {
		d := deploy(fake.start(t), func(c *comparebytes.Comparer) { c.RangeSize, c.BlockSize = size, 1 })
		assert.Equal(t, &checksum.Piece{Offset: 5, Length: 1}, d.must(t, batchOf(7)).Different)
	}
}

// gone answers 404 for one range of a bucket, and the other code for another.
func gone(in string, status int) func(bucket, span string) (int, string) {
	return func(bucket, span string) (int, string) {
		switch {
		case bucket == in && span == "bytes=10-14":
			return http.StatusNotFound, "NoSuchVersion"
		case bucket == in && span == "bytes=0-4":
			return status, "Other"
		}
		return 0, ""
	}
}

func TestThatAVersionIsGoneExplainsWhateverElseItsRangesAnswer(t *testing.T) {
	read := verdict.Read{Found: verdict.Object, CRC64NVME: crc([]byte(content))}
	missing := verdict.Read{Found: verdict.Missing, Detail: "GetObject answered 404 NoSuchVersion"}
	for _, status := range []int{http.StatusForbidden, http.StatusServiceUnavailable} {
		fake := &fakeS3{}
		d := deploy(fake.start(t), func(c *comparebytes.Comparer) { c.RangeSize, c.BlockSize = 5, 5 })
		fake.hold([]byte(content), []byte(content))
		fake.refuse(gone("docs", status))
		assert.Equal(t, verdict.Bytes{Primary: missing, Replica: read}, d.must(t, batchOf(25)))
		fake.refuse(gone("copy", status))
		assert.Equal(t, verdict.Bytes{Primary: read, Replica: missing}, d.must(t, batchOf(25)), "a checksum only of a side that was read")
	}
}

func TestWhichAnswerCountsWhereTheRangesOfASideHaveDifferentOnes(t *testing.T) {
	order := []verdict.Found{verdict.Missing, verdict.Archived, verdict.SSEC, verdict.NoReader, verdict.Forbidden, verdict.Denied, verdict.Unreachable}
	for i, first := range order {
		for _, second := range order[i:] {
			answer := func(f verdict.Found) func(*comparebytes.RangeResult) {
				return func(r *comparebytes.RangeResult) {
					r.Equal, r.Replica = false, comparebytes.Part{Found: f, Detail: string("detail of " + f)}
				}
			}
			for _, at := range [][2]int{{0, 1}, {1, 0}} {
				got, err := concluded(t, func(records []map[string]any) []map[string]any {
					return output(at[0], answer(first))(output(at[1], answer(second))(records))
				})
				require.NoError(t, err)
				assert.Equal(t, verdict.Read{Found: first, Detail: string("detail of " + first)}, got.Replica)
				assert.Equal(t, verdict.Object, got.Primary.Found)
			}
		}
	}
}

func TestADetailIsOneBoundedLine(t *testing.T) {
	got, err := concluded(t, output(1, func(r *comparebytes.RangeResult) {
		r.Equal, r.Primary = false, comparebytes.Part{Found: verdict.Denied, Detail: "é\n" + string(make([]byte, 500))}
	}))
	require.NoError(t, err)
	assert.Regexp(t, `^[ -~]+$`, got.Primary.Detail)
	assert.Len(t, got.Primary.Detail, verdict.MaxSideDetail)
}

func TestAWorkingBucketThatCannotBeUsedIsAnError(t *testing.T) {
	fake := &fakeS3{}
	d := deploy(fake.start(t), nil)
	in := good()[comparebytes.OpConclude]
	err := d.task(t.Context(), in, nil)
	name, message := told(t, err)
	assert.Equal(t, reason.Internal, name)
	assert.Contains(t, message, "read s3://working/m")

	for content, name := range map[string]string{
		`{"DestinationBucket":"working","ResultFiles":{"SUCCEEDED":[`: reason.Transient, // broken off: worth another try
		``:   reason.Transient,
		`[]`: reason.Internal,
		`{}`: reason.Internal,
		`{"DestinationBucket":"working","ResultFiles":{"SUCCEEDED":[{"Key":"none"}]}}`: reason.Internal,
	} {
		fake.store("m", content)
		got, _ := told(t, d.task(t.Context(), in, nil))
		assert.Equal(t, name, got, content)
	}
	fake.store("m", `{"DestinationBucket":"working","ResultFiles":{"SUCCEEDED":[{"Key":"f"}]}}`)
	for content, name := range map[string]string{`[{"Status":"SUCCEEDED"`: reason.Transient, `[`: reason.Transient, `{}`: reason.Internal} {
		fake.store("f", content)
		got, message := told(t, d.task(t.Context(), in, nil))
		assert.Equal(t, name, got, content)
		assert.Contains(t, message, "read s3://working/f")
	}
}

func FuzzResults(f *testing.F) {
	f.Add(`[]`)
	f.Add(`[{"Status":"SUCCEEDED","Output":"{\"index\":0,\"length\":5,\"equal\":true}"}]`)
	f.Add(`[{"Status":"SUCCEEDED","Output":"{\"index\":0,\"length\":5,\"primary\":{\"found\":\"denied\",\"detail\":\"d\"},\"replica\":{\"found\":\"missing\"}}"}]`)
	fake := &fakeS3{}
	d := deploy(fake.start(f), nil)
	b, plan := batchOf(5), planOf()
	plan.Pair.Size, plan.Ranges = 5, 1
	in := comparebytes.Request{Operation: comparebytes.OpConclude, Batch: &b, Plan: &plan, Results: &comparebytes.Object{Bucket: working, Key: "m"}}
	f.Fuzz(func(t *testing.T, file string) {
		fake.store("m", `{"DestinationBucket":"working","ResultFiles":{"SUCCEEDED":[{"Key":"f"}]}}`)
		fake.store("f", file)
		var answer comparebytes.Answer
		err := d.task(t.Context(), in, &answer)
		var named messages.InvokeResponse_Error
		if errors.As(err, &named) {
			assert.NotContains(t, named.Message, "panic")
			return
		}
		require.NoError(t, err)
		got := answer.Batch.Reading[0].Look.Replicas[1].Bytes
		require.NotNil(t, got)
		for _, read := range []verdict.Read{got.Primary, got.Replica} {
			assert.Regexp(t, `^[ -~]{0,160}$`, read.Detail)
			assert.Equal(t, read.Found == verdict.Object, read.CRC64NVME != "")
		}
	})
}
