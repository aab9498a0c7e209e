package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
const (
	statesPrefix  = "AWSStepFunctions."
	defaultPage   = 100
	largestPage   = 1000
	statesMaxBody = 1 << 20
)

// statesError is an error answer of Step Functions' API.
// https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html
type statesError struct{ code, message string }

func (e *statesError) Error() string { return e.code + ": " + e.message }

// statesActions are the actions of Step Functions' API that are served. The
// others are refused by name.
var statesActions = map[string]func(*Stack, []byte) (any, error){
	"StartExecution":      (*Stack).startExecution,
	"ListExecutions":      (*Stack).listExecutions,
	"DescribeExecution":   (*Stack).describeExecution,
	"DescribeMapRun":      (*Stack).describeMapRun,
	"GetExecutionHistory": (*Stack).getExecutionHistory,
}

// serveStates answers requests for Step Functions: AWS JSON 1.0.
func (s *Stack) serveStates(w http.ResponseWriter, r *http.Request) {
	answer, err := s.answerStates(r)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amzn-Requestid", s.newID())
	if err != nil {
		e := &statesError{"InternalFailure", err.Error()}
		status := http.StatusInternalServerError
		if errors.As(err, &e) {
			status = http.StatusBadRequest
		}
		w.WriteHeader(status)
		answer = map[string]string{"__type": "com.amazonaws.states#" + e.code, "message": e.message}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(answer) // the client has gone away
}

func (s *Stack) answerStates(r *http.Request) (any, error) {
	name, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), statesPrefix)
	if !ok || r.Method != http.MethodPost {
		return nil, &statesError{"UnknownOperationException",
			"not a Step Functions request: it is a POST with X-Amz-Target: AWSStepFunctions.<action>"}
	}
	act := statesActions[name]
	if act == nil {
		return nil, &statesError{"UnknownOperationException", "the local stack does not support " + name}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, statesMaxBody))
	if err != nil {
		return nil, err
	}
	return act(s, body)
}

// statesInput refuses, by name, parameters that are not in v.
func statesInput(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return &statesError{"ValidationException", fmt.Sprintf("the local stack does not take this request: %v", err)}
	}
	return nil
}

// paging is the part of a request that asks for a page.
type paging struct {
	MaxResults int    `json:"maxResults"` // 0 is the service's default
	NextToken  string `json:"nextToken"`
}

func (p *paging) check() error {
	if p.MaxResults < 0 || p.MaxResults > largestPage {
		return &statesError{"ValidationException", fmt.Sprintf("maxResults is %d: it must be between 0 and %d", p.MaxResults, largestPage)}
	}
	if p.MaxResults == 0 {
		p.MaxResults = defaultPage
	}
	return nil
}

var errInvalidToken = &statesError{"InvalidToken", "Invalid Token: 'Invalid token'"}

// listed is one execution in a list.
type listed struct {
	ExecutionARN    string                `json:"executionArn"`
	StateMachineARN string                `json:"stateMachineArn"`
	Name            string                `json:"name"`
	Status          types.ExecutionStatus `json:"status"`
	StartDate       float64               `json:"startDate"`
	StopDate        float64               `json:"stopDate,omitempty"`
}

func (e *Execution) listed() listed {
	l := listed{
		ExecutionARN: e.ARN, StateMachineARN: e.stateMachineARN, Name: e.Name,
		Status: types.ExecutionStatusRunning, StartDate: epoch(e.started),
	}
	if e.Result != nil {
		l.Status, l.StopDate = e.Result.Status, epoch(e.Result.Stop)
	}
	return l
}

// epoch is a time as AWS JSON writes it: seconds, with milliseconds.
func epoch(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// startExecution is StartExecution over HTTP. A trace header is refused.
func (s *Stack) startExecution(body []byte) (any, error) {
	var in struct {
		StateMachineARN string  `json:"stateMachineArn"`
		Name            *string `json:"name"`
		Input           *string `json:"input"`
	}
	if err := statesInput(body, &in); err != nil {
		return nil, err
	}
	e, err := s.startAs(in.StateMachineARN, in.Name, in.Input)
	if err != nil {
		return nil, err
	}
	return map[string]any{"executionArn": e.ARN, "startDate": epoch(e.started)}, nil
}

// startAs starts an execution: name nil has one made up, input nil is {}.
func (s *Stack) startAs(stateMachineARN string, name, input *string) (*Execution, error) {
	var options []StartOption
	if name != nil {
		options = append(options, Named(*name))
	}
	text := "{}"
	if input != nil {
		text = *input
	}
	return s.StartExecution(stateMachineARN, []byte(text), options...)
}

// listExecutions lists newest first, as the service does.
func (s *Stack) listExecutions(body []byte) (any, error) {
	var in struct {
		paging
		StateMachineARN string                `json:"stateMachineArn"`
		StatusFilter    types.ExecutionStatus `json:"statusFilter"`
	}
	if err := errors.Join(statesInput(body, &in), in.check()); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.machines[in.StateMachineARN] == nil {
		return nil, noStateMachine(in.StateMachineARN)
	}
	newest := slices.Clone(s.executions)
	slices.Reverse(newest)
	if in.NextToken != "" { // the last execution of the page before: new ones don't shift the next page
		at := slices.IndexFunc(newest, func(e *Execution) bool { return e.ARN == in.NextToken })
		if at < 0 {
			return nil, errInvalidToken
		}
		newest = newest[at+1:]
	}
	var out struct {
		Executions []listed `json:"executions"`
		NextToken  string   `json:"nextToken,omitempty"`
	}
	for _, e := range newest {
		l := e.listed()
		if l.StateMachineARN != in.StateMachineARN || in.StatusFilter != "" && l.Status != in.StatusFilter {
			continue
		}
		if len(out.Executions) == in.MaxResults {
			out.NextToken = out.Executions[in.MaxResults-1].ExecutionARN
			break
		}
		out.Executions = append(out.Executions, l)
	}
	return out, nil
}

// execution finds an execution; s.mu is held.
func (s *Stack) execution(arn string) (*Execution, error) {
	if e := s.byARN[arn]; e != nil {
		return e, nil
	}
	return nil, &statesError{"ExecutionDoesNotExist", "Execution Does Not Exist: '" + arn + "'"}
}

func (s *Stack) describeExecution(body []byte) (any, error) {
	var in struct {
		ExecutionARN string `json:"executionArn"`
	}
	if err := statesInput(body, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.execution(in.ExecutionARN)
	if err != nil {
		return nil, err
	}
	included := map[string]bool{"included": true}
	out := struct {
		listed
		Input         string          `json:"input"`
		InputDetails  map[string]bool `json:"inputDetails"`
		Output        string          `json:"output,omitempty"`
		OutputDetails map[string]bool `json:"outputDetails,omitempty"`
		Error         string          `json:"error,omitempty"`
		Cause         string          `json:"cause,omitempty"`
	}{listed: e.listed(), Input: string(e.Input), InputDetails: included}
	if e.Result != nil {
		out.Error, out.Cause = e.Result.Error, e.Result.Cause
		if e.Result.Output != nil {
			out.Output, out.OutputDetails = string(e.Result.Output), included
		}
	}
	return out, nil
}
