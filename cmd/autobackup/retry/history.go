package retry

import (
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/internal/batch"
	"autobackup/internal/verdict"
)

// compareState is the state whose output has the verdicts of a round.
const compareState = "CompareETags"

// settlement gathers, from an execution's events in their order, which messages
// were settled: verified or skipped in a summary, or parked. What it can't read
// settles nothing: a message is rather put back once too often.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
type settlement struct {
	dlqName string           // of the queue that messages are parked in
	judged  map[string]bool  // ids of messages verified or skipped
	calls   map[int64]string // bodies on their way to the DLQ, by the id of the call's last event
	parked  map[string]bool  // bodies in the DLQ; two messages with one body say the same
}

func newSettlement(dlqName string) *settlement {
	return &settlement{dlqName: dlqName, judged: map[string]bool{}, calls: map[int64]string{}, parked: map[string]bool{}}
}

func (s *settlement) event(e types.HistoryEvent) {
	switch {
	case e.StateExitedEventDetails != nil && aws.ToString(e.StateExitedEventDetails.Name) == compareState:
		s.verdicts(aws.ToString(e.StateExitedEventDetails.Output))
	case e.TaskScheduledEventDetails != nil:
		s.scheduled(e.Id, e.TaskScheduledEventDetails)
	case e.Type == types.HistoryEventTypeTaskStarted:
		if body, ok := s.calls[e.PreviousEventId]; ok {
			s.calls[e.Id] = body
		}
	case e.Type == types.HistoryEventTypeTaskSucceeded:
		if body, ok := s.calls[e.PreviousEventId]; ok {
			s.parked[body] = true
		}
	}
}

func (s *settlement) verdicts(output string) {
	var b batch.Batch
	if json.Unmarshal([]byte(output), &b) != nil {
		return
	}
	for _, line := range b.Summary.Objects {
		if line.Verdict == verdict.Verified || line.Verdict == verdict.Skipped {
			s.judged[line.ID] = true
		}
	}
}

func (s *settlement) scheduled(id int64, task *types.TaskScheduledEventDetails) {
	var call struct{ QueueURL, MessageBody string }
	if aws.ToString(task.ResourceType) != "sqs" || json.Unmarshal([]byte(aws.ToString(task.Parameters)), &call) != nil {
		return
	}
	if strings.HasSuffix(call.QueueURL, "/"+s.dlqName) {
		s.calls[id] = call.MessageBody
	}
}

// unsettled are the messages of the input that nothing has settled.
func (s *settlement) unsettled(input []message) (left []message) {
	for _, m := range input {
		if !s.judged[m.ID] && !s.parked[m.Body] {
			left = append(left, m)
		}
	}
	return left
}
