package asl_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/asl"
)

// fits asks one choice rule about the variable $.x, and about the value behind
// $.v.
func fits(t *testing.T, rule, variable, value string) string {
	if value == "" {
		value = "null"
	}
	return choose(t, `{"Variable":"$.x",`+rule+`,"Next":"Yes"}`, `{"x":`+variable+`,"v":`+value+`}`)
}

func choose(t *testing.T, rule, input string) string {
	m, err := asl.Load([]byte(`{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[`+rule+`],"Default":"No"},
		"Yes":{"Type":"Succeed"},"No":{"Type":"Succeed"}}}`), nil)
	require.NoError(t, err)
	r := m.Run(t.Context(), asl.Execution{Input: []byte(input)})
	require.Empty(t, r.Error, r.Cause)
	return r.Path[1]
}

func TestEveryComparison(t *testing.T) {
	types := []struct{ operator, less, equal, greater, other string }{
		{"String", `"a"`, `"b"`, `"c"`, `5`},
		{"Numeric", `-1.5`, `2`, `12345678901`, `"2"`},
		{"Timestamp", `"2026-01-31T11:59:59.9Z"`, `"2026-01-31T13:00:00+01:00"`, `"2026-01-31T12:00:01Z"`, `"2026"`},
	}
	values := map[string]string{"String": `"b"`, "Numeric": `2.0`, "Timestamp": `"2026-01-31T12:00:00Z"`}
	answers := map[string][3]string{ // for less, equal, greater
		"Equals": {"No", "Yes", "No"}, "LessThan": {"Yes", "No", "No"}, "GreaterThan": {"No", "No", "Yes"},
		"LessThanEquals": {"Yes", "Yes", "No"}, "GreaterThanEquals": {"No", "Yes", "Yes"},
	}
	for _, typ := range types {
		for suffix, want := range answers {
			name, value := typ.operator+suffix, values[typ.operator]
			for i, variable := range []string{typ.less, typ.equal, typ.greater} {
				assert.Equal(t, want[i], fits(t, `"`+name+`":`+value, variable, ""), "%s %s %s", variable, name, value)
				assert.Equal(t, want[i], fits(t, `"`+name+`Path":"$.v"`, variable, value), "%s %sPath %s", variable, name, value)
			}
			assert.Equal(t, "No", fits(t, `"`+name+`":`+value, typ.other, ""), "another type never fits %s", name)
			assert.Equal(t, "No", fits(t, `"`+name+`Path":"$.v"`, typ.equal, typ.other), "another type never fits %sPath", name)
		}
	}
}

func TestOtherOperators(t *testing.T) {
	for _, c := range []struct{ rule, variable, want string }{
		{`"BooleanEquals":true`, `true`, "Yes"},
		{`"BooleanEquals":true`, `false`, "No"},
		{`"BooleanEquals":false`, `null`, "No"},
		{`"BooleanEqualsPath":"$.x"`, `false`, "Yes"},
		{`"BooleanEqualsPath":"$.x"`, `1`, "No"},
		{`"BooleanEqualsPath":"$.v"`, `false`, "No"},
		{`"IsNull":true`, `null`, "Yes"},
		{`"IsNull":false`, `null`, "No"},
		{`"IsNull":true`, `0`, "No"},
		{`"IsString":true`, `""`, "Yes"},
		{`"IsString":false`, `1`, "Yes"},
		{`"IsNumeric":true`, `1e9`, "Yes"},
		{`"IsNumeric":true`, `"1"`, "No"},
		{`"IsBoolean":true`, `false`, "Yes"},
		{`"IsBoolean":true`, `"false"`, "No"},
		{`"IsTimestamp":true`, `"2026-01-31T12:00:00Z"`, "Yes"},
		{`"IsTimestamp":true`, `"2026-01-31 12:00:00Z"`, "No"},
		{`"IsTimestamp":false`, `7`, "Yes"},
		{`"IsPresent":true`, `null`, "Yes"},
		{`"IsPresent":false`, `null`, "No"},
		{`"StringMatches":"log-*.txt"`, `"log-a.b.txt"`, "Yes"},
		{`"StringMatches":"log-*.txt"`, `"log-.tx"`, "No"},
		{`"StringMatches":"a*b*c"`, `"aXbbYc"`, "Yes"},
		{`"StringMatches":"ab*ba"`, `"aba"`, "No"},
		{`"StringMatches":"*b*c*"`, `"cab"`, "No"},
		{`"StringMatches":"a"`, `"ab"`, "No"},
		{`"StringMatches":"*"`, `""`, "Yes"},
		{`"StringMatches":"a\\*\\\\"`, `"a*\\"`, "Yes"},
		{`"StringMatches":"a\\*"`, `"ab"`, "No"},
		{`"StringMatches":"*"`, `1`, "No"},
	} {
		t.Run(c.rule+" of "+c.variable, func(t *testing.T) {
			assert.Equal(t, c.want, fits(t, c.rule, c.variable, ""))
		})
	}
}

