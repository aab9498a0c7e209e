package iam_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/iam"
)

func TestWhatIsNotKnownIsRefusedByName(t *testing.T) {
	const about = `"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"`
	when := func(condition string) string { return about + `, "Condition": ` + condition }
	tests := map[string]struct {
		kind      iam.Kind
		statement string // its members
		want      string
	}{
		"an unknown element":                  {iam.Identity, about + `, "Actions": "a"`, "the element Actions is not known here"},
		"an element in another case":          {iam.Identity, about + `, "sid": "a"`, "the element sid is not known here"},
		"an element twice":                    {iam.Identity, about + `, "Action": "s3:*"`, "Action stands twice"},
		"an effect":                           {iam.Identity, `"Effect": "allow", "Action": "*", "Resource": "*"`, "its Effect must be Allow or Deny"},
		"no effect":                           {iam.Identity, `"Action": "*", "Resource": "*"`, "its Effect must be Allow or Deny"},
		"a Sid that is no text":               {iam.Identity, about + `, "Sid": null`, "its Sid is no text"},
		"a Sid of an identity's":              {iam.Identity, about + `, "Sid": "a b"`, "its Sid must be letters and digits"},
		"no action":                           {iam.Identity, `"Effect": "Allow", "Resource": "*"`, "it must have one of Action and NotAction"},
		"two kinds of actions":                {iam.Identity, about + `, "NotAction": "s3:*"`, "it must have one of Action and NotAction"},
		"no resource":                         {iam.Identity, `"Effect": "Allow", "Action": "*"`, "it must have one of Resource and NotResource"},
		"two kinds of resources":              {iam.Identity, about + `, "NotResource": "*"`, "it must have one of Resource and NotResource"},
		"an empty list":                       {iam.Identity, `"Effect": "Allow", "Action": [], "Resource": "*"`, "Action: it has no value"},
		"an action that is no text":           {iam.Identity, `"Effect": "Allow", "Action": 1, "Resource": "*"`, "Action: 1 is no text"},
		"an action that is nothing":           {iam.Identity, `"Effect": "Allow", "Action": [null], "Resource": "*"`, "Action: null is no text"},
		"an action without a service":         {iam.Identity, `"Effect": "Allow", "Action": "GetObject", "Resource": "*"`, "GetObject is no action: write the service out"},
		"an action of any service":            {iam.Identity, `"Effect": "Allow", "NotAction": "s*:GetObject", "Resource": "*"`, "s*:GetObject is no action"},
		"a resource that is no ARN":           {iam.Identity, `"Effect": "Allow", "Action": "*", "Resource": "docs"`, `"docs" has not the six parts of an ARN`},
		"a resource that begins as none":      {iam.Identity, `"Effect": "Allow", "Action": "*", "Resource": "a:b:c:d:e:f"`, `"a:b:c:d:e:f" has not the six parts`},
		"a resource of any service":           {iam.Identity, `"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:*:::docs"`, "arn:aws:*:::docs has a * or ? for the service"},
		"a variable in a resource":            {iam.Identity, `"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${*}/${aws:username}"`, "has the policy variable ${aws:username}, which is not known here"},
		"a variable before the fifth colon":   {iam.Identity, `"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:${*}::a"`, "has a policy variable before the fifth colon"},
		"a principal of an identity's":        {iam.Identity, about + `, "Principal": "*"`, "an identity-based policy is for the identity: leave the Principal out"},
		"no principal of a bucket's":          {iam.Bucket, about, "a bucket policy must say in Principal for whom it is"},
		"no principal of a queue's":           {iam.Queue, about, "a queue policy must say in Principal"},
		"no principal of a topic's":           {iam.Topic, about, "a topic policy must say in Principal"},
		"no principal of a key's":             {iam.Key, about, "a key policy must say in Principal"},
		"no principal of a function's":        {iam.Function, about, "a function policy must say in Principal"},
		"no principal of a role's trust":      {iam.Trust, `"Effect": "Allow", "Action": "sts:AssumeRole"`, "a role trust policy must say in Principal"},
		"a resource of a role's trust":        {iam.Trust, about + `, "Principal": "*"`, "a role trust policy is about the role: leave the Resource out"},
		"another resource of a role's trust":  {iam.Trust, `"Effect": "Allow", "Action": "*", "NotResource": "*", "Principal": "*"`, "a role trust policy is about the role"},
		"NotPrincipal":                        {iam.Bucket, about + `, "NotPrincipal": "*"`, "NotPrincipal is not known here, and AWS advises against it"},
		"a principal that is a text":          {iam.Bucket, about + `, "Principal": "` + here + `"`, `the Principal "111122223333" must be "*", or an object`},
		"a principal that is a list":          {iam.Bucket, about + `, "Principal": ["*"]`, "the Principal: it is no JSON object"},
		"an empty principal":                  {iam.Bucket, about + `, "Principal": {}`, "the Principal: it is empty"},
		"a principal that is a number":        {iam.Bucket, about + `, "Principal": {"AWS": ` + here + `}`, "the Principal's AWS: 111122223333 is no text"},
		"an identity provider":                {iam.Trust, `"Effect": "Allow", "Action": "*", "Principal": {"Federated": "a"}`, "principals of the type Federated are not known here"},
		"a canonical user":                    {iam.Bucket, about + `, "Principal": {"CanonicalUser": "a"}`, "principals of the type CanonicalUser are not known here"},
		"a role with a *":                     {iam.Bucket, about + `, "Principal": {"AWS": "arn:aws:iam::111122223333:role/*"}`, "the principal arn:aws:iam::111122223333:role/* is neither"},
		"a bucket as a principal":             {iam.Bucket, about + `, "Principal": {"AWS": "arn:aws:s3:::docs"}`, "the principal arn:aws:s3:::docs is neither"},
		"any service":                         {iam.Bucket, about + `, "Principal": {"Service": "*"}`, "the principal * is no service"},
		"a service's short name":              {iam.Bucket, about + `, "Principal": {"Service": "s3"}`, "the principal s3 is no service"},
		"an operator":                         {iam.Identity, when(`{"DateEquals": {"aws:SourceArn": "a"}}`), "the condition operator DateEquals is not known here"},
		"an operator in another case":         {iam.Identity, when(`{"stringEquals": {"aws:SourceArn": "a"}}`), "the condition operator stringEquals is not known here"},
		"an operator with two sets":           {iam.Identity, when(`{"ForAllValues:ForAllValues:StringEquals": {"aws:SourceArn": "a"}}`), "the condition operator ForAllValues:ForAllValues:StringEquals"},
		"Null, if it exists":                  {iam.Identity, when(`{"NullIfExists": {"aws:SourceArn": true}}`), "the condition operator NullIfExists is not known here"},
		"Null of all values":                  {iam.Identity, when(`{"ForAllValues:Null": {"aws:SourceArn": true}}`), "the condition operator ForAllValues:Null is not known here"},
		"Null of something":                   {iam.Identity, when(`{"Null": {"aws:SourceArn": "a"}}`), `Null of aws:SourceArn: "a" is neither true nor false`},
		"a condition key":                     {iam.Identity, when(`{"StringEquals": {"aws:SourceIp": "a"}}`), "the condition key aws:SourceIp is not known here"},
		"an encryption context without a key": {iam.Identity, when(`{"StringEquals": {"kms:EncryptionContext:": "a"}}`), "the condition key kms:EncryptionContext: is not known here"},
		"a variable in a condition":           {iam.Identity, when(`{"StringLike": {"aws:SourceArn": "a${aws:username}"}}`), "StringLike of aws:SourceArn has the policy variable ${aws:username}"},
		"a long key that is none":             {iam.Identity, when(`{"StringEquals": {"kms:EncryptionContextOfAll:a": "a"}}`), "the condition key kms:EncryptionContextOfAll:a is not known here"},
		"a key with more behind":              {iam.Identity, when(`{"StringEquals": {"kms:ViaServices": "a"}}`), "the condition key kms:ViaServices is not known here"},
		"the first variable":                  {iam.Identity, when(`{"StringLike": {"aws:SourceArn": "${*}${aws:username}${?}"}}`), "has the policy variable ${aws:username},"},
		"a variable of one letter":            {iam.Identity, when(`{"StringLike": {"aws:SourceArn": "${a}"}}`), "has the policy variable ${a},"},
		"a variable that begins with a *":     {iam.Identity, when(`{"StringLike": {"aws:SourceArn": "${*a}"}}`), "has the policy variable ${*a},"},
		"a variable in the fifth part":        {iam.Identity, `"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3::${*}:a"`, "has a policy variable before the fifth colon"},
		"the second of actions":               {iam.Identity, `"Effect": "Allow", "Action": ["s3:*", "a"], "Resource": "*"`, "a is no action"},
		"the second of resources":             {iam.Identity, `"Effect": "Allow", "Action": "*", "Resource": ["*", "a"]`, `"a" has not the six parts`},
		"the second of principals":            {iam.Bucket, about + `, "Principal": {"AWS": ["*", "a"]}`, "the principal a is neither"},
		"the second of conditions":            {iam.Bucket, about + `, "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": true}, "Date": {"a": "b"}}`, "the condition operator Date is not known"},
		"an ARN of five parts in ArnEquals":   {iam.Identity, when(`{"ArnEquals": {"aws:SourceArn": "arn:aws:s3::*"}}`), `has not the six parts`},
		"an ARN of five parts in ArnNotLike":  {iam.Identity, when(`{"ArnNotLike": {"aws:SourceArn": "arn:aws:s3::*"}}`), `has not the six parts`},
		"a number in NumericLessThan":         {iam.Identity, when(`{"NumericLessThan": {"aws:SourceArn": "a"}}`), `"a" is no number`},
		"a variable without an end":           {iam.Identity, when(`{"StringLike": {"aws:SourceArn": "${a"}}`), "has the policy variable ${a}"},
		"an ARN of five parts":                {iam.Identity, when(`{"ArnLike": {"aws:SourceArn": "arn:aws:s3:*"}}`), `ArnLike of aws:SourceArn: "arn:aws:s3:*" has not the six parts`},
		"an ARN of five parts, negated":       {iam.Identity, when(`{"ArnNotEquals": {"aws:SourceArn": "arn:aws:s3:*"}}`), `has not the six parts`},
		"a truth":                             {iam.Identity, when(`{"Bool": {"aws:SecureTransport": ["true", 1]}}`), `Bool of aws:SecureTransport: "1" is neither true nor false`},
		"a number":                            {iam.Identity, when(`{"NumericNotEquals": {"aws:SourceArn": "a"}}`), `"a" is no number`},
		"a condition that is a text":          {iam.Identity, when(`"a"`), "the Condition: it is no JSON object"},
		"an empty condition":                  {iam.Identity, when(`{}`), "the Condition: it is empty"},
		"an operator without keys":            {iam.Identity, when(`{"Bool": {}}`), "the Condition's Bool: it is empty"},
		"a key without values":                {iam.Identity, when(`{"Bool": {"aws:SecureTransport": []}}`), "Bool of aws:SecureTransport: it has no value"},
		"a key that is nothing":               {iam.Identity, when(`{"StringEquals": {"aws:SourceArn": null}}`), "StringEquals of aws:SourceArn: null is no text"},
		"a key twice":                         {iam.Identity, when(`{"Bool": {"aws:SecureTransport": true, "aws:SecureTransport": false}}`), "aws:SecureTransport stands twice"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := iam.Parse([]byte(`{"Version": "2012-10-17", "Statement": {`+test.statement+`}}`), test.kind)
			require.ErrorContains(t, err, test.want)
			assert.Contains(t, err.Error(), "read the "+string(test.kind)+": statement ")
		})
	}
}

func TestWhatIsNoPolicyIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "it is no JSON object",
		"[]":                           "it is no JSON object",
		"{":                            "EOF",
		`{"Version": "2012-10-17"`:     "EOF",
		"{\"Statement\": [\"\xff\"]}":  "not written in UTF-8",
		`{}`:                           `its Version must be "2012-10-17"`,
		`{"Version": null}`:            `its Version must be "2012-10-17"`,
		`{"Version": "2008-10-17"}`:    `its Version must be "2012-10-17"`,
		`{"Version": "2012-10-17"}`:    "it has no Statement",
		`{"Version": "2012-10-17"} a`:  "something stands behind the JSON object",
		`{"Id": "a"}`:                  "the element Id is not known here",
		`{"Version": "", "Version": 1`: "Version stands twice",
		`{"Version": "2012-10-17", "Statement": []}`:                                          "it has no Statement",
		`{"Version": "2012-10-17", "Statement": ""}`:                                          "statement 1: it is no JSON object",
		`{"Version": "2012-10-17", "Statement": [` + reads + `,` + reads + `]}`:               "statement Reads: another has the same Sid",
		`{"Version": "2012-10-17", "Statement": [` + reads + `, {"Sid": "B", "Effect": ""}]}`: "statement B: its Effect",
		`{"Version": "2012-10-17", "Statement": [` + everything + `,` + everything + `, {}]}`: "statement 3: its Effect",
	} {
		d, err := iam.Parse([]byte(text), iam.Identity)
		require.ErrorContains(t, err, "read the identity-based policy: ", text)
		require.ErrorContains(t, err, want, text)
		assert.Empty(t, d)
	}
}

