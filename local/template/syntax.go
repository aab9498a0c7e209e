package template

import (
	"regexp"
	"slices"
	"strings"
)

// checkFunctions refuses what is written like a function and is none that is
// supported, whether or not its value is needed later.
func (t *Template) checkFunctions() error {
	loops := map[string]int{}
	for _, section := range []string{"Globals", "Rules", "Conditions", "Resources", "Outputs"} {
		n := t.root.get(section)
		if n == nil {
			continue
		}
		loopsAllowed := slices.Contains([]string{"Conditions", "Resources", "Outputs"}, section)
		err := walk(n, func(parent *node, f field) error {
			if isLoop(f.key) {
				return t.checkLoop(f, loopsAllowed, loops)
			}
			return t.checkFunction(parent, f)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// walk visits every entry of every mapping in n, outer ones first.
func walk(n *node, visit func(parent *node, f field) error) error {
	if items, ok := n.value.([]*node); ok {
		for _, item := range items {
			if err := walk(item, visit); err != nil {
				return err
			}
		}
	}
	for _, f := range n.fields() {
		if err := visit(n, f); err != nil {
			return err
		}
		if err := walk(f.node, visit); err != nil {
			return err
		}
	}
	return nil
}

var loopName = regexp.MustCompile(`^[A-Za-z0-9]+$`)

func (t *Template) checkLoop(f field, allowed bool, seen map[string]int) error {
	name := strings.TrimPrefix(f.key, loopPrefix)
	line, twice := seen[name]
	seen[name] = f.line
	switch {
	case !t.extensions:
		return f.errorf("Fn::ForEach needs the transform %s", extensionsTransform)
	case !allowed:
		return f.errorf("Fn::ForEach works in Conditions, Resources and Outputs only")
	case !loopName.MatchString(name):
		return f.errorf("a loop needs a name of letters and digits, as in Fn::ForEach::Name")
	case twice:
		return f.errorf("line %d has a loop of the same name", line)
	}
	return nil
}

func (t *Template) checkFunction(parent *node, f field) error {
	if !isFunction(f.key) {
		return nil
	}
	known := Functions()
	switch {
	case !slices.Contains(known, f.key):
		return f.errorf("the function %s is not supported here%s", f.key, suggest(f.key, known))
	case len(parent.fields()) > 1:
		return f.errorf("a function must be the only key of its mapping")
	case !t.extensions && (f.key == "Fn::Length" || f.key == "Fn::ToJsonString"):
		return f.errorf("%s needs the transform %s", f.key, extensionsTransform)
	}
	return nil
}
