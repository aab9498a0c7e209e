package states

import (
	"cmp"
	"net/http"

	"autobackup/local/gate"
	"autobackup/local/sigv4"
	"autobackup/local/wire"
)

// Start starts a state machine for somebody, who needs the permission, as StartExecution
// does.
func (s *Service) Start(by gate.Caller, stateMachineARN string, input []byte) (*Execution, error) {
	if err := by.May("states:StartExecution", stateMachineARN); err != nil {
		return nil, denied(err)
	}
	e, err := s.StartExecution(stateMachineARN, input)
	if err != nil {
		return nil, err
	}
	return e, by.Done("states:StartExecution", stateMachineARN)
}

// Actions names what is served over HTTP.
func Actions() []string { return protocol.Names() }

// permit decides a request over HTTP, which sees its own region alone.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
func (s *Service) permit(r wire.Request) error {
	var on about
	r.Names(&on)
	resource := cmp.Or(on.StateMachineARN+on.ExecutionARN+on.MapRunARN, "*") // a list of state machines is of all
	by := s.Gate.Signed(sigv4.AccessKey(r.Request))
	if err := by.May("states:"+r.Action, resource); err != nil {
		return denied(err)
	}
	region, _ := sigv4.Scope(r.Request)
	return on.in(region)
}

// denied is the gate's error in Step Functions' words.
func denied(err error) error {
	return gate.Denied(err, wire.Error{Code: "AccessDeniedException", Status: http.StatusBadRequest})
}
