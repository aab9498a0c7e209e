package asl

import (
	"maps"
	"slices"
)

// unsupported is what the service knows and this interpreter refuses, with the
// sentence that says what to do instead. A field is listed by its name, or by
// "Kind.Field" where other kinds have it.
var unsupported = map[string]string{
	"Type Parallel":                    "Parallel is not interpreted: run the branches one after the other, or as items of a Map.",
	"Version":                          "the language has only version 1.0.",
	"QueryLanguage":                    "JSONPath is the only query language here: leave the field out.",
	"Arguments":                        "it belongs to JSONata: use Parameters.",
	"Output":                           "it belongs to JSONata: use ResultSelector, ResultPath and OutputPath.",
	"Condition":                        "it belongs to JSONata: use Variable and an operator.",
	"Items":                            "it belongs to JSONata: use ItemsPath.",
	"Assign":                           "variables are not interpreted: carry the value in the state's data.",
	"Credentials":                      "tasks run with one identity here: leave the field out.",
	"HeartbeatSeconds":                 "heartbeats are not interpreted: use TimeoutSeconds.",
	"HeartbeatSecondsPath":             "heartbeats are not interpreted: use TimeoutSecondsPath.",
	"Iterator":                         "it is the old name of ItemProcessor: use that.",
	"Map.Parameters":                   "it is the old name of ItemSelector: use that.",
	"ItemsPointer":                     "the array must be the whole object: leave the field out.",
	"ExpectedBucketOwner":              "buckets have one owner here: leave the field out.",
	"ReaderConfig.Transformation":      "items are taken as they are: leave the field out.",
	"InputType CSV":                    "only JSON and JSONL are read: write the items so.",
	"InputType MANIFEST":               "only JSON and JSONL are read: write the items so.",
	"InputType PARQUET":                "only JSON and JSONL are read: write the items so.",
	"CSVDelimiter":                     "it belongs to InputType CSV: use JSONL.",
	"CSVHeaderLocation":                "it belongs to InputType CSV: use JSONL.",
	"CSVHeaders":                       "it belongs to InputType CSV: use JSONL.",
	"ManifestType":                     "it belongs to InputType MANIFEST: use JSONL.",
	"OutputType JSONL":                 "results are written as a JSON array: use JSON.",
	"Resource s3:listObjectsV2":        "objects are not listed: write the list as JSONL and read that with s3:getObject.",
	"Resource .sync":                   "waiting for a job is not interpreted: start it and look at it in a loop.",
	"Resource .waitForTaskToken":       "callbacks with a task token are not interpreted: answer from the task itself.",
	"Resource arn:aws:states activity": "activities are not interpreted: use a Lambda function.",
}

// Unsupported lists what Load refuses although the service knows it, sorted,
// each as "name: sentence". The documentation prints it.
func Unsupported() []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(unsupported)) {
		lines = append(lines, name+": "+unsupported[name])
	}
	return lines
}

// refused finds why a field of this kind of object is not supported.
func refused(kind, field string) (why string, known bool) {
	if why, known = unsupported[kind+"."+field]; !known {
		why, known = unsupported[field]
	}
	return why, known
}
