package attach_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/attach"
)

var stage = attach.Stage{Name: "dev", Region: "eu-central-1", Account: "111122223333", Partition: "aws"}

const theRole = "arn:aws:iam::111122223333:role/autobackup-dev-fetch-etags"

// deny is a policy with one statement that denies.
func deny(action, resource, condition string) string {
	return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": %q, "Resource": %q, "Condition": %s}}`, action, resource, condition)
}

func TestAPolicyThatRefusesEveryLookIsFoundBeforeAnythingIsChanged(t *testing.T) {
	const objects, none = "arn:aws:s3:::docs/*", `{}`
	for name, tt := range map[string]struct{ policy, want string }{
		"outside of a VPC endpoint":                         {deny("s3:*", objects, `{"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}`), "refuses"},
		"outside of several endpoints":                      {deny("s3:*", objects, `{"ForAllValues:StringNotEquals": {"aws:sourceVpce": ["vpce-1", "vpce-2"]}}`), "refuses"},
		"outside of a VPC, where one is named":              {deny("s3:*", objects, `{"StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}`), "refuses"},
		"through the endpoint":                              {deny("s3:*", objects, `{"StringEquals": {"aws:SourceVpce": "vpce-1"}}`), ""},
		"from other addresses":                              {deny("s3:*", objects, `{"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}`), "refuses"},
		"from some addresses":                               {deny("s3:*", objects, `{"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}`), "maybe"},
		"without an access point":                           {deny("s3:*", objects, `{"StringNotEquals": {"s3:DataAccessPointAccount": "111122223333"}}`), "refuses"},
		"without an access point, by null":                  {deny("s3:*", objects, `{"Null": {"s3:DataAccessPointArn": "true"}}`), "refuses"},
		"outside of an organization":                        {deny("s3:*", objects, `{"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}`), "maybe"},
		"outside of an organization and an endpoint":        {deny("s3:*", objects, `{"StringNotEquals": {"aws:PrincipalOrgID": "o-1", "aws:SourceVpce": "vpce-1"}}`), "maybe"},
		"the role excepted":                                 {deny("s3:*", objects, `{"StringNotEquals": {"aws:SourceVpce": "vpce-1"}, "ArnNotEquals": {"aws:PrincipalArn": "`+theRole+`"}}`), ""},
		"the role excepted by a pattern":                    {deny("s3:*", objects, `{"StringNotEquals": {"aws:SourceVpce": "vpce-1"}, "ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/autobackup-*"]}}`), ""},
		"another role excepted":                             {deny("s3:*", objects, `{"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/app*"}}`), "refuses"},
		"a variable":                                        {deny("s3:*", objects, `{"StringNotEquals": {"aws:PrincipalArn": "${aws:PrincipalTag/x}"}}`), "maybe"},
		"the account excepted":                              {deny("s3:*", objects, `{"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}}`), ""},
		"without TLS":                                       {deny("s3:*", objects, `{"Bool": {"aws:SecureTransport": "false"}}`), ""},
		"without TLS, as no text":                           {deny("s3:*", objects, `{"Bool": {"aws:SecureTransport": false}}`), ""},
		"an old TLS":                                        {deny("s3:*", objects, `{"NumericLessThan": {"s3:TlsVersion": 1.2}}`), ""},
		"a TLS that is newer than any":                      {deny("s3:*", objects, `{"NumericLessThan": {"s3:TlsVersion": "9"}}`), "refuses"},
		"uploads without a key":                             {deny("s3:PutObject", objects, `{"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}`), ""},
		"everybody":                                         {deny("s3:Get*", objects, none), "refuses"},
		"everybody, in another case":                        {deny("S3:GETOBJECTVERSION", objects, none), "refuses"},
		"everybody, at some keys":                           {deny("s3:*", "arn:aws:s3:::docs/secret/*", none), ""},
		"everybody, of another bucket":                      {deny("s3:*", "arn:aws:s3:::other/*", none), ""},
		"everybody who lists":                               {deny("s3:ListBucket", "arn:aws:s3:::docs", none), "refuses"},
		"everybody but some actions":                        {`{"Statement": [{"Effect": "Deny", "Principal": {"AWS": "*"}, "NotAction": "s3:GetObject*", "Resource": "arn:aws:s3:::docs*"}]}`, "refuses"},
		"another principal":                                 {`{"Statement": [{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "s3:*", "Resource": "*"}]}`, ""},
		"a service":                                         {`{"Statement": [{"Effect": "Deny", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:*", "Resource": "*"}]}`, ""},
		"all but another principal":                         {`{"Statement": [{"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "s3:*", "Resource": "*"}]}`, "refuses"},
		"all but the account":                               {`{"Statement": [{"Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:root"]}, "Action": "s3:*", "Resource": "*"}]}`, ""},
		"somebody with a second factor":                     {deny("s3:*", objects, `{"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}`), "refuses"},
		"a key of conditions that nobody here has heard of": {deny("s3:*", objects, `{"StringEquals": {"s3:new": "x"}}`), "maybe"},
		"no policy":                                         {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			denials, err := stage.Denials("docs", tt.policy)
			require.NoError(t, err)
			got := ""
			for _, d := range denials {
				got = map[bool]string{true: "maybe", false: "refuses"}[d.Maybe]
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestAPolicyThatCantBeReadIsAnError(t *testing.T) {
	for _, policy := range []string{"no JSON", `{"Statement": 1}`, `[]`} {
		_, err := stage.Denials("docs", policy)
		assert.ErrorContains(t, err, "bucket policy", policy)
	}
}

func TestABucketOfAnotherAccountMustLetTheRoleIn(t *testing.T) {
	const allow = `{"Statement": [{"Effect": "Allow", "Principal": {"AWS": %q}, "Action": ["s3:ListBucket", "s3:GetObjectVersion"], "Resource": ["arn:aws:s3:::docs", "arn:aws:s3:::docs/*"]%s}]}`
	for name, tt := range map[string]struct {
		policy         string
		allowed, known bool
	}{
		"the role":                {fmt.Sprintf(allow, theRole, ""), true, true},
		"its account":             {fmt.Sprintf(allow, "111122223333", ""), true, true},
		"its account's root":      {fmt.Sprintf(allow, "arn:aws:iam::111122223333:root", ""), true, true},
		"somebody else":           {fmt.Sprintf(allow, "444455556666", ""), false, true},
		"in an organization":      {fmt.Sprintf(allow, "*", `, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}`), false, false},
		"through an endpoint":     {fmt.Sprintf(allow, "*", `, "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}`), false, true},
		"nobody":                  {"", false, true},
		"what can't be read":      {"no JSON", false, false},
		"everybody, another call": {`{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}]}`, false, true},
		"what attach says to add": {`{"Statement": ` + stage.LetIn("docs") + `}`, true, true},
	} {
		allowed, known := stage.Allows("docs", tt.policy)
		assert.Equal(t, []bool{tt.allowed, tt.known}, []bool{allowed, known}, name)
	}
}

func TestWhatAttachSaysToAddToADenialEndsIt(t *testing.T) {
	policy := deny("s3:*", "arn:aws:s3:::docs/*", `{"StringNotEquals": {"aws:SourceVpce": "vpce-1"}, `+stage.Except()+`}`)
	denials, err := stage.Denials("docs", policy)
	require.NoError(t, err)
	assert.Empty(t, denials)
}
