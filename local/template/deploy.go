package template

import (
	"maps"
	"slices"
	"strings"
)

// deployment is one pass over the resources. Creating one first creates those
// that its properties refer to.
type deployment struct {
	*scope
	resources *node
	done      map[string]created
	underway  []string // outermost first
	needs     map[string]map[string]bool
	stack     *Stack
}

func (s *scope) deploy() (*Stack, error) {
	resources, outputs, err := s.expanded()
	if err != nil {
		return nil, err
	}
	d := &deployment{scope: s, resources: resources, done: map[string]created{}, needs: map[string]map[string]bool{}}
	d.stack = &Stack{Outputs: map[string]string{}, Exports: map[string]string{}, Parameters: s.shown()}
	s.ids, s.resource = resources.names(), d.create
	if err := s.checkTemplate(resources, outputs); err != nil {
		return nil, err
	}
	for _, f := range resources.fields() {
		included, err := s.included(f.node)
		if err != nil {
			return nil, err
		}
		if !included {
			continue
		}
		if _, err := d.create(f.key, f.node); err != nil {
			return nil, err
		}
	}
	return d.stack, d.addOutputs(outputs)
}

// create creates the resource id, which is referred to at a place, unless that
// has been done.
func (d *deployment) create(id string, at *node) (created, error) {
	d.note(id)
	if done, ok := d.done[id]; ok {
		return done, nil
	}
	if i := slices.Index(d.underway, id); i >= 0 {
		return created{}, at.errorf("circular dependency: %s", strings.Join(slices.Concat(d.underway[i:], []string{id}), " -> "))
	}
	n := d.resources.get(id)
	included, err := d.included(n)
	if err != nil {
		return created{}, err
	}
	if !included {
		return created{}, at.errorf("%s is not part of this stack: its condition %v does not hold", id, n.get("Condition").value)
	}
	d.underway = append(d.underway, id)
	defer func() { d.underway = d.underway[:len(d.underway)-1] }()
	if err := d.createDependencies(n); err != nil {
		return created{}, err
	}
	r, err := d.resolveResource(id, n)
	if err != nil {
		return created{}, err
	}
	r.Needs = slices.Sorted(maps.Keys(d.needs[id]))
	reference, attributes, err := d.options.Attributes(r)
	if err != nil {
		return created{}, err
	}
	d.done[id] = created{reference, attributes}
	d.stack.Resources = append(d.stack.Resources, r)
	return d.done[id], nil
}

// note keeps that the resource being created needs another.
func (d *deployment) note(id string) {
	if len(d.underway) == 0 {
		return
	}
	by := d.underway[len(d.underway)-1]
	if d.needs[by] == nil {
		d.needs[by] = map[string]bool{}
	}
	d.needs[by][id] = true
}

// createDependencies creates what DependsOn names. Resources whose condition
// does not hold are no dependencies.
func (d *deployment) createDependencies(n *node) error {
	for _, dependency := range dependencies(n) {
		id, err := dependency.text()
		if err != nil {
			return err
		}
		included, err := d.included(d.resources.get(id))
		if err != nil {
			return err
		}
		if !included {
			continue
		}
		if _, err := d.create(id, dependency); err != nil {
			return err
		}
	}
	return nil
}

// dependencies are the names in DependsOn.
func dependencies(n *node) []*node {
	dependsOn := n.get("DependsOn")
	if dependsOn == nil {
		return nil
	}
	if list, ok := dependsOn.value.([]*node); ok {
		return list
	}
	return []*node{dependsOn}
}

func (d *deployment) addOutputs(outputs *node) error {
	for _, f := range outputs.fields() {
		included, err := d.included(f.node)
		if err != nil {
			return err
		}
		if !included {
			continue
		}
		value, err := d.text(f.get("Value"))
		if err != nil {
			return err
		}
		d.stack.Outputs[f.key] = value
		if export := f.get("Export"); export != nil {
			name, err := d.text(export.get("Name"))
			if err != nil {
				return err
			}
			d.stack.Exports[name] = value
		}
	}
	return nil
}
