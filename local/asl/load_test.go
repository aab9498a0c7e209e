package asl_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/asl"
)

// problems loads a definition and answers with what is wrong, line by line.
func problems(t *testing.T, definition string) []string {
	m, err := asl.Load([]byte(definition), func(arn string) (asl.Task, error) {
		if strings.HasSuffix(arn, ":unknown") {
			return nil, errors.New("no such task: " + arn)
		}
		return &script{t: t}, nil
	})
	if err == nil {
		require.NotNil(t, m)
		return nil
	}
	require.Nil(t, m)
	return strings.Split(err.Error(), "\n")
}

// one is a definition with a single state, A, and a way to end.
func one(fields string) string {
	return `{"StartAt":"A","States":{"A":{` + fields + `},"Z":{"Type":"Succeed"}}}`
}

const (
	alone = "States.Z: no other state leads here"
	task  = `"Type":"Task","Resource":"arn:aws:states:::sns:publish","Next":"Z"`
	mapZ  = `"Type":"Map","Next":"Z","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Succeed"}}}`
)

func TestLoadNamesEveryMistake(t *testing.T) {
	for name, c := range map[string]struct {
		definition string
		want       []string
	}{
		"a good one":           {one(task), nil},
		"no JSON":              {`{`, []string{"the definition is not JSON: unexpected EOF"}},
		"two values":           {`{} {}`, []string{"the definition is not JSON: more than one JSON value"}},
		"no object":            {`[]`, []string{"StartAt: is missing", "States: is missing", "must be an object, not an array"}},
		"no states":            {`{"StartAt":"A","States":{}}`, []string{"States: must have at least one state"}},
		"StartAt elsewhere":    {`{"StartAt":"B","States":{"A":{"Type":"Succeed"}}}`, []string{"StartAt: there is no state 'B' here", "States.A: no other state leads here"}},
		"an unknown field":     {one(task + `,"Retries":1`), []string{"States.A.Retries: there is no such field in Task"}},
		"a field of another":   {one(task + `,"Seconds":1`), []string{"States.A.Seconds: there is no such field in Task"}},
		"an unknown top field": {`{"StartAt":"A","States":{"A":{"Type":"Succeed"}},"Name":1}`, []string{"Name: there is no such field in the state machine"}},
		"a name twice":         {`{"StartAt":"A","States":{"A":{"Type":"Fail"},"A":{"Type":"Succeed"}}}`, []string{"States.A: stands there twice"}},
		"a name in two machines": {`{"StartAt":"A","States":{"A":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}}}}`,
			[]string{"States.A.ItemProcessor.States.A: States.A has the same name: names are unique in the whole definition"}},
		"a long name": {`{"StartAt":"` + strings.Repeat("é", 81) + `","States":{"` + strings.Repeat("é", 81) + `":{"Type":"Succeed"}}}`,
			[]string{"States." + strings.Repeat("é", 81) + ": a state's name must have 1 to 80 characters, not 81"}},
		"no type":             {one(`"Next":"Z"`), []string{"States.A.Type: is missing"}},
		"an unknown type":     {one(`"Type":"Job"`), []string{"States.A.Type: there is no state type 'Job'"}},
		"a state no object":   {`{"StartAt":"A","States":{"A":1}}`, []string{"States.A.Type: is missing", "States.A: must be an object, not a number"}},
		"neither Next":        {one(`"Type":"Pass"`), []string{"States.A: must have Next, or End set to true", alone}},
		"End false":           {one(`"Type":"Pass","End":false`), []string{"States.A: must have Next, or End set to true", alone}},
		"Next and End":        {one(`"Type":"Pass","Next":"Z","End":true`), []string{"States.A: must have only one of Next and End"}},
		"a lost Next":         {one(`"Type":"Pass","Next":"Y"`), []string{"States.A.Next: there is no state 'Y' here", alone}},
		"a loop":              {`{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"A"}}}`, []string{"States: no state ends the execution: one must have End, or be of Type Succeed or Fail"}},
		"a number for text":   {one(task + `,"Comment":1`), []string{"States.A.Comment: must be a string, not a number"}},
		"no Resource":         {one(`"Type":"Task","Next":"Z"`), []string{"States.A.Resource: is missing"}},
		"an empty Resource":   {one(`"Type":"Task","Resource":"","Next":"Z"`), []string{"States.A.Resource: must not be empty"}},
		"unknown Resource":    {one(`"Type":"Task","Resource":"a:unknown","Next":"Z"`), []string{"States.A.Resource: no such task: a:unknown"}},
		"two time-outs":       {one(task + `,"TimeoutSeconds":1,"TimeoutSecondsPath":"$.t"`), []string{"States.A: must have only one of TimeoutSeconds and TimeoutSecondsPath"}},
		"two concurrencies":   {one(mapZ + `,"MaxConcurrency":1,"MaxConcurrencyPath":"$.n"`), []string{"States.A: must have only one of MaxConcurrency and MaxConcurrencyPath"}},
		"any concurrency":     {one(mapZ + `,"MaxConcurrencyPath":"$.n[*]"`), []string{"States.A.MaxConcurrencyPath: must be a reference path, which names one value: $.n[*] can select several"}},
		"a concurrency of -1": {one(mapZ + `,"MaxConcurrency":-1`), []string{"States.A.MaxConcurrency: must be a whole number from 0 to 99999999, not -1"}},
		"a time-out of 0":     {one(task + `,"TimeoutSeconds":0`), []string{"States.A.TimeoutSeconds: must be a whole number from 1 to 99999999, not 0"}},
		"a time-out of 1.5":   {one(task + `,"TimeoutSeconds":1.5`), []string{"States.A.TimeoutSeconds: must be a whole number from 1 to 99999999, not 1.5"}},
		"a broken path":       {one(task + `,"InputPath":"$.a b"`), []string{"States.A.InputPath: $.a b: at character 4: unexpected ' '"}},
		"a path without $":    {one(task + `,"OutputPath":"a"`), []string{`States.A.OutputPath: a: at character 1: "$" is missing`}},
		"an unclosed path":    {one(task + `,"OutputPath":"$['a"`), []string{"States.A.OutputPath: $['a: at character 3: the string that begins here does not end"}},
		"a path function":     {one(task + `,"OutputPath":"$.a.length()"`), []string{"States.A.OutputPath: $.a.length(): at character 11: functions such as length() are not part of the language's paths"}},
		"a path with names":   {one(task + `,"OutputPath":"$['a','b']"`), []string{"States.A.OutputPath: $['a','b']: at character 6: lists of names are not supported: select the whole object, or one name at a time"}},
		"a stepped slice":     {one(task + `,"OutputPath":"$[1:9:2]"`), []string{"States.A.OutputPath: $[1:9:2]: at character 6: slices with a step are not supported"}},
		"a script":            {one(task + `,"OutputPath":"$[(@.length-1)]"`), []string{"States.A.OutputPath: $[(@.length-1)]: at character 3: script expressions are not supported: only filters, [?(...)]"}},
		"a regex filter":      {one(task + `,"OutputPath":"$[?(@.a =~ /x/)]"`), []string{"States.A.OutputPath: $[?(@.a =~ /x/)]: at character 9: unexpected '=': filters compare with ==, !=, <, <=, > and >= only"}},
		"a half filter":       {one(task + `,"OutputPath":"$[?(@.a == )]"`), []string{"States.A.OutputPath: $[?(@.a == )]: at character 12: unexpected ')': a path, a quoted string, a number, true, false or null goes here"}},
		"an open filter":      {one(task + `,"OutputPath":"$[?(@.a"`), []string{"States.A.OutputPath: $[?(@.a: at character 8: unexpected end: filters compare with ==, !=, <, <=, > and >= only"}},
		"a bare filter":       {one(task + `,"OutputPath":"$[?@.a]"`), []string{`States.A.OutputPath: $[?@.a]: at character 4: "(" is missing`}},
		"a deep filter":       {one(task + `,"OutputPath":"$[?(` + strings.Repeat("(", 10) + `@"`), []string{"States.A.OutputPath: $[?(" + strings.Repeat("(", 10) + "@: at character 15: nested more than 10 deep"}},
		"a nameless member":   {one(task + `,"OutputPath":"$.a."`), []string{"States.A.OutputPath: $.a.: at character 5: a name is missing; other than letters, digits, _, - and : go into ['...']"}},
		"an unclosed call":    {one(task + `,"Parameters":{"b.$":"States.Array(1"}`), []string{`States.A.Parameters.b.$: States.Array(1: at character 15: "," is missing`}},
		"an empty index":      {one(task + `,"OutputPath":"$[]"`), []string{"States.A.OutputPath: $[]: at character 3: unexpected ']': an index, a quoted name, * or ?(...) goes here"}},
		"a huge index":        {one(task + `,"OutputPath":"$[99999999999999999999]"`), []string{"States.A.OutputPath: $[99999999999999999999]: at character 23: 99999999999999999999 is no index"}},
		"a context typo":      {one(task + `,"InputPath":"$$.Execution.ID"`), []string{"States.A.InputPath: $$.Execution.ID: the context object has no 'ID' there, only Id, Input, Name, RedriveCount, RoleArn, StartTime"}},
		"a task token":        {one(task + `,"Parameters":{"t.$":"$$.Task.Token"}`), []string{"States.A.Parameters.t.$: $$.Task.Token: the context object has no 'Task' there, only Execution, Map, State, StateMachine"}},
		"ResultPath of many":  {one(task + `,"ResultPath":"$.a[*]"`), []string{"States.A.ResultPath: must be a reference path, which names one value: $.a[*] can select several"}},
		"ResultPath of $$":    {one(task + `,"ResultPath":"$$.State"`), []string{"States.A.ResultPath: must not begin with $$: the context object can't be written"}},
		"template no string":  {one(task + `,"Parameters":{"a":[{"b.$":1}]}`), []string{"States.A.Parameters.a[0].b.$: must be a string: a path or an intrinsic function"}},
		"template twice":      {one(task + `,"Parameters":{"b":1,"b.$":"$"}`), []string{"States.A.Parameters.b.$: stands beside b: one of the two must go"}},
		"an unknown function": {one(task + `,"Parameters":{"b.$":"States.Formt('a')"}`), []string{"States.A.Parameters.b.$: States.Formt('a'): at character 1: a path or one of the intrinsic functions goes here: " +
			"States.Array, States.ArrayContains, States.ArrayGetItem, States.ArrayLength, States.ArrayPartition, States.ArrayRange, States.ArrayUnique, States.Base64Decode, States.Base64Encode, " +
			"States.Format, States.Hash, States.JsonMerge, States.JsonToString, States.MathAdd, States.MathRandom, States.StringSplit, States.StringToJson, States.UUID"}},
		"too few arguments":   {one(task + `,"Parameters":{"b.$":"States.Hash('a')"}`), []string{"States.A.Parameters.b.$: States.Hash('a'): at character 17: States.Hash takes 2 arguments, not 1"}},
		"too many arguments":  {one(task + `,"Parameters":{"b.$":"States.MathRandom(1,2,3,4)"}`), []string{"States.A.Parameters.b.$: States.MathRandom(1,2,3,4): at character 27: States.MathRandom takes 2 or 3 arguments, not 4"}},
		"no template":         {one(task + `,"Parameters":{"b.$":"States.Format()"}`), []string{"States.A.Parameters.b.$: States.Format(): at character 16: States.Format takes 1 or more arguments, not 0"}},
		"a bad escape":        {one(task + `,"Parameters":{"b.$":"States.Format('\\n')"}`), []string{`States.A.Parameters.b.$: States.Format('\n'): at character 19: a backslash may stand before ', {, } and another backslash only`}},
		"a bad argument":      {one(task + `,"Parameters":{"b.$":"States.ArrayLength(x)"}`), []string{"States.A.Parameters.b.$: States.ArrayLength(x): at character 20: unexpected 'x': a path, a quoted string, a number, true, false or null goes here"}},
		"more after the call": {one(task + `,"Parameters":{"b.$":"States.UUID() x"}`), []string{"States.A.Parameters.b.$: States.UUID() x: at character 14: unexpected ' '"}},
		"nested too deep": {one(task + `,"Parameters":{"b.$":"` + strings.Repeat("States.Array(", 11) + strings.Repeat(")", 11) + `"}`),
			[]string{"States.A.Parameters.b.$: " + strings.Repeat("States.Array(", 11) + strings.Repeat(")", 11) + ": at character 131: nested more than 10 deep"}},
		"Retry no list":        {one(task + `,"Retry":{}`), []string{"States.A.Retry: must be an array, not an object"}},
		"Retry in Pass":        {one(`"Type":"Pass","Next":"Z","Retry":[]`), []string{"States.A.Retry: there is no such field in Pass"}},
		"a slow BackoffRate":   {one(task + `,"Retry":[{"ErrorEquals":["E"],"BackoffRate":0.5}]`), []string{"States.A.Retry[0].BackoffRate: must be a number of at least 1.0, not 0.5"}},
		"a zero interval":      {one(task + `,"Retry":[{"ErrorEquals":["E"],"IntervalSeconds":0}]`), []string{"States.A.Retry[0].IntervalSeconds: must be a whole number from 1 to 99999999, not 0"}},
		"a low MaxDelay":       {one(task + `,"Retry":[{"ErrorEquals":["E"],"IntervalSeconds":5,"MaxDelaySeconds":5}]`), []string{"States.A.Retry[0].MaxDelaySeconds: must be greater than IntervalSeconds, which is 5"}},
		"a strange jitter":     {one(task + `,"Retry":[{"ErrorEquals":["E"],"JitterStrategy":"HALF"}]`), []string{"States.A.Retry[0].JitterStrategy: must be FULL or NONE, not 'HALF'"}},
		"no ErrorEquals":       {one(task + `,"Retry":[{}]`), []string{"States.A.Retry[0].ErrorEquals: must have at least one error name"}},
		"ErrorEquals numbers":  {one(task + `,"Retry":[{"ErrorEquals":[1]}]`), []string{"States.A.Retry[0].ErrorEquals: must hold error names, not a number"}},
		"ALL in company":       {one(task + `,"Retry":[{"ErrorEquals":["States.ALL","E"]}]`), []string{"States.A.Retry[0].ErrorEquals: States.ALL must stand alone"}},
		"ALL not last":         {one(task + `,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"Z"},{"ErrorEquals":["E"],"Next":"Z"}]`), []string{"States.A.Catch[0].ErrorEquals: States.ALL must come last: what follows is never used"}},
		"a misspelt error":     {one(task + `,"Catch":[{"ErrorEquals":["States.TimeOut"],"Next":"Z"}]`), []string{"States.A.Catch[0].ErrorEquals: there is no error 'States.TimeOut': names that begin with States. are the language's own"}},
		"catching Runtime":     {one(task + `,"Catch":[{"ErrorEquals":["States.Runtime"],"Next":"Z"}]`), []string{"States.A.Catch[0].ErrorEquals: States.Runtime can't be retried or caught: it always ends the execution"}},
		"Catch to nowhere":     {one(task + `,"Catch":[{"ErrorEquals":["E"]}]`), []string{"States.A.Catch[0].Next: is missing"}},
		"an unknown retrier":   {one(task + `,"Retry":[{"ErrorEquals":["E"],"Next":"Z"}]`), []string{"States.A.Retry[0].Next: there is no such field in a retrier"}},
		"two ways to wait":     {one(`"Type":"Wait","Seconds":1,"Timestamp":"x","Next":"Z"`), []string{"States.A: must have exactly one of Seconds, SecondsPath, Timestamp, TimestampPath"}},
		"a bad timestamp":      {one(`"Type":"Wait","Timestamp":"tomorrow","Next":"Z"`), []string{`States.A.Timestamp: "tomorrow" is no timestamp such as 2026-01-31T12:00:00Z`}},
		"a negative wait":      {one(`"Type":"Wait","Seconds":-1,"Next":"Z"`), []string{"States.A.Seconds: must be a whole number from 0 to 99999999, not -1"}},
		"SecondsPath of many":  {one(`"Type":"Wait","SecondsPath":"$[*]","Next":"Z"`), []string{"States.A.SecondsPath: must be a reference path, which names one value: $[*] can select several"}},
		"two errors to fail":   {`{"StartAt":"A","States":{"A":{"Type":"Fail","Error":"a","ErrorPath":"$.b"}}}`, []string{"States.A: must have only one of Error and ErrorPath"}},
		"Fail with Next":       {one(`"Type":"Fail","Next":"Z"`), []string{"States.A.Next: there is no such field in Fail", alone}},
		"no rules":             {one(`"Type":"Choice","Default":"Z"`), []string{"States.A.Choices: must have at least one rule"}},
		"Choice with Next":     {one(`"Type":"Choice","Next":"Z","Choices":[{"Variable":"$.x","IsNull":true,"Next":"Z"}]`), []string{"States.A.Next: there is no such field in Choice"}},
		"a rule to nowhere":    {one(`"Type":"Choice","Default":"Z","Choices":[{"Variable":"$.x","IsNull":true}]`), []string{"States.A.Choices[0].Next: is missing"}},
		"no operator":          {one(`"Type":"Choice","Choices":[{"Variable":"$.x","Next":"Z"}]`), []string{"States.A.Choices[0]: must have exactly one operator (And, Or, Not or a comparison), not 0"}},
		"two operators":        {one(`"Type":"Choice","Choices":[{"Variable":"$.x","IsNull":true,"IsString":true,"Next":"Z"}]`), []string{"States.A.Choices[0]: must have exactly one operator (And, Or, Not or a comparison), not 2"}},
		"a strange operator":   {one(`"Type":"Choice","Choices":[{"Variable":"$.x","IsEmpty":true,"Next":"Z"}]`), []string{"States.A.Choices[0].IsEmpty: there is no such field in a choice rule", "States.A.Choices[0]: must have exactly one operator (And, Or, Not or a comparison), not 0"}},
		"text for a number":    {one(`"Type":"Choice","Choices":[{"Variable":"$.x","NumericEquals":"1","Next":"Z"}]`), []string{`States.A.Choices[0].NumericEquals: must be a number, not "1"`}},
		"no timestamp":         {one(`"Type":"Choice","Choices":[{"Variable":"$.x","TimestampEquals":"1","Next":"Z"}]`), []string{`States.A.Choices[0].TimestampEquals: must be a timestamp such as 2026-01-31T12:00:00Z, not "1"`}},
		"a Variable of many":   {one(`"Type":"Choice","Choices":[{"Variable":"$..x","IsNull":true,"Next":"Z"}]`), []string{"States.A.Choices[0].Variable: must be a reference path, which names one value: $..x can select several"}},
		"an empty And":         {one(`"Type":"Choice","Choices":[{"Not":{"And":[]},"Next":"Z"}]`), []string{"States.A.Choices[0].Not.And: must have at least one condition"}},
		"Next in a condition":  {one(`"Type":"Choice","Choices":[{"Or":[{"Variable":"$.x","IsNull":true,"Next":"Z"}],"Next":"Z"}]`), []string{"States.A.Choices[0].Or[0].Next: there is no such field in a condition"}},
		"no processor":         {one(`"Type":"Map","Next":"Z"`), []string{"States.A.ItemProcessor: is missing"}},
		"a strange mode":       {one(`"Type":"Map","Next":"Z","ItemProcessor":{"ProcessorConfig":{"Mode":"FAST"},"StartAt":"I","States":{"I":{"Type":"Succeed"}}}`), []string{"States.A.ItemProcessor.ProcessorConfig.Mode: must be INLINE or DISTRIBUTED, not 'FAST'"}},
		"a step out of a Map":  {one(`"Type":"Map","Next":"Z","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","Next":"Z"}}}`), []string{"States.A.ItemProcessor.States.I.Next: there is no state 'Z' here", "States.A.ItemProcessor.States: no state ends the execution: one must have End, or be of Type Succeed or Fail"}},
		"a bad ResultSelector": {one(mapZ + `,"ResultSelector":1`), []string{"States.A.ResultSelector: must be an object, not a number"}},
		"a TimeoutSeconds":     {`{"StartAt":"A","States":{"A":{"Type":"Succeed"}},"TimeoutSeconds":0}`, []string{"TimeoutSeconds: must be a whole number from 1 to 99999999, not 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, problems(t, c.definition))
		})
	}
}

