package iam_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/iam"
)

const (
	here, there = "111122223333", "444455556666"
	roleARN     = "arn:aws:iam::" + here + ":role/path/reads"
	sessionARN  = "arn:aws:sts::" + here + ":assumed-role/reads/one"
	userARN     = "arn:aws:iam::" + here + ":user/ann"
	rootARN     = "arn:aws:iam::" + here + ":root"
	object      = "arn:aws:s3:::docs/a"
)

var (
	session = iam.Session(roleARN, "one")
	user    = iam.Principal{ARN: userARN}
	root    = iam.Principal{ARN: rootARN}
	s3      = iam.Principal{Service: "s3.amazonaws.com"}
	nobody  = iam.Principal{}
)

// doc is a document of these statements, each a JSON object.
func doc(t require.TestingT, kind iam.Kind, statements ...string) iam.Document {
	d, err := iam.Parse([]byte(`{"Version": "2012-10-17", "Statement": [`+strings.Join(statements, ",")+`]}`), kind)
	require.NoError(t, err)
	return d
}

// for identities
const (
	reads       = `{"Sid": "Reads", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::docs/*"}`
	readsNot    = `{"Sid": "ReadsNot", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}`
	lists       = `{"Sid": "Lists", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}`
	everything  = `{"Effect": "Allow", "Action": "*", "Resource": "*"}`
	bucketReads = `"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::docs/*"}`
)

// lets is a statement of a bucket's policy that lets a principal read.
func lets(principal string) string {
	return `{"Sid": "Lets", "Principal": ` + principal + `, ` + bucketReads
}

func aws(arn string) string { return `{"AWS": "` + arn + `"}` }

// has is the policies of a request for the object: of the identity, of the boundary and of the
// bucket, whose owner is here.
type has struct {
	identity, boundary, bucket []string
	owner                      string
	consent                    bool
	kind                       iam.Kind
}

func (h has) policies(t require.TestingT) iam.Policies {
	p := iam.Policies{ResourceOwner: h.owner, ConsentNeeded: h.consent}
	if p.ResourceOwner == "" {
		p.ResourceOwner = here
	}
	for _, s := range h.identity {
		p.Identity = append(p.Identity, doc(t, iam.Identity, s))
	}
	if h.boundary != nil {
		d := doc(t, iam.Identity, h.boundary...)
		p.Boundary = &d
	}
	if h.bucket != nil {
		if h.kind == "" {
			h.kind = iam.Bucket
		}
		d := doc(t, h.kind, h.bucket...)
		p.Resource = &d
	}
	return p
}

func TestAPolicyThatIsNotEvaluatedHereDeniesInAWSsWords(t *testing.T) {
	r := iam.Request{Principal: session, Action: "sqs:SendMessage", Resource: "arn:aws:sqs:eu-central-1:" + here + ":q"}
	words := "User: " + session.ARN + " is not authorized to perform: sqs:SendMessage on resource: " + r.Resource
	assert.Equal(t, iam.Decision{Explicit: true, By: []iam.By{{Side: iam.RCPSide}}, Words: words + " with an explicit deny in a resource control policy"}, r.DeniedBy(iam.RCPSide, true, here))
	assert.Equal(t, iam.Decision{By: []iam.By{{Side: iam.EndpointSide}}, Words: words + " because no VPC endpoint policy allows the sqs:SendMessage action"}, r.DeniedBy(iam.EndpointSide, false, here))
	r.Action, r.Resource = "s3:GetObject", "arn:aws:s3:::docs/a"
	assert.Contains(t, r.DeniedBy(iam.SCPSide, true, here).Words, "in a service control policy")
	for owner, side := range map[string]iam.Side{here: iam.ACLSide, "999999999999": iam.SCPSide} {
		assert.Equal(t, "Access Denied", r.DeniedBy(side, true, owner).Words)
	}
}

