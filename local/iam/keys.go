package iam

import (
	"maps"
	"slices"
	"strings"
)

// conditionKeys are those that policies here use, with the pages that describe them. A
// key that ends with a colon takes any name behind it.
var conditionKeys = map[string]string{
	"aws:CalledVia":           global,
	"aws:PrincipalArn":        global,
	"aws:RequestedRegion":     global,
	"aws:SecureTransport":     global,
	"aws:SourceAccount":       global,
	"aws:SourceArn":           global,
	"events:source":           "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html",
	"iam:PassedToService":     "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html",
	"iam:PermissionsBoundary": "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html",
	"kms:EncryptionContext:":  "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context",
	"kms:ViaService":          "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service",
	"lambda:FunctionArn":      "https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html",
}

const global = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"

// ConditionKeys are the keys that conditions may name.
func ConditionKeys() []string { return slices.Sorted(maps.Keys(conditionKeys)) }

// knownKey says whether a condition may name the key. The case of names is nothing.
func knownKey(key string) bool {
	for known := range conditionKeys {
		if strings.EqualFold(known, key) {
			return !strings.HasSuffix(known, ":")
		}
		if strings.HasSuffix(known, ":") && len(key) > len(known) && strings.EqualFold(known, key[:len(known)]) {
			return true
		}
	}
	return false
}