func TestLoadRefusesWhatIsNotSupported(t *testing.T) {
	inChoice := func(field string) string {
		return one(`"Type":"Choice","Choices":[{"Variable":"$.x","IsNull":true,"Next":"Z",` + field + `}]`)
	}
	definitions := map[string]string{ // by the name in the list: a definition, and where it is refused
		"Type Parallel":                    one(`"Type":"Parallel","Next":"Z"`),
		"Version":                          `{"Version":"1.1","StartAt":"A","States":{"A":{"Type":"Succeed"}}}`,
		"QueryLanguage":                    `{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Succeed"}}}`,
		"Condition":                        inChoice(`"Condition":"{% true %}"`),
		"Resource .sync":                   one(`"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2","Next":"Z"`),
		"Resource .waitForTaskToken":       one(`"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","Next":"Z"`),
		"Resource arn:aws:states activity": one(`"Type":"Task","Resource":"arn:aws:states:eu-west-1:123456789012:activity:a","Next":"Z"`),
		"Map.Parameters":                   one(mapZ + `,"Parameters":{}`),
	}
	for _, field := range []string{"Arguments", "Output", "Assign", "Credentials", "HeartbeatSeconds", "HeartbeatSecondsPath"} {
		definitions[field] = one(task + `,"` + field + `":1`)
	}
	for _, field := range []string{"Items", "Iterator"} {
		definitions[field] = one(mapZ + `,"` + field + `":1`)
	}
	for _, field := range []string{"ItemsPointer", "CSVDelimiter", "CSVHeaderLocation", "CSVHeaders", "ManifestType"} {
		definitions[field] = distributed(reading(`"InputType":"JSON","`+field+`":1`), passing)
	}
	for _, kind := range []string{"CSV", "MANIFEST", "PARQUET"} {
		definitions["InputType "+kind] = distributed(reading(`"InputType":"`+kind+`"`), passing)
	}
	definitions["ReaderConfig.Transformation"] = distributed(reading(`"InputType":"JSON","Transformation":"NONE"`), passing)
	definitions["ExpectedBucketOwner"] = distributed(strings.Replace(reading(`"InputType":"JSON"`), `"Bucket"`, `"ExpectedBucketOwner":"1","Bucket"`, 1), passing)
	definitions["OutputType JSONL"] = distributed(writing(`,"WriterConfig":{"Transformation":"NONE","OutputType":"JSONL"}`), passing)
	definitions["Resource s3:listObjectsV2"] = distributed(strings.Replace(reading(`"InputType":"JSON"`), "getObject", "listObjectsV2", 1), passing)
	for _, line := range asl.Unsupported() {
		name, why, _ := strings.Cut(line, ": ")
		t.Run(name, func(t *testing.T) {
			require.Contains(t, definitions, name)
			found := strings.Join(problems(t, definitions[name]), "\n")
			assert.Contains(t, found, "not supported: "+why)
		})
		delete(definitions, name)
	}
	assert.Empty(t, definitions, "everything refused is on the list")
	assert.Equal(t, []string{"States.A.Type: not supported: Parallel is not interpreted: run the branches one after the other, or as items of a Map."},
		problems(t, `{"StartAt":"A","States":{"A":{"Type":"Parallel","Next":"B"},"B":{"Type":"Pass","Next":"C"},"C":{"Type":"Wait","Seconds":1,"Next":"B"}}}`),
		"where it leads is not known: nothing is said of what is reached, and of how the execution ends")
	assert.Equal(t, []string{"States.A.HeartbeatSeconds: not supported: heartbeats are not interpreted: use TimeoutSeconds."},
		problems(t, one(task+`,"HeartbeatSeconds":1`)))
}
