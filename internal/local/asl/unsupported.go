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
	"Mode DISTRIBUTED":                 "distributed Map is not interpreted: use INLINE.",
	"ExecutionType":                    "it belongs to distributed Map: use Mode INLINE alone.",
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
	"ItemReader":                       "it belongs to distributed Map: use ItemsPath.",
	"ItemBatcher":                      "it belongs to distributed Map: use States.ArrayPartition.",
	"ResultWriter":                     "it belongs to distributed Map: use ResultSelector.",
	"Label":                            "it belongs to distributed Map: leave the field out.",
	"ToleratedFailureCount":            "it belongs to distributed Map: use Catch in the item processor.",
	"ToleratedFailureCountPath":        "it belongs to distributed Map: use Catch in the item processor.",
	"ToleratedFailurePercentage":       "it belongs to distributed Map: use Catch in the item processor.",
	"ToleratedFailurePercentagePath":   "it belongs to distributed Map: use Catch in the item processor.",
	"MaxConcurrencyPath":               "use MaxConcurrency.",
	"Iterator":                         "it is the old name of ItemProcessor: use that.",
	"Map.Parameters":                   "it is the old name of ItemSelector: use that.",
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
