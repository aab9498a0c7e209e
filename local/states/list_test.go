package states_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAListOfNoExecutionsIsEmptyAndNotNull(t *testing.T) {
	inTown(t, func(w *town) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"stateMachineArn": "`+w.States.StateMachines("eu-central-1")[0]+`", "statusFilter": "FAILED"}`))
		r.Header.Set("X-Amz-Target", "AWSStepFunctions.ListExecutions")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=LOCAL/20260101/eu-central-1/states/aws4_request, SignedHeaders=host, Signature=0")
		answer := httptest.NewRecorder()
		w.ServeHTTP(answer, r)
		assert.JSONEq(t, `{"executions": []}`, answer.Body.String())
	})
}
