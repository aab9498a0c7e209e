package attach

import (
	"slices"
	"strings"

	"autobackup/internal/text"
)

// kms says whether uploads that name no encryption are encrypted with a key of AWS KMS.
func (s *Side) kms() bool { return strings.HasPrefix(s.Encryption, "aws:kms") }

// managed says whether a key is the one that AWS makes for S3 in each account. Whoever of
// the account may use S3 may use it, and nobody of another.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
func managed(key string) bool {
	return key == "alias/aws/s3" || strings.HasSuffix(key, ":alias/aws/s3")
}

// replicaKeys are the keys that rules encrypt replicas in a bucket with: what is under AWS
// KMS gets that key, and not the one of the bucket's default encryption.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
func (b *Bucket) replicaKeys(to string) (keys []string) {
	for _, r := range b.Rules {
		if r.Enabled && r.KMS && r.To == to {
			keys = add(keys, r.Key)
		}
	}
	return keys
}

// shut says which replicas are encrypted with a key that the stage's role can't be given.
func (p *Plan) shut(s Stage, b *Bucket) {
	for _, r := range b.Replicas {
		if r.Account == s.Account {
			continue
		}
		for _, key := range b.replicaKeys(r.Bucket) {
			if managed(key) && strings.Contains(key, ":"+r.Account+":") && b.kms() {
				p.say("FAIL", "a rule encrypts replicas in %s with %s, which nobody of an account other than %s can use, %s: have the rule name a key that its owner made, and that lets %s decrypt", text.Name(r.Bucket), text.Line(key, 200), text.Name(r.Account), each, s.Role())
			}
		}
	}
}

// leftOut says which replicas S3 makes none of what is uploaded without naming an encryption.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
func (p *Plan) leftOut(b *Bucket) {
	for _, r := range b.Replicas {
		if b.kms() && !slices.ContainsFunc(b.Rules, func(rule Rule) bool { return rule.Enabled && rule.KMS && rule.To == r.Bucket }) {
			p.say("warning", "its default encryption is %s, and no enabled rule to %s takes what is encrypted with keys of AWS KMS: each upload that names no other encryption is told as LEFT_OUT (docs/verdicts.md#left_out)", text.Line(b.Encryption, 100), text.Name(r.Bucket))
		}
	}
}

// keys says with which keys it is not known whether looks can decrypt.
func (p *Plan) keys(s Stage, b *Bucket, side *Side) {
	parameter, all := "BucketKeyArns", []string(nil)
	others := side.Account != s.Account
	if side != &b.Side {
		parameter, all = "ReplicaKeyArns", b.replicaKeys(side.Bucket)
	}
	for _, key := range add(all, side.Key) {
		if !managed(key) || others {
			words := "whether the key of %s lets %s decrypt: its policy must allow kms:Decrypt on %s"
			switch {
			case !b.Known(Named) || !keyARN.MatchString(key):
				words += ", and its ARN must stand in " + parameter
			case side.lacks(key):
				words += ", and to the role itself, as the key does not stand in " + parameter
			}
			p.say("?", words, text.Name(side.Bucket), s.Role(), text.Line(key, 200))
		}
	}
	if others && side.kms() && side.Key == "" {
		p.say("?", "whether replicas in %s are encrypted with the AWS managed key of its account, which nobody of another can use: its default encryption names no other", text.Name(side.Bucket))
	}
}
