package gate

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"autobackup/local/iam"
)

// of are the policies that a call is decided by.
func (g *Gate) of(c Call) iam.Policies {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if c.Action == assume {
		trust := g.identities[c.Resource].trust
		return iam.Policies{Resource: &trust, ResourceOwner: iam.Principal{ARN: c.Resource}.Account(), ConsentNeeded: true}
	}
	name := resource(c.Resource)
	p := iam.Policies{ResourceOwner: g.accountOf(name)}
	if by, ok := g.identities[cmp.Or(c.By.Role, c.By.ARN)]; ok {
		p.Identity = g.ofRole(cmp.Or(c.By.Role, c.By.ARN), by)
		if bounded, ok := g.managed[by.boundary]; ok {
			p.Boundary = &bounded
		}
	}
	if c.Resource == "*" && c.By.Account() != "" { // what is done to nothing is done in the caller's account
		p.ResourceOwner = c.By.Account()
	}
	if d, ok := g.policies[name]; ok {
		p.Resource = &d
	}
	p.ConsentNeeded = strings.HasPrefix(c.Action, "kms:") && strings.Contains(c.Resource, ":key/") // aliases and what is not made yet have no policy
	return p
}

// ofRole are the policies of an identity, and the managed ones that are attached to it.
func (g *Gate) ofRole(arn string, of identity) []iam.Document {
	all := slices.Clone(of.policies)
	for at, d := range g.attached {
		if at.role == arn {
			all = append(all, d)
		}
	}
	return all
}

// accountOf is whose a resource is. Callers hold the lock.
func (g *Gate) accountOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 && parts[4] != "" {
		return parts[4]
	}
	return cmp.Or(g.owners[resource(arn)], g.account)
}

// AccountOf is whose a resource is, also a bucket; empty where there is no gate.
func (g *Gate) AccountOf(arn string) string {
	if g == nil {
		return ""
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.accountOf(arn)
}

// Own says to which account a bucket belongs: its ARN doesn't.
func (g *Gate) Own(bucketARN, account string) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.owners[bucketARN] = account
}

// resource is the ARN that a policy hangs on: of an object, its bucket's.
func resource(arn string) string {
	if bucket, ok := strings.CutPrefix(arn, s3ARN); ok {
		bucket, _, _ = strings.Cut(bucket, "/")
		return s3ARN + bucket
	}
	return arn
}

const s3ARN = "arn:aws:s3:::"

// Attach gives a resource its policy, as JSON or what json.Marshal makes of a value; it
// takes the place of one before.
func (g *Gate) Attach(arn string, kind iam.Kind, policy any) error {
	if g == nil {
		return nil
	}
	d, err := g.parse(arn, kind, policy)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.policies[resource(arn)] = d
	return nil
}

// Change changes the policies that were deployed, each as Deployed would have: a permission
// that is taken away later, or given back.
func (g *Gate) Change(change func(d *iam.Document)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	changed := func(d iam.Document) iam.Document {
		d.Statements = slices.Clone(d.Statements) // somebody may be evaluating them
		change(&d)
		return d
	}
	for arn, of := range g.identities {
		if of.policies = slices.Clone(of.policies); of.trust.Kind != "" { // a user has none
			of.trust = changed(of.trust)
		}
		for i := range of.policies {
			of.policies[i] = changed(of.policies[i])
		}
		g.identities[arn] = of
	}
	for _, all := range []map[string]iam.Document{g.managed, g.policies} {
		for arn := range all {
			all[arn] = changed(all[arn])
		}
	}
	for at := range g.attached {
		g.attached[at] = changed(g.attached[at])
	}
}

// Detach takes a resource's policy away.
func (g *Gate) Detach(arn string) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.policies, resource(arn))
}

// Names are the ARNs of all roles, aliases and keys, and of what else has a policy, sorted.
// Keys that are scheduled for deletion are not among them.
func (g *Gate) Names() []string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	all := slices.AppendSeq(slices.Collect(maps.Keys(g.identities)), maps.Keys(g.policies))
	all = slices.AppendSeq(all, maps.Keys(g.aliases))
	slices.Sort(all)
	return slices.DeleteFunc(all, func(arn string) bool { return g.unusable[arn] == deleting })
}

// Knows says whether a resource has a policy that was deployed.
func (g *Gate) Knows(arn string) bool {
	if g == nil {
		return false
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	_, known := g.policies[resource(arn)]
	return known
}
