package attach

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// truth is what can be said of a condition before the call is made.
type truth int

const (
	no truth = iota
	maybe
	yes
)

// caller is who makes requests of a bucket.
type caller struct {
	role      string // ARN; empty: not known
	account   string
	partition string
}

// looker is fetch-etags, which looks at both sides.
func (s Stage) looker() caller { return caller{s.Role(), s.Account, s.Partition} }

// hasher is hash-bytes of an account, which reads the bytes of a side. Its role has no
// name of ours: CloudFormation makes one.
func (s Stage) hasher(account string) caller { return caller{"", account, s.Partition} }

// known is what is known of the request that a caller makes, by the keys of conditions: no
// value at all where the request carries none. What is not here is not known. The functions
// run outside of VPCs, so that no endpoint is named.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (c caller) known() map[string][]string {
	known := map[string][]string{
		"aws:principalaccount": {c.account}, "aws:principaltype": {"AssumedRole"}, "aws:securetransport": {"true"},
		"aws:principalisawsservice": {"false"}, "aws:viaawsservice": {"false"}, "aws:multifactorauthpresent": nil, "aws:username": nil,
		"aws:sourcevpce": nil, "aws:sourcevpc": nil, "aws:sourcearn": nil, "aws:sourceaccount": nil, "aws:vpcsourceip": nil,
		"s3:dataaccesspointarn": nil, "s3:dataaccesspointaccount": nil, "s3:accesspointnetworkorigin": nil,
		"s3:tlsversion": {"1.3"}, "s3:signatureversion": {"AWS4-HMAC-SHA256"}, "s3:authtype": {"REST-HEADER"},
	}
	if c.role != "" {
		known["aws:principalarn"] = []string{c.role}
	}
	return known
}

// holds says whether all conditions of a statement do, and which these are.
func (st statement) holds(of caller) (truth, string) {
	all, known := yes, of.known()
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
	switch {
	case len(have) > 0:
	case strings.HasPrefix(operator, "ForAnyValue:"):
		return no
	default:
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
