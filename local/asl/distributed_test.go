package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/asl"
)

// bucket is S3 in memory, by "bucket/key".
type bucket struct {
	mu      sync.Mutex
	objects map[string]string
	refuses string // keys that end so can't be written
}

func (b *bucket) Get(_ context.Context, name, key, version string) (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if version != "" {
		key += "@" + version
	}
	text, there := b.objects[name+"/"+key]
	if !there {
		return nil, errors.New("no such key: " + key)
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

func (b *bucket) Put(_ context.Context, name, key string, body io.ReadSeeker) error {
	if b.refuses != "" && strings.HasSuffix(key, b.refuses) {
		return errors.New("access denied")
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.objects == nil {
		b.objects = map[string]string{}
	}
	b.objects[name+"/"+key] = string(text)
	return nil
}

const (
	passing = `"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}`
	calling = `"StartAt":"I","States":{"I":{"Type":"Task","Resource":"r","End":true}}`
	machine = "arn:aws:states:eu-west-1:123456789012:stateMachine:m"
)

// distributed is a definition of one distributed Map, M.
func distributed(fields, processor string) string {
	return `{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{"ProcessorConfig":
		{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},` + processor + `}` + fields + `}}}`
}

func reading(config string) string {
	return `,"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","Parameters":{"Bucket":"b","Key.$":"$.key"},"ReaderConfig":{` + config + `}}`
}

func writing(more string) string {
	return `,"Label":"L","ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket.$":"$$.Execution.Name","Prefix":"out"}` + more + `}`
}

// execute runs a definition whose tasks are work.
func execute(t *testing.T, definition, input string, work taskFunc, b *bucket, changes ...func(*asl.Execution)) asl.Result {
	t.Helper()
	m := load(t, definition, work)
	x := asl.Execution{ARN: "arn:aws:states:eu-west-1:123456789012:execution:m:run", Name: "run", RoleARN: "role",
		StateMachineARN: machine, StateMachineName: "m", Input: []byte(input)}
	if b != nil {
		x.Objects = b
	}
	for _, change := range changes {
		change(&x)
	}
	return m.Run(t.Context(), x)
}

// rejectTwos is a task that echoes what it gets and fails for what holds a 2.
func rejectTwos(_ context.Context, parameters []byte) ([]byte, error) {
	if strings.Contains(string(parameters), "2") {
		return nil, &asl.Error{Name: "Two", Cause: "it is 2"}
	}
	return parameters, nil
}

func TestADistributedMap(t *testing.T) {
	large := func(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }
	inline := `,"ItemProcessor":{"StartAt":"J","States":{"J":{"Type":"Pass","End":true}}}`
	const exceeded = "States.ExceedToleratedFailureThreshold: The specified tolerated failure threshold was exceeded"
	objects := map[string]string{
		"b/array": `[{"n":1}, 2, "three", 1.50, null]`, "b/lines": "{\"n\":1}\n\n 2 \r\n\"three\"", "b/object": `{"a":[1]}`, "b/broken": `[1,2,`,
		"b/brokenlines": "1\n{\n", "b/empty": ``, "b/more": `[1] 2`, "b/nothing": `[]`, "b/array@v1": `["old"]`, "b/wide": "[" + large(300_000) + "]",
	}
	for name, c := range map[string]struct {
		definition, input, want string
		transitions             int
	}{
		"takes its input as items":            {definition: distributed("", passing), input: `[1,"a",null]`, want: `[1,"a",null]`, transitions: 7},
		"charges nothing in EXPRESS children": {definition: strings.Replace(distributed("", passing), "STANDARD", "EXPRESS", 1), input: `[1,2]`, want: `[1,2]`, transitions: 3},
		"takes items from ItemsPath":          {definition: distributed(`,"InputPath":"$.a","ItemsPath":"$.b"`, passing), input: `{"a":{"b":[1]}}`, want: `[1]`},
		"has nothing to do":                   {definition: distributed("", passing), input: `[]`, want: `[]`},
		"takes no object as items":            {definition: distributed("", passing), input: `{}`, want: "States.Runtime: An error occurred while executing the state 'M'. The items of a Map must be an array, not an object: '{}'."},
		"reads a JSON array":                  {definition: distributed(reading(`"InputType":"JSON"`), passing), input: `{"key":"array"}`, want: `[{"n":1},2,"three",1.50,null]`},
		"reads JSON lines":                    {definition: distributed(reading(`"InputType":"JSONL"`), passing), input: `{"key":"lines"}`, want: `[{"n":1},2,"three"]`},
		"reads no lines":                      {definition: distributed(reading(`"InputType":"JSONL"`), passing), input: `{"key":"empty"}`, want: `[]`},
		"reads an empty array":                {definition: distributed(reading(`"InputType":"JSON"`), passing), input: `{"key":"nothing"}`, want: `[]`},
		"reads the version it is told": {definition: distributed(strings.Replace(reading(`"InputType":"JSON"`), `"Bucket":"b"`, `"Bucket":"b","VersionId":"v1"`, 1), passing),
			input: `{"key":"array"}`, want: `["old"]`},
		"reads so many items":        {definition: distributed(reading(`"InputType":"JSON","MaxItems":2`), passing), input: `{"key":"array"}`, want: `[{"n":1},2]`},
		"finds how many":             {definition: distributed(reading(`"InputType":"JSONL","MaxItemsPath":"$.n"`), passing), input: `{"key":"lines","n":1}`, want: `[{"n":1}]`},
		"reads all where 0 is found": {definition: distributed(reading(`"InputType":"JSONL","MaxItemsPath":"$.n"`), passing), input: `{"key":"lines","n":0}`, want: `[{"n":1},2,"three"]`},
		"reads no negative number":   {definition: distributed(reading(`"InputType":"JSONL","MaxItemsPath":"$.n"`), passing), input: `{"key":"lines","n":-1}`, want: "States.ItemReaderFailed: field MaxItems must be positive"},
		"reads no JSON object":       {definition: distributed(reading(`"InputType":"JSON"`), passing), input: `{"key":"object"}`, want: "States.ItemReaderFailed: Attempting to map over non-iterable node."},
		"fails where the array ends early": {definition: distributed(reading(`"InputType":"JSON"`), passing), input: `{"key":"broken"}`,
			want: "States.ItemReaderFailed: The items are not JSON: EOF."},
		"fails where something follows the array": {definition: distributed(reading(`"InputType":"JSON"`), passing), input: `{"key":"more"}`,
			want: "States.ItemReaderFailed: Something follows the array of items."},
		"fails at a line that is no JSON": {definition: distributed(reading(`"InputType":"JSONL"`), passing), input: `{"key":"brokenlines"}`,
			want: "States.ItemReaderFailed: The items are not JSON: unexpected EOF."},
		"fails where there is no object":  {definition: distributed(reading(`"InputType":"JSON"`), passing), input: `{"key":"no"}`, want: "States.ItemReaderFailed: no such key: no"},
		"fails where the key is no text":  {definition: distributed(reading(`"InputType":"JSON"`), passing), input: `{"key":1}`, want: "States.Runtime: An error occurred while executing the state 'M'. Key must be a string that is not empty, not 1."},
		"catches a reader that fails":     {definition: distributed(reading(`"InputType":"JSON"`)+`,"Catch":[{"ErrorEquals":["States.ItemReaderFailed"],"ResultPath":"$.e","Next":"Z"}]`, passing), input: `{"key":"no"}`, want: `{"e":{"Cause":"no such key: no","Error":"States.ItemReaderFailed"},"key":"no"}`},
		"selects what a child gets":       {definition: distributed(`,"ItemSelector":{"i.$":"$$.Map.Item.Index","v.$":"$$.Map.Item.Value","all.$":"$"}`, passing), input: `["a","b"]`, want: `[{"all":["a","b"],"i":0,"v":"a"},{"all":["a","b"],"i":1,"v":"b"}]`},
		"fails where nothing is selected": {definition: distributed(`,"ItemSelector":{"v.$":"$.no"}`, passing), input: `[1]`, want: "States.Runtime: An error occurred while executing the state 'M'. The JSONPath '$.no' specified for the field 'v.$' could not be found in the input '[1]': an array has no member 'no'."},
		"makes batches of so many items": {definition: distributed(`,"ItemBatcher":{"MaxItemsPerBatch":2,"BatchInput":{"n.$":"$$.Execution.Name"}}`, passing), input: `[1,2,3]`,
			want: `[{"BatchInput":{"n":"run"},"Items":[1,2]},{"BatchInput":{"n":"run"},"Items":[3]}]`, transitions: 5},
		"makes batches of what was selected": {definition: distributed(`,"ItemSelector":{"v.$":"$$.Map.Item.Value"},"ItemBatcher":{"MaxItemsPerBatchPath":"$[0]"}`, passing), input: `[2,3,4]`, want: `[{"Items":[{"v":2},{"v":3}]},{"Items":[{"v":4}]}]`},
		"makes batches of so many bytes":     {definition: distributed(`,"ItemBatcher":{"MaxInputBytesPerBatch":17}`, passing), input: `[11,22,33,4]`, want: `[{"Items":[11,22]},{"Items":[33,4]}]`},
		"splits where one byte is missing":   {definition: distributed(`,"ItemBatcher":{"MaxInputBytesPerBatch":16}`, passing), input: `[11,22,33,4]`, want: `[{"Items":[11]},{"Items":[22]},{"Items":[33,4]}]`},
		"makes no batch of one larger item":  {definition: distributed(`,"ItemBatcher":{"MaxInputBytesPerBatch":13}`, passing), input: `[1,222]`, want: "States.DataLimitExceeded: An item alone is larger than a batch may be."},
		"makes no batch of no size":          {definition: distributed(`,"ItemBatcher":{"MaxItemsPerBatchPath":"$[0]"}`, passing), input: `[0]`, want: "States.Runtime: An error occurred while executing the state 'M'. MaxItemsPerBatch must be a whole number from 1 to 99999999, not 0."},
		"keeps batches below the limit of an input": {definition: distributed(`,"ItemBatcher":{"MaxItemsPerBatch":9}`,
			`"StartAt":"I","States":{"I":{"Type":"Pass","Parameters":{"n.$":"States.ArrayLength($.Items)"},"End":true}}`), input: `[` + large(100_000) + `,` + large(100_000) + `,` + large(62_131) + `]`, want: `[{"n":2},{"n":1}]`},
		"fails at one failed child":     {definition: distributed("", calling), input: `[1,2,3]`, want: exceeded},
		"tolerates so many failures":    {definition: distributed(`,"ToleratedFailureCount":1`, calling), input: `[1,2,3]`, want: `[1,3]`},
		"tolerates no more than those":  {definition: distributed(`,"ToleratedFailureCount":1`, calling), input: `[1,2,3,22]`, want: exceeded},
		"counts the items of a batch":   {definition: distributed(`,"ToleratedFailureCount":1,"ItemBatcher":{"MaxItemsPerBatch":2}`, calling), input: `[2,3,4]`, want: exceeded},
		"finds how many failures":       {definition: distributed(`,"ItemsPath":"$.i","ToleratedFailureCountPath":"$.n"`, calling), input: `{"i":[1,2],"n":1}`, want: `[1]`},
		"tolerates no negative number":  {definition: distributed(`,"ItemsPath":"$.i","ToleratedFailureCountPath":"$.n"`, calling), input: `{"i":[1,2],"n":-1}`, want: "States.Runtime: An error occurred while executing the state 'M'. ToleratedFailureCount must be a whole number that is not negative, not -1."},
		"tolerates a percentage":        {definition: distributed(`,"ToleratedFailurePercentage":50`, calling), input: `[2,1,22,3]`, want: `[1,3]`},
		"tolerates no more than it":     {definition: distributed(`,"ToleratedFailurePercentage":49.9`, calling), input: `[2,1,22,3]`, want: exceeded},
		"fails at the lower of two":     {definition: distributed(`,"ToleratedFailurePercentage":50,"ToleratedFailureCount":1`, calling), input: `[2,1,22,3]`, want: exceeded},
		"tolerates a percentage of all": {definition: distributed(`,"MaxConcurrency":1,"ToleratedFailurePercentage":20`+reading(`"InputType":"JSON"`), calling), input: `{"key":"array"}`, want: `[{"n":1},"three",1.50,null]`},
		"judges a percentage of all":    {definition: distributed(`,"ToleratedFailurePercentage":19`+reading(`"InputType":"JSON"`), calling), input: `{"key":"array"}`, want: exceeded},
		"tolerates no percentage over":  {definition: distributed(`,"ItemsPath":"$.i","ToleratedFailurePercentagePath":"$.n"`, calling), input: `{"i":[1],"n":100.1}`, want: "States.Runtime: An error occurred while executing the state 'M'. ToleratedFailurePercentage must be a number from 0 to 100, not 100.1."},
		"tolerates all":                 {definition: distributed(`,"ToleratedFailurePercentage":100`, calling), input: `[2]`, want: `[]`},
		"retries inside a child":        {definition: distributed("", `"StartAt":"I","States":{"I":{"Type":"Task","Resource":"r","Catch":[{"ErrorEquals":["Two"],"Next":"C"}],"End":true},"C":{"Type":"Pass","Result":"caught","End":true}}`), input: `[1,2]`, want: `[1,"caught"]`},
		"catches its own failure":       {definition: distributed(`,"Catch":[{"ErrorEquals":["States.ExceedToleratedFailureThreshold"],"Next":"Z"}]`, calling), input: `[2]`, want: `{"Cause":"The specified tolerated failure threshold was exceeded","Error":"States.ExceedToleratedFailureThreshold"}`},
		"gives results that just fit":   {definition: distributed("", passing), input: `[` + large(262_142) + `]`, want: `[` + large(262_142) + `]`},
		"passes results on as told":     {definition: distributed(`,"ResultSelector":{"n.$":"States.ArrayLength($)"},"ResultPath":"$.r","ItemsPath":"$.i"`, passing), input: `{"i":[7,8]}`, want: `{"i":[7,8],"r":{"n":2}}`},
		"fails a child whose input is too large": {definition: distributed(`,"ToleratedFailureCount":1`+reading(`"InputType":"JSON"`), passing), input: `{"key":"wide"}`,
			want: `[]`},
		"runs an inline Map in a child": {definition: distributed("", `"StartAt":"I","States":{"I":{"Type":"Map","End":true`+inline+`}}`), input: `[[1,2],[3]]`, want: `[[1,2],[3]]`},
		"runs in an inline Map":         {definition: `{"StartAt":"A","States":{"A":{"Type":"Map","End":true,"ItemProcessor":` + distributed("", passing) + `}}}`, input: `[[1,2],[3]]`, want: `[[1,2],[3]]`},
		"runs in a child of another":    {definition: distributed("", strings.TrimSuffix(strings.TrimPrefix(strings.ReplaceAll(distributed("", passing), `"M"`, `"N"`), "{"), "}")), input: `[[1,2],[3]]`, want: `[[1,2],[3]]`},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(c.definition, `"Next":"Z"`) {
				c.definition = strings.TrimSuffix(c.definition, "}}") + `,"Z":{"Type":"Succeed"}}}`
			}
			r := execute(t, c.definition, c.input, rejectTwos, &bucket{objects: objects})
			got := string(r.Output)
			if r.Status != types.ExecutionStatusSucceeded {
				got = r.Error + ": " + r.Cause
			}
			assert.Equal(t, c.want, got)
			if c.transitions > 0 {
				assert.Equal(t, c.transitions, r.Transitions)
			}
		})
	}
}

func TestResultsOverTheLimitFailTheState(t *testing.T) {
	half := `"` + strings.Repeat("x", 131_072) + `"`
	r := execute(t, distributed(reading(`"InputType":"JSONL"`), passing), `{"key":"k"}`, nil, &bucket{objects: map[string]string{"b/k": half + "\n" + half + "\n1"}})
	assert.Equal(t, asl.DataLimitExceeded, r.Error)
	assert.Equal(t, "The state/task 'the child workflow executions' returned a result with a size exceeding the maximum number of bytes service limit.", r.Cause)
}

func TestResultsThatStayInTheStateCountAsWritten(t *testing.T) {
	var last asl.MapRun
	watch := func(x *asl.Execution) { x.MapRun = func(r asl.MapRun) { last = r } }
	execute(t, distributed(`,"ItemBatcher":{"MaxItemsPerBatch":2}`, passing), `[1,2,3]`, nil, nil, watch)
	assert.Equal(t, asl.Counts{Succeeded: 2, Total: 2, ResultsWritten: 2}, last.Executions, "as AWS recorded")
	assert.Equal(t, asl.Counts{Succeeded: 3, Total: 3, ResultsWritten: 3}, last.Items)
}

func TestWithoutObjectsReadingAndWritingFail(t *testing.T) {
	r := execute(t, distributed(reading(`"InputType":"JSON"`), passing), `{"key":"k"}`, nil, nil)
	assert.Equal(t, [2]string{asl.ItemReaderFailed, "this execution was given no objects to read"}, [2]string{r.Error, r.Cause})
	r = execute(t, distributed(writing(""), passing), `[1]`, nil, nil)
	assert.Equal(t, [2]string{asl.ResultWriterFailed, "this execution was given no objects to write to"}, [2]string{r.Error, r.Cause})
}

func TestAChildIsAnExecutionOfItsOwn(t *testing.T) {
	const show = `"StartAt":"I","States":{"I":{"Type":"Pass","Parameters":{"e.$":"$$.Execution","m.$":"$$.StateMachine"},"End":true}}`
	var mu sync.Mutex
	histories := map[string][]string{}
	watch := func(x *asl.Execution) {
		x.ChildHistory = func(arn string, e types.HistoryEvent) {
			mu.Lock()
			defer mu.Unlock()
			histories[arn] = append(histories[arn], fmt.Sprintf("%d<%d %s", e.Id, e.PreviousEventId, e.Type))
		}
	}
	for kind, form := range map[string]string{"STANDARD": "execution:m/L:%s", "EXPRESS": "express:m/L:%s:"} {
		clear(histories)
		r := execute(t, strings.Replace(distributed(`,"Label":"L"`, show), "STANDARD", kind, 1), `["a","b"]`, nil, nil, watch)
		var children []struct {
			E struct{ Id, Name, Input, RoleArn string } //nolint:revive // ASL's name
			M struct{ Id, Name string }
		}
		require.NoError(t, json.Unmarshal(r.Output, &children), "%s", r.Cause)
		require.Len(t, children, 2)
		assert.NotEqual(t, children[0].E.Id, children[1].E.Id)
		for i, c := range children {
			assert.True(t, strings.HasPrefix(c.E.Id, "arn:aws:states:eu-west-1:123456789012:"+fmt.Sprintf(form, c.E.Name)), c.E.Id)
			assert.Equal(t, []string{string("ab"[i]), "role", machine + "/L", "m/L"}, []string{c.E.Input, c.E.RoleArn, c.M.Id, c.M.Name})
			assert.Equal(t, []string{"1<0 ExecutionStarted", "2<0 PassStateEntered", "3<2 PassStateExited", "4<3 ExecutionSucceeded"}, histories[c.E.Id])
		}
		assert.Equal(t, []string{"M"}, r.Path, "a child's states are not on its parent's path")
	}
}

func TestExpressChildrenTimeOutAfterFiveMinutes(t *testing.T) {
	const waiting = `"StartAt":"I","States":{"I":{"Type":"Wait","SecondsPath":"$","End":true}}`
	synctest.Test(t, func(t *testing.T) {
		var last asl.MapRun
		watch := func(x *asl.Execution) { x.MapRun = func(r asl.MapRun) { last = r } }
		r := execute(t, strings.Replace(distributed(`,"ToleratedFailureCount":1`, waiting), "STANDARD", "EXPRESS", 1), `[299,300]`, nil, nil, watch)
		assert.Equal(t, `[299]`, string(r.Output))
		assert.Equal(t, 5*time.Minute, r.Stop.Sub(r.Start))
		assert.Equal(t, asl.Counts{Succeeded: 1, TimedOut: 1, Total: 2, ResultsWritten: 1}, last.Executions)
		r = execute(t, strings.Replace(distributed("", waiting), "STANDARD", "EXPRESS", 1), `[300]`, nil, nil)
		assert.Equal(t, asl.ExceedToleratedFailure, r.Error, "which counts as a failure")
		r = execute(t, distributed("", waiting), `[299,300]`, nil, nil)
		assert.Equal(t, `[299,300]`, string(r.Output), "STANDARD children have the time they need")
	})
}

func TestResultsOneByteOverTheLimitFailBeforeResultSelector(t *testing.T) {
	definition := distributed(reading(`"InputType":"JSONL"`)+`,"ResultSelector":{"n.$":"States.ArrayLength($)"}`, passing)
	for length, want := range map[int]string{262_142: "", 262_143: asl.DataLimitExceeded} {
		r := execute(t, definition, `{"key":"k"}`, nil, &bucket{objects: map[string]string{"b/k": `"` + strings.Repeat("x", length-2) + `"`}})
		assert.Equal(t, want, r.Error)
	}
}

func TestAChildOfAChildHasOneLabel(t *testing.T) {
	inner := distributed(`,"Label":"Inner"`, `"StartAt":"I","States":{"I":{"Type":"Pass","Parameters":{"n.$":"$$.StateMachine.Name"},"OutputPath":"$.n","End":true}}`)
	inner = strings.TrimSuffix(strings.TrimPrefix(strings.ReplaceAll(inner, `"M"`, `"N"`), "{"), "}")
	r := execute(t, distributed(`,"Label":"Outer"`, inner), `[[1]]`, nil, nil)
	assert.Equal(t, `[["m/Inner"]]`, string(r.Output), r.Cause)
}
