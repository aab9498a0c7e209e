package local

import (
	"context"
	"maps"
	"slices"

	"autobackup/internal/local/lambda"
	"autobackup/internal/local/pipes"
	"autobackup/internal/local/template"
)

// functionProperties are those of AWS::Serverless::Function that have an effect
// here.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
type functionProperties struct {
	FunctionName string `cfn:",required"`
	CodeUri      string `cfn:",required"` //nolint:revive // SAM's name
	Timeout      int    `cfn:",required"`
	MemorySize   int
	Environment  struct {
		Variables map[string]string
	}
	Events map[string]struct {
		Type       string
		Properties queueEvent
	}
}

func (d *deployment) function(r template.Resource) (string, map[string]string, error) {
	var p functionProperties
	if err := decode(r, &p); err != nil {
		return "", nil, err
	}
	f, err := d.Runtime(d.Clock, d.newID, lambda.Config{
		Name: p.FunctionName, ARN: d.arn("lambda", "function:"+p.FunctionName),
		Timeout: p.Timeout, MemorySize: p.MemorySize, Environment: d.environment(p), Log: d.FunctionLog,
	}, p.CodeUri)
	if err != nil {
		return "", nil, r.Errorf("", "%w", err)
	}
	d.mu.Lock()
	d.functions[f.ARN] = f
	d.closers = append(d.closers, f.Close)
	d.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(p.Events)) {
		event := p.Events[name]
		if event.Type != "SQS" {
			return "", nil, r.Errorf("Events."+name+".Type", "%s is not supported here: use SQS", event.Type)
		}
		if err := d.subscribe(f, event.Properties); err != nil {
			return "", nil, r.Errorf("Events."+name, "%w", err)
		}
	}
	return p.FunctionName, map[string]string{"Arn": f.ARN}, nil
}

// environment is the template's, and what Lambda adds. The credentials and the
// address of this stack are those of the SDKs' own variables, so that the
// function's code can't tell where it runs. They replace the template's, whose
// empty address means AWS.
func (d *deployment) environment(p functionProperties) map[string]string {
	environment := map[string]string{}
	maps.Copy(environment, p.Environment.Variables)
	maps.Copy(environment, map[string]string{
		"AWS_REGION": d.region, "AWS_ENDPOINT_URL": d.URL,
		"AWS_ACCESS_KEY_ID": AccessKey, "AWS_SECRET_ACCESS_KEY": SecretKey,
	})
	return environment
}

// consume notes a consumer of a queue.
func (s *Stack) consume(queueARN string, stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.consumed = append(s.consumed, queueARN)
	s.closers = append([]func(){stop}, s.closers...) // before the functions that it calls
}

// pipeProperties are those of AWS::Pipes::Pipe that have an effect here.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-pipes-pipe.html
type pipeProperties struct {
	Name             string `cfn:",required"`
	DesiredState     string
	Source           string `cfn:",required"`
	SourceParameters struct {
		SqsQueueParameters struct {
			BatchSize                      int
			MaximumBatchingWindowInSeconds int
		}
	}
	Target           string `cfn:",required"`
	TargetParameters struct {
		StepFunctionStateMachineParameters struct {
			InvocationType string
		}
	}
}

func (d *deployment) pipe(r template.Resource) (string, map[string]string, error) {
	var p pipeProperties
	if err := decode(r, &p); err != nil {
		return "", nil, err
	}
	start := func(_ context.Context, input []byte) error {
		_, err := d.StartExecution(p.Target, input)
		return err
	}
	pipe, err := pipes.New(d.SQS, pipes.Config{
		Name: p.Name, SourceARN: p.Source, DesiredState: p.DesiredState,
		BatchSize:                      p.SourceParameters.SqsQueueParameters.BatchSize,
		MaximumBatchingWindowInSeconds: p.SourceParameters.SqsQueueParameters.MaximumBatchingWindowInSeconds,
		InvocationType:                 p.TargetParameters.StepFunctionStateMachineParameters.InvocationType,
	}, start, nil) // the queue tells: what could not be started comes back, then goes to the DLQ
	if err != nil {
		return "", nil, r.Errorf("", "%w", err)
	}
	if p.DesiredState != "STOPPED" {
		d.consume(p.Source, pipe.Close)
	}
	return p.Name, map[string]string{"Arn": d.arn("pipes", "pipe/"+p.Name)}, nil
}

// Function is the deployed function with this ARN, or nil.
func (s *Stack) Function(functionARN string) *lambda.Function {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.functions[functionARN]
}
