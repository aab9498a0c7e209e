package attach_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/attach"
)

var stage = attach.Stage{Name: "dev", Region: "eu-central-1", Account: "111122223333", Partition: "aws"}

const theRole = "arn:aws:iam::111122223333:role/autobackup-dev-fetch-etags"

// deny is a policy with one statement that denies.
func deny(action, resource, condition string) string {
	return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": %q, "Resource": %q, "Condition": %s}}`, action, resource, condition)
}

// told is how bad a policy of the primary is, by its worst line.
func told(policy string) string {
	p := attach.Judge(stage, with(func(b *attach.Bucket) { b.Policy = policy }))
	for _, word := range []string{"FAIL", "warning", "?"} {
		if strings.Contains(said(p, word), "policy of docs: ") || strings.Contains(said(p, word), "the policy of docs refuses") {
			return word
		}
	}
	if !strings.Contains(said(p, "ok"), "no bucket policy denies the looks") {
		return "not fine"
	}
	return ""
}

func TestAPolicyThatRefusesLooksIsFoundBeforeAnythingIsChanged(t *testing.T) {
	const objects, none = "arn:aws:s3:::docs/*", `{}`
	for name, tt := range map[string]struct{ policy, want string }{
		"outside of a VPC endpoint":                         {deny("s3:*", objects, `{"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}`), "FAIL"},
		"outside of several endpoints":                      {deny("s3:*", objects, `{"ForAllValues:StringNotEquals": {"aws:sourceVpce": ["vpce-1", "vpce-2"]}}`), "FAIL"},
		"outside of a VPC, where one is named":              {deny("s3:*", objects, `{"StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}`), "FAIL"},
		"through the endpoint":                              {deny("s3:*", objects, `{"StringEquals": {"aws:SourceVpce": "vpce-1"}}`), ""},
		"from other addresses":                              {deny("s3:*", objects, `{"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}`), "FAIL"},
		"from some addresses":                               {deny("s3:*", objects, `{"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}`), "?"},
		"without an access point":                           {deny("s3:*", objects, `{"StringNotEquals": {"s3:DataAccessPointAccount": "111122223333"}}`), "FAIL"},
		"without an access point, by null":                  {deny("s3:*", objects, `{"Null": {"s3:DataAccessPointArn": "true"}}`), "FAIL"},
		"outside of an organization":                        {deny("s3:*", objects, `{"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}`), "?"},
		"outside of an organization and an endpoint":        {deny("s3:*", objects, `{"StringNotEquals": {"aws:PrincipalOrgID": "o-1", "aws:SourceVpce": "vpce-1"}}`), "?"},
		"the role excepted":                                 {deny("s3:*", objects, `{"StringNotEquals": {"aws:SourceVpce": "vpce-1"}, "ArnNotEquals": {"aws:PrincipalArn": "`+theRole+`"}}`), ""},
		"the role excepted by a pattern":                    {deny("s3:*", objects, `{"StringNotEquals": {"aws:SourceVpce": "vpce-1"}, "ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/autobackup-*"]}}`), ""},
		"another role excepted":                             {deny("s3:*", objects, `{"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/app*"}}`), "FAIL"},
		"a variable":                                        {deny("s3:*", objects, `{"StringNotEquals": {"aws:PrincipalArn": "${aws:PrincipalTag/x}"}}`), "?"},
		"the account excepted":                              {deny("s3:*", objects, `{"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}}`), ""},
		"without TLS":                                       {deny("s3:*", objects, `{"Bool": {"aws:SecureTransport": "false"}}`), ""},
		"without TLS, as no text":                           {deny("s3:*", objects, `{"Bool": {"aws:SecureTransport": false}}`), ""},
		"an old TLS":                                        {deny("s3:*", objects, `{"NumericLessThan": {"s3:TlsVersion": 1.2}}`), ""},
		"a TLS that is newer than any":                      {deny("s3:*", objects, `{"NumericLessThan": {"s3:TlsVersion": "9"}}`), "FAIL"},
		"uploads without a key":                             {deny("s3:PutObject", objects, `{"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}`), ""},
		"everybody":                                         {deny("s3:Get*", objects, none), "FAIL"},
		"everybody, in another case":                        {deny("S3:GETOBJECTVERSION", objects, none), "FAIL"},
		"everybody, at some keys":                           {deny("s3:*", "arn:aws:s3:::docs/secret/*", none), "warning"},
		"everybody, of another bucket":                      {deny("s3:*", "arn:aws:s3:::other/*", none), ""},
		"somebody whose tag is none of several":             {deny("s3:*", objects, `{"ForAnyValue:StringNotEquals": {"aws:SourceVpce": "vpce-1"}}`), ""},
		"everybody who lists":                               {deny("s3:ListBucket", "arn:aws:s3:::docs", none), "FAIL"},
		"everybody but some actions":                        {`{"Statement": [{"Effect": "Deny", "Principal": {"AWS": "*"}, "NotAction": "s3:GetObject*", "Resource": "arn:aws:s3:::docs*"}]}`, "FAIL"},
		"another principal":                                 {`{"Statement": [{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "s3:*", "Resource": "*"}]}`, ""},
		"a service":                                         {`{"Statement": [{"Effect": "Deny", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:*", "Resource": "*"}]}`, ""},
		"all but another principal":                         {`{"Statement": [{"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "s3:*", "Resource": "*"}]}`, "FAIL"},
		"all but the account":                               {`{"Statement": [{"Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:root"]}, "Action": "s3:*", "Resource": "*"}]}`, "?"},
		"somebody with a second factor":                     {deny("s3:*", objects, `{"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}`), "FAIL"},
		"a key of conditions that nobody here has heard of": {deny("s3:*", objects, `{"StringEquals": {"s3:new": "x"}}`), "?"},
		"no policy":                                         {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, told(tt.policy))
		})
	}
}

