package sqs

import (
	"strings"

	"autobackup/local/wire"
)

// SetKey has a queue encrypt what comes with another key, as SetQueueAttributes does.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
func (s *Service) SetKey(queueARN, keyARN string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(queueARN)
	if err == nil {
		q.KmsMasterKeyID = keyARN
	}
	return err
}

type none struct{}

func (s *Service) deleteMessage(r wire.Request) (any, error) {
	var in struct {
		QueueURL      string `json:"QueueUrl"`
		ReceiptHandle string
	}
	queueARN, err := s.queueOf(r, &in, &in.QueueURL)
	if err != nil {
		return nil, err
	}
	return none{}, s.Delete(queueARN, in.ReceiptHandle)
}

func (s *Service) deleteMessageBatch(r wire.Request) (any, error) {
	var in struct {
		QueueURL string `json:"QueueUrl"`
		Entries  []struct {
			ID            string `json:"Id"`
			ReceiptHandle string
		}
	}
	queueARN, err := s.queueOf(r, &in, &in.QueueURL)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(in.Entries))
	for i, e := range in.Entries {
		ids[i] = e.ID
	}
	if err := checkBatch(ids); err != nil {
		return nil, err
	}
	type deleted struct {
		ID string `json:"Id"`
	}
	var out struct {
		Successful []deleted
		Failed     []batchFailure
	}
	for _, e := range in.Entries {
		if err := s.Delete(queueARN, e.ReceiptHandle); err != nil {
			out.Failed = append(out.Failed, newBatchFailure(e.ID, err))
		} else {
			out.Successful = append(out.Successful, deleted{e.ID})
		}
	}
	return out, nil
}

func (s *Service) changeMessageVisibility(r wire.Request) (any, error) {
	var in struct {
		QueueURL          string `json:"QueueUrl"`
		ReceiptHandle     string
		VisibilityTimeout *int
	}
	queueARN, err := s.queueOf(r, &in, &in.QueueURL)
	if err != nil {
		return nil, err
	}
	if in.VisibilityTimeout == nil {
		return nil, missing("VisibilityTimeout")
	}
	return none{}, s.ChangeVisibility(queueARN, in.ReceiptHandle, *in.VisibilityTimeout)
}

func (s *Service) getQueueAttributes(r wire.Request) (any, error) {
	var in struct {
		QueueURL       string `json:"QueueUrl"`
		AttributeNames []string
	}
	queueARN, err := s.queueOf(r, &in, &in.QueueURL)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out struct{ Attributes map[string]string }
	out.Attributes, err = asked(s.attributes(s.queues[queueARN]), in.AttributeNames)
	return out, err
}

func (s *Service) getQueueURL(r wire.Request) (any, error) {
	var in struct{ QueueName string }
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	region, err := wire.Region(r.Request, r.Action)
	if err != nil {
		return nil, err
	}
	for _, q := range s.Queues(region) {
		if q.Name() == in.QueueName {
			return map[string]string{"QueueUrl": q.URL}, nil
		}
	}
	return nil, noSuchQueue()
}

func (s *Service) listQueues(r wire.Request) (any, error) {
	var in struct{ QueueNamePrefix string }
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	region, err := wire.Region(r.Request, r.Action)
	if err != nil {
		return nil, err
	}
	var out struct {
		QueueURLs []string `json:"QueueUrls,omitempty"`
	}
	for _, q := range s.Queues(region) {
		if strings.HasPrefix(q.Name(), in.QueueNamePrefix) {
			out.QueueURLs = append(out.QueueURLs, q.URL)
		}
	}
	return out, nil
}

func (s *Service) purgeQueue(r wire.Request) (any, error) {
	var in struct {
		QueueURL string `json:"QueueUrl"`
	}
	queueARN, err := s.queueOf(r, &in, &in.QueueURL)
	if err != nil {
		return nil, err
	}
	return none{}, s.Purge(queueARN)
}

func (s *Service) startMessageMoveTask(r wire.Request) (any, error) {
	var in struct {
		SourceArn                    string
		DestinationArn               string
		MaxNumberOfMessagesPerSecond int
	}
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	t, err := s.StartMessageMoveTask(in.SourceArn, in.DestinationArn, in.MaxNumberOfMessagesPerSecond)
	return map[string]string{"TaskHandle": t.Handle}, err
}

type moveResult struct {
	TaskHandle                        string `json:",omitempty"` // of a running task only
	Status                            string
	SourceArn                         string
	DestinationArn                    string `json:",omitempty"`
	MaxNumberOfMessagesPerSecond      int    `json:",omitempty"`
	ApproximateNumberOfMessagesMoved  int
	ApproximateNumberOfMessagesToMove int
	FailureReason                     string `json:",omitempty"`
	StartedTimestamp                  int64  // milliseconds since 1970
}

func (s *Service) listMessageMoveTasks(r wire.Request) (any, error) {
	var in struct {
		SourceArn  string
		MaxResults *int
	}
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	limit := 1
	if in.MaxResults != nil {
		limit = *in.MaxResults
	}
	if err := (bound{"MaxResults", limit, 1, 10}).check(); err != nil {
		return nil, err
	}
	tasks, err := s.MoveTasks(in.SourceArn)
	var out struct{ Results []moveResult }
	for _, t := range tasks[:min(limit, len(tasks))] {
		m := moveResult{
			Status: t.Status, SourceArn: t.SourceARN, DestinationArn: t.DestinationARN, MaxNumberOfMessagesPerSecond: t.PerSecond,
			ApproximateNumberOfMessagesMoved: t.Moved, ApproximateNumberOfMessagesToMove: t.ToMove,
			FailureReason: t.FailureReason, StartedTimestamp: t.Started.UnixMilli(),
		}
		if t.Status == Running {
			m.TaskHandle = t.Handle
		}
		out.Results = append(out.Results, m)
	}
	return out, err
}
