package s3error_test

import (
	"errors"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"

	"autobackup/internal/s3error"
)

const user = "User: arn:aws:sts::111122223333:assumed-role/r/f is not authorized to perform: "

// The words are AWS's, each in both forms: before and since it names the policy.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func TestARefusalSaysWhoRefuses(t *testing.T) {
	for message, want := range map[string]struct {
		said  string
		final bool
	}{
		user + `s3:GetObject on resource: "arn:aws:s3:::docs/a" because no identity-based policy allows the s3:GetObject action`:                            {"no identity-based policy allows s3:GetObject", false},
		user + `kms:Decrypt on resource: arn:aws:kms:r:1:key/k because no resource-based policy allows the kms:Decrypt action`:                              {"no resource-based policy allows kms:Decrypt", false},
		user + `s3:GetObject on resource: "arn:aws:s3:::docs/a" because no VPC endpoint policy allows the s3:GetObject action`:                              {"no VPC endpoint policy allows s3:GetObject", true},
		user + `s3:GetObject on resource: "arn:aws:s3:::docs/a" because no permissions boundary allows the s3:GetObject action`:                             {"no permissions boundary allows s3:GetObject", true},
		user + `s3:GetObject because no session policy allows the s3:GetObject action`:                                                                      {"no session policy allows s3:GetObject", true},
		user + `lambda:InvokeFunction on resource: arn:aws:lambda:r:1:function:f because no service control policy allows the lambda:InvokeFunction action`: {"no service control policy allows lambda:InvokeFunction", true},
		user + "sts:AssumeRole because no role trust policy allows the sts:AssumeRole action\n":                                                             {"no role trust policy allows sts:AssumeRole", false},
		user + `s3:GetObjectVersion on resource: "arn:aws:s3:::docs/a" with an explicit deny in a service control policy`:                                   {"explicit deny of s3:GetObjectVersion in a service control policy", true},
		user + `s3:GetObjectVersion on resource: "arn:aws:s3:::docs/a" with an explicit deny in a resource control policy`:                                  {"explicit deny of s3:GetObjectVersion in a resource control policy", true},
		user + `s3:GetObjectVersion on resource: "arn:aws:s3:::docs/a" with an explicit deny in an identity-based policy`:                                   {"explicit deny of s3:GetObjectVersion in an identity-based policy", true},
		user + `sns:Publish on resource: arn:aws:sns:r:1:t with an explicit deny in a service control policy: arn:aws:organizations::987654321098:policy/o-qv5af4abcd/service_control_policy/p-2kgnabcd`: {
			"explicit deny of sns:Publish in a service control policy (p-2kgnabcd)", true},
		user + `sqs:SendMessage on resource: arn:aws:sqs:r:1:q with an explicit deny in a permissions boundary: arn:aws:iam::111122223333:policy/path/bound`: {
			"explicit deny of sqs:SendMessage in a permissions boundary (bound)", true},
	} {
		r, told := s3error.RefusalOf(&smithy.GenericAPIError{Code: "AccessDenied", Message: message})
		assert.True(t, told, message)
		assert.Equal(t, want.said, r.String())
		assert.Equal(t, want.final, r.Final(), message)
	}
}

func TestWhatAKeySaysIsNoRefusal(t *testing.T) {
	for _, message := range []string{
		"Access Denied", "",
		user + `s3:GetObject on resource: "arn:aws:s3:::docs/a with an explicit deny in a service control policy"`,
		user + `s3:GetObject on resource: "arn:aws:s3:::docs/a" with an explicit deny in a policy of theirs`,
		`with an explicit deny in a service control policy`,
		"is not authorized to perform: SECRET with an explicit deny in a service control policy",
	} {
		_, told := s3error.RefusalOf(&smithy.GenericAPIError{Code: "AccessDenied", Message: message})
		assert.False(t, told, message)
	}
	r, told := s3error.RefusalOf(&smithy.GenericAPIError{Message: user + `s3:GetObject on resource: "arn:aws:s3:::docs/x" with an explicit deny in a service control policy" because no identity-based policy allows the s3:GetObject action`})
	assert.True(t, told)
	assert.False(t, r.Final(), "the end of the sentence is AWS's, the key before it anybody's")
	_, told = s3error.RefusalOf(errors.New("other"))
	assert.False(t, told)
}
