// Package gate is where every call of a service passes, over HTTP or in this process: who
// calls, what, and on which resource. It decides by the policies that were deployed, as
// package iam does, and can be told to let a call fail.
//
// A service that has no gate lets everybody do everything, which is what a test of the
// service alone wants.
package gate

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"sync"

	"autobackup/local/iam"
	"autobackup/local/wire"
)

// Call is one call of a service.
type Call struct {
	By       iam.Principal
	Action   string              // such as s3:GetObjectVersion
	Resource string              // an ARN, or * for a call that is done to none
	Context  map[string][]string // what conditions ask for, by the keys' names in small letters
}

// Gate decides calls. Its zero value is of no use: see New.
type Gate struct {
	account string
	// Fault, if set before the first call, is asked before anything is decided; its error
	// is the call's.
	Fault func(Call) error
	// Lost, if set before the first call, is asked once a call that changes something is done;
	// its error is the call's, in the place of an answer that is lost on its way.
	Lost func(Call) error
	// Deployed, if set before anything is deployed, may change each policy before it counts:
	// a test takes a part away, or turns it round.
	Deployed func(d *iam.Document)
	// Saw, if set before the first call, is told of every decision.
	Saw func(Call, iam.Decision)

	mu         sync.RWMutex
	identities map[string]identity         // roles and users, by ARN
	managed    map[string]iam.Document     // managed policies, by ARN: those that bound identities
	attached   map[attachment]iam.Document // managed policies that roles have beside their own
	policies   map[string]iam.Document     // of resources, by ARN
	owners     map[string]string           // accounts of buckets, whose ARNs name none, by ARN
	keys       map[string]iam.Principal    // by access key id
	unusable   map[string]string           // states of KMS keys that nobody can use, by ARN
	aliases    map[string]string           // KMS keys' ARNs by that of an alias
	refusals   map[Refusal]int
	limits     *limits // nil: there are none
}

// Refusal is a kind of call that was refused.
type Refusal struct {
	By     string `json:"by"` // ARN of a role, of a user or of the account's owner, or the name of a service
	Action string `json:"action"`
}

// New returns a gate in front of an account, whose owner may do everything in it. Other
// accounts are those of whom something is deployed for.
func New(account string) *Gate {
	return &Gate{
		account: account, identities: map[string]identity{}, managed: map[string]iam.Document{}, attached: map[attachment]iam.Document{}, policies: map[string]iam.Document{},
		owners: map[string]string{}, keys: map[string]iam.Principal{}, unusable: map[string]string{}, aliases: map[string]string{}, refusals: map[Refusal]int{},
	}
}

// Refused is a call that no policy allows, or that one denies.
type Refused struct {
	Call
	iam.Decision
}

// Denied is a refusal as the answer that a service has for it, in AWS's words. Any other
// error, such as a fault that somebody wants, stays what it is.
func Denied(err error, answer wire.Error) error {
	var refused *Refused
	if !errors.As(err, &refused) {
		return err
	}
	answer.Message = refused.Words
	return &answer
}

// DeniedBy is the refusal of a call by a policy of a side that nobody deploys here, such as an
// organization's: for Fault.
func (g *Gate) DeniedBy(c Call, side iam.Side, explicit bool) error {
	request := iam.Request{Principal: c.By, Action: c.Action, Resource: c.Resource}
	return &Refused{c, request.DeniedBy(side, explicit, g.of(c).ResourceOwner)}
}

// Error is AWS's text.
func (r *Refused) Error() string { return r.Words }

// Owner is who deployed everything: the account itself.
func (g *Gate) Owner() iam.Principal {
	if g == nil {
		return iam.Principal{}
	}
	return iam.Principal{ARN: "arn:aws:iam::" + g.account + ":root"}
}

// check decides a call: nil, a *Refused, or what Fault says.
func (g *Gate) check(c Call) error {
	err := g.decide(c)
	var refused *Refused
	if errors.As(err, &refused) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.refusals[Refusal{cmp.Or(c.By.Role, c.By.ARN, c.By.Service), c.Action}]++
	}
	return err
}

func (g *Gate) decide(c Call) error {
	if g.Fault != nil {
		if err := g.Fault(c); err != nil {
			return err
		}
	}
	if state := g.state(c.Resource); state != "" {
		return &Unusable{c.Resource, state}
	}
	decision := g.Decision(c)
	if g.Saw != nil {
		g.Saw(c, decision)
	}
	if decision.Allowed {
		return g.quotas().take(c)
	}
	return &Refused{c, decision}
}

// Decision is what the policies make of a call, which nobody makes by asking: it is neither
// counted nor told of, and no fault strikes it.
func (g *Gate) Decision(c Call) iam.Decision {
	return iam.Evaluate(iam.Request{Principal: c.By, Action: c.Action, Resource: c.Resource, Context: c.Context}, g.of(c))
}

// Changed is a gate with the same policies, but for one document, which takes the place of
// the one of its name and kind. It decides alone: its hooks are unset.
func (g *Gate) Changed(d iam.Document) *Gate {
	g.mu.RLock()
	defer g.mu.RUnlock()
	changed := New(g.account)
	maps.Copy(changed.owners, g.owners)
	other := func(now iam.Document) iam.Document {
		if now.Kind == d.Kind && now.Name == d.Name {
			return d
		}
		return now
	}
	for arn, of := range g.identities {
		of.trust, of.policies = other(of.trust), slices.Clone(of.policies)
		for i := range of.policies {
			of.policies[i] = other(of.policies[i])
		}
		changed.identities[arn] = of
	}
	for arn, policy := range g.managed {
		changed.managed[arn] = other(policy)
	}
	for at, policy := range g.attached {
		changed.attached[at] = other(policy)
	}
	for arn, policy := range g.policies {
		changed.policies[arn] = other(policy)
	}
	return changed
}

// Refusals are how often which kinds of calls were refused so far.
func (g *Gate) Refusals() map[Refusal]int {
	if g == nil {
		return nil
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	return maps.Clone(g.refusals)
}
