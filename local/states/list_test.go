package states_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// asked is what Step Functions answers to a request that is signed for a region.
func (w *town) asked(region, action, body string) string {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", "AWSStepFunctions."+action)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=LOCAL/20260101/"+region+"/states/aws4_request, SignedHeaders=host, Signature=0")
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	return answer.Body.String()
}

func TestAListOfNoExecutionsIsEmptyAndNotNull(t *testing.T) {
	inTown(t, func(w *town) {
		assert.JSONEq(t, `{"executions": []}`, w.asked("eu-central-1", "ListExecutions", `{"stateMachineArn": "`+w.States.StateMachines("eu-central-1")[0]+`", "statusFilter": "FAILED"}`))
	})
}

func TestARegionHasItsOwnStateMachinesAndExecutionsAlone(t *testing.T) {
	inTown(t, func(w *town) {
		machine := w.States.StateMachines("eu-central-1")[0]
		execution := strings.Replace(machine, ":stateMachine:", ":execution:", 1) + ":none"
		assert.Contains(t, w.asked("eu-central-1", "ListStateMachines", `{}`), machine)
		assert.JSONEq(t, `{"stateMachines": []}`, w.asked("us-east-2", "ListStateMachines", `{}`))
		for action, of := range map[string]struct{ named, arn, tells string }{
			"DescribeStateMachine": {"stateMachineArn", machine, "StateMachineDoesNotExist"},
			"StartExecution":       {"stateMachineArn", machine, "StateMachineDoesNotExist"},
			"ListExecutions":       {"stateMachineArn", machine, "StateMachineDoesNotExist"},
			"DescribeExecution":    {"executionArn", execution, "ExecutionDoesNotExist"},
			"GetExecutionHistory":  {"executionArn", execution, "ExecutionDoesNotExist"},
			"DescribeMapRun":       {"mapRunArn", strings.Replace(machine, ":stateMachine:", ":mapRun:", 1) + "/m:r", "ResourceNotFound"},
		} {
			body := `{"` + of.named + `": "` + of.arn + `"}`
			assert.Contains(t, w.asked("us-east-2", action, body), of.tells, action)
		}
		assert.NotContains(t, w.asked("eu-central-1", "DescribeStateMachine", `{"stateMachineArn": "`+machine+`"}`), "DoesNotExist")
		assert.Empty(t, w.States.Executions(), "nothing is started elsewhere")
	})
}
