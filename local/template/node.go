package template

import (
	"fmt"
	"slices"
	"strings"
)

// position is where in the template something is written.
type position struct {
	file string
	line int
	path string // Resources.Queue.Properties.Tags[0]
}

func (p position) errorf(format string, args ...any) error {
	where := fmt.Sprintf("%s:%d: ", p.file, p.line)
	if p.path != "" {
		where += p.path + ": "
	}
	return fmt.Errorf("%s%w", where, fmt.Errorf(format, args...))
}

func (p position) key(key string) position {
	if p.path != "" {
		key = p.path + "." + key
	}
	return position{p.file, p.line, key}
}

func (p position) index(i int) position {
	return position{p.file, p.line, fmt.Sprintf("%s[%d]", p.path, i)}
}

// node is a value of the template before its functions are resolved. Nodes are
// never changed once loaded: a template can be resolved many times.
type node struct {
	position
	value any // string, int, float64, bool, []*node or []field
}

// field is one entry of a mapping, in the order of the template.
type field struct {
	key string
	*node
}

// get returns the value of a mapping's key, or nil.
func (n *node) get(key string) *node {
	for _, f := range n.fields() {
		if f.key == key {
			return f.node
		}
	}
	return nil
}

// fields returns a mapping's entries: none for anything else, or for nil.
func (n *node) fields() []field {
	if n == nil {
		return nil
	}
	fields, _ := n.value.([]field)
	return fields
}

func (n *node) names() []string {
	var names []string
	for _, f := range n.fields() {
		names = append(names, f.key)
	}
	return names
}

// function returns the name and argument where n is a function's call.
func (n *node) function() (string, *node, bool) {
	if fields := n.fields(); len(fields) == 1 && isFunction(fields[0].key) {
		return fields[0].key, fields[0].node, true
	}
	return "", nil, false
}

func isFunction(key string) bool {
	return key == "Ref" || strings.HasPrefix(key, "Fn::") && !isLoop(key)
}

// text returns a literal scalar as text.
func (n *node) text() (string, error) {
	if text, ok := toText(n.value); ok {
		return text, nil
	}
	return "", n.errorf("must be text, not %s", kind(n.value))
}

// list returns a literal list's items.
func (n *node) list() ([]*node, error) {
	if items, ok := n.value.([]*node); ok {
		return items, nil
	}
	return nil, n.errorf("must be a list, not %s", kind(n.value))
}

// arguments returns a literal list of at least low and at most high items.
func (n *node) arguments(low, high int) ([]*node, error) {
	items, err := n.list()
	if err == nil && (len(items) < low || len(items) > high) {
		want := fmt.Sprint(low)
		if high != low {
			want = fmt.Sprintf("%d to %d", low, high)
		}
		err = n.errorf("takes %s arguments, not %d", want, len(items))
	}
	return items, err
}

// mapping checks that n is a mapping that holds only the known keys, and of
// those all required ones. Nil passes.
func (n *node) mapping(required, optional []string) error {
	if n == nil {
		return nil
	}
	if _, ok := n.value.([]field); !ok {
		return n.errorf("must be a mapping, not %s", kind(n.value))
	}
	known := append(slices.Clone(required), optional...)
	for _, f := range n.fields() {
		if len(known) > 0 && !slices.Contains(known, f.key) {
			return f.errorf("%s is not supported here%s", f.key, suggest(f.key, known))
		}
	}
	for _, name := range required {
		if n.get(name) == nil {
			return n.errorf("%s is missing", name)
		}
	}
	return nil
}
