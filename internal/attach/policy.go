package attach

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Denial is a statement that would refuse every look at a bucket.
type Denial struct {
	Sid   string // or its place, from 1
	Why   string // the conditions by which it holds
	Maybe bool   // it hangs on something that can't be known from here
}

// truth is what can be said of a condition before the call is made.
type truth int

const (
	no truth = iota
	maybe
	yes
)

// looking is what a look asks S3 for, on a key.
var looking = []string{"s3:getobjectversion", "s3:listbucket"}

// caller is what is known of the request that fetch-etags makes, by the keys of
// conditions: no value at all where the request carries none. What is not here is not
// known. It runs outside of VPCs, so that no endpoint is named.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (s Stage) caller() map[string][]string {
	return map[string][]string{
		"aws:principalarn": {s.Role()}, "aws:principalaccount": {s.Account}, "aws:principaltype": {"AssumedRole"}, "aws:securetransport": {"true"},
		"aws:principalisawsservice": {"false"}, "aws:viaawsservice": {"false"}, "aws:multifactorauthpresent": nil, "aws:username": nil,
		"aws:sourcevpce": nil, "aws:sourcevpc": nil, "aws:sourcearn": nil, "aws:sourceaccount": nil, "aws:vpcsourceip": nil,
		"s3:dataaccesspointarn": nil, "s3:dataaccesspointaccount": nil, "s3:accesspointnetworkorigin": nil,
		"s3:tlsversion": {"1.3"}, "s3:signatureversion": {"AWS4-HMAC-SHA256"}, "s3:authtype": {"REST-HEADER"},
	}
}

type statement struct {
	Sid                   string
	Effect                string
	Principal             any
	NotPrincipal          any
	Action, NotAction     texts
	Resource, NotResource texts
	Condition             map[string]map[string]texts
}

// texts are one or many, as policies have them.
type texts []string

func (t *texts) UnmarshalJSON(text []byte) error {
	var many []any
	if err := json.Unmarshal(text, &many); err != nil {
		var one any
		if err := json.Unmarshal(text, &one); err != nil {
			return err
		}
		many = []any{one}
	}
	for _, v := range many {
		*t = append(*t, fmt.Sprint(v))
	}
	return nil
}

func parsePolicy(policy string) ([]statement, error) {
	var document struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(policy), &document); err != nil {
		return nil, fmt.Errorf("read the bucket policy: %w", err)
	}
	var all []statement
	if err := json.Unmarshal(document.Statement, &all); err != nil {
		var one statement
		if json.Unmarshal(document.Statement, &one) != nil {
			return nil, fmt.Errorf("read the statements of the bucket policy: %w", err)
		}
		all = []statement{one}
	}
	return all, nil
}

// Denials are the statements of a bucket's policy that refuse its stage's looks, or may.
func (s Stage) Denials(bucket, policy string) (all []Denial, err error) {
	if policy == "" {
		return nil, nil
	}
	statements, err := parsePolicy(policy)
	if err != nil {
		return nil, err
	}
	for i, st := range statements {
		if st.Effect != "Deny" || !s.means(st) || !st.about(s.Partition, bucket) {
			continue
		}
		if holds, why := s.holds(st); holds != no {
			sid := st.Sid
			if sid == "" {
				sid = strconv.Itoa(i + 1)
			}
			all = append(all, Denial{Sid: sid, Why: why, Maybe: holds == maybe})
		}
	}
	return all, nil
}

// Allows says whether the policy of a bucket of another account lets the stage's role
// look: without it, S3 refuses.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-walkthroughs-managing-access-example2.html
func (s Stage) Allows(bucket, policy string) (allowed, known bool) {
	statements, err := parsePolicy(policy)
	if policy == "" || err != nil {
		return false, policy == ""
	}
	best := no
	for _, st := range statements {
		if st.Effect == "Allow" && s.means(st) && st.covers("s3:getobjectversion", "arn:"+s.Partition+":s3:::"+bucket+"/key") {
			holds, _ := s.holds(st)
			best = max(best, holds)
		}
	}
	return best == yes, best != maybe
}

// means says whether a statement is about the stage's role.
func (s Stage) means(st statement) bool {
	if st.NotPrincipal != nil {
		return !s.named(st.NotPrincipal)
	}
	return s.named(st.Principal)
}

func (s Stage) named(principal any) bool {
	switch p := principal.(type) {
	case string:
		return p == "*"
	case map[string]any:
		of, _ := json.Marshal(p["AWS"])
		var who texts
		if p["AWS"] == nil || who.UnmarshalJSON(of) != nil {
			return false
		}
		return slices.ContainsFunc(who, func(w string) bool {
			return w == "*" || w == s.Account || w == s.Role() || w == "arn:"+s.Partition+":iam::"+s.Account+":root"
		})
	}
	return false
}

