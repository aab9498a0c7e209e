package lambda

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"

	"autobackup/local/gate"
	"autobackup/local/template"
)

// Types are the resource types of Lambda.
func (s *Service) Types() template.Types {
	functions := template.Changing(template.Make(map[string]string{
		"Architectures":                "functions are built for this machine",
		"Description":                  template.ForPeople,
		"Handler":                      "a Go function is one program",
		"ReservedConcurrentExecutions": "concurrency is not limited",
		"Runtime":                      "a Go function is one program",
		"Tracing":                      template.NoXRay,
		"VpcConfig":                    "there are no networks here: a function reaches this machine's addresses",
	}, s.deployFunction, s.removeFunction), s.updateFunction).Named("FunctionName")
	functions.Content = s.content
	return template.Types{
		"AWS::Lambda::Permission": template.Make(nil, s.deployPermission, s.removePermission).Named("Action", "FunctionName", "Principal", "SourceAccount", "SourceArn").Asking(func(t template.Target, r template.Resource) []template.Ask {
			function := r.Text("FunctionName") // or its ARN
			if !strings.HasPrefix(function, "arn:") {
				function = t.ARN("lambda", "function:"+function)
			}
			return []template.Ask{{Action: "lambda:AddPermission", Resource: function}}
		}),
		"AWS::Serverless::Function": functions.Asking(func(t template.Target, r template.Resource) []template.Ask {
			return append(template.Pass(r.Text("Role"), "lambda.amazonaws.com"), template.Ask{Action: "lambda:CreateFunction", Resource: t.ARN("lambda", "function:"+r.Text("FunctionName"))})
		}),
	}
}

// functionProperties are those of AWS::Serverless::Function that have an effect
// here.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
type functionProperties struct {
	FunctionName string `cfn:",required"`
	CodeUri      string `cfn:",required"` //nolint:revive // SAM's name
	Timeout      int    `cfn:",required"`
	Role         string
	KmsKeyArn    string // of its environment variables
	MemorySize   int
	// LoggingConfig has the group that a function logs into: what Lambda says of each
	// invocation. What its code says is its standard error.
	LoggingConfig struct {
		LogGroup string
	}
	Environment struct {
		Variables map[string]string
	}
	Events map[string]struct {
		Type       string
		Properties queueEvent
	}
}

func (s *Service) deployFunction(t template.Target, r template.Resource, p functionProperties) (string, map[string]string, error) {
	f, by, err := s.function(t, r, p)
	if err != nil {
		return "", nil, err
	}
	if err := s.add(f); err != nil {
		return "", nil, r.Errorf("FunctionName", "%w", err)
	}
	if err := s.deployEvents(t, r, p, by, f); err != nil {
		s.remove(f.ARN)
		return "", nil, err
	}
	return p.FunctionName, map[string]string{"Arn": f.ARN}, nil
}

// updateFunction gives a function other code, or another configuration. Invocations under way
// end as they began, and its mappings stay unless they change.
// https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
func (s *Service) updateFunction(t template.Target, was template.Made, r template.Resource, p functionProperties) (string, map[string]string, error) {
	f, by, err := s.function(t, r, p)
	if err != nil {
		return "", nil, err
	}
	same := func(property string) bool {
		return reflect.DeepEqual(was.Properties[property], r.Properties[property])
	}
	before := s.Function(f.ARN)
	if same("Events") && same("Role") {
		s.succeed(before, f)
		return was.Reference, was.Attributes, nil
	}
	sources := s.unmap(f.ARN)
	if err := s.deployEvents(t, r, p, by, f); err != nil {
		closeAll(s.unmap(f.ARN))
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sources[f.ARN] = sources
		return "", nil, err
	}
	closeAll(sources) // what the old ones have received and not handed over yet comes again
	s.succeed(before, f)
	return was.Reference, was.Attributes, nil
}

