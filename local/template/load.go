package template

import "sync/atomic"

const (
	extensionsTransform = "AWS::LanguageExtensions"
	serverlessTransform = "AWS::Serverless-2016-10-31"
	formatVersion       = "2010-09-09"
)

// Template is a template that has been read and checked as far as that goes
// without parameters. It is not changed by Resolve and safe for concurrent use.
type Template struct {
	root       *node
	parameters []parameter
	extensions bool // AWS::LanguageExtensions is among the transforms
	serverless bool // so is AWS::Serverless-2016-10-31
	last       atomic.Pointer[expansion]
}

var sections = []string{
	"AWSTemplateFormatVersion", "Conditions", "Description", "Globals", "Mappings",
	"Metadata", "Outputs", "Parameters", "Rules", "Transform",
}

// Load reads a template. The name stands in front of every complaint, of Load
// and of what is made from the template later.
func Load(source []byte, name string) (*Template, error) {
	root, err := parse(source, name)
	if err != nil {
		return nil, err
	}
	if err := root.mapping([]string{"Resources"}, sections); err != nil {
		return nil, err
	}
	t := &Template{root: root}
	for _, check := range []func() error{
		t.loadVersion, t.loadTransforms, t.loadParameters, t.checkMappings, t.checkGlobals, t.checkShapes, t.checkFunctions,
	} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *Template) loadVersion() error {
	version := t.root.get("AWSTemplateFormatVersion")
	if version != nil && version.value != formatVersion {
		return version.errorf("must be %s", formatVersion)
	}
	return nil
}

// loadTransforms wants AWS::LanguageExtensions first: SAM must see loops
// expanded.
func (t *Template) loadTransforms() error {
	transform := t.root.get("Transform")
	if transform == nil {
		return nil
	}
	list, isList := transform.value.([]*node)
	if !isList {
		list = []*node{transform}
	}
	for _, item := range list {
		switch item.value {
		case extensionsTransform:
			if t.serverless {
				return item.errorf("must stand before %s", serverlessTransform)
			}
			t.extensions = true
		case serverlessTransform:
			t.serverless = true
		default:
			return item.errorf("only the transforms %s and %s are supported here", extensionsTransform, serverlessTransform)
		}
	}
	return nil
}

// checkShapes checks the sections whose entries are mappings with fixed keys.
// Loops are checked when they are expanded.
func (t *Template) checkShapes() error {
	for _, section := range []string{"Rules", "Conditions", "Resources", "Outputs"} {
		if err := t.root.get(section).mapping(nil, nil); err != nil {
			return err
		}
	}
	for _, rule := range t.root.get("Rules").fields() {
		if err := rule.mapping([]string{"Assertions"}, []string{"RuleCondition"}); err != nil {
			return err
		}
	}
	return nil
}

// checkMappings wants two levels of keys, then text, numbers or lists of them.
func (t *Template) checkMappings() error {
	mappings := t.root.get("Mappings")
	if err := mappings.mapping(nil, nil); err != nil {
		return err
	}
	for _, mapping := range mappings.fields() {
		if err := mapping.mapping(nil, nil); err != nil {
			return err
		}
		for _, top := range mapping.fields() {
			if err := top.mapping(nil, nil); err != nil {
				return err
			}
			for _, second := range top.fields() {
				if err := second.literal(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// literal checks that n is a scalar or a list of scalars.
func (n *node) literal() error {
	items, isList := n.value.([]*node)
	if !isList {
		items = []*node{n}
	}
	for _, item := range items {
		if _, err := item.text(); err != nil {
			return err
		}
	}
	return nil
}
