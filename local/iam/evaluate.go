package iam

import (
	"maps"
	"strings"
)

// Request is a call.
type Request struct {
	Principal Principal
	Action    string // such as s3:GetObjectVersion
	Resource  string // an ARN, or * for a call that is done to none
	// Context is what conditions ask for: values by the keys' names in small letters.
	// What the principal says of itself needs not stand in it.
	Context map[string][]string
}

// Policies are those that a request is decided by.
type Policies struct {
	Identity      []Document // of the role or user
	Boundary      *Document  // of the role or user; nil bounds nothing
	Resource      *Document  // nil where the resource has none
	ResourceOwner string     // the account that the resource belongs to
	// ConsentNeeded is for keys and roles: an identity's policy is not enough even in
	// the same account, unless the resource's policy leaves it to the account.
	// https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
	ConsentNeeded bool
}

// Decision is what comes of a request.
type Decision struct {
	Allowed  bool
	Explicit bool   // denied by a statement, not for want of one
	By       []By   // the statements that allowed, or those that denied, or where one is missing
	Words    string // AWS's, of a denial
}

// By is a statement, or where one is missing, which has no name then.
type By struct {
	Side      Side
	Document  string
	Statement string
}

// found are the statements of one side that match a request.
type found struct {
	denies, allows []By
	closest        match // of those that allow: how the principal is named
}

// Evaluate decides.
func Evaluate(r Request, p Policies) Decision {
	context := maps.Clone(r.Context)
	if context == nil {
		context = map[string][]string{}
	}
	maps.Copy(context, r.Principal.context())
	r.Context = context

	identity, boundary, resource := r.search(IdentitySide, p.Identity...), found{}, found{}
	if p.Boundary != nil {
		boundary = r.search(BoundarySide, *p.Boundary)
	}
	if p.Resource != nil {
		resource = r.search(ResourceSide, *p.Resource)
	}
	for _, side := range []found{identity, resource, boundary} {
		if len(side.denies) > 0 {
			return Decision{Explicit: true, By: side.denies, Words: r.words(p, side.denies[0].Side, true)}
		}
	}
	if missing := r.missing(p, identity, boundary, resource); missing != "" {
		return Decision{By: []By{{Side: missing}}, Words: r.words(p, missing, false)}
	}
	return Decision{Allowed: true, By: append(append(identity.allows, boundary.allows...), resource.allows...)}
}

// missing is the side that lacks a statement that allows; empty where the request is
// allowed.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
func (r Request) missing(p Policies, identity, boundary, resource found) Side {
	sameAccount := r.Principal.Account() == p.ResourceOwner
	// The caller itself, or everybody, is let in by the resource alone. Neither its
	// policies nor its boundary need to allow what they don't deny:
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles
	// So are services and strangers, who have no policies.
	if resource.closest == direct && (sameAccount || r.Principal.ARN == "") {
		return ""
	}
	byIdentity := len(identity.allows) > 0 || r.Principal.isRoot()
	switch {
	case !sameAccount && resource.closest == not:
		return ResourceSide
	case sameAccount && resource.closest == role:
		// Named by the role's ARN: its policies need to say nothing, its boundary must allow.
	case sameAccount && p.ConsentNeeded && resource.closest != account:
		return ResourceSide
	case !byIdentity:
		return IdentitySide
	}
	if p.Boundary != nil && len(boundary.allows) == 0 {
		return BoundarySide
	}
	return ""
}

// search finds the statements that match.
func (r Request) search(side Side, documents ...Document) (f found) {
	for _, d := range documents {
		for i, s := range d.Statements {
			named := direct
			if d.Kind.ofResource() {
				named = s.match(r.Principal)
			}
			if named == not || !r.matches(s, d.Kind) {
				continue
			}
			by := By{side, d.Name, d.ID(i)}
			if s.Effect == Deny {
				f.denies = append(f.denies, by)
				continue
			}
			f.allows = append(f.allows, by)
			f.closest = max(f.closest, named)
		}
	}
	return f
}

// matches says whether a statement of a kind of policy is about a call, whoever makes it.
func (r Request) matches(s Statement, kind Kind) bool {
	if !covers(s.Actions, s.NotActions, r.Action, actionLike) ||
		kind.namesResources() && !covers(s.Resources, s.NotResources, r.Resource, resourceLike) {
		return false
	}
	for _, c := range s.Conditions {
		if !c.holds(r.Context) {
			return false
		}
	}
	return true
}

// covers says whether a value is one of those that are meant, or none of those that
// are not.
func covers(meant, not []string, value string, like func(pattern, value string) bool) bool {
	patterns := meant
	if len(not) > 0 {
		patterns = not
	}
	for _, pattern := range patterns {
		if like(pattern, value) {
			return len(not) == 0
		}
	}
	return len(not) > 0
}

// actionLike is like: the case of actions is nothing.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
func actionLike(pattern, action string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return strings.EqualFold(pattern, action)
	}
	return like(strings.ToLower(pattern), strings.ToLower(action))
}
