package local

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"autobackup/local/cloudformation"
	"autobackup/local/gate"
	"autobackup/local/samconfig"
	"autobackup/local/template"
)

// deployed is a stack with what it consists of.
type deployed struct {
	types  template.Types
	target template.Target
	by     gate.Caller     // who deploys
	made   []template.Made // in the order of creation

	status string          // as CloudFormation words it
	since  time.Time       // it was created
	tells  *template.Stack // its parameters and outputs; nil while there are none
}

// became notes how an operation of a stack ended, and what it has then; nil: what it had.
func (s *Stack) became(d *deployed, status string, tells *template.Stack) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.status = status
	if tells != nil {
		d.tells = tells
	}
}

// described are all stacks as CloudFormation tells of them.
func (s *Stack) described() (all []cloudformation.Stack) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.stacks {
		one := cloudformation.Stack{Name: d.target.Stack, Region: d.target.Region, Account: d.target.Account, Status: d.status, Created: d.since}
		if d.tells != nil {
			one.Parameters, one.Outputs = d.tells.Parameters, d.tells.Outputs
		}
		all = append(all, one)
	}
	return all
}

// place is where stacks have names of their own.
type place struct{ account, region, stack string }

func (d *deployed) place() place {
	return place{d.target.Account, d.target.Region, d.target.Stack}
}

// find finds an environment's stack, that of this account before another's: environments
// name no account.
func (s *Stack) find(env samconfig.Environment) (found *deployed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at, d := range s.stacks {
		if at.region == env.Region && at.stack == env.StackName && (found == nil || at.account == s.Account) {
			found = d
		}
	}
	return found
}

// enter takes a stack's name, which must be free.
func (s *Stack) enter(d *deployed) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stacks[d.place()] != nil {
		return errors.New("it is there already: update or delete it")
	}
	s.stacks[d.place()] = d
	return nil
}

func (s *Stack) leave(d *deployed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.stacks, d.place())
}

// Delete deletes an environment's stack with its resources, those last that others need,
// but for what a DeletionPolicy keeps. What can't be deleted, and what it needs, stays in
// the stack, which can then be deleted again.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
func (s *Stack) Delete(env samconfig.Environment) error {
	d := s.find(env)
	if d == nil {
		return fmt.Errorf("delete %s: there is no stack of this name in %s", env.StackName, env.Region)
	}
	err := d.remove(func(policy string) bool { return policy == "Retain" || policy == "RetainExceptOnCreate" })
	if err != nil {
		s.became(d, "DELETE_FAILED", nil)
		return fmt.Errorf("delete %s: %w", env.StackName, err)
	}
	s.leave(d)
	return nil
}

func (d *deployed) create(r template.Resource) (string, map[string]string, error) {
	for _, ask := range d.types.Asks(d.target, r) {
		by := d.by.With("aws:CalledVia", "cloudformation.amazonaws.com")
		if ask.PassedTo != "" {
			by = by.With("iam:PassedToService", ask.PassedTo)
		}
		if boundary := r.Text("PermissionsBoundary"); boundary != "" {
			by = by.With("iam:PermissionsBoundary", boundary)
		}
		if err := by.May(ask.Action, ask.Resource); err != nil {
			return "", nil, r.Errorf("", "%w", err)
		}
	}
	content, err := d.types.Content(r)
	if err != nil {
		return "", nil, err
	}
	reference, attributes, err := d.types.Create(d.target, r)
	if err == nil {
		d.made = append(d.made, template.Made{Resource: r, Reference: reference, Attributes: attributes, Content: content})
	}
	return reference, attributes, err
}

// rollBack deletes what the creation of the stack has made until it failed.
func (d *deployed) rollBack() error {
	return d.remove(func(policy string) bool { return policy == "Retain" })
}

// remove deletes all resources but those whose policy is to be kept, and answers what
// could not be deleted.
func (d *deployed) remove(keeps func(policy string) bool) error {
	var failed []error
	needed := map[string]bool{} // by what could not be deleted
	var left []template.Made
	for _, made := range slices.Backward(d.made) {
		if keeps(made.DeletionPolicy) {
			continue
		}
		if !needed[made.LogicalID] {
			err := d.types.Delete(d.target, made)
			if err == nil {
				continue
			}
			failed = append(failed, err)
		}
		left = append(left, made)
		for _, id := range made.Needs {
			needed[id] = true
		}
	}
	slices.Reverse(left)
	d.made = left
	return errors.Join(failed...)
}
