package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"

	"autobackup/local/clock"
	"autobackup/local/lambda"
	"autobackup/local/samconfig"
	"autobackup/local/template"
)

// Change is what became of the resources of all stacks, by their logical ids.
type Change struct{ Changed, New, Gone []string }

// Change updates all stacks to what their templates, parameters and code are now, while they run.
// What would replace a resource is refused, as is what can't be deployed, and nothing has changed
// then: before anything happens, all is deployed into services that nobody uses, and compared.
func (s *Stack) Change(ctx context.Context, environments []samconfig.Environment, code lambda.Code) (c Change, err error) {
	if err := s.mayChange(ctx, environments, code); err != nil {
		return c, err
	}
	before := s.made()
	used := s.Lambda.Use(code)
	for _, environment := range environments {
		if _, err = s.update(environment, nil, func() { s.Lambda.Use(used) }); err != nil {
			break
		}
	}
	if s.Store != nil {
		err = errors.Join(err, s.keep())
	}
	return changed(before, s.made()), err
}

// mayChange tries a change out.
func (s *Stack) mayChange(ctx context.Context, environments []samconfig.Environment, code lambda.Code) (err error) {
	dir, err := os.MkdirTemp(s.Dir, "trial-")
	if err != nil {
		return fmt.Errorf("make a folder to try the change in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	trial, err := Start(ctx, Config{Clock: clock.Real(), Project: s.Project, Dir: dir, Account: s.Account, URL: s.URL, Runtime: code.Run, Sum: code.Sum, Unguarded: s.Unguarded})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, trial.Close()) }()
	now := map[string]*deployed{}
	for _, environment := range environments {
		if _, err := trial.Deploy(environment, nil); err != nil {
			return err
		}
	}
	for _, d := range trial.all() {
		now[d.key()] = d
	}
	return replacing(s.made(), now)
}

// made is what all stacks consist of.
func (s *Stack) made() map[string][]template.Made {
	all := map[string][]template.Made{}
	for _, d := range s.all() {
		all[d.key()] = d.made
	}
	return all
}

func changed(before, now map[string][]template.Made) (c Change) {
	for key, all := range now {
		had := map[string]template.Made{}
		for _, m := range before[key] {
			had[m.LogicalID] = m
		}
		for _, m := range all {
			was, there := had[m.LogicalID]
			delete(had, m.LogicalID)
			switch {
			case !there:
				c.New = append(c.New, m.LogicalID)
			case was.Content != m.Content || !reflect.DeepEqual(was.Properties, m.Properties):
				c.Changed = append(c.Changed, m.LogicalID)
			}
		}
		for id := range had {
			c.Gone = append(c.Gone, id)
		}
	}
	for _, ids := range []*[]string{&c.Changed, &c.New, &c.Gone} {
		slices.Sort(*ids)
	}
	return c
}