func TestWhoMayReadAnObject(t *testing.T) {
	const (
		noIdentity = ` because no identity-based policy allows the s3:GetObject action`
		noBoundary = ` because no permissions boundary allows the s3:GetObject action`
		noResource = ` because no resource-based policy allows the s3:GetObject action`
	)
	byAccount := lets(aws(here))
	tests := map[string]struct {
		who      iam.Principal
		has      has
		refused  string // the words' end; empty is allowed
		explicit bool
	}{
		"without any policy, nobody is allowed anything":                    {who: session, refused: noIdentity},
		"an identity's policy is enough in its account":                     {who: session, has: has{identity: []string{reads}}},
		"any of an identity's policies is enough":                           {who: session, has: has{identity: []string{lists, reads}}},
		"a policy that allows something else is not enough":                 {who: session, has: has{identity: []string{lists}}, refused: noIdentity},
		"an explicit deny beats an allow beside it":                         {who: session, has: has{identity: []string{reads, readsNot}}, refused: " with an explicit deny in an identity-based policy", explicit: true},
		"an explicit deny of the resource's policy beats an identity's":     {who: session, has: has{identity: []string{reads}, bucket: []string{strings.Replace(lets(`"*"`), "Allow", "Deny", 1)}}, refused: " with an explicit deny in a resource-based policy", explicit: true},
		"an explicit deny of a boundary beats everything":                   {who: session, has: has{identity: []string{reads}, boundary: []string{everything, readsNot}, bucket: []string{lets(`"*"`)}}, refused: " with an explicit deny in a permissions boundary", explicit: true},
		"of denies, the identity's is told":                                 {who: session, has: has{identity: []string{readsNot}, bucket: []string{strings.Replace(lets(`"*"`), "Allow", "Deny", 1)}}, refused: " with an explicit deny in an identity-based policy", explicit: true},
		"a boundary must allow what an identity's policy allows":            {who: session, has: has{identity: []string{reads}, boundary: []string{lists}}, refused: noBoundary},
		"a boundary alone allows nothing":                                   {who: session, has: has{boundary: []string{everything}}, refused: noIdentity},
		"a boundary and an identity's policy allow":                         {who: session, has: has{identity: []string{reads}, boundary: []string{everything}}},
		"the resource's policy is enough for a session that it names":       {who: session, has: has{bucket: []string{lets(aws(sessionARN))}}},
		"a boundary does not limit a session that the resource names":       {who: session, has: has{boundary: []string{lists}, bucket: []string{lets(aws(sessionARN))}}},
		"the resource's policy is enough for a role that it names":          {who: session, has: has{bucket: []string{lets(aws(roleARN))}}},
		"a boundary limits a role that the resource names":                  {who: session, has: has{boundary: []string{lists}, bucket: []string{lets(aws(roleARN))}}, refused: noBoundary},
		"a boundary that allows lets a role in that the resource names":     {who: session, has: has{boundary: []string{everything}, bucket: []string{lets(aws(roleARN))}}},
		"the closest of several names counts":                               {who: session, has: has{boundary: []string{lists}, bucket: []string{lets(`{"AWS": ["` + here + `", "` + sessionARN + `", "` + roleARN + `"]}`)}}},
		"a boundary does not limit a user that the resource names":          {who: user, has: has{boundary: []string{lists}, bucket: []string{lets(aws(userARN))}}},
		"a boundary does not limit whom the resource lets in as anybody":    {who: session, has: has{boundary: []string{lists}, bucket: []string{lets(`"*"`)}}},
		"another session of the role is another":                            {who: iam.Session(roleARN, "two"), has: has{bucket: []string{lets(aws(sessionARN))}}, refused: noIdentity},
		"another role's name is another":                                    {who: iam.Session(roleARN+"2", "one"), has: has{bucket: []string{lets(aws(roleARN))}}, refused: noIdentity},
		"naming the account leaves it to the identity's policies":           {who: session, has: has{bucket: []string{byAccount}}, refused: noIdentity},
		"naming the account by its ARN leaves it to them, too":              {who: session, has: has{bucket: []string{lets(aws(rootARN))}}, refused: noIdentity},
		"the root user may do everything in its account":                    {who: root},
		"the root user is denied what a bucket denies everybody":            {who: root, has: has{bucket: []string{strings.Replace(lets(`"*"`), "Allow", "Deny", 1)}}, refused: " with an explicit deny in a resource-based policy", explicit: true},
		"a deny for an account is for all in it":                            {who: session, has: has{identity: []string{reads}, bucket: []string{strings.Replace(lets(aws(rootARN)), "Allow", "Deny", 1)}}, refused: " with an explicit deny in a resource-based policy", explicit: true},
		"from another account, both policies allow by the role":             {who: session, has: has{owner: there, identity: []string{reads}, bucket: []string{lets(aws(roleARN))}}},
		"from another account, both policies allow by the account":          {who: session, has: has{owner: there, identity: []string{reads}, bucket: []string{lets(aws(rootARN))}}},
		"from another account, both policies allow by anybody":              {who: session, has: has{owner: there, identity: []string{reads}, bucket: []string{lets(`"*"`)}}},
		"from another account, the identity's policy is not enough":         {who: session, has: has{owner: there, identity: []string{reads}}, refused: "Access Denied"},
		"from another account, the resource's is not enough":                {who: session, has: has{owner: there, bucket: []string{lets(aws(sessionARN))}}, refused: "Access Denied"},
		"from another account, the boundary must allow, too":                {who: session, has: has{owner: there, identity: []string{reads}, boundary: []string{lists}, bucket: []string{lets(`"*"`)}}, refused: "Access Denied"},
		"from another account, the root user must be let in, too":           {who: root, has: has{owner: there}, refused: "Access Denied"},
		"from another account, the root user needs no policy of its own":    {who: root, has: has{owner: there, bucket: []string{lets(aws(here))}}},
		"from another account, the resource's is not enough for a role":     {who: session, has: has{owner: there, bucket: []string{lets(aws(roleARN))}}, refused: "Access Denied"},
		"from another account, consent by the role is enough":               {who: session, has: has{owner: there, consent: true, identity: []string{reads}, bucket: []string{lets(aws(roleARN))}}},
		"the closest of several statements counts":                          {who: session, has: has{boundary: []string{lists}, bucket: []string{lets(aws(sessionARN)), strings.Replace(lets(aws(roleARN)), "Lets", "Too", 1)}}},
		"a deny for another is none":                                        {who: session, has: has{identity: []string{reads}, bucket: []string{strings.Replace(lets(aws(userARN)), "Allow", "Deny", 1)}}},
		"another account's resource that lets in a third account refuses":   {who: session, has: has{owner: there, identity: []string{reads}, bucket: []string{lets(aws(there))}}, refused: "Access Denied"},
		"a service is let in by the resource alone":                         {who: s3, has: has{bucket: []string{lets(`{"Service": "s3.amazonaws.com"}`)}}},
		"another service is not":                                            {who: s3, has: has{bucket: []string{lets(`{"Service": "sns.amazonaws.com"}`)}}, refused: "Access Denied"},
		"a service is let in where anybody is":                              {who: s3, has: has{bucket: []string{lets(`"*"`)}}},
		"a service that nothing names is refused":                           {who: s3, refused: "Access Denied"},
		"a service is of no account":                                        {who: s3, has: has{bucket: []string{byAccount}}, refused: "Access Denied"},
		"nobody is let in where anybody is":                                 {who: nobody, has: has{bucket: []string{lets(aws("*"))}}},
		"nobody is refused otherwise":                                       {who: nobody, has: has{bucket: []string{byAccount}}, refused: "Access Denied"},
		"where consent is needed, an identity's policy is not enough":       {who: session, has: has{consent: true, identity: []string{reads}}, refused: noResource},
		"where consent is needed, a resource that names the account leaves": {who: session, has: has{consent: true, identity: []string{reads}, bucket: []string{lets(aws(rootARN))}}},
		"where it is left to the account, its policies must allow":          {who: session, has: has{consent: true, bucket: []string{byAccount}}, refused: noIdentity},
		"where it is left to the account, its boundary must allow":          {who: session, has: has{consent: true, identity: []string{reads}, boundary: []string{lists}, bucket: []string{byAccount}}, refused: noBoundary},
		"where consent is needed, it is enough for the role":                {who: session, has: has{consent: true, bucket: []string{lets(aws(roleARN))}}},
		"where consent is needed, it is enough for the session":             {who: session, has: has{consent: true, bucket: []string{lets(aws(sessionARN))}}},
		"where consent is needed, the root user needs it, too":              {who: root, has: has{consent: true, bucket: []string{lets(aws(userARN))}}, refused: noResource},
		"consent to another account is none":                                {who: session, has: has{consent: true, identity: []string{reads}, bucket: []string{lets(aws(there))}}, refused: noResource},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := iam.Evaluate(iam.Request{Principal: test.who, Action: "s3:GetObject", Resource: object}, test.has.policies(t))
			assert.Equal(t, test.refused == "", d.Allowed)
			assert.Equal(t, test.explicit, d.Explicit)
			if test.refused != "" && test.refused != "Access Denied" {
				test.refused = "User: " + test.who.ARN + ` is not authorized to perform: s3:GetObject on resource: "` + object + `"` + test.refused
			}
			assert.Equal(t, test.refused, d.Words)
		})
	}
}

