// Package local runs Autobackup's own templates on one machine: the resources
// of template.yaml and replica.yaml are created in local services, the state
// machine is interpreted, and the functions are the deployed code. Whatever
// decides when and where a message goes is read from the templates; what a
// template says and this package doesn't understand is rejected by name.
//
// What it doesn't do stands in docs/local-fidelity.md: it is no model
// of what the services cost, and of AWS's limits on rates only where a test sets some.
//
// Each service has a package of its own, with its Go API, its HTTP API and its
// resource types. This one makes them, hands them to each other, and has the one
// address of all of them.
package local

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/local/cloudformation"
	"autobackup/local/cloudwatch"
	"autobackup/local/events"
	"autobackup/local/gate"
	"autobackup/local/lambda"
	"autobackup/local/logs"
	"autobackup/local/pipes"
	"autobackup/local/s3"
	"autobackup/local/sns"
	"autobackup/local/sqs"
	"autobackup/local/states"
	"autobackup/local/sts"
	"autobackup/local/template"
)

// Stack is both regions on one machine. The services are there for tests and
// demos to look into and to set faults on.
type Stack struct {
	Config            // what it was started with: a change has no effect
	Gate   *gate.Gate // every call passes; nil where the stack is unguarded
	// Deployer is who deploys and updates, through CloudFormation. Its zero value may do
	// everything.
	Deployer       gate.Caller
	S3             *s3.Server
	SQS            *sqs.Service
	SNS            *sns.Service
	Events         *events.Service
	Pipes          *pipes.Service
	Lambda         *lambda.Service
	States         *states.Service
	STS            *sts.Service
	Logs           *logs.Service
	CloudFormation *cloudformation.Service
	CloudWatch     *cloudwatch.Service

	// CreateFault, if set before a stack is deployed, is asked before each of its resources
	// is created; its error is the creation's.
	CreateFault func(template.Resource) error

	ids     *ids
	mu      sync.Mutex
	stacks  map[place]*deployed
	minutes minutes
	failure error  // of the stack itself; Close tells
	misses  misses // of pipes, event source mappings and alarms
}

// Start makes the services, without any resource. Close ends it.
func Start(ctx context.Context, cfg Config) (*Stack, error) {
	ids := newIDs(cfg.Seed)
	if cfg.Kept != nil {
		if err := ids.goOn(cfg.Kept.IDs); err != nil {
			return nil, fmt.Errorf("start the stack with what another kept: its ids: %w", err)
		}
	}
	store, err := s3.New(s3.Config{Clock: cfg.Clock, Dir: cfg.Dir, Account: cfg.Account, Kept: cfg.Store != nil, Random: ids})
	if err != nil {
		return nil, err
	}
	s := &Stack{Config: cfg, S3: store, ids: ids, stacks: map[place]*deployed{}}
	if !cfg.Unguarded {
		s.Gate = gate.New(cfg.Account)
	}
	s.S3.Gate = s.Gate
	s.SQS = sqs.New(cfg.Clock, ids.next)
	s.SNS = sns.New(cfg.Clock, ids.next, s.Outbox())
	s.SQS.Gate, s.SNS.Gate = s.Gate, s.Gate
	s.STS = &sts.Service{Account: cfg.Account, NewID: ids.next, Gate: s.Gate}
	s.CloudFormation = &cloudformation.Service{Account: cfg.Account, NewID: ids.next, Gate: s.Gate, Stacks: s.described}
	s.CloudWatch = &cloudwatch.Service{Account: cfg.Account, NewID: ids.next, Gate: s.Gate, Now: cfg.Clock.Now}
	s.Logs = logs.New(cfg.Clock)
	s.Logs.Gate, s.Logs.Account, s.Logs.NewID = s.Gate, cfg.Account, ids.next
	s.Events = events.NewService(s.SQS)
	s.Events.Gate, s.Events.NewID, s.Events.Account, s.Events.Now = s.Gate, ids.next, cfg.Account, cfg.Clock.Now
	s.Lambda = lambda.New(lambda.Options{
		Clock: cfg.Clock, NewID: ids.next, Account: cfg.Account,
		Runtime: cfg.Runtime, Sum: cfg.Sum, Log: cfg.FunctionLog, Queues: s.SQS, Failed: s.misses.note, Gate: s.Gate, Environment: s.environment, Logs: s.Logs, Counted: s.invoked, Embedded: s.embedded,
	})
	s.Events.Invoke = func(by gate.Caller, region, functionARN string, event []byte) error {
		_, err := s.Lambda.As(by).Invoke(ctx, region, functionARN, event)
		return err
	}
	s.States = states.New(ctx, states.Config{
		Clock: cfg.Clock, NewID: ids.next, Seed: cfg.Seed, Project: cfg.Project, Dir: cfg.Dir, AWSConfig: s.signing, Gate: s.Gate,
		History: cfg.History, Known: cfg.Known, KeepHistory: cfg.KeepHistory, TerminalDataLimit: cfg.TerminalDataLimit,
		Functions: s.Lambda, Topics: s.SNS, Queues: s.SQS, Events: s.Events, Logs: s.Logs, Failed: s.fail, Ended: s.ended,
	})
	s.Events.Start = func(by gate.Caller, stateMachineARN string, input []byte) error {
		_, err := s.States.Start(by, stateMachineARN, input)
		return err
	}
	s.Pipes = pipes.NewService(s.SQS, s.Events.Start)
	s.Pipes.Gate, s.Pipes.Failed, s.Pipes.Logs = s.Gate, s.misses.note, s.Logs
	s.Pipes.NewID, s.Pipes.Account = ids.next, cfg.Account
	s.S3.OnEvent, s.S3.OnNotification = s.put, s.notify
	if cfg.Store != nil { // before Load no message would be kept: buckets that are made test the way to their queues
		s.S3.OnNotification = func(string, string, []byte) error { return nil }
	}
	s.measures()
	return s, nil
}