func TestAPolicyThatCantBeReadIsNotFine(t *testing.T) {
	for _, policy := range []string{"no JSON", `{"Statement": 1}`, `[]`} {
		assert.Equal(t, "?", told(policy), policy)
	}
}

// worst are the lines of a plan about the policy of the replica, the worst word of them.
func worst(p attach.Plan) (word, text string) {
	for _, word := range []string{"FAIL", "warning", "?"} {
		for line := range strings.Lines(said(p, word)) {
			if strings.Contains(line, "olicy of docs-dr") {
				return word, line
			}
		}
	}
	return "", ""
}

func TestABucketOfAnotherAccountMustLetTheRoleIn(t *testing.T) {
	const each = "each upload would end in ACCESS_DENIED: add these statements: [{"
	allow := func(principal, condition string) string {
		return fmt.Sprintf(`{"Statement": [{"Effect": "Allow", "Principal": {"AWS": %q}, "Action": "s3:*", "Resource": ["arn:aws:s3:::docs-dr", "arn:aws:s3:::docs-dr/*"]%s}]}`, principal, condition)
	}
	some := func(statements ...string) string {
		for i, s := range statements {
			action, resource, _ := strings.Cut(s, " ")
			resource, condition, _ := strings.Cut(resource, " ")
			statements[i] = fmt.Sprintf(`{"Effect": "Allow", "Principal": {"AWS": %q}, "Action": %q, "Resource": "arn:aws:s3:::%s"%s}`, theRole, action, resource, condition)
		}
		return `{"Statement": [` + strings.Join(statements, ",") + `]}`
	}
	for name, tt := range map[string]struct{ policy, word, text string }{
		"the role":                   {allow(theRole, ""), "", ""},
		"its account":                {allow("111122223333", ""), "", ""},
		"its account's root":         {allow("arn:aws:iam::111122223333:root", ""), "", ""},
		"somebody else":              {allow("444455556666", ""), "FAIL", "does not let " + theRole + " look, " + each},
		"in an organization":         {allow("*", `, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}`), "?", "lets " + theRole + " look: its conditions can't be known from here; these statements do: " + stage.LetIn("docs-dr")},
		"through an endpoint":        {allow("*", `, "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}`), "FAIL", each},
		"nobody":                     {"", "FAIL", each},
		"what can't be read":         {"no JSON", "?", "read the bucket policy"},
		"another call":               {some("s3:PutObject *"), "FAIL", each},
		"what attach says to add":    {`{"Statement": ` + stage.LetIn("docs-dr") + `}`, "", ""},
		"objects alone":              {some("s3:Get* docs-dr*"), "FAIL", "call s3:ListBucket, each upload whose version is not there when it is looked at, or not yet, would end in ACCESS_DENIED"},
		"some keys alone":            {some("s3:Get* docs-dr/a/*"), "FAIL", "call s3:ListBucket, each upload whose version is not there"},
		"the bucket alone":           {some("s3:List* docs-dr", "s3:Get* docs-dr"), "FAIL", each},
		"listing some keys":          {some("s3:Get* docs-dr*", `s3:List* docs-dr ,"Condition":{"StringLike":{"s3:prefix":"a/*"}}`), "?", "call s3:ListBucket, s3:ListBucketVersions: its conditions can't be known"},
		"HEAD alone":                 {some("s3:GetObjectVersion docs-dr/*", "s3:List* docs-dr"), "warning", "call s3:GetObjectVersionAttributes, s3:GetObjectVersionTagging, s3:GetObjectRetention, s3:GetObjectLegalHold, s3:GetLifecycleConfiguration, checksums of parts are not compared, tags are not compared,"},
		"some keys":                  {some("s3:* docs-dr/a/*", "s3:* docs-dr"), "warning", `look where keys are like "a/*" alone, of others, ` + each},
		"some keys, and some others": {some("s3:* docs-dr/a/*", "s3:* docs-dr/b/*", "s3:* docs-dr"), "warning", `where keys are like "a/*", "b/*" alone`},
		"tags of some keys":          {some("s3:GetObjectVersionTagging docs-dr/a/*", "s3:GetObjectVersion docs-dr/*", "s3:GetObjectVersionA* docs-dr/*", "s3:GetObjectRetention docs-dr/*", "s3:GetObjectLegalHold docs-dr/*", "s3:* docs-dr"), "warning", `call s3:GetObjectVersionTagging where keys are like "a/*" alone, of others, tags are not compared`},
	} {
		p := attach.Judge(stage, with(func(b *attach.Bucket) { b.Replicas[0].Account, b.Replicas[0].Policy = "444455556666", tt.policy }))
		word, text := worst(p)
		assert.Equal(t, tt.word, word, name)
		assert.Contains(t, text, tt.text, name)
		assert.Equal(t, tt.word == "", strings.Contains(said(p, "ok"), "no bucket policy denies the looks"), name)
		assert.Equal(t, tt.word == "FAIL", p.State == attach.Refused, name)
	}
}

