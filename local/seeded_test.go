package local_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// seeded are bugs that the share has to find, each by the text that a file has and what is in its
// place.
var seeded = map[string]struct {
	world string
	bug   change
}{
	"parking is not tried again": {"each verdict", replace("statemachine/validate.asl.json", `            "OutputPath": "$.done",
            "TimeoutSeconds": 30,
            "Retry": [
              {
                "ErrorEquals": ["States.ALL"]`, `            "OutputPath": "$.done",
            "TimeoutSeconds": 30,
            "Retry": [
              {
                "ErrorEquals": ["Nothing"]`)},
	"what can't be parked counts as parked": {"each verdict", replace("statemachine/validate.asl.json", `"Result": false,`, `"Result": true,`)},
	"telling is not tried again": {"each verdict", replace("statemachine/validate.asl.json", `"ResultPath": "$.telling",
      "TimeoutSeconds": 30,
      "Retry": [
        {
          "ErrorEquals": ["States.ALL"]`, `"ResultPath": "$.telling",
      "TimeoutSeconds": 30,
      "Retry": [
        {
          "ErrorEquals": ["Nothing"]`)},
	"functions that Lambda does not start are not tried again": {"each verdict", replace("statemachine/validate.asl.json", `"Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException", `, "")},
	"functions that time out are not tried again":              {"each verdict", replace("statemachine/validate.asl.json", `, "Sandbox.Timedout", "States.Timeout"]`, "]")},
	"a reading that was started is told as not started":        {"bytes read", replace("statemachine/validate.asl.json", `["StepFunctions.ExecutionAlreadyExistsException", "StepFunctions.ExecutionAlreadyExists"]`, `["Nothing"]`)},
	"an error of the comparison is not caught": {"each verdict", replace("statemachine/validate.asl.json", `"ErrorEquals": ["States.ALL"],
          "ResultPath": "$.error",
          "Next": "KeepUnsettled"`, `"ErrorEquals": ["Nothing"],
          "ResultPath": "$.error",
          "Next": "KeepUnsettled"`)},
	"what is unsettled is not parked":                    {"each verdict", replace("statemachine/validate.asl.json", "\n      \"Next\": \"ParkUnsettled\"", "\n      \"Next\": \"ExecutionFailed\"")},
	"a message comes again while its batch is collected": {"each verdict", replace("template.yaml", "VisibilityTimeout: 660", "VisibilityTimeout: 10")},
}

func TestTheShareOfFaultsFindsEachSeededBug(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(seeded)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := exploredWorlds[seeded[name].world]
			of.changes = append(slices.Clone(of.changes), seeded[name].bug)
			clean := plays(t, of)
			found := clean.problems
			for _, f := range shareOf(of, clean) {
				if len(found) > 0 {
					break
				}
				found = wrongWith(t, of, clean, f)
			}
			assert.NotEmpty(t, found)
			t.Log(strings.Join(found, "\n"))
		})
	}
}
