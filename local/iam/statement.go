package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

func statement(raw []byte, kind Kind) (s Statement, err error) {
	fields, err := object(raw, "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
	if err != nil {
		return s, err
	}
	if raw := fields["Sid"]; raw != nil {
		if raw[0] != '"' || json.Unmarshal(raw, &s.Sid) != nil {
			return s, errors.New("its Sid is no text")
		}
	}
	for _, f := range []struct {
		name string
		into *[]string
	}{{"Action", &s.Actions}, {"NotAction", &s.NotActions}, {"Resource", &s.Resources}, {"NotResource", &s.NotResources}} {
		if raw := fields[f.name]; raw != nil {
			if *f.into, err = texts(raw, false); err != nil {
				return s, fmt.Errorf("%s: %w", f.name, err)
			}
		}
	}
	if err := json.Unmarshal(fields["Effect"], &s.Effect); err != nil || s.Effect != Allow && s.Effect != Deny {
		return s, errors.New("its Effect must be Allow or Deny")
	}
	if fields["NotPrincipal"] != nil {
		return s, errors.New(`NotPrincipal is not known here, and AWS advises against it: write the Principal "*", with ArnNotEquals of aws:PrincipalArn in a Condition`)
	}
	if s.Principals, err = principals(fields["Principal"]); err != nil {
		return s, err
	}
	if s.Conditions, err = conditions(fields["Condition"]); err != nil {
		return s, err
	}
	return s, s.check(kind)
}

func principals(raw json.RawMessage) (all []Who, err error) {
	if raw == nil {
		return nil, nil
	}
	var everybody string
	if json.Unmarshal(raw, &everybody) == nil && raw[0] == '"' {
		if everybody != "*" {
			return nil, fmt.Errorf(`the Principal %q must be "*", or an object`, everybody)
		}
		return []Who{{"AWS", "*"}}, nil
	}
	fields, err := filled(raw)
	if err != nil {
		return nil, fmt.Errorf("the Principal: %w", err)
	}
	for _, kind := range sorted(fields) {
		values, err := texts(fields[kind], false)
		if err != nil {
			return nil, fmt.Errorf("the Principal's %s: %w", kind, err)
		}
		for _, value := range values {
			all = append(all, Who{kind, value})
		}
	}
	return all, nil
}

func conditions(raw json.RawMessage) (all []Condition, err error) {
	if raw == nil {
		return nil, nil
	}
	operators, err := filled(raw)
	if err != nil {
		return nil, fmt.Errorf("the Condition: %w", err)
	}
	for _, operator := range sorted(operators) {
		keys, err := filled(operators[operator])
		if err != nil {
			return nil, fmt.Errorf("the Condition's %s: %w", operator, err)
		}
		for _, key := range sorted(keys) {
			values, err := texts(keys[key], true)
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", operator, key, err)
			}
			all = append(all, Condition{operator, key, values})
		}
	}
	return all, nil
}

func sorted(fields map[string]json.RawMessage) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// check refuses what a statement of this kind can't say.
func (s Statement) check(kind Kind) error {
	switch {
	case kind == Identity && !identitySid.MatchString(s.Sid):
		return errors.New("its Sid must be letters and digits")
	case kind.ofResource() && len(s.Principals) == 0:
		return fmt.Errorf("a %s must say in Principal for whom it is", kind)
	case !kind.ofResource() && len(s.Principals) > 0:
		return errors.New("an identity-based policy is for the identity: leave the Principal out")
	case (len(s.Actions) == 0) == (len(s.NotActions) == 0):
		return errors.New("it must have one of Action and NotAction")
	case !kind.namesResources() && len(s.Resources)+len(s.NotResources) > 0:
		return errors.New("a role trust policy is about the role: leave the Resource out")
	case kind.namesResources() && (len(s.Resources) == 0) == (len(s.NotResources) == 0):
		return errors.New("it must have one of Resource and NotResource")
	}
	return s.checkParts()
}

func (s Statement) checkParts() error {
	for _, action := range slices.Concat(s.Actions, s.NotActions) {
		if !actionForm.MatchString(action) {
			return fmt.Errorf("%s is no action: write the service out, and behind a colon what is done", action)
		}
	}
	for _, resource := range slices.Concat(s.Resources, s.NotResources) {
		if err := checkResource(resource); err != nil {
			return err
		}
	}
	for _, w := range s.Principals {
		if err := w.check(); err != nil {
			return err
		}
	}
	for _, c := range s.Conditions {
		if err := c.check(); err != nil {
			return err
		}
	}
	return nil
}

var (
	identitySid = regexp.MustCompile(`^[A-Za-z0-9]*$`)
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
	actionForm = regexp.MustCompile(`^(\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$`)
)

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
func checkResource(resource string) error {
	if resource == "*" {
		return nil
	}
	if err := checkARN(resource); err != nil {
		return err
	}
	parts := strings.SplitN(resource, ":", arnParts)
	if strings.ContainsAny(parts[2], "*?") {
		return fmt.Errorf("%s has a * or ? for the service, where they stand for nothing: write the service out", resource)
	}
	if strings.Contains(strings.Join(parts[:arnParts-1], ":"), "${") {
		return fmt.Errorf("%s has a policy variable before the fifth colon, where it stands for nothing", resource)
	}
	if v := variable(resource); v != "" {
		return fmt.Errorf("%s has the policy variable %s, which is not known here: write the value out", resource, v)
	}
	return nil
}