func TestWhatIsAllowedOfSomeKeysAndWhatIsNotAtAllIsTold(t *testing.T) {
	p := attach.Judge(stage, with(func(b *attach.Bucket) {
		b.Replicas[0].Account, b.Replicas[0].Policy = "444455556666", `{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObjectVersion", "Resource": "arn:aws:s3:::docs-dr/a/*"},
			{"Effect": "Allow", "Principal": "*", "Action": "s3:List*", "Resource": "arn:aws:s3:::docs-dr"}]}`
	}))
	assert.Contains(t, said(p, "warning"), "the policy of docs-dr, of account 444455556666, lets "+theRole+` look where keys are like "a/*" alone, of others, each upload would end in ACCESS_DENIED`)
	assert.Contains(t, said(p, "warning"), "the policy of docs-dr, of account 444455556666, does not let "+theRole+" call s3:GetObjectVersionAttributes,")
}

// With SubnetIds the functions call from a network of which nothing is known here.
func TestWhatPoliciesAskOfNetworksIsNotKnownWhereTheStacksHaveSubnets(t *testing.T) {
	const objects = "arn:aws:s3:::docs/*"
	inside := stage
	inside.VPC = true
	for condition, outside := range map[string]string{
		`{"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}`:           "FAIL",
		`{"StringNotEqualsIfExists": {"aws:sourcevpc": "vpc-1"}}`:     "FAIL",
		`{"StringEquals": {"aws:SourceVpce": "vpce-1"}}`:              "ok",
		`{"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}`:        "FAIL",
		`{"NotIpAddressIfExists": {"aws:VpcSourceIp": "10.0.0.0/8"}}`: "FAIL",
	} {
		facts := with(func(b *attach.Bucket) { b.Policy = deny("s3:*", objects, condition) })
		p := attach.Judge(stage, facts)
		assert.Equal(t, outside == "FAIL", p.State == attach.Refused, condition)
		network := strings.Contains(strings.ToLower(condition), "vpc")
		if outside == "FAIL" {
			assert.Equal(t, network, strings.Contains(said(p, "FAIL"), "by SubnetIds and SecurityGroupIds (docs/deploy.md), and name --vpc here"), condition)
		}
		p = attach.Judge(inside, facts)
		assert.NotEqual(t, attach.Refused, p.State, condition)
		assert.Contains(t, said(p, "?"), "whether that is so of "+theRole+" is not known", condition)
		assert.NotContains(t, said(p, "ok"), "no bucket policy denies the looks", condition)
	}
	p := attach.Judge(inside, with(func(b *attach.Bucket) { b.Policy = deny("s3:*", objects, `{"Bool": {"aws:SecureTransport": "false"}}`) }))
	assert.Contains(t, said(p, "ok"), "no bucket policy denies the looks", "of all else it is known as before")
}

