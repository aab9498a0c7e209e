package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Target is the stack that a resource is created for.
type Target struct{ Stack, Region, Account string }

// ARN is that of a service's resource in the target's region and account.
func (t Target) ARN(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, t.Region, t.Account, resource)
}

// Create creates a resource and answers its Ref and its attributes.
type Create func(t Target, r Resource) (reference string, attributes map[string]string, err error)

// Made is a resource that was created, with what Ref and Fn::GetAtt give for it.
type Made struct {
	Resource
	Reference  string
	Attributes map[string]string
	Content    string // what Type.Content said of it
}

// Delete deletes what Create has made. What is gone already is no error.
type Delete func(t Target, made Made) error

// Type is a resource type: how its resources are created and deleted, and what of it has
// no effect, with the reason.
type Type struct {
	Create Create
	Delete Delete
	// Fixed are the properties whose change makes another resource of it: those of which
	// CloudFormation's reference says "Update requires: Replacement".
	Fixed []string
	// Update changes a resource in its place. nil: it is deleted and made anew.
	Update Update
	// Content, if set, tells what the files hold that a resource's properties name, which
	// change while the properties stay.
	Content func(r Resource) (string, error)
	// Asks are the permissions that creating a resource takes of whoever deploys.
	Asks     func(t Target, r Resource) []Ask
	NoEffect map[string]string // by property
	Why      string            // the type itself has no effect; "" where it has
}

// Update changes a resource that was created, and answers what Create would.
type Update func(t Target, was Made, r Resource) (reference string, attributes map[string]string, err error)

// Ask is a permission that whoever deploys needs: what CloudFormation calls to create a
// resource, and for a role that it is given to, PassRole. What it calls beside, to read and
// to tag, is held against the schemas of resource types, not here.
// https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
type Ask struct {
	Action, Resource string
	PassedTo         string // the service, where Action is iam:PassRole
}

// Pass asks for passing a role to a service; of none nothing.
func Pass(role, service string) []Ask {
	if role == "" {
		return nil
	}
	return []Ask{{"iam:PassRole", role, service}}
}

// Text is a property that is a text; "" where it is none.
func (r Resource) Text(property string) string {
	text, _ := r.Properties[property].(string)
	return text
}

// Texts is a property that is a list of texts; empty where it is none.
func (r Resource) Texts(property string) (all []string) {
	list, _ := r.Properties[property].([]any)
	for _, one := range list {
		if text, is := one.(string); is {
			all = append(all, text)
		}
	}
	return all
}

// Types are resource types by name.
type Types map[string]Type

// Make is a type whose resources are created from their properties P. A property
// that is neither in P nor in noEffect is rejected: see Decode.
func Make[P any](noEffect map[string]string, create func(Target, Resource, P) (string, map[string]string, error), remove Delete) Type {
	ignore := slices.Collect(maps.Keys(noEffect))
	return Type{NoEffect: noEffect, Delete: remove, Create: func(t Target, r Resource) (string, map[string]string, error) {
		var p P
		if err := Decode(r, &p, ignore...); err != nil {
			return "", nil, err
		}
		return create(t, r, p)
	}}
}

// Ignore is a type without effect. Its resources have a name, and the attributes
// by which others refer to them; attributes may be nil.
func Ignore(why string, attributes func(t Target, name string) map[string]string) Type {
	return Type{Why: why, Delete: func(Target, Made) error { return nil }, Create: func(t Target, r Resource) (string, map[string]string, error) {
		name := t.Stack + "-" + r.LogicalID
		if attributes == nil {
			return name, nil, nil
		}
		return name, attributes(t, name), nil
	}}
}

// Merge are all the types of several services.
func Merge(services ...Types) Types {
	all := Types{}
	for _, types := range services {
		maps.Copy(all, types)
	}
	return all
}

// Create creates a resource of one of the types. Any other type is rejected.
func (all Types) Create(t Target, r Resource) (string, map[string]string, error) {
	known, ok := all[r.Type]
	if !ok {
		return "", nil, r.Errorf("", "resource type %s is not supported by the local stack, and not on the list of types without effect here", r.Type)
	}
	for name, policy := range map[string]string{"DeletionPolicy": r.DeletionPolicy, "UpdateReplacePolicy": r.UpdateReplacePolicy} {
		if policy == "Snapshot" {
			return "", nil, r.Errorf("", "%s: there are no snapshots of %s: use Delete or Retain", name, r.Type)
		}
	}
	return known.Create(t, r)
}

