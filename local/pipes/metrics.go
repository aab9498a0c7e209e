package pipes

import (
	"context"
	"errors"

	"autobackup/local/wire"
)

// throttled are the errors of a start that come of too many at once.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
var throttled = map[string]bool{"ThrottlingException": true, "ExecutionLimitExceeded": true}

// count measures an execution of a pipe, which takes one batch. What failed is 0 where nothing
// did. A batch is started whole or not at all.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-monitoring.html
func (s *Service) count(pipeARN string, err error) {
	if s.Metrics == nil {
		return
	}
	of := ""
	var refused *wire.Error
	switch {
	case err == nil:
	case errors.As(err, &refused) && throttled[refused.Name()]:
		of = "ExecutionThrottled"
	case errors.Is(err, context.DeadlineExceeded):
		of = "ExecutionTimeout"
	default:
		of = "ExecutionFailed"
	}
	s.Metrics(pipeARN, "Invocations", 1)
	for _, metric := range []string{"ExecutionFailed", "ExecutionPartiallyFailed", "ExecutionThrottled", "ExecutionTimeout"} {
		s.Metrics(pipeARN, metric, map[bool]float64{true: 1}[metric == of])
	}
}
