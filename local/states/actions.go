package states

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/local/wire"
)

// listed is one execution in a list.
type listed struct {
	ExecutionARN    string                `json:"executionArn"`
	StateMachineARN string                `json:"stateMachineArn"`
	Name            string                `json:"name"`
	Status          types.ExecutionStatus `json:"status"`
	StartDate       float64               `json:"startDate"`
	StopDate        float64               `json:"stopDate,omitempty"`
	RedriveCount    int                   `json:"redriveCount"`
	RedriveDate     float64               `json:"redriveDate,omitempty"`
}

func (e *execution) listed() listed {
	l := listed{
		ExecutionARN: e.arn(), StateMachineARN: e.machine, Name: e.name,
		Status: e.status, StartDate: epoch(e.started), RedriveCount: e.redrives,
	}
	if !e.ended.IsZero() {
		l.StopDate = epoch(e.ended)
	}
	if !e.redriven.IsZero() {
		l.RedriveDate = epoch(e.redriven)
	}
	return l
}

// startExecution is StartExecution over HTTP. A trace header is refused.
func (s *Service) startExecution(r wire.Request) (any, error) {
	var in struct {
		StateMachineARN string  `json:"stateMachineArn"`
		Name            *string `json:"name"`
		Input           *string `json:"input"`
	}
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	e, err := s.startAs(in.StateMachineARN, in.Name, in.Input)
	if err != nil {
		return nil, err
	}
	return map[string]any{"executionArn": e.ARN, "startDate": epoch(e.started)}, nil
}

// startAs starts an execution: name nil has one made up, input nil is {}.
func (s *Service) startAs(stateMachineARN string, name, input *string) (*Execution, error) {
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
func (s *Service) listExecutions(r wire.Request) (any, error) {
	var in struct {
		paging
		StateMachineARN string                `json:"stateMachineArn"`
		StatusFilter    types.ExecutionStatus `json:"statusFilter"`
	}
	if err := errors.Join(r.Decode(&in), in.check(), checkStatus(in.StatusFilter)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.machine(in.StateMachineARN); err != nil {
		return nil, err
	}
	newest := slices.Clone(s.executions)
	slices.Reverse(newest)
	if in.NextToken != "" { // the last execution of the page before: new ones don't shift the next page
		last := parseID(in.NextToken)
		at := slices.IndexFunc(newest, func(e *execution) bool { return e.id == last })
		if at < 0 {
			return nil, errInvalidToken
		}
		newest = newest[at+1:]
	}
	var out struct {
		Executions []listed `json:"executions"`
		NextToken  string   `json:"nextToken,omitempty"`
	}
	out.Executions = []listed{} // none is not null
	for _, e := range newest {
		if e.machine != in.StateMachineARN || in.StatusFilter != "" && e.status != in.StatusFilter {
			continue
		}
		if len(out.Executions) == in.MaxResults {
			out.NextToken = out.Executions[in.MaxResults-1].ExecutionARN
			break
		}
		out.Executions = append(out.Executions, e.listed())
	}
	return out, nil
}

func checkStatus(filter types.ExecutionStatus) error {
	if all := filter.Values(); filter != "" && !slices.Contains(all, filter) {
		return wire.Invalid("ValidationException", "1 validation error detected: Value '%s' at 'statusFilter' failed to satisfy constraint: "+
			"Member must satisfy enum value set: %s", filter, strings.ReplaceAll(fmt.Sprint(all), " ", ", "))
	}
	return nil
}

func (s *Service) describeExecution(r wire.Request) (any, error) {
	var in struct {
		ExecutionARN string `json:"executionArn"`
	}
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.execution(in.ExecutionARN)
	if err != nil {
		return nil, err
	}
	all, err := s.record(e)
	if err != nil {
		return nil, err
	}
	included := map[string]bool{"included": true}
	out := struct {
		listed
		Input               string          `json:"input"`
		InputDetails        map[string]bool `json:"inputDetails"`
		Output              string          `json:"output,omitempty"`
		OutputDetails       map[string]bool `json:"outputDetails,omitempty"`
		Error               string          `json:"error,omitempty"`
		Cause               string          `json:"cause,omitempty"`
		RedriveStatus       string          `json:"redriveStatus"`
		RedriveStatusReason string          `json:"redriveStatusReason,omitempty"`
	}{listed: e.listed(), Input: all.Input, InputDetails: included, RedriveStatus: "REDRIVABLE"}
	if why := s.unredrivable(all, s.Clock.Now()); why != "" {
		out.RedriveStatus, out.RedriveStatusReason = "NOT_REDRIVABLE", why
	}
	if all.Result != nil {
		out.Error, out.Cause = all.Result.Error, all.Result.Cause
		if all.Result.Output != nil {
			out.Output, out.OutputDetails = string(all.Result.Output), included
		}
	}
	return out, nil
}
