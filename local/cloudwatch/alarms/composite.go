package alarms

import (
	"fmt"
	"regexp"
	"strings"

	"autobackup/local/template"
)

// CompositeAlarm is in alarm while a rule about the states of other alarms holds, and OK
// otherwise: it has no missing data.
type CompositeAlarm struct {
	Name string

	rule rule
	of   []string // names of the alarms in the rule
}

type rule func(states map[string]State) bool

// compositeProperties are those of AWS::CloudWatch::CompositeAlarm that its state rests on.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-compositealarm.html
type compositeProperties struct {
	AlarmName string `cfn:",required"`
	AlarmRule string `cfn:",required"`
}

// ParseCompositeAlarm reads a resource AWS::CloudWatch::CompositeAlarm.
func ParseCompositeAlarm(r template.Resource) (a CompositeAlarm, err error) {
	var p compositeProperties
	if err := template.Decode(r, &p, Ignored()...); err != nil {
		return a, err
	}
	a.Name = p.AlarmName
	if a.rule, a.of, err = parseRule(p.AlarmRule); err != nil {
		return a, r.Errorf("AlarmRule", "%s: %w", p.AlarmRule, err)
	}
	return a, nil
}

// State is the alarm's, by the states of the others. An alarm that isn't among them is an
// error, as CloudWatch takes no rule about one that isn't there.
func (a CompositeAlarm) State(states map[string]State) (State, error) {
	for _, name := range a.of {
		if _, known := states[name]; !known {
			return "", fmt.Errorf("the rule of the composite alarm %s names %s, and no metric alarm has this name", a.Name, name)
		}
	}
	if a.rule(states) {
		return InAlarm, nil
	}
	return OK, nil
}

// An alarm's name in a rule stands in quotes here, as in the templates.
var ruleToken = regexp.MustCompile(`\s*("[^"]*"|\w+|\S)`)

// ruleParser reads a rule. AND binds closer than OR, and NOT closer than both.
type ruleParser struct {
	left tokens
	of   []string
}

func parseRule(text string) (rule, []string, error) {
	p := &ruleParser{left: split(text, ruleToken)}
	r, err := p.or()
	if err == nil && len(p.left) > 0 {
		err = fmt.Errorf("there must be AND or OR where %s stands", p.left.next())
	}
	return r, p.of, err
}

func (p *ruleParser) or() (rule, error) {
	return p.joined("OR", p.and, func(a, b bool) bool { return a || b })
}

func (p *ruleParser) and() (rule, error) {
	return p.joined("AND", p.term, func(a, b bool) bool { return a && b })
}

func (p *ruleParser) joined(word string, part func() (rule, error), join func(a, b bool) bool) (rule, error) {
	all, err := part()
	for err == nil && p.left.next() == word {
		p.left.take()
		before := all
		var more rule
		if more, err = part(); err == nil {
			all = func(states map[string]State) bool { return join(before(states), more(states)) }
		}
	}
	return all, err
}

func (p *ruleParser) term() (rule, error) {
	switch word := p.left.take(); State(word) {
	case "NOT":
		r, err := p.term()
		return func(states map[string]State) bool { return !r(states) }, err
	case "(":
		r, err := p.or()
		if err != nil {
			return nil, err
		}
		return r, p.left.expect(")")
	case OK, InAlarm, InsufficientData:
		name, err := p.name(word)
		return func(states map[string]State) bool { return states[name] == State(word) }, err
	default:
		return nil, fmt.Errorf("there must be ALARM, OK, INSUFFICIENT_DATA, NOT or ( where %q stands", word)
	}
}

// name reads an alarm's name in brackets.
func (p *ruleParser) name(function string) (string, error) {
	if err := p.left.expect("("); err != nil {
		return "", fmt.Errorf("%s: %w", function, err)
	}
	quoted := p.left.take()
	name := strings.Trim(quoted, `"`)
	if name == "" || !strings.HasPrefix(quoted, `"`) {
		return "", fmt.Errorf("%s: there must be an alarm's name in quotes where %q stands", function, quoted)
	}
	p.of = append(p.of, name)
	return name, p.left.expect(")")
}
