package template

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Resource is one resource of a stack.
type Resource struct {
	LogicalID string
	Type      string // AWS::SQS::Queue
	// Properties are resolved: string, int, float64, bool, []any or
	// map[string]any.
	Properties          map[string]any
	Metadata            map[string]any
	DeletionPolicy      string // Delete, Retain, RetainExceptOnCreate, Snapshot or empty
	UpdateReplacePolicy string // Delete, Retain, Snapshot or empty
	// Needs are the logical ids of what was created for it first, by its properties or
	// DependsOn, sorted.
	Needs []string
	Line  int    // in the template
	Path  string // Resources.Queue

	properties *node // as written, for the lines of complaints
	at         position
}

var resourceAttributes = []string{
	"Condition", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "UpdateReplacePolicy",
}

var deletionPolicies = []string{"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"}

// Errorf makes an error about one of the resource's properties that starts
// with its line and path. The property's path has the form
// "Environment.Variables" or "Tags[0].Key"; "" is the resource.
func (r Resource) Errorf(property, format string, args ...any) error {
	if property == "" {
		return r.at.errorf(format, args...)
	}
	at := r.at.key("Properties").key(property)
	n := r.properties
	for _, key := range strings.FieldsFunc(property, isSeparator) {
		if n = n.child(key); n != nil {
			at.line = n.line
		}
	}
	return at.errorf(format, args...)
}

func isSeparator(c rune) bool { return strings.ContainsRune(".[]", c) }

// child gives the value at a key or index, or nil where a function or nothing
// stands.
func (n *node) child(key string) *node {
	if n == nil {
		return nil
	}
	items, _ := n.value.([]*node)
	if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(items) {
		return items[i]
	}
	return n.get(key)
}

// resolveResource resolves everything a resource says.
func (d *deployment) resolveResource(id string, n *node) (Resource, error) {
	r := Resource{LogicalID: id, Line: n.line, Path: n.path, at: n.position}
	r.properties = d.t.withGlobals(n)
	var err error
	if r.Type, err = n.get("Type").text(); err != nil {
		return r, err
	}
	if r.Properties, err = d.object(r.properties); err != nil {
		return r, err
	}
	if r.Metadata, err = d.object(n.get("Metadata")); err != nil {
		return r, err
	}
	if r.DeletionPolicy, err = d.policy(n.get("DeletionPolicy"), deletionPolicies); err != nil {
		return r, err
	}
	replace := slices.DeleteFunc(slices.Clone(deletionPolicies), func(p string) bool { return p == "RetainExceptOnCreate" })
	r.UpdateReplacePolicy, err = d.policy(n.get("UpdateReplacePolicy"), replace)
	return r, err
}

// object resolves n to a mapping, which is empty where n is nil.
func (s *scope) object(n *node) (map[string]any, error) {
	if n == nil {
		return map[string]any{}, nil
	}
	value, err := s.eval(n)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, n.errorf("must be a mapping, not %s", kind(value))
	}
	return object, nil
}

// policy resolves DeletionPolicy or UpdateReplacePolicy, which can be functions
// with AWS::LanguageExtensions only.
func (s *scope) policy(n *node, allowed []string) (string, error) {
	if n == nil {
		return "", nil
	}
	value, err := s.name(n)
	if err == nil && !slices.Contains(allowed, value) {
		err = n.errorf("must be one of %s, not %q", join(allowed), value)
	}
	return value, err
}

var resourceType = regexp.MustCompile(`^[A-Za-z0-9_@-]+(::[A-Za-z0-9_@-]+)+$`)

// checkResource checks what a resource's entry holds besides its properties.
func (t *Template) checkResource(f field) error {
	if err := f.mapping([]string{"Type"}, resourceAttributes); err != nil {
		return err
	}
	kind, err := f.get("Type").text()
	switch {
	case err != nil:
		return err
	case !logicalID.MatchString(f.key):
		return f.errorf("a logical id must be letters and digits only: in a loop, &{Identifier} leaves out everything else")
	case !resourceType.MatchString(kind):
		return f.get("Type").errorf("%q is not a resource type such as AWS::SQS::Queue", kind)
	case strings.HasPrefix(kind, serverlessPrefix) && !t.serverless:
		return f.get("Type").errorf("%s needs the transform %s", kind, serverlessTransform)
	}
	return nil
}