// function is the one that a template describes, and who it calls as.
func (s *Service) function(t template.Target, r template.Resource, p functionProperties) (*Function, gate.Caller, error) {
	by, err := s.as(p)
	if err != nil {
		return nil, by, r.Errorf("Role", "%w", err)
	}
	key, arn := by.AccessKey(), t.ARN("lambda", "function:"+p.FunctionName)
	f, err := s.code().Run(s.Clock, s.NewID, Config{
		Name: p.FunctionName, ARN: arn, Code: p.CodeUri,
		Timeout: p.Timeout, MemorySize: p.MemorySize, Environment: s.environment(t.Region, key, p), AccessKey: key, Log: s.Log,
		Unlock: unlock(by.AtKMS("lambda."+t.Region+".amazonaws.com").With("kms:EncryptionContext:aws:lambda:FunctionArn", arn), p.KmsKeyArn),
		Logged: s.logged(by, t, p), Counted: s.counted(arn), Embedded: s.embedded(arn), Enter: func() (func(), error) { return s.Gate.Enter(arn) },
	}, p.CodeUri)
	if err != nil {
		return nil, by, r.Errorf("", "%w", err)
	}
	return f, by, nil
}

// content tells a function's code from other code.
func (s *Service) content(r template.Resource) (string, error) {
	sum := s.code().Sum
	if sum == nil {
		return "", nil
	}
	return sum(r.Text("CodeUri"))
}

// logged writes into a function's log group as its role. What can't be written is lost, as
// in Lambda.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html
func (s *Service) logged(by gate.Caller, t template.Target, p functionProperties) func(string) {
	if s.Logs == nil {
		return nil
	}
	group := t.ARN("logs", "log-group:"+cmp.Or(p.LoggingConfig.LogGroup, "/aws/lambda/"+p.FunctionName))
	return func(text string) { _ = s.Logs.As(by).Put(group, p.FunctionName, text) }
}

func (s *Service) counted(functionARN string) func(string, float64) {
	if s.Counted == nil {
		return nil
	}
	return func(metric string, value float64) { s.Counted(functionARN, metric, value) }
}

func (s *Service) embedded(functionARN string) func([]byte) {
	if s.Embedded == nil {
		return nil
	}
	return func(line []byte) { s.Embedded(functionARN, line) }
}

// deployEvents maps the function's queues to it.
func (s *Service) deployEvents(t template.Target, r template.Resource, p functionProperties, by gate.Caller, f *Function) error {
	for _, name := range slices.Sorted(maps.Keys(p.Events)) {
		event := p.Events[name]
		if event.Type != "SQS" {
			return r.Errorf("Events."+name+".Type", "%s is not supported here: use SQS", event.Type)
		}
		if err := s.subscribe(by, f, t.Region, event.Properties); err != nil {
			return r.Errorf("Events."+name, "%w", err)
		}
	}
	return nil
}

func (s *Service) removeFunction(_ template.Target, made template.Made) error {
	s.remove(made.Attributes["Arn"])
	return nil
}

// as is who a function calls as. Where the template names no role, SAM makes one; here the
// function calls as the account's owner then.
func (s *Service) as(p functionProperties) (gate.Caller, error) {
	if p.Role == "" {
		return s.Gate.As(s.Gate.Owner()), nil
	}
	return s.Gate.Assume(p.Role, "lambda.amazonaws.com", p.FunctionName)
}

// unlock asks the key of a function's environment variables for the function's role. On AWS
// a process asks once, as it begins; here each invocation does.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
func unlock(by gate.Caller, keyARN string) func() error {
	if keyARN == "" {
		return func() error { return nil }
	}
	return func() error { return locked(by.May("kms:Decrypt", keyARN)) }
}

// environment is the template's, and what Lambda adds. The credentials and the
// address of this stack are those of the SDKs' own variables, so that the
// function's code can't tell where it runs. They replace the template's, whose
// empty address means AWS.
func (s *Service) environment(region, accessKey string, p functionProperties) map[string]string {
	environment := map[string]string{}
	maps.Copy(environment, p.Environment.Variables)
	maps.Copy(environment, s.Environment(region, accessKey))
	return environment
}
