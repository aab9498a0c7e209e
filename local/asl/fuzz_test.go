package asl_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/require"

	"autobackup/local/asl"
)

// FuzzLoad: no definition makes the loader panic, and each is either refused
// with a reason or accepted.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/*/definition.asl.json")
	require.NoError(f, err)
	for _, file := range files {
		definition, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(definition)
	}
	f.Add([]byte(`{"StartAt":1,"States":{"A":{"Type":"Map","ItemProcessor":[],"Retry":[1],"Catch":{},"End":0}}}`))
	f.Fuzz(func(t *testing.T, definition []byte) {
		m, err := asl.Load(definition, func(string) (asl.Task, error) { return nil, nil })
		if err == nil {
			require.NotNil(t, m)
			return
		}
		require.Nil(t, m)
		require.NotEmpty(t, err.Error())
	})
}

// FuzzExpression: no path or intrinsic function, on no input, panics or leaves
// the execution without an end that says why.
func FuzzExpression(f *testing.F) {
	for _, seed := range [][2]string{
		{`$`, `{}`}, {`$.a[0]['b'].*`, `{"a":[{"b":{"c":1}}]}`}, {`$..a[?(@.b > 1 && !(@.c == 'x'))]`, `[{"a":[{"b":2}]}]`},
		{`$[1:-1]`, `[1,2,3]`}, {`$[0,-1]`, `[1]`}, {`$$.Execution.Input`, `1`},
		{`States.Format('{} \{', $)`, `1e400`}, {`States.ArrayPartition($, 2)`, `[1,2,3]`}, {`States.MathRandom(1, $)`, `9`},
		{`States.JsonMerge($, $, false)`, `{"a":-0}`}, {`States.ArrayRange(-1, $, 1e2)`, `99999999999`}, {`States.StringToJson($)`, `"[1]"`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, expression, input string) {
		quoted, err := json.Marshal(expression)
		require.NoError(t, err)
		m, err := asl.Load([]byte(`{"StartAt":"P","States":{"P":{"Type":"Pass","Parameters":{"r.$":`+string(quoted)+`},"OutputPath":"$.r","End":true}}}`), nil)
		if err != nil {
			require.Contains(t, err.Error(), "States.P.Parameters.r.$: ")
			return
		}
		r := m.Run(t.Context(), asl.Execution{Input: []byte(input)})
		if r.Status == types.ExecutionStatusSucceeded {
			require.True(t, json.Valid(r.Output))
			return
		}
		require.NotEmpty(t, r.Error)
		require.NotEmpty(t, r.Cause)
	})
}

// FuzzItems: whatever an object holds, a distributed Map over it ends with as
// many results as it has items, or says that they can't be read.
func FuzzItems(f *testing.F) {
	for _, seed := range []string{`[]`, `[1,{"a":[2]},null]`, "1\n\n\"x\"\r\n", `[1`, `[1,]`, `{"a":1}`, "[1] 2", "\xff", ``} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []string{"JSON", "JSONL"} {
			r := execute(t, distributed(reading(`"InputType":"`+kind+`"`), passing), `{"key":"k"}`, nil, &bucket{objects: map[string]string{"b/k": text}})
			if r.Status == types.ExecutionStatusSucceeded {
				require.True(t, json.Valid(r.Output))
				continue
			}
			require.Contains(t, []string{asl.ItemReaderFailed, asl.ExceedToleratedFailure}, r.Error)
			require.NotEmpty(t, r.Cause)
		}
	})
}
