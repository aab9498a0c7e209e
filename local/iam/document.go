package iam

import "strconv"

// Document is a policy. Everything in it can be changed after Parse, so that a test
// can take each part away or turn it round.
type Document struct {
	Name       string // for people, and for Decision.By; Parse leaves it empty
	Kind       Kind
	Statements []Statement
}

// Statement is one of it. Of Actions and NotActions exactly one has members, and so it
// is with Resources and NotResources, but for those of trust policies, which have none.
type Statement struct {
	Sid          string
	Effect       Effect
	Principals   []Who // of policies of resources alone
	Actions      []string
	NotActions   []string
	Resources    []string
	NotResources []string
	Conditions   []Condition // all must hold
}

// Effect is what a statement does with a call that it matches.
type Effect string

// The effects.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Who is whom a statement is for: Type is AWS or Service.
type Who struct{ Type, Value string }

// Condition holds where one of the values does, or with a negated operator, where none
// does.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
type Condition struct {
	Operator string // as written, such as ForAnyValue:StringLikeIfExists
	Key      string
	Values   []string
}

// ID is a statement's Sid, or its place, from 1.
func (d Document) ID(i int) string {
	if sid := d.Statements[i].Sid; sid != "" {
		return sid
	}
	return strconv.Itoa(i + 1)
}
