package local_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/cloudformation"
	"autobackup/local/cloudwatch"
	"autobackup/local/events"
	"autobackup/local/iam"
	"autobackup/local/sns"
	"autobackup/local/sqs"
	"autobackup/local/states"
)

func TestEveryActionOverHTTPIsRefusedToWhoMayNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		queue := w.SQS.Queues(w.region)[0]
		machine := arnOf("states", "stateMachine:autobackup-validation-dev")
		about, err := json.Marshal(map[string]string{
			"QueueUrl": queue.URL, "QueueName": queue.Name(), "SourceArn": queue.ARN,
			"stateMachineArn": machine, "executionArn": strings.Replace(machine, ":stateMachine:", ":execution:", 1) + ":x",
		})
		require.NoError(t, err)
		for _, action := range sqs.Actions() {
			w.refuses("sqs", jsonRequest("AmazonSQS."+action, string(about)))
		}
		for _, action := range states.Actions() {
			w.refuses("states", jsonRequest("AWSStepFunctions."+action, string(about)))
		}
		for _, action := range events.Actions() {
			w.refuses("events", jsonRequest("AWSEvents."+action, `{"Rule":"autobackup-s3-upload-trigger-dev"}`))
		}
		for _, action := range sns.Actions() {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(urlEncoded("Action", action, "TopicArn", topicARN, "Message", "m")))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w.refuses("sns", r)
		}
		for _, action := range cloudformation.Actions() {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(urlEncoded("Action", action, "StackName", "autobackup-dev")))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w.refuses("cloudformation", r)
		}
		for _, action := range cloudwatch.Actions() {
			r := httptest.NewRequest(http.MethodPost, "/service/GraniteServiceVersion20100801/operation/"+action, nil)
			r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
			w.refuses("monitoring", r)
		}
		w.refuses("pipes", httptest.NewRequest(http.MethodGet, "/v1/pipes/autobackup-validation-pipe-dev", nil))
		w.refuses("lambda", httptest.NewRequest(http.MethodGet, "/2015-03-31/event-source-mappings?FunctionName=autobackup-failure-notifier-dev", nil))
		w.refuses("lambda", httptest.NewRequest(http.MethodGet, "/2015-03-31/functions/autobackup-fetch-etags-dev/configuration", nil))
		w.refuses("lambda", httptest.NewRequest(http.MethodPost, "/2015-03-31/functions/autobackup-fetch-etags-dev/invocations", strings.NewReader("{}")))
	})
}

func urlEncoded(words ...string) string {
	form := url.Values{}
	for i := 0; i < len(words); i += 2 {
		form.Set(words[i], words[i+1])
	}
	return form.Encode()
}

func jsonRequest(target, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", target)
	return r
}

// refuses sends a request as a role that no policy allows anything.
func (w *world) refuses(service string, r *http.Request) {
	w.t.Helper()
	key := w.Gate.As(iam.Session("arn:aws:iam::"+account+":role/nobody", "test")).AccessKey()
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260101/"+w.region+"/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	what := r.Header.Get("X-Amz-Target") + r.PostForm.Get("Action") + strings.TrimPrefix(r.URL.Path, "/")
	assert.GreaterOrEqual(w.t, answer.Code, http.StatusBadRequest, "%s of %s asks for no permission", what, service)
	assert.Contains(w.t, answer.Body.String(), "arn:aws:sts::"+account+":assumed-role/nobody/test is not authorized to perform: ", "%s of %s asks for no permission", what, service)
}

func TestAMoveTaskTakesWhatMovingByHandTakes(t *testing.T) {
	from, to := queueARN("validation-dlq"), queueARN("failure-queue")
	needed := map[string][]string{
		from:             {"sqs:StartMessageMoveTask", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
		to:               {"sqs:SendMessage"},
		keyARN("SQSKey"): {"kms:Decrypt", "kms:GenerateDataKey"},
	}
	inWorld(t, func(w *world) {
		move := func(without string) string {
			var statements []any
			for resource, actions := range needed {
				for _, action := range actions {
					if action != without {
						statements = append(statements, map[string]any{"Effect": "Allow", "Action": action, "Resource": resource})
					}
				}
			}
			by, err := w.Gate.User("mover", map[string]any{"Version": "2012-10-17", "Statement": statements})
			require.NoError(t, err)
			r := jsonRequest("AmazonSQS.StartMessageMoveTask", `{"SourceArn": "`+from+`", "DestinationArn": "`+to+`"}`)
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+by.AccessKey()+"/20260101/"+w.region+"/sqs/aws4_request, SignedHeaders=host, Signature=0")
			answer := httptest.NewRecorder()
			w.ServeHTTP(answer, r)
			return answer.Body.String()
		}
		for _, actions := range needed {
			for _, action := range actions {
				assert.Contains(t, move(action), "not authorized to perform: "+action+" on resource", action)
			}
		}
		assert.Contains(t, move(""), "TaskHandle")
	})
}

// The gate asks what a queue's URL names, and a name alone names no account that may be denied.
func TestAQueuesNameInsteadOfItsURLIsToldAsThat(t *testing.T) {
	inWorld(t, func(w *world) {
		r, answer := jsonRequest("AmazonSQS.GetQueueAttributes", `{"QueueUrl":"autobackup-validation-queue-dev"}`), httptest.NewRecorder()
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=LOCAL/20260101/"+w.region+"/sqs/aws4_request, SignedHeaders=host, Signature=0")
		w.ServeHTTP(answer, r)
		assert.Equal(t, http.StatusNotFound, answer.Code)
		assert.Contains(t, answer.Body.String(), "InvalidAddress")
	})
}
