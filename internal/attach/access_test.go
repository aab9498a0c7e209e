package attach_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"autobackup/internal/attach"
)

// matches compares with * and ?, letter by letter.
func matches(pattern, value string) bool {
	if pattern == "" || value == "" {
		return strings.Trim(pattern, "*") == "" && value == ""
	}
	if pattern[0] == '*' {
		return matches(pattern[1:], value) || matches(pattern, value[1:])
	}
	return (pattern[0] == '?' || pattern[0] == value[0]) && matches(pattern[1:], value[1:])
}

// keysOf are all keys of some letters, up to a length.
func keysOf(letters string, most int) (all []string) {
	for begin, last := 0, []string{""}; most > 0; most-- {
		for _, key := range last {
			for _, letter := range letters {
				all = append(all, key+string(letter))
			}
		}
		last, begin = all[begin:], len(all)
	}
	return all
}

// A pattern is of all keys, of some or of none: what is said is what trying each key finds.
func TestWhichKeysAPatternIsOfIsWhatTryingEachFinds(t *testing.T) {
	tried := keysOf("a/", 5)
	for _, key := range append(keysOf("a/", 3), "") { // a pattern of many buckets also stands for keys that look like one
		tried = append(tried, "docs/"+key, "adocs/"+key)
	}
	rapid.Check(t, func(t *rapid.T) {
		bucket := rapid.SampledFrom([]string{"arn:aws:s3:::docs/", "arn:aws:s3:::d?cs/", "arn:aws:s3:::*docs/", "arn:aws:s3:::do*", "arn:*/", "*", "arn:aws:s3:::docs", "arn:aws:s3:::doc?/", "arn:aws:s3:::docs?/", "arn:aws:s3:::**s/", "arn:aws:s3:::docs/${x}", "arn:aws:s3:::${x}/"}).Draw(t, "bucket")
		pattern := bucket + rapid.StringMatching(`[a/?*]{0,3}`).Draw(t, "keys")
		found := 0
		for _, key := range tried {
			if matches(strings.ReplaceAll(pattern, "${x}", "*"), "arn:aws:s3:::docs/"+key) {
				found++
			}
		}
		want, not := "warning", "warning"
		switch found {
		case 0:
			want, not = "", "FAIL"
		case len(tried):
			want, not = "FAIL", ""
			if strings.Contains(pattern, "$") {
				want, not = "warning", "warning" // a variable need not be everything
			}
		}
		assert.Equal(t, want, told(deny("s3:GetObjectVersion", pattern, "{}")), pattern)
		assert.Equal(t, not, told(strings.Replace(deny("s3:GetObjectVersion", pattern, "{}"), `"Resource"`, `"NotResource"`, 1)), "none of %s", pattern)
	})
}

func TestWhichActionsAStatementIsAbout(t *testing.T) {
	for elements, want := range map[string]string{
		`"Action": "s3:GetObjectVersion"`:                   "FAIL",
		`"Action": ["s3:PutObject", "s3:GetObjectV?rsion"]`: "FAIL",
		`"Action": "*"`:                                              "FAIL",
		`"Action": "s3:GetObject"`:                                   "",
		`"Action": "s3:GetObject?"`:                                  "",
		`"Action": "s3.GetObjectVersion"`:                            "",
		`"Action": "s3:GetObjectVersionT*"`:                          "warning",
		`"Action": []`:                                               "",
		`"NotAction": "s3:PutObject"`:                                "FAIL",
		`"NotAction": ["s3:GET*", "s3:List*"]`:                       "",
		`"NotAction": ["s3:Get*", "s3:ListBucket"]`:                  "warning",
		`"NotAction": ["s3:GetObjectVersion", "s3:GetR*", "s3:L*"]`:  "warning",
		`"NotAction": ["s3:GetObjectVersion*", "s3:List*", "s3:Pu"]`: "FAIL",
	} {
		assert.Equal(t, want, told(fmt.Sprintf(`{"Statement": [{"Effect": "Deny", "Principal": "*", %s, "Resource": ["arn:aws:s3:::docs", "arn:aws:s3:::docs/*"]}]}`, elements)), elements)
	}
	assert.Equal(t, "FAIL", told(`{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObjectVersion", "Resource": ["arn:aws:s3:::docs/*", "arn:aws:s3:::docs/a"]}}`), "all keys, and one of them")
	assert.Equal(t, "", told(`{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:ListBucket", "NotResource": ["arn:aws:s3:::x", "arn:aws:s3:::docs"]}}`))
	assert.Equal(t, "FAIL", told(`{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:ListBucket", "NotResource": "arn:aws:s3:::docs/*"}}`))
	assert.Equal(t, "", told(deny("s3:ListBucket", "arn:aws:s3:::Docs", "{}")), "names of buckets have a case")
}

