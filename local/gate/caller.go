package gate

import (
	"fmt"
	"maps"
	"strings"

	"autobackup/local/iam"
)

// Caller is somebody who calls services. Its zero value may do everything.
type Caller struct {
	gate    *Gate
	by      iam.Principal
	context map[string][]string
}

// As is a principal as a caller, who speaks over TLS: the SDKs use nothing else with AWS, and
// services among themselves neither.
func (g *Gate) As(by iam.Principal) Caller {
	return Caller{gate: g, by: by, context: map[string][]string{"aws:securetransport": {"true"}}}
}

// With is the caller with a condition key's values beside those that it has.
func (c Caller) With(key string, values ...string) Caller {
	context := maps.Clone(c.context)
	if context == nil {
		context = map[string][]string{}
	}
	context[strings.ToLower(key)] = values
	c.context = context
	return c
}

// AtKMS is the caller as AWS KMS sees it, through another service: EventBridge's calls name
// no source there, those of S3 and CloudWatch do.
// https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
func (c Caller) AtKMS(via string) Caller {
	if c.by.Service == "events.amazonaws.com" {
		c.context = nil
	}
	return c.With("kms:ViaService", via)
}

// May says whether the caller may do something: nil, a *Refused, or a fault that somebody
// wants.
func (c Caller) May(action, resource string) error {
	if c.gate == nil {
		return nil
	}
	return c.gate.check(Call{c.by, action, resource, c.context})
}

// Done is for a service that has done what the caller asked for: nil, or the error that
// somebody wants in the place of the answer.
func (c Caller) Done(action, resource string) error {
	if c.gate == nil || c.gate.Lost == nil {
		return nil
	}
	return c.gate.Lost(Call{c.by, action, resource, c.context})
}

// Sees says whether the caller may do what a service does for it on the side, which it
// leaves out without a word for others.
func (c Caller) Sees(action, resource string) bool {
	return c.gate == nil || c.gate.decide(Call{c.by, action, resource, c.context}) == nil
}

// All says whether the caller may do all of several things to a resource.
func (c Caller) All(resource string, actions ...string) error {
	for _, action := range actions {
		if err := c.May(action, resource); err != nil {
			return err
		}
	}
	return nil
}

// Signed is who signs with an access key id. One that nobody was given is the owner's:
// signatures are not verified here.
func (g *Gate) Signed(accessKey string) Caller {
	if g == nil {
		return Caller{}
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	by, ok := g.keys[accessKey]
	if !ok {
		by = g.Owner()
	}
	return g.As(by)
}

// Principal is who calls; nobody where there is no gate.
func (c Caller) Principal() iam.Principal { return c.by }

// AccessKey is an access key id that the caller signs with over HTTP; empty where there is
// no gate.
func (c Caller) AccessKey() string {
	g, by := c.gate, c.by
	if g == nil {
		return ""
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	id := fmt.Sprintf("ASIALOCAL%011d", len(g.keys)+1)
	g.keys[id] = by
	return id
}

// Service is a service of AWS as a caller, for a resource on whose account's behalf it
// calls.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
func (g *Gate) Service(name, sourceARN string) Caller {
	if g == nil {
		return Caller{}
	}
	g.mu.RLock()
	account := g.accountOf(sourceARN)
	g.mu.RUnlock()
	return g.As(iam.Principal{Service: name}).With("aws:SourceArn", sourceARN).With("aws:SourceAccount", account)
}
