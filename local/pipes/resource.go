package pipes

import (
	"context"
	"errors"

	"autobackup/local/template"
)

// Types are the resource types of EventBridge Pipes.
func (s *Service) Types() template.Types {
	return template.Types{
		"AWS::Pipes::Pipe": template.Changing(template.Make(map[string]string{
			"Description": template.ForPeople,
		}, s.deployPipe, s.removePipe), s.updatePipe).Named("Name", "Source").Asking(func(t template.Target, r template.Resource) []template.Ask {
			return append(template.Pass(r.Text("RoleArn"), "pipes.amazonaws.com"), template.Ask{Action: "pipes:CreatePipe", Resource: t.ARN("pipes", "pipe/"+r.Text("Name"))})
		}),
	}
}

// pipeProperties are those of AWS::Pipes::Pipe that have an effect here.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-pipes-pipe.html
type pipeProperties struct {
	Name             string `cfn:",required"`
	DesiredState     string
	RoleArn          string `cfn:",required"`
	Source           string `cfn:",required"`
	SourceParameters struct {
		SqsQueueParameters struct {
			BatchSize                      int
			MaximumBatchingWindowInSeconds int
		}
	}
	LogConfiguration struct {
		Level                        string
		CloudwatchLogsLogDestination struct{ LogGroupArn string } //nolint:revive // CloudFormation's name
	}
	Target           string `cfn:",required"`
	TargetParameters struct {
		StepFunctionStateMachineParameters struct {
			InvocationType string
		}
	}
}

func (s *Service) deployPipe(t template.Target, r template.Resource, p pipeProperties) (string, map[string]string, error) {
	by, err := s.Gate.Assume(p.RoleArn, "pipes.amazonaws.com", p.Name)
	if err != nil {
		return "", nil, r.Errorf("RoleArn", "%w", err)
	}
	pipeARN := t.ARN("pipes", "pipe/"+p.Name)
	start := func(_ context.Context, input []byte) error {
		err := s.start(by, p.Target, input)
		s.count(pipeARN, err)
		if err != nil && s.Logs != nil && p.LogConfiguration.Level != "OFF" {
			group := p.LogConfiguration.CloudwatchLogsLogDestination.LogGroupArn
			_ = s.Logs.As(by).Put(group, p.Name, "EXECUTION_FAILED: "+err.Error()) // it is lost where the pipe may not
		}
		return err
	}
	pipe, err := New(s.queues.As(by), Config{
		Name: p.Name, SourceARN: p.Source, DesiredState: p.DesiredState,
		BatchSize:                      p.SourceParameters.SqsQueueParameters.BatchSize,
		MaximumBatchingWindowInSeconds: p.SourceParameters.SqsQueueParameters.MaximumBatchingWindowInSeconds,
		InvocationType:                 p.TargetParameters.StepFunctionStateMachineParameters.InvocationType,
	}, start, s.Failed)
	if err != nil {
		return "", nil, r.Errorf("", "%w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	pipe.target = p.Target
	s.pipes[pipeARN] = pipe
	return p.Name, map[string]string{"Arn": pipeARN}, nil
}

// updatePipe makes a pipe anew, as its state is: one that somebody stopped stays so unless the
// template says otherwise. What it has received and not handed on yet comes again.
// https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_UpdatePipe.html
func (s *Service) updatePipe(t template.Target, was template.Made, r template.Resource, p pipeProperties) (string, map[string]string, error) {
	s.mu.Lock()
	before := s.pipes[was.Attributes["Arn"]]
	s.mu.Unlock()
	if before != nil && before.consumer == nil && p.DesiredState == "" {
		p.DesiredState = "STOPPED"
	}
	if err := s.removePipe(t, was); err != nil {
		return "", nil, err
	}
	reference, attributes, err := s.deployPipe(t, r, p)
	if err != nil && before != nil {
		s.mu.Lock()
		s.pipes[was.Attributes["Arn"]] = before.stopped()
		s.mu.Unlock()
		if before.consumer != nil {
			err = errors.Join(err, s.Start(was.Attributes["Arn"]))
		}
	}
	return reference, attributes, err
}

// removePipe stops a pipe: what it was about to start is started.
// https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_DeletePipe.html
func (s *Service) removePipe(_ template.Target, made template.Made) error {
	s.mu.Lock()
	pipe := s.pipes[made.Attributes["Arn"]]
	delete(s.pipes, made.Attributes["Arn"])
	s.mu.Unlock()
	if pipe != nil {
		pipe.Close()
	}
	return nil
}
