package states

import (
	"net/http"
	"time"

	"autobackup/local/wire"
)

// protocol has the actions that are served.
// https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html
var protocol = wire.JSON[*Service]{
	Target: "AWSStepFunctions", Shapes: "com.amazonaws.states", Permit: (*Service).permit,
	NoRequest: unknownOperation, NoAction: unknownOperation,
	Unsupported: func(message string) *wire.Error { return wire.Invalid("ValidationException", "%s", message) },
	Actions: map[string]func(*Service, wire.Request) (any, error){
		"ListStateMachines":                (*Service).listStateMachines,
		"DescribeStateMachine":             (*Service).describeStateMachine,
		"DescribeStateMachineForExecution": (*Service).describeStateMachineForExecution,
		"StartExecution":                   (*Service).startExecution,
		"StopExecution":                    (*Service).stopExecutionRequest,
		"RedriveExecution":                 (*Service).redriveExecutionRequest,
		"ListExecutions":                   (*Service).listExecutions,
		"DescribeExecution":                (*Service).describeExecution,
		"DescribeMapRun":                   (*Service).describeMapRun,
		"GetExecutionHistory":              (*Service).getExecutionHistory,
	},
}

func unknownOperation(message string) *wire.Error {
	return wire.Invalid("UnknownOperationException", "%s", message)
}

// ServeHTTP answers requests for Step Functions.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { protocol.Serve(s, s.NewID, w, r) }

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
const (
	defaultPage = 100
	largestPage = 1000
)

// paging is the part of a request that asks for a page.
type paging struct {
	MaxResults int    `json:"maxResults"` // 0 is the service's default
	NextToken  string `json:"nextToken"`
}

func (p *paging) check() error {
	if p.MaxResults < 0 || p.MaxResults > largestPage {
		return wire.Invalid("ValidationException", "maxResults is %d: it must be between 0 and %d", p.MaxResults, largestPage)
	}
	if p.MaxResults == 0 {
		p.MaxResults = defaultPage
	}
	return nil
}

var errInvalidToken = wire.Invalid("InvalidToken", "Invalid Token: 'Invalid token'")

// epoch is a time as AWS JSON writes it: seconds, with milliseconds.
func epoch(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
