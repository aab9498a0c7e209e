package iamtest

import (
	"strings"

	"pgregory.net/rapid"

	"autobackup/local/iam"
)

// values are those of a key: what requests have and what policies write.
type values struct {
	key, family    string
	given, written []string
}

var ofAll = []values{
	{"aws:SourceAccount", "String", []string{Here, There, "a*", "AB"}, []string{Here, There, "1111*", "${*}", "a${*}", "?b", "ab"}},
	{"aws:SourceArn", "Arn", []string{"arn:aws:s3:::docs-a", "arn:aws:sqs:eu-central-1:" + Here + ":q:r"}, []string{
		"arn:aws:s3:::docs-*", "arn:aws:s3:::docs-a", "arn:aws:sqs:*:" + Here + ":q*", "arn:aws:sqs:eu-*-?:" + Here + ":*", "arn:aws:s3:::DOCS-a", "arn:aws:sqs:*:q:r:*",
	}},
	{"aws:PrincipalArn", "Arn", nil, []string{role, user, "arn:aws:iam::" + Here + ":role/*", "arn:aws:iam::*:user/*", callers[0].ARN}},
	{"aws:SecureTransport", "Bool", []string{"true", "false"}, []string{"true", "false"}},
}

var ofKeys = []values{
	{"kms:ViaService", "String", []string{"s3.eu-central-1.amazonaws.com", "sqs.eu-central-1.amazonaws.com"}, []string{"s3.eu-central-1.amazonaws.*", "sqs.*", "s3.eu-central-1.amazonaws.com"}},
	{"kms:EncryptionContext:aws:s3:arn", "String", []string{"arn:aws:s3:::docs-a", "arn:aws:s3:::docs-b"}, []string{"arn:aws:s3:::docs-a", "arn:aws:s3:::docs-*"}},
}

var families = map[string][]string{
	"String": {"StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"},
	"Arn":    {"ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike", "StringLike", "StringNotLike", "StringEquals"},
	"Bool":   {"Bool"},
}

func (p place) values() []values {
	if p.kind == iam.Key {
		return append(ofKeys[:len(ofKeys):len(ofKeys)], ofAll...)
	}
	return ofAll
}

// context has each key or not.
func context(t *rapid.T, at place) map[string][]string {
	all := map[string][]string{}
	for _, v := range at.values() {
		if v.given != nil && rapid.IntRange(0, 3).Draw(t, "given") > 0 {
			all[strings.ToLower(v.key)] = []string{rapid.SampledFrom(v.given).Draw(t, v.key)}
		}
	}
	return all
}

func condition(t *rapid.T, at place) map[string]map[string]any {
	v := rapid.SampledFrom(at.values()).Draw(t, "key")
	operator, written := rapid.SampledFrom(families[v.family]).Draw(t, "operator"), v.written
	switch rapid.IntRange(0, 9).Draw(t, "form") {
	case 0:
		return map[string]map[string]any{"Null": {v.key: rapid.SampledFrom([]string{"true", "false"}).Draw(t, "null")}}
	case 1:
		operator = "ForAllValues:" + operator
	case 2:
		operator = "ForAnyValue:" + operator
	}
	if rapid.IntRange(0, 3).Draw(t, "exists") == 0 {
		operator += "IfExists"
	}
	return map[string]map[string]any{operator: {rapid.SampledFrom([]string{v.key, strings.ToUpper(v.key)}).Draw(t, "case"): some(t, written)}}
}
