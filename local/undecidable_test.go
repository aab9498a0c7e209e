package local_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A policy that can't be decided is never taken for one that allows or denies nothing.
func TestAnOperatorOrAKeyThatIsNotKnownIsRefusedAtDeploymentInEveryKindOfPolicy(t *testing.T) {
	for at, operator := range map[string]string{
		"ReplicationRole${Category}:": "StringLike", "ValidationPipeRole:": "StringEquals", "PrimaryBucketPolicy${Category}:": "Bool", "WorkBucketPolicy:": "Bool",
		"SQSKey:": "ArnEquals", "ValidationDLQ, FailureDLQ]": "Bool", "FailureQueuePolicy:": "ArnLike", "FailureTopicPolicy:": "ArnLike",
	} {
		for what, turn := range map[string]func(text string) string{
			"operator": func(text string) string { return strings.Replace(text, operator+":\n", operator+"s:\n", 1) },
			"key":      func(text string) string { return oneKey.ReplaceAllString(text, "${1}X:") },
		} {
			t.Run(at+" "+what, func(t *testing.T) {
				_, err := deployed(t, slices.Concat(configurations["SSE-KMS"], []change{func(name, text string) string {
					if name != "template.yaml" {
						return text
					}
					before, after, found := strings.Cut(text, at)
					policy, rest, condition := strings.Cut(after, operator+":\n")
					require.True(t, found && condition)
					statement, rest, _ := strings.Cut(rest, "\n\n")
					return before + at + policy + turn(operator+":\n"+statement) + "\n\n" + rest
				}})...)
				require.ErrorContains(t, err, "the condition "+what+" ")
				assert.ErrorContains(t, err, "is not known here")
			})
		}
	}
}

// oneKey is the keys of conditions.
var oneKey = regexp.MustCompile(`\b((?:aws|kms):(?:SecureTransport|Source\w+|PrincipalArn|ViaService)):`)