func TestADecisionTellsTheStatementsThatMadeIt(t *testing.T) {
	request := iam.Request{Principal: session, Action: "s3:GetObject", Resource: object}
	p := has{identity: []string{lists, reads}, boundary: []string{everything}, bucket: []string{lets(aws(roleARN))}}.policies(t)
	p.Identity[1].Name = "read-one-side"
	assert.Equal(t, []iam.By{{iam.IdentitySide, "read-one-side", "Reads"}, {iam.BoundarySide, "", "1"}, {iam.ResourceSide, "", "Lets"}}, iam.Evaluate(request, p).By)

	p = has{identity: []string{reads, readsNot}}.policies(t)
	assert.Equal(t, []iam.By{{iam.IdentitySide, "", "ReadsNot"}}, iam.Evaluate(request, p).By)

	assert.Equal(t, []iam.By{{Side: iam.IdentitySide}}, iam.Evaluate(request, iam.Policies{ResourceOwner: here}).By)
	assert.Nil(t, iam.Evaluate(iam.Request{Principal: root, Action: "s3:GetObject", Resource: object}, iam.Policies{ResourceOwner: here}).By)
}

func TestAnotherServicesWordsHaveNoQuotesAndATrustPolicysNoResource(t *testing.T) {
	queue := "arn:aws:sqs:eu-central-1:" + here + ":q"
	words := func(who iam.Principal, action, resource string, p iam.Policies) string {
		return iam.Evaluate(iam.Request{Principal: who, Action: action, Resource: resource}, p).Words
	}
	assert.Equal(t, "User: "+sessionARN+" is not authorized to perform: sqs:SendMessage on resource: "+queue+" because no resource-based policy allows the sqs:SendMessage action",
		words(session, "sqs:SendMessage", queue, iam.Policies{ResourceOwner: there}))
	assert.Equal(t, "User: s3.amazonaws.com is not authorized to perform: sqs:SendMessage on resource: "+queue+" because no resource-based policy allows the sqs:SendMessage action",
		words(s3, "sqs:SendMessage", queue, iam.Policies{ResourceOwner: here}))
	assert.Contains(t, words(nobody, "sqs:SendMessage", queue, iam.Policies{ResourceOwner: here}), "User: anonymous is not")

	trust := doc(t, iam.Trust, `{"Effect": "Allow", "Principal": {"Service": "pipes.amazonaws.com"}, "Action": "sts:AssumeRole"}`)
	p := iam.Policies{Resource: &trust, ResourceOwner: here, ConsentNeeded: true}
	assert.Equal(t, "User: "+userARN+" is not authorized to perform: sts:AssumeRole because no role trust policy allows the sts:AssumeRole action", words(user, "sts:AssumeRole", roleARN, p))
	assert.Empty(t, words(iam.Principal{Service: "pipes.amazonaws.com"}, "sts:AssumeRole", roleARN, p))

	trust = doc(t, iam.Trust, `{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}`)
	assert.Equal(t, "User: "+userARN+" is not authorized to perform: sts:AssumeRole with an explicit deny in the role trust policy", words(user, "sts:AssumeRole", roleARN, p))
	p.Identity = []iam.Document{doc(t, iam.Identity, `{"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}`)}
	assert.Equal(t, "User: "+userARN+" is not authorized to perform: sts:AssumeRole on resource: "+roleARN+" with an explicit deny in an identity-based policy", words(user, "sts:AssumeRole", roleARN, p))
}