func TestIsPresentOfNothing(t *testing.T) {
	for rule, want := range map[string]string{
		`{"Variable":"$.x.y","IsPresent":false,"Next":"Yes"}`:                                                                       "Yes",
		`{"Variable":"$.x.y","IsPresent":true,"Next":"Yes"}`:                                                                        "No",
		`{"And":[{"Variable":"$.y","IsPresent":true},{"Variable":"$.y","StringEquals":"a"}],"Next":"Yes"}`:                          "No",
		`{"Or":[{"Variable":"$.x","IsPresent":true},{"Variable":"$.y","StringEquals":"a"}],"Next":"Yes"}`:                           "Yes",
		`{"Not":{"Or":[{"Variable":"$.a","IsPresent":true},{"Variable":"$.b","IsPresent":true}]},"Next":"Yes"}`:                     "Yes",
		`{"Not":{"And":[{"Variable":"$.x","IsPresent":true},{"Variable":"$.x","IsNumeric":true}]},"Next":"Yes"}`:                    "No",
		`{"Comment":"c","Or":[{"Comment":"d","Variable":"$.x","NumericEquals":2},{"Variable":"$.x","IsString":true}],"Next":"Yes"}`: "No",
	} {
		assert.Equal(t, want, choose(t, rule, `{"x":1}`), rule)
	}
}

// Variable and the Path forms of the operators may look into the context object.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
func TestAChoiceLooksIntoTheContextObject(t *testing.T) {
	for rule, want := range map[string]string{
		`{"Variable":"$$.Execution.Name","StringEquals":"again-7","Next":"Yes"}`:                  "Yes",
		`{"Variable":"$$.Execution.Name","StringMatches":"again-*","Next":"Yes"}`:                 "Yes",
		`{"Variable":"$$.Execution.Name","StringEquals":"again-8","Next":"Yes"}`:                  "No",
		`{"Variable":"$.name","StringEqualsPath":"$$.Execution.Name","Next":"Yes"}`:               "Yes",
		`{"Variable":"$$.Execution.Input.list[0].n","NumericEquals":3,"Next":"Yes"}`:              "Yes",
		`{"Variable":"$$.Execution.Input.list[1]","IsPresent":true,"Next":"Yes"}`:                 "No",
		`{"Variable":"$$.Execution.Input.batch","IsPresent":true,"Next":"Yes"}`:                   "No",
		`{"Variable":"$$.StateMachine.Id","StringMatches":"arn:*:stateMachine:m","Next":"Yes"}`:   "Yes",
		`{"Not":{"Variable":"$$.Execution.Input.list[0].n","NumericGreaterThan":3},"Next":"Yes"}`: "Yes",
		`{"Variable":"$.list","IsPresent":true,"Next":"Yes"}`:                                     "No",
		`{"Variable":"$$.Map.Item.Index","IsPresent":false,"Next":"Yes"}`:                         "Yes",
	} {
		m := load(t, `{"StartAt":"P","States":{"P":{"Type":"Pass","Result":{"name":"again-7"},"Next":"C"},
			"C":{"Type":"Choice","Choices":[`+rule+`],"Default":"No"},"Yes":{"Type":"Succeed"},"No":{"Type":"Succeed"}}}`, nil)
		r := m.Run(t.Context(), asl.Execution{Name: "again-7", StateMachineARN: machine, Input: []byte(`{"list":[{"n":3}]}`)})
		assert.Equal(t, []string{"P", "C", want}, r.Path, "%s: %s", rule, r.Cause)
	}
}
