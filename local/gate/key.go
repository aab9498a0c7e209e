package gate

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"autobackup/local/iam"
	"autobackup/local/template"
	"autobackup/local/wire"
)

// Unusable is a call of a key that is disabled, or scheduled for deletion.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
type Unusable struct{ Key, State string }

// The states of a key that nobody can use, in KMS's words.
const (
	deleting = "pending deletion"
	disabled = "disabled"
)

// Error is KMS's text.
func (u *Unusable) Error() string { return u.Key + " is " + u.State + "." }

// Disabled says whether somebody can enable the key again at once.
func (u *Unusable) Disabled() bool { return u.State == disabled }

// Stateful is an Unusable as the answer that a service has for it: by the code of a key that is
// scheduled for deletion, or by that of a disabled one. Any other error stays what it is.
func Stateful(err error, toBeDeleted, switchedOff wire.Error) error {
	var unusable *Unusable
	if !errors.As(err, &unusable) {
		return err
	}
	answer := toBeDeleted
	if unusable.Disabled() {
		answer = switchedOff
	}
	answer.Message, answer.Status = unusable.Error(), http.StatusBadRequest
	return &answer
}

// Disable disables a key, as DisableKey does: what is encrypted with it can't be read until
// somebody enables it.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_DisableKey.html
func (g *Gate) Disable(keyARN string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.unusable[keyARN] = disabled
}

// state is that of a key which nobody can use; "" of any other.
func (g *Gate) state(arn string) string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.unusable[arn]
}

// Key is the ARN of the key that an ARN, an id, or the name or ARN of an alias stands for
// in a region.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
func (g *Gate) Key(region, account, named string) string {
	prefix := fmt.Sprintf("arn:aws:kms:%s:%s:", region, account)
	switch {
	case strings.HasPrefix(named, "arn:"):
	case strings.HasPrefix(named, "alias/"):
		named = prefix + named
	default:
		named = prefix + "key/" + named
	}
	if g == nil {
		return named
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	if key, ok := g.aliases[named]; ok {
		return key
	}
	return named
}

// keyProperties are those of AWS::KMS::Key.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
type keyProperties struct {
	KeyPolicy   any  `cfn:",required"`
	MultiRegion bool // another value makes another key
}

// key is the type of keys, whose policy changes in its place.
func (g *Gate) key(t template.Type) template.Type {
	t.Fixed = []string{"MultiRegion"}
	t.Asks = func(template.Target, template.Resource) []template.Ask {
		return []template.Ask{{Action: "kms:CreateKey", Resource: "*"}}
	}
	t.Update = func(_ template.Target, was template.Made, r template.Resource) (string, map[string]string, error) {
		if err := g.Attach(was.Attributes["Arn"], iam.Key, r.Properties["KeyPolicy"]); err != nil {
			return "", nil, r.Errorf("KeyPolicy", "%w", err)
		}
		return was.Reference, was.Attributes, nil
	}
	return t
}

// deployKey makes a key. Its id is made of its stack's name and its own, and of a number
// where a key before it was kept, or is about to be deleted.
func (g *Gate) deployKey(t template.Target, r template.Resource, p keyProperties) (string, map[string]string, error) {
	id := t.Stack + "-" + r.LogicalID
	for n := 2; g.Knows(t.ARN("kms", "key/"+id)); n++ {
		id = fmt.Sprintf("%s-%s-%d", t.Stack, r.LogicalID, n)
	}
	arn := t.ARN("kms", "key/"+id)
	if err := g.Attach(arn, iam.Key, p.KeyPolicy); err != nil {
		return "", nil, r.Errorf("KeyPolicy", "%w", err)
	}
	return id, map[string]string{"Arn": arn}, nil
}

// deleteKey schedules a key for deletion: nothing that is encrypted with it can be read.
// https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
func (g *Gate) deleteKey(_ template.Target, made template.Made) error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.unusable[made.Attributes["Arn"]] = deleting
	return nil
}

// aliasProperties are those of AWS::KMS::Alias.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-alias.html
type aliasProperties struct {
	AliasName   string `cfn:",required"`
	TargetKeyID string `cfn:"TargetKeyId,required"`
}

func (g *Gate) deployAlias(t template.Target, r template.Resource, p aliasProperties) (string, map[string]string, error) {
	return g.lead(t, r, p, false)
}

// updateAlias has an alias stand for another key.
func (g *Gate) updateAlias(t template.Target, _ template.Made, r template.Resource, p aliasProperties) (string, map[string]string, error) {
	return g.lead(t, r, p, true)
}

// lead has an alias stand for a key.
func (g *Gate) lead(t template.Target, r template.Resource, p aliasProperties, again bool) (string, map[string]string, error) {
	if !strings.HasPrefix(p.AliasName, "alias/") {
		return "", nil, r.Errorf("AliasName", "%q must begin with alias/", p.AliasName)
	}
	if g == nil {
		return p.AliasName, nil, nil
	}
	alias, key := t.ARN("kms", p.AliasName), g.Key(t.Region, t.Account, p.TargetKeyID)
	if !g.Knows(key) {
		return "", nil, r.Errorf("TargetKeyId", "there is no key %s", key)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, taken := g.aliases[alias]; taken && !again {
		return "", nil, r.Errorf("AliasName", "an alias with the name %s already exists", alias)
	}
	g.aliases[alias] = key
	return p.AliasName, nil, nil
}

func (g *Gate) deleteAlias(t template.Target, made template.Made) error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.aliases, t.ARN("kms", made.Reference))
	return nil
}