func TestWhatAttachSaysToAddToADenialEndsIt(t *testing.T) {
	policy := deny("s3:*", "arn:aws:s3:::docs/*", `{"StringNotEquals": {"aws:SourceVpce": "vpce-1"}, `+stage.Except()+`}`)
	assert.Empty(t, told(policy))
}

func TestARefusalOfPartOfTheLooksIsTold(t *testing.T) {
	const objects, some = "arn:aws:s3:::docs/*", "arn:aws:s3:::docs/secret/*"
	byTag := attach.Rule{ID: "tagged", Enabled: true, To: "docs-dr", ByTag: true}
	for name, tt := range map[string]struct {
		action, resource, word, text string
		rules                        []attach.Rule
	}{
		"versions":                   {"s3:GetObjectVersion", objects, "FAIL", "refuses every look (statement No: without a condition), each upload would end in ACCESS_DENIED", nil},
		"versions of some keys":      {"s3:*", some, "warning", `refuses s3:GetObjectVersion of keys like "secret/*" (statement No: without a condition), of these, each upload would end in ACCESS_DENIED: add this to its Condition`, nil},
		"a pattern of many buckets":  {"s3:*", "arn:aws:s3:::*.pdf", "warning", `of keys like "arn:aws:s3:::*.pdf"`, nil},
		"keys of somebody's":         {"s3:*", "arn:aws:s3:::docs/${aws:username}", "warning", "of keys like", nil},
		"keys that may be all":       {"s3:*", "arn:aws:s3:::docs/${aws:username}*", "warning", "of keys like", nil},
		"an empty key":               {"s3:*", "arn:aws:s3:::docs/", "", "", nil},
		"keys of one letter or more": {"s3:*", "arn:aws:s3:::docs/?*", "FAIL", "every look", nil},
		"the bucket's beginning":     {"s3:GetObject*", "arn:aws:s3:::do*", "FAIL", "every look", nil},
		"another bucket's keys":      {"s3:*", "arn:aws:s3:::docs-other/*", "", "", nil},
		"rules":                      {"s3:GetReplicationConfiguration", "arn:aws:s3:::docs", "FAIL", "refuses every look", nil},
		"lists":                      {"s3:ListBucket", "arn:aws:s3:::docs", "FAIL", "refuses s3:ListBucket (statement No: without a condition), each upload whose version is not there", nil},
		"lists of versions":          {"s3:ListBucketVersions", "arn:aws:s3:::docs", "warning", "may end in ACCESS_DENIED", nil},
		"checksums of parts":         {"s3:GetObjectVersionAttributes", objects, "warning", "checksums of parts are not compared", nil},
		"tags":                       {"s3:GetObjectVersionTagging", objects, "warning", "tags are not compared: add", nil},
		"tags of some keys":          {"s3:GetObjectVersionTagging", some, "warning", `of keys like "secret/*" (statement No: without a condition), of these, tags are not compared`, nil},
		"tags by which rules select": {"s3:GetObjectVersionTagging", objects, "FAIL", "refuses every look", []attach.Rule{byTag}},
		"tags by which one does":     {"s3:GetObjectVersionTagging", objects, "warning", "tags are not compared, and each upload that rules by tag decide on would end in ACCESS_DENIED: add this", []attach.Rule{ready().Rules[0], byTag}},
		"retention":                  {"s3:GetObjectR*", objects, "warning", "retention is not compared", nil},
		"legal holds":                {"s3:GetObjectLegalHold", objects, "warning", "legal holds are not compared", nil},
		"uploads":                    {"s3:Put*", objects, "", "", nil},
	} {
		p := attach.Judge(stage, with(func(b *attach.Bucket) {
			b.Policy = deny(tt.action, tt.resource, "{}")
			if tt.rules != nil {
				b.Rules = tt.rules
			}
		}))
		assert.Contains(t, said(p, tt.word), tt.text, name)
		assert.Equal(t, tt.word == "", strings.Contains(said(p, "ok"), "no bucket policy denies the looks"), name)
		assert.Equal(t, tt.word == "FAIL", p.State == attach.Refused, name)
		assert.LessOrEqual(t, strings.Count(said(p, "FAIL")+said(p, "warning"), "the policy of docs refuses"), 1, "%s: what ends uploads hides what else is refused", name)
	}
	for action, want := range map[string]string{"s3:GetLifecycleConfiguration": "what lifecycle removed is not told", "s3:GetReplicationConfiguration": ""} {
		p := attach.Judge(stage, with(func(b *attach.Bucket) { b.Replicas[0].Policy = deny(action, "arn:aws:s3:::docs-dr", "{}") }))
		_, text := worst(p)
		assert.Contains(t, text, want)
		assert.Equal(t, want == "", text == "", action)
	}
}