func TestWhatPartOfTheLooksARefusalEndsIsSaidOnce(t *testing.T) {
	byTag := attach.Rule{ID: "tagged", Enabled: true, To: "docs-dr", ByTag: true}
	off := byTag
	off.Enabled = false
	statement := func(effect, actions, resources, condition string) string {
		return fmt.Sprintf(`{"Statement": [{"Effect": %q, "Principal": "*", "Action": [%s], "Resource": [%s], "Condition": {%s}}]}`, effect, actions, resources, condition)
	}
	const organization = `"StringEquals": {"aws:PrincipalOrgID": "o-1"}`
	for name, tt := range map[string]struct {
		rules           []attach.Rule
		primary         string
		replica         string
		fail, warns, is string
	}{
		"tags of replicas, by which nobody selects": {[]attach.Rule{byTag}, "", deny("s3:GetObjectVersionTagging", "arn:aws:s3:::docs-dr/*", "{}"), "", "the policy of docs-dr refuses s3:GetObjectVersionTagging (statement No: without a condition), tags are not compared: add", ""},
		"tags by which a disabled rule selects":     {[]attach.Rule{ready().Rules[0], off}, deny("s3:GetObjectVersionTagging", "arn:aws:s3:::docs/*", "{}"), "", "", "refuses s3:GetObjectVersionTagging (statement No: without a condition), tags are not compared: add", ""},
		"tags, and versions, of some keys":          {[]attach.Rule{byTag}, deny("s3:GetObjectVersion*", "arn:aws:s3:::docs/a*", "{}"), "", "", `refuses s3:GetObjectVersion, s3:GetObjectVersionTagging of keys like "a*" (statement No: without a condition), of these, each upload would end in ACCESS_DENIED: add`, ""},
		"keys, each of which is meant alone":        {nil, statement("Deny", `"s3:GetObjectVersion"`, `"arn:aws:s3:::docs/a*", "arn:aws:s3:::docs/b"`, ""), "", "", `refuses s3:GetObjectVersion of keys like "a*", "b"`, ""},
		"keys of this bucket alone":                 {nil, statement("Deny", `"s3:GetObjectVersion"`, `"arn:aws:s3:::docs/a*", "arn:aws:s3:::other/*", "arn:aws:s3:::docs/b"`, ""), "", "", `refuses s3:GetObjectVersion of keys like "a*", "b" (statement 1`, ""},
		"versions of some keys, and lists":          {nil, statement("Deny", `"s3:GetObjectVersion*", "s3:ListBucketVersions"`, `"arn:aws:s3:::docs", "arn:aws:s3:::docs/a*"`, ""), "", "", "refuses s3:ListBucketVersions (statement 1: without a condition), an upload whose version is not there", ""},
		"tags, in an organization":                  {nil, statement("Deny", `"s3:GetObjectVersionTagging"`, `"arn:aws:s3:::docs/*"`, organization), "", "", "", "policy of docs: statement 1 denies s3:GetObjectVersionTagging by aws:PrincipalOrgID StringEquals o-1, and whether"},
		"tags and lists, in an organization":        {nil, statement("Deny", `"s3:GetObjectVersionTagging", "s3:ListBucket"`, `"*"`, organization), "", "", "", "statement 1 denies s3:ListBucket by"},
	} {
		p := attach.Judge(stage, with(func(b *attach.Bucket) {
			b.Policy, b.Replicas[0].Policy = tt.primary, tt.replica
			if tt.rules != nil {
				b.Rules = tt.rules
			}
		}))
		assert.Empty(t, said(p, "FAIL"), name)
		assert.Contains(t, said(p, "warning"), tt.warns, name)
		assert.Equal(t, tt.warns != "", strings.Contains(said(p, "warning"), "the policy of"), name)
		assert.Contains(t, said(p, "?"), tt.is, name)
		assert.Equal(t, tt.is != "", strings.Contains(said(p, "?"), "statement 1"), name)
	}
}

