package asl_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/asl"
)

// evaluate computes one expression in a Pass state.
func evaluate(t *testing.T, expression, input string) asl.Result {
	quoted, err := json.Marshal(expression)
	require.NoError(t, err)
	m, err := asl.Load([]byte(`{"StartAt":"P","States":{"P":{"Type":"Pass","Parameters":{"r.$":`+string(quoted)+`},"OutputPath":"$.r","End":true}}}`), nil)
	require.NoError(t, err)
	return m.Run(t.Context(), asl.Execution{Input: []byte(input), Seed: 1})
}

func TestIntrinsicFunctions(t *testing.T) {
	for _, c := range []struct{ expression, input, output string }{
		{`States.Format('Formatting argument {}.', $)`, `1.1`, `"Formatting argument 1.1."`},
		{`States.Format('{} {} {} {}', $[0], $[1], $[2], 'x')`, `[null, true, "<é>"]`, `"null true <é> x"`},
		{`States.Format('\{\} it\'s \\ {}', 1)`, `0`, `"{} it's \\ 1"`},
		{`States.Format($.t, $.v)`, `{"t": "<{}>", "v": 10000000000000000001}`, `"<10000000000000000001>"`},
		{`States.StringToJson($)`, `"{\"a\": [1.0, null]}"`, `{"a":[1.0,null]}`},
		{`States.StringToJson($)`, `" "`, `null`},
		{`States.StringToJson('{"a":"\'"}')`, `0`, `{"a":"'"}`},
		{`States.ArrayLength(States.ArrayRange(1, 1000, 1))`, `0`, `1000`},
		{`States.JsonToString($)`, `{"b": [1, 2, "<"], "a": null}`, `"{\"a\":null,\"b\":[1,2,\"<\"]}"`},
		{`States.Array()`, `0`, `[]`},
		{`States.Array($, 'a', -1.5, true, null)`, `{"x": 1}`, `[{"x":1},"a",-1.5,true,null]`},
		{`States.ArrayPartition($, 2)`, `[1,2,3]`, `[[1,2],[3]]`},
		{`States.ArrayPartition($, 5)`, `[]`, `[]`},
		{`States.ArrayContains($, 2)`, `[1, 2.0]`, `true`},
		{`States.ArrayContains($.l, $.v)`, `{"l": [{"a": [1]}], "v": {"a": [1]}}`, `true`},
		{`States.ArrayContains($.l, $.v)`, `{"l": [{"a": [1]}, null, "1"], "v": 1}`, `false`},
		{`States.ArrayRange(1, 9, 2)`, `0`, `[1,3,5,7,9]`},
		{`States.ArrayRange(0, 10, 3)`, `0`, `[0,3,6,9]`},
		{`States.ArrayRange(3, 1, -1)`, `0`, `[3,2,1]`},
		{`States.ArrayRange(3, 1, 1)`, `0`, `[]`},
		{`States.ArrayGetItem($, 1)`, `["a", "b"]`, `"b"`},
		{`States.ArrayLength($[*])`, `{"a": 1, "b": 2}`, `2`},
		{`States.ArrayUnique($)`, `[1, 1.0, "1", null, null, [1], [1], {"a": 1}, {"a": 1}, {"a": 2}]`, `[1,"1",null,[1],{"a":1},{"a":2}]`},
		{`States.Base64Encode('Data to encode')`, `0`, `"RGF0YSB0byBlbmNvZGU="`},
		{`States.Base64Decode('RGF0YSB0byBlbmNvZGU=')`, `0`, `"Data to encode"`},
		{`States.Hash('input data', 'MD5')`, `0`, `"812f45842bc6d66ee14572ce20db8e86"`},
		{`States.Hash('input data', 'SHA-1')`, `0`, `"aaff4a450a104cd177d28d18d74485e8cae074b7"`},
		{`States.Hash('input data', 'SHA-256')`, `0`, `"b4a697a057313163aee33cd8d40c66e9f0f177e00cac2de32475ffff6169c3e3"`},
		{`States.Hash('input data', 'SHA-384')`, `0`, `"d28a7d5cf25a74f11a50a18452b75e04bb3d70c9dd0510d6123aa008c756511b87525bdc835ebb27e1fb9e9374a15562"`},
		{`States.Hash('input data', 'SHA-512')`, `0`, `"6ce4adb348546d4f449c4d25aad9a7c9cb711d9e91982d3f0b29ca2f3f47d4ce2deba23bf2954f0f1d593fc50283731a533d30d425402d4f91316d871303aac4"`},
		{`States.JsonMerge($[0], $[1], false)`, `[{"a": {"x": 1}, "b": 2}, {"a": {"y": 1}, "c": 3}]`, `{"a":{"y":1},"b":2,"c":3}`},
		{`States.MathAdd(-9, 3)`, `0`, `-6`},
		{`States.MathAdd(1.49, 1.5)`, `0`, `3`},
		{`States.MathAdd(-1.5, -1.51)`, `0`, `-3`},
		{`States.MathAdd(-3.5, 0)`, `0`, `-3`},
		{`States.MathRandom(5, 6)`, `0`, `5`},
		{`States.StringSplit($, ',')`, `", , ,"`, `[" "," "]`},
		{`States.StringSplit('This.is+a,test=string', '.+,=')`, `0`, `["This","is","a","test","string"]`},
		{`States.StringSplit(',,', ',')`, `0`, `[]`},
		{`States.Format('{}', States.ArrayGetItem(States.StringSplit($, '/'), 1))`, `"a/b"`, `"b"`},
	} {
		t.Run(c.expression+" on "+c.input, func(t *testing.T) {
			r := evaluate(t, c.expression, c.input)
			assert.Equal(t, c.output, string(r.Output), r.Cause)
		})
	}
}