func TestAllKeysButSomeAreNotAll(t *testing.T) {
	for not, want := range map[string]string{"arn:aws:s3:::docs/public/*": "warning", "arn:aws:s3:::other/*": "FAIL", "arn:aws:s3:::docs*": ""} {
		assert.Equal(t, want, told(`{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObjectVersion", "NotResource": "`+not+`"}]}`), not)
	}
}

func TestKeysThatAreExceptedAreNamed(t *testing.T) {
	p := attach.Judge(stage, with(func(b *attach.Bucket) {
		b.Policy = `{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObjectVersion", "NotResource": "arn:aws:s3:::docs/public/*"}}`
	}))
	assert.Contains(t, said(p, "warning"), `of keys like others than "public/*" (statement 1: without a condition)`)
}

func TestWhetherAnotherRoleReadsTheBytesIsNotKnownWhereAPolicyDenies(t *testing.T) {
	const asked = "whether the policy of docs lets hash-bytes read, too, where bytes are compared (ByteVerification)"
	for policy, want := range map[string]bool{
		"": false,
		deny("s3:*", "arn:aws:s3:::docs/*", `{"StringNotEquals": {"aws:SourceVpce": "vpce-1"}, `+stage.Except()+`}`):                                             true,
		deny("s3:*", "arn:aws:s3:::docs/*", `{"Bool": {"aws:SecureTransport": "false"}}`):                                                                        false,
		deny("s3:*", "arn:aws:s3:::docs/*", `{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*HashBytes*"}}`):                                              true,
		`{"Statement": [{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111122223333:role/other"}, "Action": "s3:*", "Resource": "arn:aws:s3:::docs/*"}]}`: false,
	} {
		p := attach.Judge(stage, with(func(b *attach.Bucket) { b.Policy = policy }))
		assert.Equal(t, want, strings.Contains(said(p, "?"), asked), policy)
	}
}
