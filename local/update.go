package local

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"autobackup/local/samconfig"
	"autobackup/local/template"
)

// Update makes a deployed stack what its environment's template says now. A resource of
// which nothing changed stays; one that gets another name is replaced, and the old one kept
// or deleted by its UpdateReplacePolicy; one that left the template is by its
// DeletionPolicy. Others are changed in their place, with what they hold. If a resource can't be
// made, everything is again as it was.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
func (s *Stack) Update(env samconfig.Environment, parameters map[string]string) (*template.Stack, error) {
	return s.update(env, parameters, func() {})
}

// update is Update, which calls failed before it makes everything again as it was.
func (s *Stack) update(env samconfig.Environment, parameters map[string]string, failed func()) (*template.Stack, error) {
	before := s.find(env)
	if before == nil {
		return nil, fmt.Errorf("update %s: there is no stack of this name in %s", env.StackName, env.Region)
	}
	u := &update{deployed: deployed{types: before.types, target: before.target, by: s.Deployer}, before: map[string]template.Made{}}
	for _, made := range before.made {
		u.before[made.LogicalID] = made
	}
	made, err := s.resolve(before.target.Account, env, parameters, u.apply)
	if err != nil {
		failed()
		s.became(before, "UPDATE_ROLLBACK_COMPLETE", nil)
		return nil, fmt.Errorf("update %s: %w", env.StackName, errors.Join(err, u.takeBack()))
	}
	s.became(before, "UPDATE_COMPLETE", made)
	before.made, u.made = u.made, u.leaving(before.made)
	if err := u.remove(func(policy string) bool { return policy == "Retain" || policy == "RetainExceptOnCreate" }); err != nil {
		return made, fmt.Errorf("update %s: it is done, but for what could not be deleted: %w", env.StackName, err)
	}
	return made, nil
}

// update is a stack on its way to another template.
type update struct {
	deployed
	before   map[string]template.Made
	replaced []template.Made // as they were
	changed  []string        // logical ids of what was changed in its place
	fresh    []string        // and of what is new
}

// apply makes a resource what it is to be.
func (u *update) apply(r template.Resource) (string, map[string]string, error) {
	was, had := u.before[r.LogicalID]
	content := ""
	if had {
		var err error
		if content, err = u.types.Content(r); err != nil {
			return "", nil, err
		}
	}
	switch {
	case had && was.Type == r.Type && reflect.DeepEqual(was.Properties, r.Properties) && was.Content == content:
		was.Resource = r // its policies may be others
		u.made = append(u.made, was)
		return was.Reference, was.Attributes, nil
	case !had:
		u.fresh = append(u.fresh, r.LogicalID)
	case u.types.Replaces(was, r) != "":
		u.fresh, u.replaced = append(u.fresh, r.LogicalID), append(u.replaced, was)
	default:
		reference, attributes, err := u.types.Update(u.target, was, r)
		if err == nil {
			u.changed = append(u.changed, r.LogicalID)
			u.made = append(u.made, template.Made{Resource: r, Reference: reference, Attributes: attributes, Content: content})
		}
		return reference, attributes, err
	}
	return u.create(r)
}

// leaving is what is no part of the stack any more, in the order of creation, with the
// policy that decides about it as its DeletionPolicy.
func (u *update) leaving(before []template.Made) (all []template.Made) {
	now := map[string]bool{}
	for _, made := range u.made {
		now[made.LogicalID] = true
	}
	for _, made := range before {
		if slices.ContainsFunc(u.replaced, func(r template.Made) bool { return r.LogicalID == made.LogicalID }) {
			made.DeletionPolicy = made.UpdateReplacePolicy
			all = append(all, made)
		} else if !now[made.LogicalID] {
			all = append(all, made)
		}
	}
	return all
}

// takeBack undoes an update that failed: what is new goes, but for what is to be retained
// always, and what was changed is changed back.
func (u *update) takeBack() error {
	var failed []error
	for _, made := range slices.Backward(u.made) {
		switch {
		case slices.Contains(u.fresh, made.LogicalID) && made.DeletionPolicy != "Retain":
			failed = append(failed, u.types.Delete(u.target, made))
		case slices.Contains(u.changed, made.LogicalID):
			_, _, err := u.types.Update(u.target, made, u.before[made.LogicalID].Resource)
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// resolve makes a template's resources, each by make.
func (s *Stack) resolve(account string, env samconfig.Environment, parameters map[string]string, create func(template.Resource) (string, map[string]string, error)) (*template.Stack, error) {
	t, err := load(s.Project, env)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(env.ParameterOverrides)
	maps.Copy(all, parameters)
	if all["AlertEmail"] == "" && all["AlertTopicArn"] == "" && slices.Contains(t.Parameters(), "AlertEmail") {
		all["AlertEmail"] = addressee
	}
	return t.Resolve(template.Options{
		StackName: env.StackName, Region: env.Region, Account: account, Parameters: all,
		Attributes: func(r template.Resource) (string, map[string]string, error) {
			if s.CreateFault != nil {
				if err := s.CreateFault(r); err != nil {
					return "", nil, err
				}
			}
			return create(r)
		},
	})
}
