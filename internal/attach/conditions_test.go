package attach_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/attach"
)

// under is how bad it is that a policy denies reading where an operator of one key holds.
func under(operator, key string, values ...any) string {
	condition, err := json.Marshal(map[string]any{operator: map[string]any{key: values}})
	if err != nil {
		panic(err)
	}
	return told(deny("s3:GetObjectVersion", "arn:aws:s3:::docs/*", string(condition)))
}

// Each key of which it is known what a look's request has is tried with each operator that tells
// its presence and its value apart.
func TestWhatALookHasOfAConditionsKeyDecides(t *testing.T) {
	const holds, fails = "FAIL", ""
	for key, has := range map[string]string{
		"aws:PrincipalArn": theRole, "aws:PrincipalAccount": "111122223333", "aws:PrincipalType": "AssumedRole", "aws:SecureTransport": "true",
		"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false", "s3:TlsVersion": "1.3", "s3:signatureversion": "AWS4-HMAC-SHA256", "s3:authType": "REST-HEADER",
	} {
		for operator, want := range map[string][2]string{
			"StringEquals": {holds, fails}, "StringNotEquals": {fails, holds}, "StringLike": {holds, fails}, "StringNotLike": {fails, holds},
			"StringEqualsIgnoreCase": {holds, fails}, "StringNotEqualsIgnoreCase": {fails, holds}, "StringEqualsIfExists": {holds, fails}, "StringNotEqualsIfExists": {fails, holds},
			"ForAnyValue:StringEquals": {holds, fails}, "ForAnyValue:StringNotEquals": {fails, holds}, "ForAllValues:StringEquals": {holds, fails}, "ForAllValues:StringNotLikeIfExists": {fails, holds},
		} {
			assert.Equal(t, want, [2]string{under(operator, key, "other", has), under(operator, key, "other")}, "%s %s", operator, key)
		}
		assert.Equal(t, [2]string{fails, holds}, [2]string{under("Null", key, "true"), under("Null", key, "false")}, key)
		assert.Equal(t, "?", under("StringEquals", key, "${aws:PrincipalTag/x}"), key)
	}
	for _, key := range []string{"aws:username", "aws:SourceVpce", "aws:SourceVpc", "aws:SourceArn", "aws:SourceAccount", "aws:VpcSourceIp",
		"s3:DataAccessPointArn", "s3:DataAccessPointAccount", "s3:AccessPointNetworkOrigin", "S3:dataaccesspointarn"} {
		for operator, want := range map[string]string{
			"StringEquals": fails, "StringNotEquals": holds, "StringLike": fails, "StringNotLike": holds, "StringEqualsIfExists": holds, "StringNotEqualsIfExists": holds,
			"ForAnyValue:StringEquals": fails, "ForAnyValue:StringNotEquals": fails, "ForAllValues:StringEquals": holds, "ForAllValues:StringNotEquals": holds,
			"ArnLike": fails, "ArnNotLike": holds, "IpAddress": fails, "NotIpAddress": holds, "NumericLessThan": fails, "DateLessThan": fails, "Bool": fails,
		} {
			assert.Equal(t, want, under(operator, key, "${aws:PrincipalTag/x}"), "%s %s", operator, key)
		}
		assert.Equal(t, [2]string{holds, fails}, [2]string{under("Null", key, "true"), under("Null", key, "false")}, key)
	}
	for _, operator := range []string{"StringEquals", "StringNotEquals", "StringEqualsIfExists", "ForAnyValue:StringLike", "ForAllValues:StringLike", "Null", "Bool", "DateGreaterThan", "NumericEquals"} {
		for _, key := range []string{"aws:PrincipalOrgID", "aws:PrincipalTag/team", "s3:ExistingObjectTag/x", "aws:CurrentTime", "aws:userid"} {
			assert.Equal(t, "?", under(operator, key, "true"), "%s %s", operator, key)
		}
	}
}

