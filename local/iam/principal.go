package iam

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Principal is who makes a call; the zero value is nobody that AWS knows.
type Principal struct {
	ARN     string // of the user, the account's root user, or the session of a role
	Role    string // of a session: the role's ARN
	Service string // of a service: its name, such as s3.amazonaws.com. It has no ARN
}

// Session is a role that somebody has assumed.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
func Session(role, session string) Principal {
	parts := strings.Split(role, ":")
	name := role[strings.LastIndexByte(role, '/')+1:] // a session's ARN has no path
	return Principal{Role: role, ARN: fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", part(parts, 1), part(parts, 4), name, session)}
}

// Account is the 12 digits of whom a principal belongs to; services and strangers
// have none.
func (p Principal) Account() string { return part(strings.Split(p.ARN, ":"), 4) }

func part(parts []string, i int) string {
	if i < len(parts) {
		return parts[i]
	}
	return ""
}

func (p Principal) isRoot() bool { return strings.HasSuffix(p.ARN, ":root") }

// context is what AWS itself says of a principal. A session's is its role's ARN.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
func (p Principal) context() map[string][]string {
	switch {
	case p.Role != "":
		return map[string][]string{"aws:principalarn": {p.Role}}
	case p.ARN != "":
		return map[string][]string{"aws:principalarn": {p.ARN}}
	}
	return nil
}

// match is how closely a statement names a principal.
type match int

const (
	not     match = iota
	account       // leaves it to the account's own policies
	role          // names the role, not the session that calls
	direct        // names the caller itself, or everybody
)

// match says how closely it names a principal. An account's number, or its root's ARN,
// stands for the account: it delegates.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (w Who) match(p Principal) match {
	switch {
	case w.Type == "Service":
		return when(p.Service == w.Value, direct)
	case w.Value == "*":
		return direct
	case p.ARN == w.Value:
		return direct
	case p.Role == w.Value:
		return role
	case rootARN.MatchString(w.Value):
		return when(part(strings.Split(w.Value, ":"), 4) == p.Account(), account)
	}
	return when(w.Value == p.Account(), account)
}

func when(holds bool, m match) match {
	if holds {
		return m
	}
	return not
}

// match is the closest of those that a statement names.
func (s Statement) match(p Principal) match {
	closest := not
	for _, w := range s.Principals {
		closest = max(closest, w.match(p))
	}
	return closest
}

var (
	rootARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:root$`)
	awsARN  = regexp.MustCompile(`^(\*|[0-9]{12}|arn:aws[a-z-]*:(iam::[0-9]{12}:(root|(role|user)/[\w+=,.@/-]+)|sts::[0-9]{12}:assumed-role/[\w+=,.@-]+/[\w+=,.@-]+))$`)
	service = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$`)
)

func (w Who) check() error {
	switch {
	case !slices.Contains([]string{"AWS", "Service"}, w.Type):
		return fmt.Errorf("principals of the type %s are not known here: no identity provider signs anybody in", w.Type)
	case w.Type == "AWS" && !awsARN.MatchString(w.Value):
		return fmt.Errorf("the principal %s is neither *, an account, nor the ARN of an account, a role, a user or a session; it can't hold a * or ? of its own", w.Value)
	case w.Type == "Service" && !service.MatchString(w.Value):
		return fmt.Errorf("the principal %s is no service: write its name, such as s3.amazonaws.com", w.Value)
	}
	return nil
}
