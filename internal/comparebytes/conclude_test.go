package comparebytes_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/checksum"
	"autobackup/internal/comparebytes"
	"autobackup/internal/digest"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

const text = "0123456789abcdefghijklmno" // 5 ranges of 5 bytes

// concluded runs a plan over equal contents, with the Map Run's records edited.
func concluded(t testing.TB, edit func([]map[string]any) []map[string]any) (comparebytes.Answer, error) {
	t.Helper()
	fake := &fakeS3{}
	fake.hold([]byte(text), []byte(text))
	d := deploy(fake.start(t), func(c *comparebytes.Comparer) { c.RangeSize, c.BlockSize = 5, 2 })
	d.edit = edit
	return d.compare(t.Context(), pairOf(int64(len(text)), int64(len(text)), "", ""))
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

func TestResultsThatAreNotEveryRangeOnceAreAnErrorAndNoVerdict(t *testing.T) {
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
		"equal without digests": {output(2, func(r *comparebytes.RangeResult) { r.Primary.CRC64, r.Replica.CRC64 = nil, nil }),
			"the result of range 2 contradicts itself"},
		"equal with other checksums":   {output(2, func(r *comparebytes.RangeResult) { *r.Primary.CRC64++ }), "contradicts itself"},
		"equal and different":          {output(2, func(r *comparebytes.RangeResult) { r.Different = &checksum.Piece{} }), "contradicts itself"},
		"neither":                      {output(2, func(r *comparebytes.RangeResult) { r.Equal = false }), "contradicts itself"},
		"bytes of a denied side":       {output(2, func(r *comparebytes.RangeResult) { r.Replica.Found = verdict.Denied }), "contradicts itself"},
		"bytes of an archived primary": {output(2, func(r *comparebytes.RangeResult) { r.Primary.Found = verdict.Archived }), "contradicts itself"},
		"nothing found": {output(2, func(r *comparebytes.RangeResult) { r.Equal, r.Replica = false, comparebytes.Part{} }),
			"contradicts itself"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := concluded(t, tt.edit)
			var named messages.InvokeResponse_Error
			require.ErrorAs(t, err, &named)
			assert.Contains(t, named.Message, tt.want)
			assert.Equal(t, reason.Internal, named.Type)
		})
	}
	answer, err := concluded(t, func(r []map[string]any) []map[string]any { return r })
	require.NoError(t, err)
	assert.Equal(t, verdict.Verified, answer.Outcome)
}

func TestTheFirstOfSeveralDifferencesIsNamedWhateverTheOrder(t *testing.T) {
	fake := &fakeS3{}
	fake.hold([]byte(text), []byte("0?23456?89abcd?fghijklmn?"))
	d := deploy(fake.start(t), func(c *comparebytes.Comparer) { c.RangeSize, c.BlockSize = 5, 2 })
	got := d.must(t, pairOf(25, 25, "", ""))
	assert.Contains(t, got.Detail, "first in the block of 2 bytes from byte 0 on; side unknown")
	var equal []bool
	for _, r := range d.results {
		equal = append(equal, r.Equal)
	}
	assert.Equal(t, []bool{false, false, false, true, false}, equal)
}

func TestThatAVersionIsGoneExplainsWhateverElseItsRangesAnswer(t *testing.T) {
	for _, other := range []int{http.StatusForbidden, http.StatusServiceUnavailable} {
		fake := &fakeS3{}
		d := deploy(fake.start(t), func(c *comparebytes.Comparer) { c.RangeSize, c.BlockSize = 5, 5 })
		content := []byte("0123456789012345678901234")
		fake.hold(content, content)
		fake.refuse(func(bucket, span string) (int, string) {
			switch {
			case bucket != "docs":
				return 0, ""
			case span == "bytes=10-14":
				return http.StatusNotFound, "NoSuchVersion"
			case span == "bytes=0-4":
				return other, "Other"
			}
			return 0, ""
		})
		got := d.must(t, pairOf(25, 25, "", ""))
		assert.Equal(t, verdict.Skipped, got.Outcome, got.Detail)
		assert.Equal(t, reason.SourceDeleted, got.Reason)
	}
}

func TestThePlanIsItemsForADistributedMap(t *testing.T) {
	fake := &fakeS3{}
	d := deploy(fake.start(t), nil)
	const size = 10<<40 + 1
	var answer comparebytes.Answer
	request := comparebytes.Request{Step: comparebytes.Step{Operation: comparebytes.OpCompare}, Pair: pairOf(size, size, "", "")}
	require.NoError(t, d.task(t.Context(), request, &answer))
	require.NotNil(t, answer.Plan)
	assert.Empty(t, answer.Outcome)
	assert.Equal(t, working, answer.Plan.Bucket)
	assert.Regexp(t, `^plans/[0-9a-f]{64}\.json$`, answer.Plan.Key)
	var ranges []digest.Range
	require.NoError(t, json.Unmarshal(fake.files[answer.Plan.Key], &ranges))
	require.Len(t, ranges, 2561)
	assert.Equal(t, digest.Range{Index: 2560, Offset: 10 << 40, Length: 1}, ranges[2560])
	assert.Equal(t, int64(2561), answer.Plan.Ranges)

	var again comparebytes.Answer
	require.NoError(t, d.task(t.Context(), request, &again))
	assert.Equal(t, answer, again, "the same pair has the same plan")
	request.Pair.Key = "other"
	require.NoError(t, d.task(t.Context(), request, &again))
	assert.NotEqual(t, answer.Plan.Key, again.Plan.Key)
}