func TestASessionsARNHasTheRolesNameWithoutItsPath(t *testing.T) {
	assert.Equal(t, iam.Principal{Role: roleARN, ARN: sessionARN}, session)
	assert.Equal(t, "arn:aws-cn:sts::1:assumed-role/r/s", iam.Session("arn:aws-cn:iam::1:role/r", "s").ARN)
	assert.Equal(t, here, session.Account())
	assert.Empty(t, s3.Account())
	assert.Empty(t, iam.Principal{ARN: "a:b:c:d"}.Account(), "what is no ARN")
}

// allowed says whether an identity's statement allows a call.
func allowed(t require.TestingT, statement, action, resource string, context map[string][]string) bool {
	p := iam.Policies{Identity: []iam.Document{doc(t, iam.Identity, statement)}, ResourceOwner: here}
	return iam.Evaluate(iam.Request{Principal: session, Action: action, Resource: resource, Context: context}, p).Allowed
}

func TestWhatAStatementIsAbout(t *testing.T) {
	queue := "arn:aws:sqs:eu-central-1:" + here + ":q"
	tests := map[string]struct {
		elements, action, resource string
		want                       bool
	}{
		"an action's case is nothing":                      {`"Action": "S3:getobject", "Resource": "*"`, "s3:GetObject", object, true},
		"a * in an action":                                 {`"Action": "s3:Get*", "Resource": "*"`, "s3:GetObject", object, true},
		"a ? in an action":                                 {`"Action": "s3:GetObjec?", "Resource": "*"`, "s3:GetObject", object, true},
		"a ? is one character":                             {`"Action": "s3:GetObject?", "Resource": "*"`, "s3:GetObject", object, false},
		"one of many actions":                              {`"Action": ["s3:PutObject", "s3:GetObject"], "Resource": "*"`, "s3:GetObject", object, true},
		"all actions but one":                              {`"NotAction": "s3:GetObject", "Resource": "*"`, "s3:GetObject", object, false},
		"all actions but another":                          {`"NotAction": ["s3:PutObject", "sqs:*"], "Resource": "*"`, "s3:GetObject", object, true},
		"a resource's case is something":                   {`"Action": "*", "Resource": "arn:aws:s3:::Docs/*"`, "s3:GetObject", object, false},
		"all resources but one":                            {`"Action": "*", "NotResource": ["arn:aws:s3:::other/*", "arn:aws:s3:::docs/*"]`, "s3:GetObject", object, false},
		"all resources but another":                        {`"Action": "*", "NotResource": "arn:aws:s3:::other/*"`, "s3:GetObject", object, true},
		"a bucket is not its objects":                      {`"Action": "*", "Resource": "arn:aws:s3:::docs"`, "s3:GetObject", object, false},
		"a * reaches over slashes":                         {`"Action": "*", "Resource": "arn:aws:s3:::docs/*/c"`, "s3:GetObject", "arn:aws:s3:::docs/a/b/c", true},
		"a * reaches over a colon of a key":                {`"Action": "*", "Resource": "arn:aws:s3:::docs/a*d"`, "s3:GetObject", "arn:aws:s3:::docs/a:c:d", true},
		"a ? stands for a colon of a key":                  {`"Action": "*", "Resource": "arn:aws:s3:::docs/a?c"`, "s3:GetObject", "arn:aws:s3:::docs/a:c", true},
		"a ? stands for one character of many bytes":       {`"Action": "*", "Resource": "arn:aws:s3:::docs/?"`, "s3:GetObject", "arn:aws:s3:::docs/ö", true},
		"a * in a part stays in it":                        {`"Action": "*", "Resource": "arn:aws:sqs:eu*l-1:a:q"`, "sqs:SendMessage", "arn:aws:sqs:eu:l-1:a:q", false},
		"a * in a part stays in it, before many":           {`"Action": "*", "Resource": "arn:aws:sqs:e*1:` + here + `:q"`, "sqs:SendMessage", queue, true},
		"a ? in a part stays in it":                        {`"Action": "*", "Resource": "arn:aws:sqs:eu-central-1?` + here + `:q:"`, "sqs:SendMessage", queue + ":", false},
		"a * that ends a part may reach on":                {`"Action": "*", "Resource": "arn:aws:sqs:*:q:"`, "sqs:SendMessage", queue + ":", true},
		"a * that is a part":                               {`"Action": "*", "Resource": "arn:aws:sqs:*:*:q"`, "sqs:SendMessage", queue, true},
		"a * in the fifth part stays in it":                {`"Action": "*", "Resource": "arn:aws:sqs:r:1*2:q"`, "sqs:SendMessage", "arn:aws:sqs:r:1:2:q", false},
		"a ? in the fifth part stays in it":                {`"Action": "*", "Resource": "arn:aws:sqs:r:1?2:q"`, "sqs:SendMessage", "arn:aws:sqs:r:1:2:q", false},
		"a ? in a part":                                    {`"Action": "*", "Resource": "arn:aws:sqs:eu-central-?:*:q"`, "sqs:SendMessage", queue, true},
		"a * reaches over colons behind one":               {`"Action": "*", "Resource": "arn:aws:s3:::docs/a:b:c*f"`, "s3:GetObject", "arn:aws:s3:::docs/a:b:c:e:f", true},
		"what looks like a plain * and is none":            {`"Action": "*", "Resource": "arn:aws:s3:::docs/ab*}"`, "s3:GetObject", "arn:aws:s3:::docs/abcc}", true},
		"a ${*} is a plain *":                              {`"Action": "*", "Resource": "arn:aws:s3:::docs/${*}"`, "s3:GetObject", "arn:aws:s3:::docs/*", true},
		"a ${*} is nothing but a *":                        {`"Action": "*", "Resource": "arn:aws:s3:::docs/${*}"`, "s3:GetObject", object, false},
		"a ${?} is a plain ?":                              {`"Action": "*", "Resource": "arn:aws:s3:::docs/${?}"`, "s3:GetObject", object, false},
		"a ${$} is a plain $":                              {`"Action": "*", "Resource": "arn:aws:s3:::docs/${$}*"`, "s3:GetObject", "arn:aws:s3:::docs/$1", true},
		"what is done to no resource is allowed on * only": {`"Action": "*", "Resource": "arn:aws:s3:::*"`, "s3:ListAllMyBuckets", "*", false},
		"what is done to no resource is allowed on *":      {`"Action": "*", "Resource": "*"`, "s3:ListAllMyBuckets", "*", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, allowed(t, `{"Effect": "Allow", `+test.elements+`}`, test.action, test.resource, nil))
		})
	}
}