func TestARefusalNamesTheStatement(t *testing.T) {
	for _, wrong := range []string{
		`"Effect": "Maybe"`, `"Effect": "Allow", "Action": 1`, `"Effect": "Allow", "NotPrincipal": "*"`, `"Effect": "Allow", "Principal": "a"`,
		`"Effect": "Allow", "Condition": "a"`, `"Effect": "Allow", "Principal": "*"`,
	} {
		_, err := iam.Parse([]byte(`{"Version": "2012-10-17", "Statement": [`+lets(`"*"`)+`, {"Sid": "Second", `+wrong+`}]}`), iam.Bucket)
		assert.ErrorContains(t, err, "read the bucket policy: statement Second: ", wrong)
	}
}

func TestEachKindHasThePrincipalsThatItCanHave(t *testing.T) {
	for _, principal := range []string{
		`"*"`, aws("*"), aws(here), aws(rootARN), aws(roleARN), aws(userARN), aws(sessionARN), aws("arn:aws-cn:iam::111122223333:root"),
		`{"Service": ["s3.amazonaws.com", "logs.eu-central-1.amazonaws.com", "ec2.amazonaws.com.cn"]}`,
	} {
		for _, kind := range []iam.Kind{iam.Bucket, iam.Queue, iam.Topic, iam.Key, iam.Function} {
			doc(t, kind, lets(principal))
		}
		doc(t, iam.Trust, `{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": `+principal+`}`)
	}
	doc(t, iam.Bucket, strings.Replace(lets(`"*"`), "Lets", "Lets them in", 1)) // S3 takes spaces in a Sid
}