// Outbox is the folder with the e-mails that operators would get.
func (s *Stack) Outbox() string { return filepath.Join(s.Dir, "outbox") }

// put hands an S3 event to the region's event bus.
func (s *Stack) put(region string, event []byte) {
	if err := s.Events.Bus(region).Put(event); err != nil {
		s.fail(fmt.Errorf("deliver an event of s3: %w", err))
	}
}

// notify hands a notification of S3 about a bucket to a queue or a topic. A function is
// only asked whether it takes them: nothing here invokes one for S3.
func (s *Stack) notify(bucket, targetARN string, message []byte) error {
	by := s.Gate.Service("s3.amazonaws.com", "arn:aws:s3:::"+bucket)
	at, err := arn.Parse(targetARN)
	if err != nil {
		return fmt.Errorf("notify %s: %w", targetARN, err)
	}
	switch at.Service {
	case "sns":
		_, err = s.SNS.As(by).Publish(sns.Publication{TopicARN: targetARN, Subject: "Amazon S3 Notification", Message: string(message)})
	case "lambda":
		if s.Lambda.Function(targetARN) == nil {
			return fmt.Errorf("there is no function %s", targetARN)
		}
		err = by.May("lambda:InvokeFunction", targetARN)
	default:
		_, err = s.SQS.As(by).Send(targetARN, sqs.Outgoing{Body: string(message)})
	}
	return err
}

// fail notes that the stack itself went wrong.
func (s *Stack) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = errors.Join(s.failure, err)
}

func (s *Stack) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure
}

// Close stops consumers, executions and functions, in this order: an execution
// whose function is killed would go on, alert and park. It removes object bytes, unless
// they are kept.
// Its error also tells of anything that went wrong in the stack itself.
func (s *Stack) Close() error {
	if s.Store != nil {
		_, err := s.Suspend()
		return errors.Join(err, s.Store.Broken())
	}
	s.end(s.States.Close)
	return errors.Join(s.failed(), s.S3.Close())
}

// end ends what calls functions, executions in the given way, and then the functions.
func (s *Stack) end(executions func()) {
	s.minutes.end()
	s.Pipes.Close()
	s.Lambda.Stop()
	executions()
	s.Lambda.Close()
	s.minutes.running.Wait() // what a schedule began ends with its function
}