// Delete deletes a resource of one of the types.
func (all Types) Delete(t Target, made Made) error {
	if err := all[made.Type].Delete(t, made); err != nil {
		return made.Errorf("", "%w", err)
	}
	return nil
}

// Replaces is the property by which a resource that changed is another one from then on; "" is
// none. What was may have been JSON since.
func (all Types) Replaces(was Made, r Resource) (property string) {
	if was.Type != r.Type {
		return "Type"
	}
	for _, property := range all[r.Type].Fixed {
		before, err := json.Marshal(was.Properties[property])
		now, err2 := json.Marshal(r.Properties[property])
		if err != nil || err2 != nil || !bytes.Equal(before, now) {
			return property
		}
	}
	return ""
}

// Content tells what the files hold that a resource names; "" where it names none.
func (all Types) Content(r Resource) (string, error) {
	content := all[r.Type].Content
	if content == nil {
		return "", nil
	}
	told, err := content(r)
	if err != nil {
		return "", r.Errorf("", "%w", err)
	}
	return told, nil
}

// Update changes a resource that stays the same one. One that can't be made anew is again
// what it was.
func (all Types) Update(t Target, was Made, r Resource) (string, map[string]string, error) {
	if update := all[r.Type].Update; update != nil {
		return update(t, was, r)
	}
	if err := all.Delete(t, was); err != nil {
		return "", nil, err
	}
	reference, attributes, err := all.Create(t, r)
	if err != nil {
		_, _, left := all.Create(t, was.Resource)
		return "", nil, errors.Join(err, left)
	}
	return reference, attributes, nil
}

// Named is the type whose resources are others when one of these properties changes.
func (t Type) Named(fixed ...string) Type {
	t.Fixed = fixed
	return t
}

// Updated is the type whose resources are changed in their place.
func (t Type) Updated(update Update) Type {
	t.Update = update
	return t
}

// Changing is a type whose resources are changed in their place by their properties P, which are
// decoded as Make does.
func Changing[P any](t Type, update func(t Target, was Made, r Resource, p P) (string, map[string]string, error)) Type {
	ignore := slices.Collect(maps.Keys(t.NoEffect))
	return t.Updated(func(to Target, was Made, r Resource) (string, map[string]string, error) {
		var p P
		if err := Decode(r, &p, ignore...); err != nil {
			return "", nil, err
		}
		return update(to, was, r, p)
	})
}

// Over is the type whose resources are changed by being created over what they were, so that
// there is no moment without them. forget, if set, takes away what a resource no longer has.
func (t Type) Over(forget func(t Target, was Made, r Resource)) Type {
	create := t.Create
	return t.Updated(func(to Target, was Made, r Resource) (string, map[string]string, error) {
		reference, attributes, err := create(to, r)
		if err != nil {
			_, _, left := create(to, was.Resource)
			return "", nil, errors.Join(err, left)
		}
		if forget != nil {
			forget(to, was, r)
		}
		return reference, attributes, nil
	})
}

// Asking is the type whose creation takes permissions.
func (t Type) Asking(asks func(t Target, r Resource) []Ask) Type {
	t.Asks = asks
	return t
}

// AskingOf is Asking for one action, on the ARN that a service makes of a property.
func (t Type) AskingOf(action, service, before, property string) Type {
	return t.Asking(func(to Target, r Resource) []Ask {
		return []Ask{{Action: action, Resource: to.ARN(service, before+r.Text(property))}}
	})
}

// Asks are the permissions that creating a resource takes.
func (all Types) Asks(t Target, r Resource) []Ask {
	if asks := all[r.Type].Asks; asks != nil {
		return asks(t, r)
	}
	return nil
}

// NoEffect are the types, and the properties of the other types in the form
// AWS::SQS::Queue.KmsMasterKeyId, that have no effect, with the reasons.
func (all Types) NoEffect() map[string]string {
	reasons := map[string]string{}
	for name, known := range all {
		if known.Why != "" {
			reasons[name] = known.Why
		}
		for property, why := range known.NoEffect {
			reasons[name+"."+property] = why
		}
	}
	return reasons
}

// Reasons why something has no effect, which several services give.
const (
	NoKMS     = "nothing is encrypted at rest: a key's policy alone counts"
	NoXRay    = "nothing is traced"
	ForPeople = "a text for people"
)
