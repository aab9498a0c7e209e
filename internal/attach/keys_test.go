package attach_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/attach"
)

func TestWhatKeysOfKMSKeepFromReplicasIsTold(t *testing.T) {
	const own, theirs = "arn:aws:kms:eu-west-1:111122223333:key/k", "arn:aws:kms:eu-west-1:444455556666:alias/aws/s3"
	const leftOut = "its default encryption is aws:kms, and no enabled rule to docs-dr takes what is encrypted with keys of AWS KMS: each upload that names no other encryption is told as LEFT_OUT"
	kms := func(edit func(*attach.Bucket)) func(*attach.Bucket) {
		return func(b *attach.Bucket) {
			b.Encryption, b.Rules[0].KMS, b.Rules[0].Key = "aws:kms", true, own
			edit(b)
		}
	}
	shared := func(b *attach.Bucket) {
		b.Replicas[0].Account, b.Replicas[0].Policy = "444455556666", `{"Statement": `+stage.LetIn("docs-dr")+`}`
	}
	for name, tt := range map[string]struct {
		edit       func(*attach.Bucket)
		word, says string
	}{
		"a rule that takes none": {kms(func(b *attach.Bucket) { b.Rules[0].KMS = false }), "warning", leftOut},
		"one that takes some is disabled": {kms(func(b *attach.Bucket) {
			b.Rules = append(b.Rules, b.Rules[0])
			b.Rules[0].KMS, b.Rules[1].Enabled = false, false
		}), "warning", leftOut},
		"one that takes some leads elsewhere": {kms(func(b *attach.Bucket) {
			b.Rules = append(b.Rules, b.Rules[0])
			b.Rules[0].KMS, b.Rules[1].To = false, "other"
		}), "warning", leftOut},
		"under two layers":                   {kms(func(b *attach.Bucket) { b.Encryption, b.Rules[0].KMS = "aws:kms:dsse", false }), "warning", "is aws:kms:dsse, and no enabled rule"},
		"the rule's key":                     {kms(func(*attach.Bucket) {}), "?", "whether the key of docs-dr lets " + theRole + " decrypt: its policy must allow kms:Decrypt on " + own},
		"where the parameters are not known": {kms(func(b *attach.Bucket) { b.Unread = append(b.Unread, attach.Unread{Fact: attach.Named}) }), "?", "its policy must allow kms:Decrypt on " + own + ", and its ARN must stand in ReplicaKeyArns"},
		"where the parameters lack it":       {kms(func(b *attach.Bucket) { b.LookUp(stage, map[string]string{"ReplicaBuckets": "docs-dr"}) }), "?", "its policy must allow kms:Decrypt on " + own + ", and to the role itself, as the key does not stand in ReplicaKeyArns"},
		"the replica's own key":              {func(b *attach.Bucket) { b.Replicas[0].Encryption, b.Replicas[0].Key = "aws:kms", own }, "?", "on " + own},
		"the primary's own key":              {func(b *attach.Bucket) { b.Key = own }, "?", "whether the key of docs lets " + theRole + " decrypt: its policy must allow kms:Decrypt on " + own},
		"AWS's key of another account":       {kms(func(b *attach.Bucket) { shared(b); b.Rules[0].Key = theirs }), "FAIL", "encrypts replicas in docs-dr with " + theirs + ", which nobody of an account other than 444455556666 can use"},
		"that key, of uploads that name KMS": {func(b *attach.Bucket) { shared(b); b.Rules[0].KMS, b.Rules[0].Key = true, theirs }, "?", "kms:Decrypt on " + theirs},
		"one that may be AWS's":              {kms(func(b *attach.Bucket) { shared(b); b.Rules[0].Key = "alias/aws/s3" }), "?", "kms:Decrypt on alias/aws/s3"},
		"another account's default":          {func(b *attach.Bucket) { shared(b); b.Replicas[0].Encryption = "aws:kms" }, "?", "whether replicas in docs-dr are encrypted with the AWS managed key of its account"},
	} {
		p := attach.Judge(stage, with(tt.edit))
		assert.Contains(t, said(p, tt.word), tt.says, name)
		assert.Equal(t, tt.word == "FAIL", p.State == attach.Refused, name)
	}
	for name, edit := range map[string]func(*attach.Bucket){
		"nothing under KMS": func(b *attach.Bucket) { b.Rules[0].KMS = false },
		"AWS's keys of the stage's account": kms(func(b *attach.Bucket) {
			b.Key, b.Rules[0].Key, b.Replicas[0].Encryption = "arn:aws:kms:eu-central-1:111122223333:alias/aws/s3", "", "aws:kms"
		}),
		"AWS's key of the stage's account, by a rule":     kms(func(b *attach.Bucket) { b.Rules[0].Key = "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3" }),
		"a key of what is not replicated":                 func(b *attach.Bucket) { b.Rules[0].Key = own },
		"another account's default that is no key of KMS": shared,
		"keys of disabled rules and of others": func(b *attach.Bucket) {
			b.Rules = append(b.Rules, attach.Rule{To: "docs-dr", KMS: true, Key: own}, attach.Rule{To: "other", Enabled: true, KMS: true, Key: own})
		},
	} {
		p := attach.Judge(stage, with(edit))
		assert.NotContains(t, said(p, "?"), "key of", name)
		assert.NotContains(t, said(p, "warning"), "LEFT_OUT", name)
		assert.Empty(t, said(p, "FAIL"), name)
	}
}

func TestEachKeyIsAskedForOnce(t *testing.T) {
	key := func(name string) string { return "arn:aws:kms:eu-west-1:444455556666:" + name }
	judged := func(encryption, own string, keys ...string) attach.Plan {
		return attach.Judge(stage, with(func(b *attach.Bucket) {
			r := &b.Replicas[0]
			r.Account, r.Policy, r.Encryption, r.Key, b.Encryption = "444455556666", `{"Statement": `+stage.LetIn("docs-dr")+`}`, encryption, own, "aws:kms"
			b.Replicas = append([]attach.Side{{Bucket: "docs-near", Region: stage.Region, Account: stage.Account, Versioning: "Enabled"}}, b.Replicas...)
			for _, k := range keys {
				b.Rules = append(b.Rules, attach.Rule{ID: k, Enabled: true, To: "docs-dr", KMS: true, Key: k})
			}
		}))
	}
	p := judged("aws:kms", key("key/a"), key("key/b"), key("key/a"), key("key/c"), key("key/b"))
	for _, k := range []string{"key/a", "key/b", "key/c"} {
		assert.Equal(t, 1, strings.Count(said(p, "?")+"\n", "kms:Decrypt on "+key(k)+"\n"), k)
	}
	assert.NotContains(t, said(p, "?"), "whether replicas in docs-dr", "their key is known")
	p = judged("", "", key("key/a"), key("alias/aws/s3"))
	assert.Equal(t, "a rule encrypts replicas in docs-dr with "+key("alias/aws/s3")+", which nobody of an account other than 444455556666 can use, each upload would end in ACCESS_DENIED: have the rule name a key that its owner made, and that lets "+theRole+" decrypt", said(p, "FAIL"))
}
