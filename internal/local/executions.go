package local

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"autobackup/internal/local/asl"
	"autobackup/internal/local/template"
)

// machine is a deployed state machine.
type machine struct {
	*asl.Machine
	name, arn string
	objects   objects // of its region
}

// stateMachineProperties are those of AWS::Serverless::StateMachine that have an
// effect here.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-statemachine.html
type stateMachineProperties struct {
	Name                    string `cfn:",required"`
	Type                    string
	DefinitionUri           string `cfn:",required"` //nolint:revive // SAM's name
	DefinitionSubstitutions map[string]string
}

func (d *deployment) stateMachine(r template.Resource) (string, map[string]string, error) {
	var p stateMachineProperties
	if err := decode(r, &p); err != nil {
		return "", nil, err
	}
	if p.Type != "" && p.Type != "STANDARD" {
		return "", nil, r.Errorf("Type", "%s is not supported here: use STANDARD", p.Type)
	}
	source, err := os.ReadFile(filepath.Join(d.Project, p.DefinitionUri)) // #nosec G304: the project's own file
	if err != nil {
		return "", nil, r.Errorf("DefinitionUri", "%w", err)
	}
	definition, err := substitute(source, p.DefinitionSubstitutions)
	if err != nil {
		return "", nil, r.Errorf("DefinitionSubstitutions", "%w", err)
	}
	loaded, err := asl.Load(definition, d.resource)
	if err != nil {
		return "", nil, r.Errorf("DefinitionUri", "%s: %w", p.DefinitionUri, err)
	}
	m := &machine{Machine: loaded, name: p.Name, arn: d.arn("states", "stateMachine:"+p.Name), objects: d.objects(d.region)}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.machines[m.arn] = m
	return m.arn, map[string]string{"Arn": m.arn, "Name": m.name}, nil
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

// resource finds what a Task state calls: Step Functions' own integrations that
// this project uses.
// https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
func (d *deployment) resource(arn string) (asl.Task, error) {
	call := map[string]task{
		"arn:aws:states:::lambda:invoke":         d.invoke,
		"arn:aws:states:::sns:publish":           d.publish,
		"arn:aws:states:::sqs:sendMessage":       d.sendMessage,
		"arn:aws:states:::states:startExecution": d.startNested,
	}[arn]
	if call == nil {
		return nil, fmt.Errorf("%s is not supported by the local stack: use lambda:invoke, sns:publish, sqs:sendMessage or states:startExecution", arn)
	}
	return task(func(ctx context.Context, parameters []byte) ([]byte, error) {
		if d.TaskFault != nil {
			if err := d.TaskFault(ctx, arn, parameters); err != nil {
				return nil, err
			}
		}
		return call(ctx, parameters)
	}), nil
}

// task makes a function an asl.Task.
type task func(ctx context.Context, parameters []byte) ([]byte, error)

// Run calls the function.
func (t task) Run(ctx context.Context, parameters []byte) ([]byte, error) { return t(ctx, parameters) }
