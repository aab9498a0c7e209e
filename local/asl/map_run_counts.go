package asl

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// MapRun is what is known of one run of a distributed Map.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html
type MapRun struct {
	ARN             string
	ExecutionARN    string // of the execution that the Map is in
	StateMachineARN string // of the children
	Status          types.MapRunStatus
	// MaxConcurrency and the tolerated failures are as in the definition; 0 where
	// they are left out.
	MaxConcurrency             int
	ToleratedFailureCount      int64
	ToleratedFailurePercentage float64
	Executions, Items          Counts
	Start, Stop                time.Time // Stop is zero while it runs
	Redrives                   int
	Redriven                   time.Time // the last time; zero for never
}

// Counts says how many children, or items in them, came to what. Total is that
// of those read so far.
type Counts struct {
	Pending, Running, Succeeded, Failed, TimedOut, Aborted, Total, ResultsWritten int64
	PendingRedrive                                                                int64 // unsuccessful, and to be redriven
}

// in is the counter of an execution's status.
func (c *Counts) in(status types.ExecutionStatus) *int64 {
	switch status {
	case types.ExecutionStatusSucceeded:
		return &c.Succeeded
	case types.ExecutionStatusFailed:
		return &c.Failed
	case types.ExecutionStatusTimedOut:
		return &c.TimedOut
	case types.ExecutionStatusAborted:
		return &c.Aborted
	}
	return &c.Running
}

// count changes the counts of children and of items, and tells.
func (r *mapRun) count(change func(n *Counts, by int64), s share) {
	change(&r.info.Executions, 1)
	change(&r.info.Items, s.items)
	r.tell()
}

func (r *mapRun) tell() {
	if r.given.MapRun != nil && !r.suspended {
		r.given.MapRun(r.info)
	}
}
