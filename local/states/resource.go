package states

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"autobackup/local/asl"
	"autobackup/local/gate"
	"autobackup/local/template"
)

// Types are the resource types of Step Functions.
func (s *Service) Types() template.Types {
	machines := template.Make(noEffect, s.deployStateMachine, s.removeStateMachine)
	machines = machines.Named("Name", "Type").Updated(s.updateStateMachine)
	machines.Content = s.content
	return template.Types{"AWS::Serverless::StateMachine": machines.Asking(func(t template.Target, r template.Resource) []template.Ask {
		return append(template.Pass(r.Text("Role"), "states.amazonaws.com"), template.Ask{Action: "states:CreateStateMachine", Resource: t.ARN("states", "stateMachine:"+r.Text("Name"))})
	})}
}

// noEffect are the properties of a state machine that have none here.
var noEffect = map[string]string{"Tracing": template.NoXRay}

// machine is a deployed state machine.
type machine struct {
	*asl.Machine
	name, arn, region, role string
	definition              []byte
	created                 time.Time
	by                      gate.Caller // its role
	objects                 objects     // of its region
	logs                    logging
	version                 string // tells it from what it was before an update, and will be
	kept                    bool   // its version is in the store

	ctx  context.Context //nolint:containedctx // its end ends the executions of a machine that is deleted
	stop context.CancelFunc
}

func (m *machine) mayRedrive(executionARN string) error {
	return permissions(m.by.May("states:RedriveExecution", executionARN))
}

// interpreted makes a state machine of its definition.
func (s *Service) interpreted(m machine) (_ *machine, err error) {
	if m.Machine, err = asl.Load(m.definition, s.integrations(m.region, m.by)); err != nil {
		return nil, err
	}
	m.objects = s.objects(m.region, m.by.AccessKey())
	m.version = m.versionID()
	return &m, nil
}

// stateMachineProperties are those of AWS::Serverless::StateMachine that have an
// effect here.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-statemachine.html
type stateMachineProperties struct {
	Name                    string `cfn:",required"`
	Type                    string
	Role                    string `cfn:",required"`
	DefinitionUri           string `cfn:",required"` //nolint:revive // SAM's name
	DefinitionSubstitutions map[string]string
	Logging                 logging
}

func (s *Service) deployStateMachine(t template.Target, r template.Resource, p stateMachineProperties) (string, map[string]string, error) {
	m, err := s.load(t, r, p)
	if err != nil {
		return "", nil, err
	}
	m.ctx, m.stop = context.WithCancel(s.ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.machines[m.arn] != nil {
		return "", nil, r.Errorf("Name", "State Machine Already Exists: '%s'", m.arn)
	}
	s.machines[m.arn] = m
	return m.arn, map[string]string{"Arn": m.arn, "Name": m.name}, nil
}

// updateStateMachine gives a state machine another definition, by which executions go that
// start from then on.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html
func (s *Service) updateStateMachine(t template.Target, was template.Made, r template.Resource) (string, map[string]string, error) {
	var p stateMachineProperties
	if err := template.Decode(r, &p, slices.Collect(maps.Keys(noEffect))...); err != nil {
		return "", nil, err
	}
	m, err := s.load(t, r, p)
	if err != nil {
		return "", nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.machines[was.Reference]
	m.ctx, m.stop, m.created = before.ctx, before.stop, before.created
	s.machines[was.Reference] = m
	return was.Reference, was.Attributes, nil
}

// content is the definition, which changes without a property.
func (s *Service) content(r template.Resource) (string, error) {
	source, err := os.ReadFile(filepath.Join(s.Project, r.Text("DefinitionUri"))) // #nosec G304: the project's own file
	if err != nil {
		return "", err
	}
	return string(source), nil
}

// load makes a state machine of its properties.
func (s *Service) load(t template.Target, r template.Resource, p stateMachineProperties) (*machine, error) {
	if p.Type != "" && p.Type != "STANDARD" {
		return nil, r.Errorf("Type", "%s is not supported here: use STANDARD", p.Type)
	}
	source, err := os.ReadFile(filepath.Join(s.Project, p.DefinitionUri)) // #nosec G304: the project's own file
	if err != nil {
		return nil, r.Errorf("DefinitionUri", "%w", err)
	}
	definition, err := substitute(source, p.DefinitionSubstitutions)
	if err != nil {
		return nil, r.Errorf("DefinitionSubstitutions", "%w", err)
	}
	by, err := s.Gate.Assume(p.Role, "states.amazonaws.com", p.Name)
	if err != nil {
		return nil, r.Errorf("Role", "%w", err)
	}
	if err := s.mayLog(by, p.Logging); err != nil {
		return nil, r.Errorf("Logging", "%w", err)
	}
	m, err := s.interpreted(machine{name: p.Name, arn: t.ARN("states", "stateMachine:"+p.Name), region: t.Region, role: p.Role,
		definition: definition, created: s.Clock.Now(), by: by, logs: p.Logging})
	if err != nil {
		return nil, r.Errorf("DefinitionUri", "%s: %w", p.DefinitionUri, err)
	}
	return m, nil
}

// removeStateMachine deletes a state machine. Its executions fail, at once and not, as on
// AWS, with their next transition.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
func (s *Service) removeStateMachine(_ template.Target, made template.Made) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.machines[made.Reference]; m != nil {
		m.stop()
		delete(s.machines, made.Reference)
		maps.DeleteFunc(s.versions, func(_ string, of *machine) bool { return of.arn == m.arn })
	}
	return nil
}

var placeholder = regexp.MustCompile(`\$\{[^}]*\}`)

// substitute fills in ${Name} as CloudFormation's DefinitionSubstitutions do. A
// name without a value, or a value that no name asks for, is an error: SAM
// deploys both without a word.
func substitute(definition []byte, values map[string]string) ([]byte, error) {
	used, missing := map[string]bool{}, []string{}
	filled := placeholder.ReplaceAllFunc(definition, func(found []byte) []byte {
		name := string(found[2 : len(found)-1])
		value, ok := values[name]
		if !ok {
			missing = append(missing, name)
		}
		used[name] = true
		quoted, _ := json.Marshal(value) // a string always encodes
		return quoted[1 : len(quoted)-1]
	})
	if len(missing) > 0 {
		return nil, fmt.Errorf("the definition asks for %v, which has no value here", missing)
	}
	for name := range values {
		if !used[name] {
			return nil, fmt.Errorf("%s is not used by the definition: remove it", name)
		}
	}
	return filled, nil
}
