package iam

import "strings"

// DeniedBy is the decision of a policy that is not evaluated here, in AWS's words: one that
// denies, or else one that lacks an allow.
func (r Request) DeniedBy(side Side, explicit bool, resourceOwner string) Decision {
	return Decision{Explicit: explicit, By: []By{{Side: side}}, Words: r.words(Policies{ResourceOwner: resourceOwner}, side, explicit)}
}

// words are AWS's for a refusal.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func (r Request) words(p Policies, side Side, explicit bool) string {
	ofS3 := strings.HasPrefix(r.Action, "s3:")
	if ofS3 && (r.Principal.Account() != p.ResourceOwner || side == ACLSide) {
		// S3 tells the reason within the account alone (and the organization, which nobody
		// has here): https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
		return "Access Denied"
	}
	text := "User: " + r.Principal.name() + " is not authorized to perform: " + r.Action
	ofTrust := side == ResourceSide && p.Resource != nil && p.Resource.Kind == Trust
	switch {
	case ofTrust: // without a resource, in AWS's examples
	case ofS3:
		text += ` on resource: "` + r.Resource + `"`
	default:
		text += " on resource: " + r.Resource
	}
	name, article := string(side), "a "
	switch {
	case ofTrust:
		name, article = string(Trust), "the "
	case side == IdentitySide:
		article = "an "
	}
	if explicit {
		return text + " with an explicit deny in " + article + name
	}
	return text + " because no " + name + " allows the " + r.Action + " action"
}

func (p Principal) name() string {
	switch {
	case p.ARN != "":
		return p.ARN
	case p.Service != "":
		return p.Service
	}
	return "anonymous"
}
