package template

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// parameter is one declaration of the section Parameters. See
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
type parameter struct {
	position
	name      string
	kind      string // String, Number, CommaDelimitedList or List<Number>
	fallback  *string
	noEcho    bool
	hint      string         // ConstraintDescription
	allowed   []string       // nil: every value
	pattern   *regexp.Regexp // matches whole values only
	written   string         // the pattern as the template has it
	minLength *float64       // in characters
	maxLength *float64
	minValue  *float64
	maxValue  *float64
}

var parameterFields = []string{
	"AllowedPattern", "AllowedValues", "ConstraintDescription", "Default", "Description",
	"MaxLength", "MaxValue", "MinLength", "MinValue", "NoEcho",
}

// constraintTypes says which parameter types the constraints apply to that not
// all types have.
var constraintTypes = map[string][]string{
	"AllowedPattern": {"String", "CommaDelimitedList"},
	"MinLength":      {"String"},
	"MaxLength":      {"String"},
	"MinValue":       {"Number"},
	"MaxValue":       {"Number"},
}

var parameterTypes = []string{"String", "Number", "CommaDelimitedList", "List<Number>"}

// Parameters are the names of the template's parameters, in its order.
func (t *Template) Parameters() []string {
	names := make([]string, len(t.parameters))
	for i, p := range t.parameters {
		names[i] = p.name
	}
	return names
}

func (t *Template) loadParameters() error {
	section := t.root.get("Parameters")
	if err := section.mapping(nil, nil); err != nil {
		return err
	}
	for _, f := range section.fields() {
		p, err := loadParameter(f)
		if err != nil {
			return err
		}
		t.parameters = append(t.parameters, p)
	}
	return nil
}

func loadParameter(f field) (parameter, error) {
	p := parameter{position: f.position, name: f.key}
	if err := f.mapping([]string{"Type"}, parameterFields); err != nil {
		return p, err
	}
	if !logicalID.MatchString(p.name) {
		return p, f.errorf("a parameter's name must be letters and digits only")
	}
	for _, constraint := range f.fields() {
		if err := p.load(constraint); err != nil {
			return p, err
		}
	}
	if err := p.checkKind(f.node); err != nil {
		return p, err
	}
	if p.fallback != nil {
		if err := p.check(*p.fallback); err != nil {
			return p, f.get("Default").errorf("%w", err)
		}
	}
	return p, nil
}

func (p *parameter) load(f field) error {
	if f.key == "AllowedValues" {
		return p.loadAllowed(f.node)
	}
	text, err := f.text()
	if err != nil {
		return err
	}
	switch f.key {
	case "Type":
		p.kind = text
	case "Default":
		p.fallback = &text
	case "ConstraintDescription":
		p.hint = text
	case "NoEcho":
		p.noEcho, err = strconv.ParseBool(text)
	case "AllowedPattern":
		p.written = text
		p.pattern, err = regexp.Compile(`\A(?:` + text + `)\z`)
	case "MinLength":
		p.minLength, err = number(text)
	case "MaxLength":
		p.maxLength, err = number(text)
	case "MinValue":
		p.minValue, err = number(text)
	case "MaxValue":
		p.maxValue, err = number(text)
	}
	if err != nil {
		return f.errorf("%w", err)
	}
	return nil
}

func number(text string) (*float64, error) {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || value-value != 0 { // infinite, or NaN
		return nil, fmt.Errorf("%q is not a number", text)
	}
	return &value, nil
}

func (p *parameter) loadAllowed(n *node) error {
	items, err := n.list()
	if err != nil {
		return err
	}
	p.allowed = make([]string, 0, len(items))
	for _, item := range items {
		text, err := item.text()
		if err != nil {
			return err
		}
		p.allowed = append(p.allowed, text)
	}
	return nil
}

// checkKind refuses unknown types and constraints that the type doesn't have.
func (p *parameter) checkKind(n *node) error {
	if !slices.Contains(parameterTypes, p.kind) {
		return n.get("Type").errorf("the parameter type %q is not supported here%s", p.kind, suggest(p.kind, parameterTypes))
	}
	for _, f := range n.fields() {
		if types := constraintTypes[f.key]; types != nil && !slices.Contains(types, p.kind) {
			return f.errorf("%s does not apply to a parameter of type %s", f.key, p.kind)
		}
	}
	return nil
}