func TestIntrinsicFunctionsFail(t *testing.T) {
	for _, c := range []struct{ expression, input, cause string }{
		{`States.Format('{}')`, `0`, `there are more {} than values`},
		{`States.Format('{}', 1, 2)`, `0`, `there are more values than {}`},
		{`States.Format('{', 1)`, `0`, `a { outside of {} needs a backslash`},
		{`States.Format($)`, `[]`, `the template is an array, not a string`},
		{`States.Format('{}', $)`, `{}`, `an object can't be formatted: use States.JsonToString`},
		{`States.StringToJson($)`, `1`, `a string is wanted, not a number`},
		{`States.StringToJson('{')`, `0`, `unexpected EOF`},
		{`States.ArrayPartition($, 0)`, `[]`, `the size of the parts must be at least 1`},
		{`States.ArrayPartition($, 'a')`, `[]`, `a number between -2147483648 and 2147483647 is wanted, not "a"`},
		{`States.ArrayContains($, 1)`, `1`, `an array is wanted, not a number`},
		{`States.ArrayRange(1, 5, 0)`, `0`, `the step must not be 0`},
		{`States.ArrayRange(0, 1000, 1)`, `0`, `the range has more than 1000 numbers`},
		{`States.ArrayGetItem($, -1)`, `[1]`, `index -1 is outside an array of 1`},
		{`States.ArrayLength($)`, `{}`, `an array is wanted, not an object`},
		{`States.ArrayUnique($)`, `null`, `an array is wanted, not null`},
		{`States.Base64Decode('*')`, `0`, `illegal base64 data at input byte 0`},
		{`States.Hash('a', 'CRC32')`, `0`, `the algorithm "CRC32" is not one of MD5, SHA-1, SHA-256, SHA-384 and SHA-512`},
		{`States.Hash($, 'MD5')`, `[]`, `a string is wanted, not an array`},
		{`States.Base64Decode($)`, `null`, `a string is wanted, not null`},
		{`States.Base64Encode($)`, `"` + strings.Repeat("é", 10_001) + `"`, `the string has 10001 characters, of 10000 allowed`},
		{`States.ArrayGetItem($, 0)`, `"a"`, `an array is wanted, not a string`},
		{`States.ArrayGetItem($, null)`, `[1]`, `a number between -2147483648 and 2147483647 is wanted, not null`},
		{`States.ArrayPartition(1, 1)`, `0`, `an array is wanted, not a number`},
		{`States.MathRandom('a', 2)`, `0`, `a number between -2147483648 and 2147483647 is wanted, not "a"`},
		{`States.JsonMerge($, 1, false)`, `{}`, `objects are wanted, not an object and a number`},
		{`States.JsonMerge($, $, true)`, `{}`, `the third argument must be false: only shallow merging is supported`},
		{`States.MathAdd(2147483648, 1)`, `0`, `a number between -2147483648 and 2147483647 is wanted, not 2147483648`},
		{`States.MathRandom(6, 6)`, `0`, `the start must be less than the end`},
		{`States.StringSplit(1, ',')`, `0`, `a string is wanted, not a number`},
	} {
		t.Run(c.expression+" on "+c.input[:min(len(c.input), 20)], func(t *testing.T) {
			r := evaluate(t, c.expression, c.input)
			assert.Equal(t, asl.IntrinsicFailure, r.Error)
			assert.Equal(t, "An error occurred while executing the state 'P'. The function '"+c.expression+"' had the following error: "+c.cause+".", r.Cause)
		})
	}
}

