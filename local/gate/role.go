package gate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"autobackup/local/iam"
	"autobackup/local/template"
)

// identity is a role or a user.
type identity struct {
	trust    iam.Document // a role's: who may assume it
	policies []iam.Document
	boundary string // ARN of a managed policy; empty where nothing bounds it
}

// assume is what a role's trust policy is about.
const assume = "sts:AssumeRole"

// Types are the resource types of IAM and KMS, whose policies decide.
func (g *Gate) Types() template.Types {
	return template.Types{
		"AWS::IAM::Role": template.Make(nil, g.deployRole, g.deleteRole).Named("RoleName", "Path").Over(nil).Asking(func(t template.Target, r template.Resource) []template.Ask {
			return []template.Ask{{Action: "iam:CreateRole", Resource: arnOf(t, r, "role", r.Text("Path"), r.Text("RoleName"))}}
		}),
		"AWS::IAM::ManagedPolicy": template.Make(map[string]string{"Description": template.ForPeople}, g.deployPolicy, g.deletePolicy).Named("ManagedPolicyName", "Path", "Description").Over(g.forgetAttached).Asking(func(t template.Target, r template.Resource) []template.Ask {
			return []template.Ask{{Action: "iam:CreatePolicy", Resource: arnOf(t, r, "policy", r.Text("Path"), r.Text("ManagedPolicyName"))}}
		}),
		"AWS::KMS::Key": g.key(template.Make(map[string]string{
			"Description": template.ForPeople, "EnableKeyRotation": template.NoKMS,
			"PendingWindowInDays": "a key that is scheduled for deletion stays so",
		}, g.deployKey, g.deleteKey)),
		"AWS::KMS::Alias": template.Changing(template.Make(nil, g.deployAlias, g.deleteAlias), g.updateAlias).Named("AliasName").AskingOf("kms:CreateAlias", "kms", "", "AliasName"),
	}
}

// arnOf is the ARN of a role or a managed policy, whose name is made up where it has none.
func arnOf(t template.Target, r template.Resource, kind, path, name string) string {
	return "arn:aws:iam::" + t.Account + ":" + kind + cmp.Or(path, "/") + cmp.Or(name, t.Stack+"-"+r.LogicalID)
}

// roleProperties are those of AWS::IAM::Role.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
type roleProperties struct {
	RoleName                 string
	Path                     string
	AssumeRolePolicyDocument any `cfn:",required"`
	PermissionsBoundary      string
	Policies                 []struct {
		PolicyName     string `cfn:",required"`
		PolicyDocument any    `cfn:",required"`
	}
}

func (g *Gate) deployRole(t template.Target, r template.Resource, p roleProperties) (string, map[string]string, error) {
	name := cmp.Or(p.RoleName, t.Stack+"-"+r.LogicalID)
	arn := arnOf(t, r, "role", p.Path, p.RoleName)
	attributes := map[string]string{"Arn": arn}
	if g == nil {
		return name, attributes, nil
	}
	made := identity{boundary: p.PermissionsBoundary}
	var err error
	if made.trust, err = g.parse(name, iam.Trust, p.AssumeRolePolicyDocument); err != nil {
		return "", nil, r.Errorf("AssumeRolePolicyDocument", "%w", err)
	}
	for i, policy := range p.Policies {
		d, err := g.parse(name+"/"+policy.PolicyName, iam.Identity, policy.PolicyDocument)
		if err != nil {
			return "", nil, r.Errorf(fmt.Sprintf("Policies[%d].PolicyDocument", i), "%w", err)
		}
		made.policies = append(made.policies, d)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, known := g.managed[made.boundary]; made.boundary != "" && !known {
		return "", nil, r.Errorf("PermissionsBoundary", "there is no managed policy %s here: deploy it first, as AWS::IAM::ManagedPolicy", made.boundary)
	}
	g.identities[arn] = made
	return name, attributes, nil
}

// deleteRole takes a role away: who has assumed it may do nothing from then on.
func (g *Gate) deleteRole(_ template.Target, made template.Made) error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.identities, made.Attributes["Arn"])
	return nil
}

// deletePolicy takes a managed policy away.
func (g *Gate) deletePolicy(_ template.Target, made template.Made) error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.managed, made.Reference)
	maps.DeleteFunc(g.attached, func(at attachment, _ iam.Document) bool { return at.policy == made.Reference })
	return nil
}

// forgetAttached takes a managed policy away from the roles that no longer have it.
func (g *Gate) forgetAttached(t template.Target, was template.Made, r template.Resource) {
	for _, role := range was.Texts("Roles") {
		if of := g.named(t.Account, role); of != "" && !slices.Contains(r.Texts("Roles"), role) {
			g.mu.Lock()
			delete(g.attached, attachment{of, was.Reference})
			g.mu.Unlock()
		}
	}
}

