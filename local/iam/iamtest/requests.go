package iamtest

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"autobackup/local/iam"
)

// everything lets an identity do what a resource's policy lets in.
const everything = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}`

// keyOfAccount is what a key has that was made without a policy.
const keyOfAccount = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "` + Here + `"}, "Action": "kms:*", "Resource": "*"}]}`

// call is an action, or one that stands for those that are named with a *.
func call(action, resource string) string {
	if action == "s3:*" && strings.Contains(resource, "/") {
		return "s3:GetObject"
	}
	return cmp.Or(map[string]string{"s3:*": "s3:ListBucket", "kms:*": "kms:Decrypt", "sqs:*": "sqs:SendMessage"}[action], action)
}

// Requests are those that a policy's statements are about, and those that differ in one
// key of the context.
func Requests(p Policy) (all []Case, err error) {
	d, err := iam.Parse(p.Text, p.Kind)
	if err != nil {
		return nil, err
	}
	for _, s := range d.Statements {
		for _, action := range s.Actions {
			for _, resource := range resources(s, action) {
				for _, c := range callersOf(p, s) {
					c.Request.Resource = resource
					c.Request.Action = call(action, resource)
					all = append(all, variants(c, s)...)
				}
			}
		}
	}
	return all, nil
}

// resources are what a statement's action is done to.
func resources(s iam.Statement, action string) []string {
	service, _, _ := strings.Cut(action, ":")
	switch {
	case len(s.Resources) == 0: // of a trust policy
		return []string{"arn:aws:iam::" + Here + ":role/own"}
	case service == "kms" && slices.Contains(s.Resources, "*") && action != "kms:CreateKey" && action != "kms:ListAliases":
		return []string{"arn:aws:kms:eu-central-1:" + Here + ":key/own"}
	case strings.HasSuffix(action, "EventSourceMapping") && action != "lambda:CreateEventSourceMapping":
		return []string{"arn:aws:lambda:eu-central-1:" + Here + ":event-source-mapping:own"}
	}
	var all []string
	for _, r := range s.Resources {
		if r != "*" {
			r = example(r)
		}
		all = append(all, r)
	}
	return all
}

// callersOf are those whom a statement is for, with what they need beside the policy.
func callersOf(p Policy, s iam.Statement) (all []Case) {
	if p.Kind == iam.Identity {
		one := Case{Owner: Here, Kind: iam.Bucket, Identity: []json.RawMessage{p.Text}, Request: iam.Request{Principal: callers[0]}}
		if strings.HasPrefix(s.Actions[0], "kms:") {
			one.Kind, one.Resource = iam.Key, json.RawMessage(keyOfAccount)
		}
		return []Case{one}
	}
	for _, w := range s.Principals {
		one := Case{Owner: Here, Kind: p.Kind, Resource: p.Text}
		if w.Type == "Service" {
			one.Request.Principal.Service = w.Value
		} else {
			one.Identity = []json.RawMessage{json.RawMessage(everything)}
			one.Request.Principal = iam.Session(roleOf(w, s), "one")
		}
		all = append(all, one)
	}
	return all
}

// roleOf is a role that a statement means: one of the account, or the one that it names
// in a condition.
func roleOf(w iam.Who, s iam.Statement) string {
	for _, c := range s.Conditions {
		if c.Key == "aws:PrincipalArn" {
			return example(c.Values[0])
		}
	}
	if parts := strings.Split(w.Value, ":"); len(parts) > 4 {
		return "arn:aws:iam::" + parts[4] + ":role/reads"
	}
	return role
}

// example is a text that has a pattern's form.
func example(pattern string) string {
	if streams, ok := strings.CutSuffix(pattern, ":*"); ok && strings.Contains(pattern, ":log-group:") {
		return streams + ":log-stream:x"
	}
	return strings.NewReplacer("amazonaws.*", "amazonaws.com", "*", "x", "?", "x").Replace(pattern)
}

// variants are a case whose context fulfils a statement's conditions, and for each key
// one without it and one with another value.
func variants(c Case, s iam.Statement) []Case {
	full := map[string][]string{"aws:securetransport": {"true"}}
	for _, one := range s.Conditions {
		full[strings.ToLower(one.Key)] = []string{example(one.Values[0])}
	}
	delete(full, "aws:principalarn")
	all := []map[string][]string{full}
	for key, values := range full {
		without, other := maps.Clone(full), maps.Clone(full)
		delete(without, key)
		other[key] = []string{values[0] + "other"}
		if key == "aws:securetransport" {
			other[key] = []string{map[string]string{"true": "false", "false": "true"}[values[0]]}
		}
		all = append(all, without, other)
	}
	var cases []Case
	for _, context := range all {
		one := c
		one.Request.Context = context
		cases = append(cases, one)
	}
	return cases
}