func TestEachStatementThatRefusesIsTold(t *testing.T) {
	both := `{"Statement": [` + statementOf("A", "s3:GetObjectLegalHold") + `,` + statementOf("", "s3:GetObjectRetention") + `,` + statementOf("C", "s3:GetObjectVersionTagging") + `]}`
	p := attach.Judge(stage, with(func(b *attach.Bucket) { b.Policy, b.Replicas[0].Policy = both, both }))
	assert.Equal(t, 6, strings.Count(said(p, "warning"), "the policy of docs"))
	assert.Contains(t, said(p, "warning"), "the policy of docs-dr refuses s3:GetObjectRetention (statement 2: without a condition)", "one without a name has its place")
	both = strings.ReplaceAll(both, "s3:Get", "s3:*Get")
	both = strings.ReplaceAll(both, "LegalHold", "Version")
	p = attach.Judge(stage, with(func(b *attach.Bucket) { b.Policy, b.Replicas[0].Policy = both, both }))
	assert.Equal(t, 2, strings.Count(said(p, "FAIL"), "(statement A"))
	assert.NotContains(t, said(p, "?"), "statement", "what is certain is no question")
	both = strings.ReplaceAll(both, `"Resource": "*"`, `"Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}`)
	p = attach.Judge(stage, with(func(b *attach.Bucket) { b.Policy, b.Replicas[0].Policy = both, both }))
	assert.Equal(t, 6, strings.Count(said(p, "?"), "and whether that is so of "+theRole+" is not known"))
}

func statementOf(sid, action string) string {
	return fmt.Sprintf(`{"Sid": %q, "Effect": "Deny", "Principal": "*", "Action": %q, "Resource": "*"}`, sid, action)
}

func TestOneStatementThatSurelyAllowsIsEnough(t *testing.T) {
	sure := `{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}`
	unsure := strings.TrimSuffix(sure, "}") + `, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}`
	for _, statements := range []string{sure + "," + unsure, unsure + "," + sure} {
		p := attach.Judge(stage, with(func(b *attach.Bucket) {
			b.Replicas[0].Account, b.Replicas[0].Policy = "444455556666", `{"Statement": [`+statements+`]}`
		}))
		word, text := worst(p)
		assert.Empty(t, word, text)
	}
}

// What is unknown counts as such whatever stands beside it.
func TestAPolicyThatWasNotReadDecidesNothing(t *testing.T) {
	for _, account := range []string{stage.Account, "444455556666"} {
		p := attach.Judge(stage, with(func(b *attach.Bucket) {
			r := &b.Replicas[0]
			r.Account, r.Policy, r.Unread = account, deny("s3:*", "*", "{}"), []attach.Unread{{Fact: attach.Policy, Why: "403"}}
		}))
		assert.Equal(t, attach.Ready, p.State, account)
		assert.NotContains(t, said(p, "?"), "hash-bytes")
		assert.NotContains(t, said(p, "warning"), "policy")
		assert.NotContains(t, said(p, "ok"), "policy")
	}
	p := attach.Judge(stage, with(func(b *attach.Bucket) { b.Replicas[0].Account, b.Replicas[0].Gone = "444455556666", true }))
	assert.Equal(t, "a rule leads to docs-dr, which does not exist: nothing replicates there; correct or disable the rule", said(p, "FAIL"))
}

func TestARequesterWhoPaysIsToldWhoeverMayReadThePolicy(t *testing.T) {
	for name, tt := range map[string]struct {
		account    string
		unread     []attach.Unread
		word, says string
	}{
		"of another account, with an unread policy": {"444455556666", []attach.Unread{{Fact: attach.Policy, Why: "403"}}, "FAIL", "docs-dr, of account 444455556666, has the requester pay"},
		"of the stage's account":                    {stage.Account, nil, "note", "docs-dr has the requester pay; its owner looks"},
		"of nobody knows whom, who pays himself":    {"", nil, "", ""},
		"of nobody knows whom":                      {"", nil, "?", "docs-dr has the requester pay, which no look says it does: where it is another account's, each upload would end in ACCESS_DENIED"},
	} {
		p := attach.Judge(stage, with(func(b *attach.Bucket) {
			r := &b.Replicas[0]
			r.Account, r.RequesterPays, r.Unread = tt.account, tt.word != "", tt.unread
		}))
		for _, word := range []string{"FAIL", "note", "?"} {
			assert.Equal(t, word == tt.word, strings.Contains(said(p, word), "has the requester pay"), "%s: %s", name, word)
		}
		assert.Contains(t, said(p, tt.word), tt.says, name)
		assert.Equal(t, tt.word == "FAIL", p.State == attach.Refused, name)
	}
}