func TestRandomFunctionsComeFromTheSeed(t *testing.T) {
	const id = `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`
	first := evaluate(t, `States.UUID()`, `0`)
	many := evaluate(t, `States.Array(`+strings.Repeat(`States.UUID(),`, 20)+`States.UUID())`, `0`)
	var ids []string
	require.NoError(t, json.Unmarshal(many.Output, &ids))
	for _, one := range ids {
		assert.Regexp(t, id, one)
	}
	assert.Equal(t, first.Output, evaluate(t, `States.UUID()`, `0`).Output)

	a := evaluate(t, `States.MathRandom(0, 1000000, 5)`, `0`)
	b := evaluate(t, `States.ArrayGetItem(States.Array(States.UUID(), States.MathRandom(0, 1000000, 5)), 1)`, `0`)
	assert.Equal(t, a.Output, b.Output, "the same seed gives the same number, whatever was drawn before")
	other := evaluate(t, `States.MathRandom(0, 1000000, 6)`, `0`)
	assert.NotEqual(t, a.Output, other.Output)
}

func TestPaths(t *testing.T) {
	const doc = `{"n": null, "l": [1, 2.5, "x", false], "o": {"b": 2, "a": 1},
		"m": [{"k": 1, "s": "a"}, {"k": 2, "s": "b", "f": false}, {"s": "c", "f": null}], "odd-name": 1, "é": {"'.\"": 7}, "d": {"k": 9, "e": {"k": 8}}}`
	for _, c := range []struct{ path, output string }{
		{`$.n`, `null`},
		{`$.l[0]`, `1`},
		{`$['l'][1]`, `2.5`},
		{`$.l[-1]`, `false`},
		{`$.odd-name`, `1`},
		{`$.é['\'."']`, `7`},
		{`$.é["'.\""]`, `7`},
		{`$.o.*`, `[1,2]`},
		{`$.o[*]`, `[1,2]`},
		{`$.n[*]`, `[]`},
		{`$.l[1:3]`, `[2.5,"x"]`},
		{`$.l[-2:]`, `["x",false]`},
		{`$.l[:1]`, `[1]`},
		{`$.l[9:]`, `[]`},
		{`$.l[3:1]`, `[]`},
		{`$.l[0, 2, 9]`, `[1,"x"]`},
		{`$.m[*].k`, `[1,2]`},
		{`$..k`, `[9,8,1,2]`},
		{`$.d..k`, `[9,8]`},
		{`$.d..*`, `[{"k":8},9,8]`},
		{`$..[0]`, `[1,{"k":1,"s":"a"}]`},
		{`$.m[?(@.k)].s`, `["a","b"]`},
		{`$.m[?(@.f)].s`, `["b","c"]`},
		{`$.m[?(!@.k)].s`, `["c"]`},
		{`$.m[?(@.k == 2)].s`, `["b"]`},
		{`$.m[?(@.k != 2)].s`, `["a","c"]`},
		{`$.m[?(@.k >= 1.5)].s`, `["b"]`},
		{`$.m[?(@.k < 2 || @['s'] > "b")].s`, `["a","c"]`},
		{`$.m[?(@.k <= 2 && !(@.s == 'a'))].s`, `["b"]`},
		{`$.m[?(@.f == null)].s`, `["c"]`},
		{`$.m[?(@.f == false)].s`, `["b"]`},
		{`$.m[?(@.k == $.l[0])].s`, `["a"]`},
		{`$.m[?(@.k == 'q')]`, `[]`},
		{`$.l[?(@ == 'x')]`, `["x"]`},
		{`$.o[?(@.a == 1)].b`, `[2]`},
		{`$$.Execution.Input.o.b`, `2`},
		{`$$.Execution.Name`, `""`},
	} {
		t.Run(c.path, func(t *testing.T) {
			r := evaluate(t, c.path, doc)
			assert.Equal(t, c.output, string(r.Output), r.Cause)
		})
	}
}