func FuzzParse(f *testing.F) {
	for _, statement := range []string{
		reads, readsNot, everything, lets(`"*"`), lets(`{"AWS": ["` + here + `", "` + sessionARN + `"], "Service": "s3.amazonaws.com"}`),
		`{"Effect": "Allow", "NotAction": ["s3:*"], "NotResource": "arn:aws:s3:::${*}a?", "Condition": {"ForAnyValue:ArnLikeIfExists": {"aws:SourceArn": ["arn:aws:s3:::*"]}, "Null": {"kms:ViaService": true}}}`,
		`{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Condition": {"NumericLessThan": {"kms:EncryptionContext:a": 1}, "StringNotLike": {"aws:SourceAccount": "*"}}}`,
	} {
		f.Add([]byte(`{"Version": "2012-10-17", "Statement": [`+statement+`]}`), object, "a")
		f.Add([]byte(`{"Version": "2012-10-17", "Statement": `+statement+`}`), "arn:aws:s3:::ö:*", "")
	}
	kinds := []iam.Kind{iam.Identity, iam.Bucket, iam.Key, iam.Trust}
	f.Fuzz(func(t *testing.T, text []byte, resource, value string) {
		for _, kind := range kinds {
			d, err := iam.Parse(text, kind)
			if err != nil {
				assert.ErrorContains(t, err, "read the "+string(kind)+": ")
				continue
			}
			assert.NotEmpty(t, d.Statements)
			context := map[string][]string{}
			for _, key := range iam.ConditionKeys() {
				context[strings.ToLower(key)] = []string{value}
			}
			p := iam.Policies{Identity: []iam.Document{d}, Resource: &d, ResourceOwner: here}
			decision := iam.Evaluate(iam.Request{Principal: session, Action: "s3:GetObject", Resource: resource, Context: context}, p)
			assert.Equal(t, decision.Allowed, decision.Words == "")
		}
	})
}
