package template

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const (
	loopPrefix = "Fn::ForEach::"
	// loopDepth is how deep loops may be nested.
	loopDepth = 5
)

func isLoop(key string) bool { return key == "Fn::ForEach" || strings.HasPrefix(key, loopPrefix) }

// expansion is what the loops of a template stand for, in one stack.
type expansion struct {
	of                 string
	resources, outputs *node
}

// expanded are the resources and the outputs without loops. Those of the stack before are kept:
// tests make the same hundreds of times.
func (s *scope) expanded() (resources, outputs *node, err error) {
	o := s.options
	of := fmt.Sprintf("%q %q %q %q %q", o.StackName, o.Region, o.Account, o.Partition, s.parameters)
	if last := s.t.last.Load(); last != nil && last.of == of {
		return last.resources, last.outputs, nil
	}
	if resources, err = s.expand(s.t.root.get("Resources")); err != nil {
		return nil, nil, err
	}
	if outputs, err = s.expand(s.t.root.get("Outputs")); err != nil {
		return nil, nil, err
	}
	s.t.last.Store(&expansion{of, resources, outputs})
	return resources, outputs, nil
}

// expand replaces every loop in n by the entries it stands for. See
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html
func (s *scope) expand(n *node, identifiers ...string) (*node, error) {
	if !n.loops() {
		return n, nil
	}
	expanded := *n
	var err error
	switch value := n.value.(type) {
	case []*node:
		items := make([]*node, len(value))
		for i, item := range value {
			if items[i], err = s.expand(item, identifiers...); err != nil {
				return nil, err
			}
		}
		expanded.value = items
	case []field:
		expanded.value, err = s.expandFields(value, identifiers)
	}
	return &expanded, err
}

// loops says whether there is a loop in n, which may be nil.
func (n *node) loops() bool {
	if n == nil {
		return false
	}
	switch value := n.value.(type) {
	case []*node:
		return slices.ContainsFunc(value, (*node).loops)
	case []field:
		return slices.ContainsFunc(value, func(f field) bool { return isLoop(f.key) || f.loops() })
	}
	return false
}

func (s *scope) expandFields(fields []field, identifiers []string) ([]field, error) {
	expanded := make([]field, 0, len(fields))
	seen := map[string]bool{}
	for _, f := range fields {
		entries, err := s.entries(f, identifiers)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if seen[entry.key] {
				return nil, entry.errorf("this key comes out twice: let it hold the loop's identifier, and the collection no item twice")
			}
			seen[entry.key] = true
			expanded = append(expanded, entry)
		}
	}
	return expanded, nil
}

// entries are what one entry stands for: itself, or a loop's repetitions.
func (s *scope) entries(f field, identifiers []string) ([]field, error) {
	if !isLoop(f.key) {
		value, err := s.expand(f.node, identifiers...)
		return []field{{f.key, value}}, err
	}
	loop, err := s.loop(f, identifiers)
	if err != nil {
		return nil, err
	}
	return s.expandFields(loop.repeat(), append(slices.Clone(identifiers), loop.identifier))
}

// loop is one Fn::ForEach: the fragment is repeated for every item.
type loop struct {
	position
	identifier string
	items      []string
	fragment   []field
}

func (s *scope) loop(f field, outer []string) (loop, error) {
	l := loop{position: f.position}
	l.path = strings.TrimSuffix(strings.TrimSuffix(f.path, f.key), ".") // where the entries will stand
	args, err := f.arguments(3, 3)
	if err != nil {
		return l, err
	}
	if l.identifier, err = args[0].text(); err != nil {
		return l, err
	}
	_, isParameter := s.parameters[l.identifier]
	switch {
	case !loopName.MatchString(l.identifier):
		return l, args[0].errorf("a loop's identifier must be letters and digits only")
	case isParameter || slices.Contains(outer, l.identifier):
		return l, args[0].errorf("%s is already the name of a parameter or of an outer loop's identifier", l.identifier)
	case len(outer) == loopDepth:
		return l, f.errorf("loops can be nested %d deep at most", loopDepth)
	}
	if l.items, err = s.texts(args[1]); err != nil {
		return l, err
	}
	if err = args[2].mapping(nil, nil); err != nil {
		return l, err
	}
	l.fragment = args[2].fields()
	for _, entry := range l.fragment {
		if !isLoop(entry.key) && !strings.Contains(entry.key, "{"+l.identifier+"}") {
			return l, entry.errorf("the key must hold ${%s} or &{%s}", l.identifier, l.identifier)
		}
	}
	return l, nil
}

// repeat gives the fragment's entries for every item of the collection.
func (l loop) repeat() []field {
	var entries []field
	for _, item := range l.items {
		entries = append(entries, l.substituteFields(l.fragment, l.path, item)...)
	}
	return entries
}

var notAlphanumeric = regexp.MustCompile(`[^A-Za-z0-9]+`)

// inText puts the item in place of ${Identifier}, and without what is neither
// letter nor digit in place of &{Identifier}.
func (l loop) inText(text, item string) string {
	if !strings.Contains(text, "{"+l.identifier+"}") { // as most do: a replacer takes long to make
		return text
	}
	return strings.NewReplacer(
		"${"+l.identifier+"}", item,
		"&{"+l.identifier+"}", notAlphanumeric.ReplaceAllString(item, ""),
	).Replace(text)
}

func (l loop) substituteFields(fields []field, path, item string) []field {
	substituted := make([]field, len(fields))
	for i, f := range fields {
		key := l.inText(f.key, item)
		substituted[i] = field{key, l.substitute(f.node, position{path: path}.key(key).path, item)}
	}
	return substituted
}

// substitute gives a copy of n for one item. A Ref to the identifier is the
// item, too.
func (l loop) substitute(n *node, path, item string) *node {
	copied := &node{position: position{n.file, n.line, path}}
	switch value := n.value.(type) {
	case string:
		copied.value = l.inText(value, item)
	case []*node:
		items := make([]*node, len(value))
		for i, element := range value {
			items[i] = l.substitute(element, copied.index(i).path, item)
		}
		copied.value = items
	case []field:
		if name, argument, _ := n.function(); name == "Ref" && argument.value == l.identifier {
			copied.value = item
			break
		}
		copied.value = l.substituteFields(value, path, item)
	default:
		copied.value = value
	}
	return copied
}
