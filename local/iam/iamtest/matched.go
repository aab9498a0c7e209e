package iamtest

import (
	"slices"

	"autobackup/local/iam"
)

// Match is a statement that decided a request, and what in it matched.
type Match struct {
	Policy, Statement          string
	Actions, Resources, Values []string
}

// Matched is what in a statement that decided a request matched it: each part with which,
// in the place of all of its kind, the statement still decides.
func Matched(r iam.Request, p iam.Policies, by iam.By) Match {
	of := documents(&p, by.Side)
	at := slices.IndexFunc(of, func(d iam.Document) bool { return d.Name == by.Document })
	i := 0
	for of[at].ID(i) != by.Statement {
		i++
	}
	whole := of[at].Statements[i]
	decides := func(change func(*iam.Statement)) bool {
		s := whole
		change(&s)
		d := of[at]
		d.Statements = slices.Clone(d.Statements)
		d.Statements[i] = s
		changed := p
		replace(&changed, by.Side, at, d)
		return slices.Contains(iam.Evaluate(r, changed).By, by)
	}
	m := Match{Policy: by.Document, Statement: by.Statement}
	for _, action := range whole.Actions {
		m.Actions = add(m.Actions, action, decides(func(s *iam.Statement) { s.Actions = []string{action} }))
	}
	for _, resource := range whole.Resources {
		m.Resources = add(m.Resources, resource, decides(func(s *iam.Statement) { s.Resources = []string{resource} }))
	}
	for j, c := range whole.Conditions {
		for _, value := range c.Values {
			m.Values = add(m.Values, value, decides(func(s *iam.Statement) {
				s.Conditions = slices.Clone(whole.Conditions)
				s.Conditions[j].Values = []string{value}
			}))
		}
	}
	return m
}

func add(all []string, one string, matches bool) []string {
	if matches {
		return append(all, one)
	}
	return all
}

func documents(p *iam.Policies, side iam.Side) []iam.Document {
	switch side {
	case iam.ResourceSide:
		return []iam.Document{*p.Resource}
	case iam.BoundarySide:
		return []iam.Document{*p.Boundary}
	default:
		return p.Identity
	}
}

func replace(p *iam.Policies, side iam.Side, at int, d iam.Document) {
	switch side {
	case iam.ResourceSide:
		p.Resource = &d
	case iam.BoundarySide:
		p.Boundary = &d
	default:
		p.Identity = slices.Clone(p.Identity)
		p.Identity[at] = d
	}
}