// AWS recorded these (a public emulator's suite, run on AWS in April 2025). The
// same of a list is what wildcards are for: each item's value, in order.
func TestAnIndefinitePathOfAPayloadTemplateSelectsNothingWhereItsBeginningIsMissing(t *testing.T) {
	for _, path := range []string{"$[*]", "$.items[*]", "$.items[1:]", "$.items[:1]", "$.item.items[*]", "$.item.items[1:]", "$.item.items[:1]",
		"$.item.items[1:5]", "$.items[*].itemValue", "$.items[1:].itemValue", "$.items[:1].itemValue", "$.item.items[1:5].itemValue"} {
		r := evaluate(t, path, `{}`)
		assert.Equal(t, `[]`, string(r.Output), "%s: %s", path, r.Cause)
	}
	assert.Equal(t, `[1,2]`, string(evaluate(t, "$.items[*].itemValue", `{"items":[{"itemValue":1},{},{"itemValue":2}]}`).Output))
	for field, expression := range map[string]string{
		"InputPath": `"InputPath":"$.items[*]"`, "$.items[*]": `"Parameters":{"n.$":"States.ArrayLength($.items[*])"}`,
	} {
		m := load(t, `{"StartAt":"P","States":{"P":{"Type":"Pass",`+expression+`,"End":true}}}`, nil)
		r := m.Run(t.Context(), asl.Execution{Input: []byte(`{}`)})
		assert.Equal(t, "An error occurred while executing the state 'P'. The JSONPath '$.items[*]' specified for the field '"+field+
			"' could not be found in the input '{}': there is no member 'items'.", r.Cause, "elsewhere nothing is recorded: it stays an error")
	}
}

func TestALongInputIsCutInTheCause(t *testing.T) {
	r := evaluate(t, `$.a`, `"x`+strings.Repeat("é", 1000)+`"`)
	assert.Equal(t, "An error occurred while executing the state 'P'. The JSONPath '$.a' specified for the field 'r.$' could not be found in the input '\"x"+
		strings.Repeat("é", 499)+"...': a string has no member 'a'.", r.Cause)
}

func TestPathsThatNameNothing(t *testing.T) {
	for _, c := range []struct{ path, input, why string }{
		{`$.a`, `{"b":1}`, `there is no member 'a'`},
		{`$.a.b`, `{"a":null}`, `null has no member 'b'`},
		{`$.a[0]`, `{"a":[]}`, `index 0 is outside an array of 0`},
		{`$.a[-2]`, `{"a":[1]}`, `index -2 is outside an array of 1`},
		{`$.a[0]`, `{"a":{}}`, `an object has no index`},
		{`$.a[0:1]`, `{"a":"x"}`, `a string has no index`},
		{`$.a[0,1]`, `{"a":1}`, `a number has no index`},
		{`$.a[?(@.x)]`, `{"a":true}`, `a boolean can't be filtered`},
	} {
		t.Run(c.path+" in "+c.input, func(t *testing.T) {
			r := evaluate(t, c.path, c.input)
			assert.Equal(t, asl.Runtime, r.Error)
			assert.Equal(t, "An error occurred while executing the state 'P'. The JSONPath '"+c.path+
				"' specified for the field 'r.$' could not be found in the input '"+c.input+"': "+c.why+".", r.Cause)
		})
	}
}
