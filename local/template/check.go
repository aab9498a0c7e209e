package template

import (
	"slices"
	"strings"
)

// checkTemplate checks the expanded template before anything is created: what
// resources and outputs hold, and that every name exists, in branches of Fn::If
// not taken and in resources left out, too.
func (s *scope) checkTemplate(resources, outputs *node) error {
	for _, f := range resources.fields() {
		if err := s.checkResourceField(f); err != nil {
			return err
		}
	}
	for _, f := range outputs.fields() {
		if err := s.checkOutput(f); err != nil {
			return err
		}
	}
	for _, section := range []*node{resources, s.t.root.get("Globals"), outputs} {
		if section == nil {
			continue
		}
		if err := walk(section, func(_ *node, f field) error { return s.checkNames(f) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *scope) checkResourceField(f field) error {
	if err := s.t.checkResource(f); err != nil {
		return err
	}
	if _, taken := s.parameters[f.key]; taken {
		return f.errorf("a parameter has the same name")
	}
	if _, err := s.included(f.node); err != nil {
		return err
	}
	for _, dependency := range dependencies(f.node) {
		id, err := dependency.text()
		if err != nil {
			return err
		}
		if !slices.Contains(s.ids, id) {
			return dependency.errorf("no resource is named %s%s", id, suggest(id, s.ids))
		}
	}
	return nil
}

func (s *scope) checkOutput(f field) error {
	if err := f.mapping([]string{"Value"}, []string{"Condition", "Description", "Export"}); err != nil {
		return err
	}
	if !logicalID.MatchString(f.key) {
		return f.errorf("an output's name must be letters and digits only")
	}
	if _, err := s.included(f.node); err != nil {
		return err
	}
	return f.get("Export").mapping([]string{"Name"}, nil)
}

// checkNames checks the names that one function's call holds literally. Names
// that are computed are checked when they are used.
func (s *scope) checkNames(f field) error {
	switch f.key {
	case "Ref":
		if name, ok := f.value.(string); ok {
			return s.checkName(name, f.node)
		}
	case "Fn::GetAtt":
		return s.checkGetAtt(f.node)
	case "Fn::If":
		args, err := f.arguments(3, 3)
		if err != nil {
			return err
		}
		_, err = s.conditionNamed(args[0])
		return err
	case "Fn::Sub":
		return s.checkSub(f.node)
	}
	return nil
}

func (s *scope) checkName(name string, at *node) error {
	_, isParameter := s.parameters[name]
	if isParameter || pseudoParameters[name] != nil {
		return nil
	}
	return s.checkResource(name, at)
}

func (s *scope) checkGetAtt(n *node) error {
	if args, ok := n.value.([]*node); ok && len(args) > 0 {
		if id, ok := args[0].value.(string); ok {
			return s.checkResource(id, n)
		}
		return nil
	}
	id, _, err := s.getAttArguments(n)
	if err != nil {
		return err
	}
	return s.checkResource(id, n)
}

func (s *scope) checkSub(n *node) error {
	pieces, variables, err := subArguments(n)
	if err != nil {
		return err
	}
	for _, p := range pieces {
		if p.variable == "" || variables.get(p.variable) != nil {
			continue
		}
		id, _, dotted := strings.Cut(p.variable, ".")
		if dotted {
			err = s.checkResource(id, n)
		} else {
			err = s.checkName(id, n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
