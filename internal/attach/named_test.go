package attach_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/attach"
)

// What the stack's parameters do not name is refused before anything is changed, but where
// something else may let the stage in.
func TestWhatTheStacksParametersLackComesFirst(t *testing.T) {
	const (
		near   = "arn:aws:kms:eu-west-1:111122223333:key/near"
		theirs = "arn:aws:kms:eu-west-1:444455556666:key/theirs"
	)
	shared := func(b *attach.Bucket) {
		b.Replicas[0].Account, b.Replicas[0].Policy = "444455556666", `{"Statement": `+stage.LetIn("docs-dr")+`}`
	}
	for name, c := range map[string]struct {
		edit       func(*attach.Bucket)
		parameters map[string]string
		lacks      string // empty: nothing comes first
	}{
		"everything is named":                   {func(*attach.Bucket) {}, map[string]string{"ReplicaBuckets": "other", "ReplicaBuckets3": "another,docs-dr"}, ""},
		"the replica is not":                    {func(*attach.Bucket) {}, map[string]string{"ReplicaBuckets": "docs-dr-2"}, "docs-dr in ReplicaBuckets"},
		"nor is one that shares its policy":     {shared, map[string]string{}, "docs-dr in ReplicaBuckets"},
		"a policy of the own account is enough": {func(b *attach.Bucket) { b.Replicas[0].Policy = `{"Statement": ` + stage.LetIn("docs-dr") + `}` }, map[string]string{}, ""},
		"a policy that nobody may read may be": {func(b *attach.Bucket) {
			b.Replicas[0].Unread = append(b.Replicas[0].Unread, attach.Unread{Fact: attach.Policy})
		}, map[string]string{}, ""},
		"a key of the own account may let the role in":     {func(b *attach.Bucket) { b.Replicas[0].Key = near }, map[string]string{"ReplicaBuckets": "docs-dr"}, ""},
		"a key of another needs the role's own permission": {func(b *attach.Bucket) { shared(b); b.Replicas[0].Key = theirs }, map[string]string{"ReplicaBuckets": "docs-dr"}, theirs + " in ReplicaKeyArns"},
		"all keys there may be named at once":              {func(b *attach.Bucket) { shared(b); b.Replicas[0].Key = theirs }, map[string]string{"ReplicaBuckets": "docs-dr", "ReplicaKeyArns": "arn:aws:kms:eu-west-1:444455556666:key/*"}, ""},
		"what a key's other name stands for is not known":  {func(b *attach.Bucket) { shared(b); b.Replicas[0].Key = "alias/theirs" }, map[string]string{"ReplicaBuckets": "docs-dr"}, ""},
		"what the stage made needs no name":                {func(b *attach.Bucket) { b.Listed = false }, map[string]string{}, ""},
	} {
		b := with(c.edit)
		b.LookUp(stage, c.parameters)
		p := attach.Judge(stage, b)
		if c.lacks == "" {
			assert.NotEqual(t, attach.Waiting, p.State, name)
			assert.NotContains(t, said(p, "next"), "do not name", name)
			continue
		}
		assert.Equal(t, attach.Waiting, p.State, name)
		assert.Equal(t, "the primary stack's parameters do not name "+c.lacks+", without which each upload would end in ACCESS_DENIED: --write samconfig.toml adds it; deploy (docs/deploy.md), and attach again", said(p, "next"), name)
	}
}
