package template

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// scope is what functions can refer to while one stack is resolved.
type scope struct {
	t          *Template
	options    Options
	parameters map[string]any // text, or []any of text
	functions  map[string]function
	conditions conditions
	// resource gives a resource's values, creating it first where need be. It
	// is nil where CloudFormation allows no resources: in conditions, rules and
	// the collections of loops.
	resource func(id string, at *node) (created, error)
	ids      []string // of all resources; empty until loops are expanded
}

// created is what other resources can learn of one.
type created struct {
	ref        string
	attributes map[string]string
}

// eval resolves every function in n: text, int, float64, bool, []any,
// map[string]any or noValue.
func (s *scope) eval(n *node) (any, error) {
	if name, argument, ok := n.function(); ok {
		call := s.functions[name]
		if call == nil {
			return nil, argument.errorf("%s is a condition, and works in Conditions and Rules only", name)
		}
		return call(s, argument)
	}
	switch value := n.value.(type) {
	case []*node:
		return s.evalList(value)
	case []field:
		return s.evalMapping(value)
	case string:
		if strings.Contains(value, "{{resolve:") {
			return nil, n.errorf("dynamic references are not supported here: %s", value)
		}
	}
	return n.value, nil
}

func (s *scope) evalList(items []*node) (any, error) {
	list := make([]any, 0, len(items))
	for _, item := range items {
		value, err := s.eval(item)
		if err != nil {
			return nil, err
		}
		if _, absent := value.(noValue); !absent {
			list = append(list, value)
		}
	}
	return list, nil
}

func (s *scope) evalMapping(fields []field) (any, error) {
	mapping := make(map[string]any, len(fields))
	for _, f := range fields {
		value, err := s.eval(f.node)
		if err != nil {
			return nil, err
		}
		if _, absent := value.(noValue); !absent {
			mapping[f.key] = value
		}
	}
	return mapping, nil
}

// text resolves n to text.
func (s *scope) text(n *node) (string, error) {
	value, err := s.eval(n)
	if err != nil {
		return "", err
	}
	text, ok := toText(value)
	if !ok {
		return "", n.errorf("must be text, not %s", kind(value))
	}
	return text, nil
}

// list resolves n to a list.
func (s *scope) list(n *node) ([]any, error) {
	value, err := s.eval(n)
	if err != nil {
		return nil, err
	}
	list, ok := value.([]any)
	if !ok {
		return nil, n.errorf("must be a list, not %s", kind(value))
	}
	return list, nil
}

// texts resolves n to a list of text.
func (s *scope) texts(n *node) ([]string, error) {
	list, err := s.list(n)
	texts := make([]string, 0, len(list))
	for i, item := range list {
		text, ok := toText(item)
		if !ok {
			return nil, n.index(i).errorf("must be text, not %s", kind(item))
		}
		texts = append(texts, text)
	}
	return texts, err
}

// ref is what Ref gives: a parameter, a pseudo parameter, or a resource's own
// reference value.
func (s *scope) ref(name string, at *node) (any, error) {
	if value, ok := s.parameters[name]; ok {
		return value, nil
	}
	if pseudo := pseudoParameters[name]; pseudo != nil {
		return pseudo(s.options), nil
	}
	if err := s.checkResource(name, at); err != nil {
		return nil, err
	}
	resource, err := s.resource(name, at)
	return resource.ref, err
}

// attribute is what Fn::GetAtt gives.
func (s *scope) attribute(id, name string, at *node) (any, error) {
	if err := s.checkResource(id, at); err != nil {
		return nil, err
	}
	resource, err := s.resource(id, at)
	if err != nil {
		return nil, err
	}
	value, ok := resource.attributes[name]
	if !ok {
		known := slices.Collect(maps.Keys(resource.attributes))
		return nil, at.errorf("%s has no attribute %s here%s", id, name, suggest(name, known))
	}
	return value, nil
}

// checkResource refuses what is no resource's name, and any in a place where
// there are none.
func (s *scope) checkResource(name string, at *node) error {
	if s.resource != nil && slices.Contains(s.ids, name) {
		return nil
	}
	known := slices.AppendSeq(slices.Collect(maps.Keys(s.parameters)), maps.Keys(pseudoParameters))
	if s.resource == nil {
		return at.errorf("%s is not a parameter, and nothing else can be used here%s", name, suggest(name, known))
	}
	return at.errorf("nothing in this template is named %s%s", name, suggest(name, append(known, s.ids...)))
}

// pseudoParameters are those of
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
// but AWS::NotificationARNs.
var pseudoParameters = map[string]func(Options) any{
	"AWS::AccountId": func(o Options) any { return o.Account },
	"AWS::Region":    func(o Options) any { return o.Region },
	"AWS::Partition": func(o Options) any { return o.Partition },
	"AWS::StackName": func(o Options) any { return o.StackName },
	"AWS::StackId":   func(o Options) any { return stackID(o) },
	"AWS::NoValue":   func(Options) any { return noValue{} },
	"AWS::URLSuffix": func(o Options) any {
		if o.Partition == "aws-cn" {
			return "amazonaws.com.cn"
		}
		return "amazonaws.com"
	},
}

// stackID makes the same id for the same stack, so that resolving twice gives
// the same.
func stackID(o Options) string {
	arn := fmt.Sprintf("arn:%s:cloudformation:%s:%s:stack/%s", o.Partition, o.Region, o.Account, o.StackName)
	return arn + "/" + uuid.NewSHA1(uuid.NameSpaceURL, []byte(arn)).String()
}