func TestAnOperatorComparesAsAWSDoes(t *testing.T) {
	const account, arn, mfa = "aws:PrincipalAccount", "aws:PrincipalArn", "aws:MultiFactorAuthPresent"
	upper := strings.Replace(theRole, "role/autobackup", "role/Autobackup", 1)
	for name, tt := range map[string]struct {
		operator, key string
		value         any
		want          string
	}{
		"another case is another text":                   {"StringNotEquals", arn, upper, "FAIL"},
		"another case is another text, with a pattern":   {"StringLike", arn, upper, ""},
		"where case is ignored it is the same":           {"StringEqualsIgnoreCase", arn, upper, "FAIL"},
		"a text knows no pattern":                        {"StringEquals", arn, "*", ""},
		"a pattern is of the whole text":                 {"StringLike", arn, "autobackup-dev", ""},
		"a mark is one character":                        {"StringLike", account, "11112222333?", "FAIL"},
		"a mark is not none":                             {"StringLike", account, "111122223333?", ""},
		"a dot is a dot":                                 {"StringLike", account, "11112222333.", ""},
		"a number is the text that it is written as":     {"StringNotEquals", account, 111122223333, ""},
		"another number is another text":                 {"StringEquals", account, 111122223334, ""},
		"a yes in another case is a yes":                 {"Bool", "aws:SecureTransport", "True", "FAIL"},
		"a presence in another case":                     {"Null", "aws:SourceVpce", "True", "FAIL"},
		"a presence as no text":                          {"Null", "aws:SourceVpce", true, "FAIL"},
		"an ARN equals a pattern":                        {"ArnEquals", arn, "arn:aws:iam::*:role/autobackup-*", "FAIL"},
		"parts of ARNs are compared by themselves":       {"ArnNotLike", arn, "arn:aws:iam:*:role/autobackup-*:", "FAIL"},
		"a pattern with too few parts is not understood": {"ArnNotLike", arn, "arn:*", "?"},
		"a pattern that can't mean it":                   {"ArnLike", arn, "autobackup*", ""},
		"any ARN is any":                                 {"ArnLike", arn, "*", "FAIL"},
		"another kind of ARN is another":                 {"ArnLike", arn, "arn:aws:sts::111122223333:*", ""},
		"an older version than 1.3 is refused":           {"NumericLessThan", "s3:TlsVersion", "1.3", ""},
		"none but a newer version than 1.3 is let in":    {"NumericLessThanEquals", "s3:TlsVersion", 1.3, "FAIL"},
		"version 1.2 at most":                            {"NumericLessThanEquals", "s3:TlsVersion", 1.2, ""},
		"another comparison of numbers":                  {"NumericGreaterThan", "s3:TlsVersion", 1.2, "?"},
		"what is no number":                              {"NumericLessThan", "s3:TlsVersion", "one", "?"},
		"what has no number":                             {"NumericLessThan", account + "x", "1", "?"},
		"what no look has a number of":                   {"NumericLessThan", "s3:authType", "1", "?"},
		"an operator of dates":                           {"DateLessThan", account, "2030-01-01", "?"},
		"an operator of addresses":                       {"NotIpAddress", account, "10.0.0.0/8", "?"},
		"an operator that nobody here has heard of":      {"Resembles", account, "111122223333", "?"},
		"addresses, where there are some":                {"NotIpAddressIfExists", "AWS:sourceip", "203.0.113.0/24", "FAIL"},
		"addresses by text":                              {"StringNotEquals", "aws:SourceIp", "203.0.113.1", "?"},
		"a second factor that a session may deny":        {"Bool", mfa, "false", "?"},
		"a second factor that nobody had":                {"Bool", mfa, "true", ""},
		"a second factor that may not be told of":        {"Null", mfa, "true", "?"},
		"no second factor, told or not":                  {"BoolIfExists", mfa, "false", "FAIL"},
		"a second factor of long ago":                    {"NumericGreaterThan", "aws:MultiFactorAuthAge", "3600", "?"},
	} {
		assert.Equal(t, tt.want, under(tt.operator, tt.key, tt.value), name)
	}
	assert.Equal(t, "?", under("NumericLessThan", "s3:TlsVersion", "9", "8"), "of several numbers")
	assert.Equal(t, "", under("ArnNotLike", "aws:PrincipalArn", "arn:*", theRole), "what is understood decides")
	assert.Equal(t, "FAIL", under("StringEquals", "aws:PrincipalAccount", "444455556666", "111122223333"), "any of several values will do")
}

