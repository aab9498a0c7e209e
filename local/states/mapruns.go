package states

import (
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/local/asl"
	"autobackup/local/wire"
)

func (s *Service) noteMapRun(r asl.MapRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mapRuns[r.ARN] = r
	s.keepMapRun(r.ARN)
}

// counts is asl.Counts on the wire.
type counts struct {
	Pending        int64 `json:"pending"`
	Running        int64 `json:"running"`
	Succeeded      int64 `json:"succeeded"`
	Failed         int64 `json:"failed"`
	TimedOut       int64 `json:"timedOut"`
	Aborted        int64 `json:"aborted"`
	Total          int64 `json:"total"`
	ResultsWritten int64 `json:"resultsWritten"`
	PendingRedrive int64 `json:"pendingRedrive,omitempty"`
}

// describeMapRun tells how far a Map Run is. The children themselves are not
// kept: there may be as many as a Map has items.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html
func (s *Service) describeMapRun(request wire.Request) (any, error) {
	var in struct {
		MapRunARN string `json:"mapRunArn"`
	}
	if err := request.Decode(&in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.mapRun(in.MapRunARN)
	if err != nil {
		return nil, err
	}
	out := struct {
		MapRunARN                  string             `json:"mapRunArn"`
		ExecutionARN               string             `json:"executionArn"`
		Status                     types.MapRunStatus `json:"status"`
		StartDate                  float64            `json:"startDate"`
		StopDate                   float64            `json:"stopDate,omitempty"`
		MaxConcurrency             int                `json:"maxConcurrency"`
		ToleratedFailureCount      int64              `json:"toleratedFailureCount"`
		ToleratedFailurePercentage float64            `json:"toleratedFailurePercentage"`
		ItemCounts                 counts             `json:"itemCounts"`
		ExecutionCounts            counts             `json:"executionCounts"`
		RedriveCount               int                `json:"redriveCount"`
		RedriveDate                float64            `json:"redriveDate,omitempty"`
	}{
		MapRunARN: r.ARN, ExecutionARN: r.ExecutionARN, Status: r.Status, StartDate: epoch(r.Start), MaxConcurrency: r.MaxConcurrency,
		ToleratedFailureCount: r.ToleratedFailureCount, ToleratedFailurePercentage: r.ToleratedFailurePercentage,
		ItemCounts: counts(r.Items), ExecutionCounts: counts(r.Executions),
		RedriveCount: r.Redrives,
	}
	if !r.Redriven.IsZero() {
		out.RedriveDate = epoch(r.Redriven)
	}
	if !r.Stop.IsZero() {
		out.StopDate = epoch(r.Stop)
	}
	return out, nil
}
