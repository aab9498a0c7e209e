package attach_test

import (
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
		"the rule's key":                     {kms(func(*attach.Bucket) {}), "?", "whether the key of docs-dr lets " + theRole + " decrypt: its policy and the role's must allow kms:Decrypt on " + own + ", for which it must stand in ReplicaKeyArns"},
		"the replica's own key":              {func(b *attach.Bucket) { b.Replicas[0].Encryption, b.Replicas[0].Key = "aws:kms", own }, "?", "on " + own + ", for which it must stand in ReplicaKeyArns"},
		"the primary's own key":              {func(b *attach.Bucket) { b.Key = own }, "?", "whether the key of docs lets " + theRole + " decrypt: its policy and the role's must allow kms:Decrypt on " + own + ", for which it must stand in BucketKeyArns"},
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