// All conditions must hold: what surely does not decides over what is not known, and that
// over what holds.
func TestAllConditionsMustHold(t *testing.T) {
	const holds, unknown, fails = `"StringEquals": {"aws:PrincipalAccount": "111122223333"}`, `"StringLike": {"aws:PrincipalOrgID": "o-1"}`, `"ArnLike": {"aws:SourceArn": "x"}`
	for want, conditions := range map[string][]string{"FAIL": {holds}, "?": {unknown, holds}, "": {holds, unknown, fails}} {
		assert.Equal(t, want, told(deny("s3:*", "arn:aws:s3:::docs/*", "{"+strings.Join(conditions, ",")+"}")), "%q", conditions)
	}
	p := attach.Judge(stage, with(func(b *attach.Bucket) {
		b.Policy = deny("s3:*", "arn:aws:s3:::docs/*", `{"StringNotEquals": {"aws:username": "a", "aws:SourceVpc": ["b", "c"], "aws:SourceArn": "d"}}`)
	}))
	assert.Contains(t, said(p, "FAIL"), "(statement No: aws:SourceArn StringNotEquals d; aws:SourceVpc StringNotEquals b, c; aws:username StringNotEquals a)")
	p = attach.Judge(stage, with(func(b *attach.Bucket) { b.Policy = deny("s3:*", "arn:aws:s3:::docs/*", "{"+holds+","+unknown+"}") }))
	assert.Contains(t, said(p, "?"), "policy of docs: statement No denies every look by aws:PrincipalAccount StringEquals 111122223333; aws:PrincipalOrgID StringLike o-1, and whether that is so of "+theRole+" is not known")
}

func TestWhomAStatementIsAbout(t *testing.T) {
	const root, account, theirs = "arn:aws:iam::111122223333:root", "111122223333", "arn:aws:iam::444455556666:role/autobackup-dev-fetch-etags"
	for name, tt := range map[string]struct{ principal, want string }{
		"everybody":                          {`"Principal": "*"`, "FAIL"},
		"everybody with an account":          {`"Principal": {"AWS": "*"}`, "FAIL"},
		"the role":                           {`"Principal": {"AWS": "` + theRole + `"}`, "FAIL"},
		"the role among others":              {`"Principal": {"AWS": ["` + theirs + `", "` + theRole + `"]}`, "FAIL"},
		"its account":                        {`"Principal": {"AWS": "` + account + `"}`, "FAIL"},
		"its account, by a number":           {`"Principal": {"AWS": 111122223333}`, "FAIL"},
		"its account by the root user's ARN": {`"Principal": {"AWS": "` + root + `"}`, "FAIL"},
		"a role of that name elsewhere":      {`"Principal": {"AWS": "` + theirs + `"}`, ""},
		"a pattern, which no principal is":   {`"Principal": {"AWS": "arn:aws:iam::111122223333:role/*"}`, ""},
		"somebody of a provider":             {`"Principal": {"Federated": "*"}`, ""},
		"nobody":                             {`"Principal": {}`, ""},
		"no such form":                       {`"Principal": ["*"]`, ""},
		"all but others":                     {`"NotPrincipal": {"AWS": "` + theirs + `"}`, "FAIL"},
		"all but a service":                  {`"NotPrincipal": {"Service": "s3.amazonaws.com"}`, "FAIL"},
		"all but the role and its account":   {`"NotPrincipal": {"AWS": ["` + theRole + `", "` + root + `"]}`, ""},
		"all but the role, whose account is": {`"NotPrincipal": {"AWS": "` + theRole + `"}`, "?"},
		"all but the account":                {`"NotPrincipal": {"AWS": "` + account + `"}`, "?"},
		"all but what has no name":           {`"NotPrincipal": {"AWS": ""}`, "FAIL"},
		"all but everybody":                  {`"NotPrincipal": "*"`, ""},
	} {
		assert.Equal(t, tt.want, told(fmt.Sprintf(`{"Statement": [{"Effect": "Deny", %s, "Action": "s3:*", "Resource": "*"}]}`, tt.principal)), name)
	}
	p := attach.Judge(stage, with(func(b *attach.Bucket) {
		b.Policy = `{"Statement": {"Effect": "Deny", "NotPrincipal": {"AWS": "` + theRole + `"}, "Action": "s3:*", "Resource": "*"}}`
	}))
	assert.Contains(t, said(p, "?"), "statement 1 denies every look by NotPrincipal names its role or its account, and not both")
	assert.Empty(t, told(`{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}`), "what allows denies nothing")
}
