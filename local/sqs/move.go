package sqs

import (
	"slices"
	"time"
)

// Status of a message move task.
const (
	Running   = "RUNNING"
	Completed = "COMPLETED"
	Failed    = "FAILED"
)

// MoveTask moves the visible messages of a dead-letter queue elsewhere.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListMessageMoveTasks.html
type MoveTask struct {
	Handle         string
	SourceARN      string
	DestinationARN string // "" is each message's own source queue
	PerSecond      int    // 0 is as fast as possible
	Started        time.Time
	Status         string
	Moved, ToMove  int
	FailureReason  string
}

// StartMessageMoveTask moves messages out of a dead-letter queue: to
// destinationARN, or, where that is "", each to the queue SQS moved it from. A
// message that was sent to the dead-letter queue directly has no such queue: the
// task fails with CouldNotDetermineMessageSource and the message stays. perSecond
// (0 to 500) is the rate, 0 as fast as possible.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/troubleshooting-dlq-redrive.html
func (s *Service) StartMessageMoveTask(sourceARN, destinationARN string, perSecond int) (MoveTask, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.checkMove(sourceARN, destinationARN, perSecond); err != nil {
		return MoveTask{}, err
	}
	t := &MoveTask{
		Handle: s.newID(), SourceARN: sourceARN, DestinationARN: destinationARN, PerSecond: perSecond,
		Started: s.clk.Now(), Status: Running, ToMove: s.count(s.queues[sourceARN]).Visible,
	}
	s.remember(t)
	s.move(t)
	return *t, nil
}

// remembered is how many tasks of a queue SQS tells of.
const remembered = 10

// remember notes the queue's newest task, and forgets one that nobody can ask for.
func (s *Service) remember(t *MoveTask) {
	s.tasks = append(s.tasks, t)
	of := func(other *MoveTask) bool { return other.SourceARN == t.SourceARN }
	n := 0
	for _, other := range s.tasks {
		if of(other) {
			n++
		}
	}
	if n > remembered {
		oldest := slices.IndexFunc(s.tasks, of)
		s.tasks = slices.Delete(s.tasks, oldest, oldest+1)
	}
}

func (s *Service) checkMove(sourceARN, destinationARN string, perSecond int) error {
	if s.queues[sourceARN] == nil {
		return noSuchResource("SourceArn")
	}
	if destinationARN != "" && s.queues[destinationARN] == nil {
		return noSuchResource("DestinationArn")
	}
	isDLQ := false
	for _, q := range s.queues {
		isDLQ = isDLQ || q.RedrivePolicy != nil && q.RedrivePolicy.DeadLetterTargetARN == sourceARN
	}
	if !isDLQ {
		return invalidValue("Source queue must be configured as a Dead Letter Queue.")
	}
	for _, t := range s.tasks {
		if t.SourceARN == sourceARN && t.Status == Running {
			return invalidValue("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
		}
	}
	return bound{"MaxNumberOfMessagesPerSecond", perSecond, 0, 500}.check()
}

// move moves what a second allows, and goes on after a second.
func (s *Service) move(t *MoveTask) {
	q, now := s.queues[t.SourceARN], s.clk.Now()
	s.keepTasks()
	defer func() { s.announce(q) }()
	for n := 0; t.Moved < t.ToMove && len(q.waiting) > 0 && !q.waiting[0].VisibleAt.After(now); n++ {
		if t.PerSecond > 0 && n == t.PerSecond {
			s.clk.AfterFunc(time.Second, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.move(t)
			})
			return
		}
		if q.expired(q.waiting[0], now) {
			s.remove(q, q.waiting[0], "")
		} else if !s.moveOne(q, t, now) {
			return
		}
	}
	t.Status = Completed
}

// moveOne gives the message a new id and a new enqueue time, as SQS does.
func (s *Service) moveOne(q *queue, t *MoveTask, now time.Time) bool {
	m := q.waiting[0]
	to := s.queues[t.DestinationARN]
	if t.DestinationARN == "" {
		to = s.queues[m.SourceARN]
	}
	if to == nil {
		t.Status, t.FailureReason = Failed, "CouldNotDetermineMessageSource"
		return false
	}
	s.remove(q, m, "")
	s.add(to, Message{ID: s.newID(), Body: m.Body, Attributes: m.Attributes, Sent: now, SenderID: m.SenderID}, now, "NumberOfMessagesSent")
	s.announce(to)
	t.Moved++
	return true
}

// MoveTasks are the last ten tasks of a dead-letter queue, the newest first.
func (s *Service) MoveTasks(sourceARN string) ([]MoveTask, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queues[sourceARN] == nil {
		return nil, noSuchResource("SourceArn")
	}
	var all []MoveTask
	for i := len(s.tasks) - 1; i >= 0; i-- {
		if s.tasks[i].SourceARN == sourceARN {
			all = append(all, *s.tasks[i])
		}
	}
	return all, nil
}