func TestWhatAConditionAsksFor(t *testing.T) {
	const key, arn = "aws:SourceAccount", "aws:SourceArn"
	tests := map[string]struct {
		operator, key, values string
		given                 []string
		want                  bool
	}{
		"an equal text":                      {"StringEquals", key, `"a"`, []string{"a"}, true},
		"another text":                       {"StringEquals", key, `"a"`, []string{"b"}, false},
		"case is something":                  {"StringEquals", key, `"a"`, []string{"A"}, false},
		"a * is plain":                       {"StringEquals", key, `"*"`, []string{"a"}, false},
		"a ${*} is a *":                      {"StringEquals", key, `"${*}"`, []string{"*"}, true},
		"a ${?} is a ?":                      {"StringEquals", key, `"${?}"`, []string{"?"}, true},
		"a ${$} is a $":                      {"StringEquals", key, `"${$}"`, []string{"$"}, true},
		"another text in any case":           {"StringEqualsIgnoreCase", key, `"a"`, []string{"b"}, false},
		"what begins as an ARN":              {"ArnLike", arn, `"arn:aws:s3:::docs"`, []string{"arn:aws"}, false},
		"an ARN's resource with a colon":     {"ArnLike", arn, `"arn:aws:sqs:r:a:q*"`, []string{"arn:aws:sqs:r:a:q:b"}, true},
		"other numbers":                      {"NumericEquals", key, `"2"`, []string{"3"}, false},
		"not other numbers":                  {"NumericNotEquals", key, `"2"`, []string{"3"}, true},
		"one of many":                        {"StringEquals", key, `["a", "b"]`, []string{"b"}, true},
		"a missing key":                      {"StringEquals", key, `"a"`, nil, false},
		"a missing key, if it exists":        {"StringEqualsIfExists", key, `"a"`, nil, true},
		"another text, if it exists":         {"StringEqualsIfExists", key, `"a"`, []string{"b"}, false},
		"a number is a text":                 {"StringEquals", key, `1234`, []string{"1234"}, true},
		"the name's case is nothing":         {"StringEquals", "AWS:sourceaccount", `"a"`, []string{"a"}, true},
		"not an equal text":                  {"StringNotEquals", key, `"a"`, []string{"a"}, false},
		"not another text":                   {"StringNotEquals", key, `["b", "c"]`, []string{"a"}, true},
		"none of many":                       {"StringNotEquals", key, `["b", "a"]`, []string{"a"}, false},
		"not, of a missing key":              {"StringNotEquals", key, `"a"`, nil, true},
		"any case":                           {"StringEqualsIgnoreCase", key, `"a${*}"`, []string{"A*"}, true},
		"not any case":                       {"StringNotEqualsIgnoreCase", key, `"a"`, []string{"A"}, false},
		"a form":                             {"StringLike", key, `"a*c?"`, []string{"abbcd"}, true},
		"a form reaches over colons":         {"StringLike", key, `"a*c"`, []string{"a:b:c"}, true},
		"another form":                       {"StringLike", key, `"a?"`, []string{"a"}, false},
		"not a form":                         {"StringNotLike", key, `"a*"`, []string{"ab"}, false},
		"an ARN's form":                      {"ArnLike", arn, `"arn:aws:s3:::docs-*"`, []string{"arn:aws:s3:::docs-a"}, true},
		"an ARN's form, by ArnEquals":        {"ArnEquals", arn, `"arn:aws:s3:::docs-*"`, []string{"arn:aws:s3:::docs-a"}, true},
		"a part of an ARN by itself":         {"ArnLike", arn, `"arn:aws:sqs:r:*:q"`, []string{"arn:aws:sqs:r:a:b:q"}, false},
		"a part's * stays in it":             {"ArnLike", arn, `"arn:aws:sqs:*:a:q"`, []string{"arn:aws:sqs:r:b:a:q"}, false},
		"what is no ARN":                     {"ArnLike", arn, `"arn:*:*:*:*:*"`, []string{"q"}, false},
		"an ARN's case is something":         {"ArnLike", arn, `"arn:aws:s3:::A"`, []string{"arn:aws:s3:::a"}, false},
		"not an ARN's form":                  {"ArnNotLike", arn, `"arn:aws:s3:::a*"`, []string{"arn:aws:s3:::ab"}, false},
		"not an ARN's form, by ArnNotEquals": {"ArnNotEquals", arn, `"arn:aws:s3:::a*"`, []string{"arn:aws:s3:::b"}, true},
		"true":                               {"Bool", "aws:SecureTransport", `true`, []string{"true"}, true},
		"true in another case":               {"Bool", "aws:SecureTransport", `"True"`, []string{"true"}, true},
		"false":                              {"Bool", "aws:SecureTransport", `false`, []string{"true"}, false},
		"no truth":                           {"Bool", "aws:SecureTransport", `false`, nil, false},
		"is missing":                         {"Null", key, `"true"`, nil, true},
		"is missing, but is there":           {"Null", key, `"true"`, []string{"a"}, false},
		"is there":                           {"Null", key, `"false"`, []string{"a"}, true},
		"is there, but is missing":           {"Null", key, `false`, nil, false},
		"equal numbers":                      {"NumericEquals", key, `"2.0"`, []string{"2"}, true},
		"not equal numbers":                  {"NumericNotEquals", key, `"2"`, []string{"2"}, false},
		"less":                               {"NumericLessThan", key, `10`, []string{"9"}, true},
		"not less":                           {"NumericLessThan", key, `10`, []string{"10"}, false},
		"at most":                            {"NumericLessThanEquals", key, `10`, []string{"10"}, true},
		"more than at most":                  {"NumericLessThanEquals", key, `10`, []string{"11"}, false},
		"more":                               {"NumericGreaterThan", key, `10`, []string{"11"}, true},
		"not more":                           {"NumericGreaterThan", key, `10`, []string{"10"}, false},
		"at least":                           {"NumericGreaterThanEquals", key, `10`, []string{"10"}, true},
		"less than at least":                 {"NumericGreaterThanEquals", key, `10`, []string{"9"}, false},
		"no number":                          {"NumericLessThanEquals", key, `10`, []string{"a"}, false},
		"all of many":                        {"ForAllValues:StringEquals", key, `["a", "b"]`, []string{"a", "b"}, true},
		"all but one":                        {"ForAllValues:StringEquals", key, `["a"]`, []string{"a", "b"}, false},
		"all of none":                        {"ForAllValues:StringEquals", key, `["a"]`, nil, true},
		"none of all":                        {"ForAllValues:StringNotEquals", key, `["a"]`, []string{"b", "a"}, false},
		"any of many":                        {"ForAnyValue:StringEquals", key, `["a"]`, []string{"b", "a"}, true},
		"any of others":                      {"ForAnyValue:StringEquals", key, `["c"]`, []string{"b", "a"}, false},
		"any of none":                        {"ForAnyValue:StringNotEquals", key, `["a"]`, nil, false},
		"any that is not":                    {"ForAnyValue:StringNotEquals", key, `["a"]`, []string{"a", "b"}, true},
		"any of none, if it exists":          {"ForAnyValue:StringEqualsIfExists", key, `["a"]`, nil, false},
		"many without a set operator, one matches":    {"StringEquals", key, `["a"]`, []string{"b", "a"}, true},
		"many without a set operator, one is refused": {"StringNotEquals", key, `["a"]`, []string{"b", "a"}, false},
		"a part of an encryption context":             {"StringEquals", "kms:EncryptionContext:aws:s3:arn", `"a"`, []string{"a"}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			context := map[string][]string{}
			if test.given != nil {
				context[strings.ToLower(test.key)] = test.given
			}
			statement := `{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"` + test.operator + `": {"` + test.key + `": ` + test.values + `}}}`
			assert.Equal(t, test.want, allowed(t, statement, "s3:GetObject", object, context))
		})
	}
}