// attachment is a managed policy of a role, by the ARNs of both.
type attachment struct{ role, policy string }

// policyProperties are those of AWS::IAM::ManagedPolicy, which bounds roles or is attached to
// them.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-managedpolicy.html
type policyProperties struct {
	ManagedPolicyName string
	Path              string
	PolicyDocument    any      `cfn:",required"`
	Roles             []string // names
}

func (g *Gate) deployPolicy(t template.Target, r template.Resource, p policyProperties) (string, map[string]string, error) {
	name := cmp.Or(p.ManagedPolicyName, t.Stack+"-"+r.LogicalID)
	arn := arnOf(t, r, "policy", p.Path, p.ManagedPolicyName)
	if g == nil {
		return arn, nil, nil
	}
	if len(p.Roles) > 0 {
		return arn, nil, g.attach(t, r, p, name, arn)
	}
	d, err := g.parse(name, iam.Identity, p.PolicyDocument)
	if err != nil {
		return "", nil, r.Errorf("PolicyDocument", "%w", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.managed[arn] = d
	return arn, nil, nil
}

// attach gives roles a managed policy beside their own.
func (g *Gate) attach(t template.Target, r template.Resource, p policyProperties, name, arn string) error {
	for i, role := range p.Roles {
		d, err := g.parse(role+"/"+name, iam.Identity, p.PolicyDocument)
		if err != nil {
			return r.Errorf("PolicyDocument", "%w", err)
		}
		of := g.named(t.Account, role)
		if of == "" {
			return r.Errorf(fmt.Sprintf("Roles[%d]", i), "there is no role %s in account %s here: deploy it first, as AWS::IAM::Role", role, t.Account)
		}
		g.mu.Lock()
		g.attached[attachment{of, arn}] = d
		g.mu.Unlock()
	}
	return nil
}

// named is the ARN of an account's role of a name, of whatever path; "" where there is none. An
// account has one role of a name.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func (g *Gate) named(account, role string) string {
	if g == nil {
		return ""
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for arn := range g.identities {
		if strings.HasPrefix(arn, "arn:aws:iam::"+account+":role/") && strings.HasSuffix(arn, "/"+role) {
			return arn
		}
	}
	return ""
}

// User is a user of the account as a caller, with these policies alone, as JSON or what
// json.Marshal makes of a value. Of the same name again, the policies take the place of
// those before.
func (g *Gate) User(name string, policies ...any) (Caller, error) {
	if g == nil {
		return Caller{}, nil
	}
	var made identity
	for _, policy := range policies {
		d, err := g.parse(name, iam.Identity, policy)
		if err != nil {
			return Caller{}, err
		}
		made.policies = append(made.policies, d)
	}
	arn := "arn:aws:iam::" + g.account + ":user/" + name
	g.mu.Lock()
	defer g.mu.Unlock()
	g.identities[arn] = made
	return g.As(iam.Principal{ARN: arn}), nil
}

// Assume is a role as a caller, for a service of its account that its trust policy lets
// assume it. A role that no stack here made may do nothing.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
func (g *Gate) Assume(roleARN, service, session string) (Caller, error) {
	if g == nil {
		return Caller{}, nil
	}
	g.mu.RLock()
	account := g.accountOf(roleARN)
	g.mu.RUnlock()
	return g.As(iam.Principal{Service: service}).With("aws:SourceAccount", account).Assume(roleARN, session)
}

// Assume is a role as a caller, for one that its trust policy lets assume it.
func (c Caller) Assume(roleARN, session string) (Caller, error) {
	g := c.gate
	if g == nil {
		return c, nil
	}
	g.mu.RLock()
	_, known := g.identities[roleARN]
	g.mu.RUnlock()
	if !known {
		return Caller{}, fmt.Errorf("%s can't assume the role %s: there is none here", c.by.Service, roleARN)
	}
	call := Call{c.by, assume, roleARN, c.context}
	decision := g.Decision(call)
	if g.Saw != nil {
		g.Saw(call, decision)
	}
	if !decision.Allowed {
		return Caller{}, fmt.Errorf("%s can't assume the role %s: %s", c.by.Service, roleARN, decision.Words)
	}
	return g.As(iam.Session(roleARN, session)), nil
}

func (g *Gate) parse(name string, kind iam.Kind, policy any) (d iam.Document, err error) {
	text, ok := policy.(json.RawMessage)
	if !ok {
		if text, err = json.Marshal(policy); err != nil {
			return d, err
		}
	}
	if d, err = iam.Parse(text, kind); err != nil {
		return d, fmt.Errorf("policy of %s: %w", name, err)
	}
	d.Name = name
	if g.Deployed != nil {
		g.Deployed(&d)
	}
	return d, nil
}