// about says whether a statement is about any call that a look makes of a bucket.
func (st statement) about(partition, bucket string) bool {
	arn := "arn:" + partition + ":s3:::" + bucket
	return st.covers(looking[0], arn+"/key") || st.covers(looking[1], arn)
}

func (st statement) covers(action, resource string) bool {
	return matches(st.Action, st.NotAction, action, strings.ToLower) && matches(st.Resource, st.NotResource, resource, func(s string) string { return s })
}

// matches says whether a value is meant, or with the second list is none of it.
func matches(meant, not texts, value string, fold func(string) string) bool {
	patterns := meant
	if len(not) > 0 {
		patterns = not
	}
	in := slices.ContainsFunc(patterns, func(p string) bool { return like(fold(p), value) })
	return in == (len(not) == 0)
}

// like compares with * and ?.
func like(pattern, value string) bool {
	expression := regexp.QuoteMeta(pattern)
	expression = strings.ReplaceAll(strings.ReplaceAll(expression, `\*`, `.*`), `\?`, `.`)
	found, err := regexp.MatchString(`^(?s:`+expression+`)$`, value)
	return err == nil && found
}

// holds says whether all conditions of a statement do, and which these are.
func (s Stage) holds(st statement) (truth, string) {
	all, known := yes, s.caller()
	var why []string
	for operator, keys := range st.Condition {
		for key, values := range keys {
			holds := condition(operator, strings.ToLower(key), values, known)
			all = min(all, holds)
			why = append(why, fmt.Sprintf("%s %s %s", key, operator, strings.Join(values, ", ")))
		}
	}
	slices.Sort(why)
	if len(why) == 0 {
		why = []string{"without a condition"}
	}
	return all, strings.Join(why, "; ")
}

// condition is one key of an operator. A negated operator holds where the request has no
// such key.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func condition(operator, key string, values []string, known map[string][]string) truth {
	base := strings.TrimSuffix(operator, "IfExists")
	if _, after, set := strings.Cut(base, ":"); set { // ForAllValues and ForAnyValue, of keys with many values
		base = after
	}
	have, is := known[key]
	if key == "aws:sourceip" && base == "NotIpAddress" {
		return yes // the functions call from addresses of AWS, which are nobody's own
	}
	switch {
	case !is:
		return maybe
	case base == "Null":
		return when(slices.Contains(values, strconv.FormatBool(len(have) == 0)))
	}
	negated := strings.Contains(base, "Not")
	if len(have) == 0 {
		return when(negated || strings.HasSuffix(operator, "IfExists") || strings.HasPrefix(operator, "ForAllValues:"))
	}
	if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, "${") }) {
		return maybe // a variable
	}
	return compared(base, negated, have[0], values)
}

// compared compares what the request has with the values of a condition.
func compared(base string, negated bool, has string, values []string) truth {
	switch {
	case strings.HasPrefix(base, "Numeric"):
		return numeric(base, has, values)
	case !strings.HasPrefix(base, "String") && !strings.HasPrefix(base, "Arn") && base != "Bool":
		return maybe
	}
	same := slices.ContainsFunc(values, func(v string) bool {
		if strings.HasSuffix(base, "Like") || strings.HasPrefix(base, "Arn") {
			return like(v, has)
		}
		return strings.EqualFold(v, has)
	})
	return when(same != negated)
}

func numeric(base, has string, values []string) truth {
	a, err := strconv.ParseFloat(has, 64)
	if err != nil || len(values) != 1 {
		return maybe
	}
	b, err := strconv.ParseFloat(values[0], 64)
	if err != nil {
		return maybe
	}
	switch base {
	case "NumericLessThan":
		return when(a < b)
	case "NumericLessThanEquals":
		return when(a <= b)
	}
	return maybe
}

func when(is bool) truth {
	if is {
		return yes
	}
	return no
}

// LetIn is the statement that lets the stage's role look at a bucket of another account.
func (s Stage) LetIn(bucket string) string {
	arn := "arn:" + s.Partition + ":s3:::" + bucket
	text, err := json.Marshal([]map[string]any{
		{"Effect": "Allow", "Principal": map[string]string{"AWS": s.Role()}, "Action": []string{"s3:ListBucket", "s3:ListBucketVersions", "s3:GetLifecycleConfiguration"}, "Resource": arn},
		{"Effect": "Allow", "Principal": map[string]string{"AWS": s.Role()}, "Resource": arn + "/*",
			"Action": []string{"s3:GetObjectVersion", "s3:GetObjectVersionAttributes", "s3:GetObjectVersionTagging", "s3:GetObjectRetention", "s3:GetObjectLegalHold"}},
	})
	if err != nil { // never: they are texts
		return err.Error()
	}
	return string(text)
}

// Except is the condition to add to a statement that denies, by which it no longer
// refuses the stage's looks.
func (s Stage) Except() string {
	return `"ArnNotEquals": {"aws:PrincipalArn": "` + s.Role() + `"}`
}