func TestAllConditionsMustHold(t *testing.T) {
	statement := `{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {
		"StringEquals": {"aws:SourceAccount": "1", "kms:ViaService": "s3"}, "Bool": {"aws:SecureTransport": true}}}`
	context := map[string][]string{"aws:sourceaccount": {"1"}, "kms:viaservice": {"s3"}, "aws:securetransport": {"true"}}
	assert.True(t, allowed(t, statement, "s3:GetObject", object, context))
	for key := range context {
		values := context[key]
		context[key] = []string{"false"}
		assert.False(t, allowed(t, statement, "s3:GetObject", object, context), key)
		context[key] = values
	}
}

// A caller can't say of itself what AWS says of it, and a session is its role.
func TestAPrincipalsARNIsItsOwn(t *testing.T) {
	statement := func(arn string) string {
		return `{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"ArnEquals": {"aws:PrincipalArn": "` + arn + `"}}}`
	}
	given := map[string][]string{"aws:principalarn": {userARN}}
	assert.True(t, allowed(t, statement(roleARN), "s3:GetObject", object, given))
	assert.False(t, allowed(t, statement(userARN), "s3:GetObject", object, given))
	assert.False(t, allowed(t, statement(sessionARN), "s3:GetObject", object, nil))
	assert.Equal(t, map[string][]string{"aws:principalarn": {userARN}}, given, "what is handed in stays")

	d := doc(t, iam.Bucket, `{"Principal": "*", `+strings.TrimPrefix(statement(userARN), "{"))
	p := iam.Policies{Resource: &d, ResourceOwner: here}
	assert.True(t, iam.Evaluate(iam.Request{Principal: user, Action: "s3:GetObject", Resource: object}, p).Allowed)
	assert.False(t, iam.Evaluate(iam.Request{Principal: s3, Action: "s3:GetObject", Resource: object}, p).Allowed)
	d.Statements[0].Conditions = []iam.Condition{{Operator: "Null", Key: "aws:PrincipalArn", Values: []string{"true"}}}
	assert.True(t, iam.Evaluate(iam.Request{Principal: s3, Action: "s3:GetObject", Resource: object}, p).Allowed, "a service has none")
}