func TestAWorkingBucketThatCannotBeUsedIsAnError(t *testing.T) {
	fake := &fakeS3{}
	d := deploy(fake.start(t), func(c *comparebytes.Comparer) { c.RangeSize = 5 })
	plan := &comparebytes.Plan{Object: comparebytes.Object{Bucket: working, Key: "p"}, Ranges: 5, RangeSize: 5, BlockSize: 5, Algorithm: "SHA256"}
	in := comparebytes.Request{Pair: pairOf(25, 25, "", ""), Step: comparebytes.Step{
		Operation: comparebytes.OpConclude, Plan: plan, Results: &comparebytes.Object{Bucket: working, Key: "none"},
	}}
	var answer comparebytes.Answer
	err := d.task(t.Context(), in, &answer)
	require.ErrorContains(t, err, "read s3://working/none")

	for content, name := range map[string]string{
		`{"DestinationBucket":"working","ResultFiles":{"SUCCEEDED":[`: reason.Transient, // broken off: worth another try
		``:   reason.Transient,
		`[]`: reason.Internal,
		`{}`: reason.Internal,
	} {
		fake.files["none"] = []byte(content)
		err := d.task(t.Context(), in, &answer)
		var named messages.InvokeResponse_Error
		require.ErrorAs(t, err, &named)
		assert.Equal(t, name, named.Type, content)
	}
}

func TestRequestsThatNoOperationTakesAreRefused(t *testing.T) {
	plan := `"plan":{"Bucket":"b","Key":"k","ranges":5,"rangeSize":5,"blockSize":5,"algorithm":"SHA256"}`
	tests := map[string]struct{ change, want string }{
		"another operation":         {`{"operation":"restore"}`, `operation "restore" is none of compare, range and conclude`},
		"no key":                    {`{"pair":{"key":""}}`, `"pair" has no "key" or no "version"`},
		"no object on a side":       {`{"pair":{"replica":{"found":"missing"}}}`, `"pair" has not an object on both sides`},
		"a negative size":           {`{"pair":{"primary":{"size":-1}}}`, "is none of S3"},
		"a range without its plan":  {`{"operation":"range","range":{"index":0,"offset":0,"length":5}}`, `"plan" is missing`},
		"a plan without a range":    {`{"operation":"range",` + plan + `}`, `"range" is missing`},
		"a plan without results":    {`{"operation":"conclude",` + plan + `}`, `"results" is missing`},
		"a range that is not in it": {`{"operation":"range",` + plan + `,"range":{"index":5,"offset":25,"length":0}}`, "is not one of the plan"},
		"a plan of another size":    {`{"operation":"conclude","results":{},` + strings.Replace(plan, `"rangeSize":5`, `"rangeSize":26`, 1) + `}`, "is not one of an object of 25 bytes"},
		"a plan of nothing":         {`{"operation":"conclude","results":{},"plan":{}}`, "is not one of an object of 25 bytes"},
		"a plan with MD5":           {`{"operation":"conclude","results":{},` + strings.Replace(plan, "SHA256", "MD5", 1) + `}`, `"MD5" is none of`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := comparebytes.Request{Step: comparebytes.Step{Operation: comparebytes.OpCompare}, Pair: pairOf(25, 25, "", "")}
			require.NoError(t, in.Validate())
			require.NoError(t, json.Unmarshal([]byte(tt.change), &in))
			assert.ErrorContains(t, in.Validate(), tt.want)
		})
	}
}

func FuzzResults(f *testing.F) {
	f.Add(`[]`)
	f.Add(`[{"Status":"SUCCEEDED","Output":"{\"index\":0,\"length\":5,\"equal\":true}"}]`)
	fake := &fakeS3{}
	d := deploy(fake.start(f), nil)
	in := comparebytes.Request{Pair: pairOf(5, 5, "", ""), Step: comparebytes.Step{
		Operation: comparebytes.OpConclude, Results: &comparebytes.Object{Bucket: working, Key: "m"},
		Plan: &comparebytes.Plan{Ranges: 1, RangeSize: 5, BlockSize: 5, Algorithm: "SHA256"},
	}}
	f.Fuzz(func(t *testing.T, file string) {
		fake.files["m"] = []byte(`{"DestinationBucket":"working","ResultFiles":{"SUCCEEDED":[{"Key":"f"}]}}`)
		fake.files["f"] = []byte(file)
		var answer comparebytes.Answer
		err := d.task(t.Context(), in, &answer)
		var named messages.InvokeResponse_Error
		if errors.As(err, &named) {
			assert.NotContains(t, named.Message, "panic")
			return
		}
		require.NoError(t, err)
		assert.NotEmpty(t, answer.Outcome)
	})
}
