package asl_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLoadNamesEveryMistakeOfADistributedMap(t *testing.T) {
	const json = `"InputType":"JSON"`
	replaced := func(definition, old, with string) string { return strings.Replace(definition, old, with, 1) }
	inline := func(fields string) string {
		return replaced(replaced(distributed(fields, passing), `"DISTRIBUTED"`, `"INLINE"`), `,"ExecutionType":"STANDARD"`, "")
	}
	nested := func(outer, inner string) string {
		return replaced(distributed("", strings.TrimSuffix(strings.TrimPrefix(replaced(replaced(distributed(`,"Label":"L"`, passing), `"STANDARD"`, inner),
			`"StartAt":"M","States":{"M"`, `"StartAt":"N","States":{"N"`), "{"), "}")), `"STANDARD"`, outer)
	}
	for name, c := range map[string]struct {
		definition string
		want       []string
	}{
		"a good one": {distributed(reading(json+`,"MaxItems":7`)+writing(`,"WriterConfig":{"Transformation":"FLATTEN","OutputType":"JSON"}`)+
			`,"ItemBatcher":{"MaxItemsPerBatchPath":"$.n","MaxInputBytesPerBatch":262144,"BatchInput":{"a.$":"$"}},"ToleratedFailureCountPath":"$.n","ToleratedFailurePercentage":0.5,"MaxConcurrency":12`, passing), nil},
		"no ExecutionType":     {replaced(distributed("", passing), `,"ExecutionType":"STANDARD"`, ""), []string{"ItemProcessor.ProcessorConfig.ExecutionType: is missing"}},
		"a strange one":        {replaced(distributed("", passing), `STANDARD`, "FAST"), []string{"ItemProcessor.ProcessorConfig.ExecutionType: must be STANDARD or EXPRESS, not 'FAST'"}},
		"one of an inline Map": {replaced(distributed("", passing), `DISTRIBUTED`, "INLINE"), []string{"ItemProcessor.ProcessorConfig.ExecutionType: belongs to Mode DISTRIBUTED"}},
		"STANDARD in STANDARD": {nested(`"STANDARD"`, `"STANDARD"`), nil},
		"EXPRESS in STANDARD":  {nested(`"STANDARD"`, `"EXPRESS"`), nil},
		"STANDARD in EXPRESS":  {nested(`"EXPRESS"`, `"STANDARD"`), []string{"ItemProcessor.States.N.ItemProcessor.ProcessorConfig.Mode: an EXPRESS execution can't run a distributed Map: use INLINE here, or STANDARD around it"}},
		"EXPRESS in EXPRESS":   {nested(`"EXPRESS"`, `"EXPRESS"`), []string{"ItemProcessor.States.N.ItemProcessor.ProcessorConfig.Mode: an EXPRESS execution can't run a distributed Map: use INLINE here, or STANDARD around it"}},
		"STANDARD in an inline Map in EXPRESS": {replaced(distributed("", `"StartAt":"J","States":{"J":{"Type":"Map","End":true,"ItemProcessor":`+replaced(distributed("", passing), `"StartAt":"M","States":{"M"`, `"StartAt":"N","States":{"N"`)+`}}`), "STANDARD", "EXPRESS"),
			[]string{"ItemProcessor.States.J.ItemProcessor.States.N.ItemProcessor.ProcessorConfig.Mode: an EXPRESS execution can't run a distributed Map: use INLINE here, or STANDARD around it"}},
		"STANDARD beside EXPRESS": {replaced(replaced(distributed("", passing), "STANDARD", "EXPRESS"), `"States":{"M":{"Type":"Map","End":true`,
			`"States":{"Z":`+strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(distributed("", passing), `{"StartAt":"M","States":{"M":`), "}}"), `"I"`, `"J"`)+`,"M":{"Type":"Map","Next":"Z"`), nil},
		"a reader in an inline Map":  {inline(reading(json)), []string{"ItemReader: belongs to a Map with Mode DISTRIBUTED"}},
		"a writer in an inline Map":  {inline(writing("")), []string{"Label: belongs to a Map with Mode DISTRIBUTED", "ResultWriter: belongs to a Map with Mode DISTRIBUTED"}},
		"batches in an inline Map":   {inline(`,"ItemBatcher":{}`), []string{"ItemBatcher: belongs to a Map with Mode DISTRIBUTED"}},
		"tolerance in an inline Map": {inline(`,"ToleratedFailureCount":1,"ToleratedFailurePercentagePath":"$"`), []string{"ToleratedFailureCount: belongs to a Map with Mode DISTRIBUTED", "ToleratedFailurePercentagePath: belongs to a Map with Mode DISTRIBUTED"}},
		"an empty reader":            {distributed(`,"ItemReader":{}`, passing), []string{"ItemReader.Parameters: is missing", "ItemReader.ReaderConfig: is missing", "ItemReader.Resource: is missing"}},
		"a reader that is none":      {distributed(`,"ItemReader":1`, passing), []string{"ItemReader.Parameters: is missing", "ItemReader.ReaderConfig: is missing", "ItemReader.Resource: is missing", "ItemReader: must be an object, not a number"}},
		"another resource":           {replaced(distributed(reading(json), passing), "getObject", "headObject"), []string{"ItemReader.Resource: must be arn:aws:states:::s3:getObject, not 'arn:aws:states:::s3:headObject'"}},
		"no key":                     {replaced(distributed(reading(json), passing), `,"Key.$":"$.key"`, ""), []string{"ItemReader.Parameters.Key: is missing"}},
		"a key that is no text":      {replaced(distributed(reading(json), passing), `"Key.$":"$.key"`, `"Key":1`), []string{"ItemReader.Parameters.Key: must be a string, not a number"}},
		"an empty bucket":            {replaced(distributed(reading(json), passing), `"Bucket":"b"`, `"Bucket":""`), []string{"ItemReader.Parameters.Bucket: must not be empty"}},
		"a bad path to the key":      {replaced(distributed(reading(json), passing), `"$.key"`, `"$["`), []string{"ItemReader.Parameters.Key.$: $[: at character 3: unexpected end: an index, a quoted name, * or ?(...) goes here"}},
		"another parameter":          {replaced(distributed(reading(json), passing), `"Bucket"`, `"Range":"1","Bucket"`), []string{"ItemReader.Parameters.Range: there is no such field in ItemReader.Parameters"}},
		"Parameters that are none":   {replaced(distributed(reading(json), passing), `{"Bucket":"b","Key.$":"$.key"}`, `1`), []string{"ItemReader.Parameters.Bucket: is missing", "ItemReader.Parameters.Key: is missing", "ItemReader.Parameters: must be an object, not a number"}},
		"no InputType":               {distributed(reading(""), passing), []string{"ItemReader.ReaderConfig.InputType: is missing"}},
		"a strange InputType":        {distributed(reading(`"InputType":"XML"`), passing), []string{"ItemReader.ReaderConfig.InputType: must be JSON or JSONL, not 'XML'"}},
		"an unknown ReaderConfig":    {distributed(reading(json+`,"Skip":1`), passing), []string{"ItemReader.ReaderConfig.Skip: there is no such field in ReaderConfig"}},
		"fewer than no items":        {distributed(reading(json+`,"MaxItems":-1`), passing), []string{"ItemReader.ReaderConfig.MaxItems: must be a whole number from 0 to 100000000, not -1"}},
		"two numbers of items":       {distributed(reading(json+`,"MaxItems":1,"MaxItemsPath":"$.n"`), passing), []string{"ItemReader.ReaderConfig: must have only one of MaxItems and MaxItemsPath"}},
		"MaxItemsPath of many":       {distributed(reading(json+`,"MaxItemsPath":"$.*"`), passing), []string{"ItemReader.ReaderConfig.MaxItemsPath: must be a reference path, which names one value: $.* can select several"}},
		"two sources":                {distributed(reading(json)+`,"ItemsPath":"$.i"`, passing), []string{"ItemsPath: has no effect beside ItemReader: one of the two must go"}},
		"batches of any size":        {distributed(`,"ItemBatcher":{}`, passing), []string{"ItemBatcher: must have MaxItemsPerBatch or MaxInputBytesPerBatch, or their Path forms"}},
		"batches of nothing":         {distributed(`,"ItemBatcher":{"MaxItemsPerBatch":0}`, passing), []string{"ItemBatcher.MaxItemsPerBatch: must be a whole number from 1 to 99999999, not 0"}},
		"batches over the limit":     {distributed(`,"ItemBatcher":{"MaxInputBytesPerBatch":262145}`, passing), []string{"ItemBatcher.MaxInputBytesPerBatch: must be a whole number from 1 to 262144, not 262145"}},
		"a BatchInput of no object":  {distributed(`,"ItemBatcher":{"MaxItemsPerBatch":1,"BatchInput":1}`, passing), []string{"ItemBatcher.BatchInput: must be an object, not a number"}},
		"a computed BatchInput":      {distributed(`,"ItemBatcher":{"MaxItemsPerBatch":1,"BatchInput.$":"$"}`, passing), []string{"ItemBatcher.BatchInput.$: there is no such field in ItemBatcher"}},
		"an empty writer":            {distributed(`,"ResultWriter":{}`, passing), []string{"ResultWriter.Parameters: is missing", "ResultWriter.Resource: is missing"}},
		"a writer's other resource":  {replaced(distributed(writing(""), passing), "putObject", "copyObject"), []string{"ResultWriter.Resource: must be arn:aws:states:::s3:putObject, not 'arn:aws:states:::s3:copyObject'"}},
		"a writer with a Key":        {replaced(distributed(writing(""), passing), `"Prefix"`, `"Key"`), []string{"ResultWriter.Parameters.Key: there is no such field in ResultWriter.Parameters"}},
		"an empty WriterConfig":      {distributed(writing(`,"WriterConfig":{}`), passing), []string{"ResultWriter.WriterConfig.OutputType: is missing", "ResultWriter.WriterConfig.Transformation: is missing"}},
		"a strange transformation":   {distributed(writing(`,"WriterConfig":{"Transformation":"ZIP","OutputType":"CSV"}`), passing), []string{"ResultWriter.WriterConfig.OutputType: must be JSON or JSONL, not 'CSV'", "ResultWriter.WriterConfig.Transformation: must be NONE or COMPACT or FLATTEN, not 'ZIP'"}},
		"a negative tolerance":       {distributed(`,"ToleratedFailureCount":-1`, passing), []string{"ToleratedFailureCount: must be a whole number from 0 to 100000000, not -1"}},
		"more than all":              {distributed(`,"ToleratedFailurePercentage":101`, passing), []string{"ToleratedFailurePercentage: must be a number from 0 to 100, not 101"}},
		"a percentage that is text":  {distributed(`,"ToleratedFailurePercentage":"5"`, passing), []string{`ToleratedFailurePercentage: must be a number from 0 to 100, not "5"`}},
		"two percentages":            {distributed(`,"ToleratedFailurePercentage":1,"ToleratedFailurePercentagePath":"$"`, passing), []string{"must have only one of ToleratedFailurePercentage and ToleratedFailurePercentagePath"}},
		"a long label":               {distributed(`,"Label":"`+strings.Repeat("l", 41)+`"`, passing), []string{"Label: must have 1 to 40 characters, not 41"}},
		"a label with a space":       {distributed(`,"Label":"a b"`, passing), []string{"Label: must not have the character ' '"}},
		"a label with a colon":       {distributed(`,"Label":"é:"`, passing), []string{"Label: must not have the character ':'"}},
		"a label twice": {strings.Replace(nested(`"STANDARD"`, `"STANDARD"`), `"M":{`, `"M":{"Label":"L",`, 1),
			[]string{"Label: States.M.ItemProcessor.States.N.Label has the same: labels are unique in the whole definition"}},
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			for _, problem := range c.want {
				separator := "."
				if strings.HasPrefix(problem, "must ") {
					separator = ": "
				}
				want = append(want, "States.M"+separator+problem)
			}
			assert.Equal(t, want, problems(t, c.definition))
		})
	}
}
