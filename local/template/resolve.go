package template

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Options say which stack to make of a template.
type Options struct {
	StackName string
	Region    string
	Account   string // twelve digits
	Partition string // aws where empty
	// Parameters are the values that replace a Default. Items of a list are
	// separated by commas.
	Parameters map[string]string
	// Attributes creates a resource, whose properties are resolved, and gives
	// what Ref and Fn::GetAtt give for it. It is called once for every
	// resource, after those that it depends on. Its errors are returned as they
	// are: make them with Resource.Errorf.
	Attributes func(Resource) (ref string, attributes map[string]string, err error)
}

// Stack is a template's resources with everything resolved.
type Stack struct {
	Resources []Resource        // in the order of creation
	Outputs   map[string]string // by logical id
	Exports   map[string]string // the outputs that have an Export, by its name
	// Parameters are the values in effect; those with NoEcho show as ****.
	Parameters map[string]string
}

var logicalID = regexp.MustCompile(`^[A-Za-z0-9]{1,255}$`)

// Resolve makes a stack. Its order is that of the template, but for resources
// that others depend on, which come first.
func (t *Template) Resolve(o Options) (*Stack, error) {
	if o.Partition == "" {
		o.Partition = "aws"
	}
	if o.StackName == "" || o.Region == "" || o.Account == "" || o.Attributes == nil {
		return nil, fmt.Errorf("resolve %s: stack name, region, account and Attributes must be given", t.root.file)
	}
	s, err := t.scope(o)
	if err != nil {
		return nil, err
	}
	if err := s.checkRules(); err != nil {
		return nil, err
	}
	if err := s.evalConditions(); err != nil {
		return nil, err
	}
	return s.deploy()
}

func (t *Template) scope(o Options) (*scope, error) {
	values, err := t.parameterValues(o.Parameters)
	if err != nil {
		return nil, err
	}
	s := &scope{t: t, options: o, parameters: map[string]any{}, functions: valueFunctions()}
	for _, p := range t.parameters {
		s.parameters[p.name] = p.resolved(values[p.name])
	}
	return s, nil
}

// parameterValues gives every parameter's text, checked.
func (t *Template) parameterValues(given map[string]string) (map[string]string, error) {
	values := map[string]string{}
	for _, p := range t.parameters {
		text, overridden := given[p.name]
		if !overridden && p.fallback == nil {
			return nil, p.errorf("needs a value: it has no Default")
		}
		if !overridden {
			text = *p.fallback
		} else if err := p.check(text); err != nil {
			return nil, p.errorf("%w", err)
		}
		values[p.name] = text
	}
	known := slices.Collect(maps.Keys(values))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, ok := values[name]; !ok {
			return nil, fmt.Errorf("%s: the template has no parameter %s%s", t.root.file, name, suggest(name, known))
		}
	}
	return values, nil
}

func (p *parameter) resolved(text string) any {
	if !p.isList() {
		return text
	}
	var list []any
	for _, item := range p.items(text) {
		list = append(list, item)
	}
	return list
}

func (s *scope) evalConditions() error {
	section, err := s.expand(s.t.root.get("Conditions"))
	if err != nil {
		return err
	}
	s.conditions = conditions{section: section, known: map[string]bool{}}
	for _, f := range section.fields() {
		if !logicalID.MatchString(f.key) {
			return f.errorf("a condition's name must be letters and digits only")
		}
		if _, err := s.conditionNamed(&node{f.position, f.key}); err != nil {
			return err
		}
	}
	return nil
}

// included tells whether the resource's or output's own condition holds.
func (s *scope) included(n *node) (bool, error) {
	condition := n.get("Condition")
	if condition == nil {
		return true, nil
	}
	return s.conditionNamed(condition)
}

// shown gives the parameters as people may see them.
func (s *scope) shown() map[string]string {
	shown := map[string]string{}
	for _, p := range s.t.parameters {
		switch value := s.parameters[p.name].(type) {
		case string:
			shown[p.name] = value
		case []any:
			items := make([]string, len(value))
			for i, item := range value {
				items[i] = item.(string)
			}
			shown[p.name] = strings.Join(items, ",")
		}
		if p.noEcho {
			shown[p.name] = "****"
		}
	}
	return shown
}