// What a test takes away must narrow a policy, never widen it.
func TestAStatementFromWhichAPartWasTakenMatchesNothing(t *testing.T) {
	request := iam.Request{Principal: session, Action: "s3:GetObject", Resource: object}
	for name, take := range map[string]func(*iam.Statement){
		"actions":    func(s *iam.Statement) { s.Actions = nil },
		"resources":  func(s *iam.Statement) { s.Resources = nil },
		"principals": func(s *iam.Statement) { s.Principals = nil },
		"values":     func(s *iam.Statement) { s.Conditions = []iam.Condition{{Operator: "Null", Key: "aws:SourceArn"}} },
	} {
		p := has{bucket: []string{lets(aws(sessionARN))}}.policies(t)
		require.True(t, iam.Evaluate(request, p).Allowed)
		take(&p.Resource.Statements[0])
		assert.False(t, iam.Evaluate(request, p).Allowed, name)
	}
}

func TestADocumentKeepsWhatIsWritten(t *testing.T) {
	d, err := iam.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": {"Service": ["a.amazonaws.com"], "AWS": "`+here+`"},
		"NotAction": "s3:*", "NotResource": ["*"], "Condition": {"StringLike": {"kms:ViaService": ["a", true]}}}}`), iam.Key)
	require.NoError(t, err)
	assert.Equal(t, iam.Document{Kind: iam.Key, Statements: []iam.Statement{{
		Effect: iam.Deny, Principals: []iam.Who{{"AWS", here}, {"Service", "a.amazonaws.com"}}, NotActions: []string{"s3:*"}, NotResources: []string{"*"},
		Conditions: []iam.Condition{{"StringLike", "kms:ViaService", []string{"a", "true"}}},
	}}}, d)
	assert.Equal(t, "1", d.ID(0))
	_, err = json.Marshal(d)
	require.NoError(t, err)
}
