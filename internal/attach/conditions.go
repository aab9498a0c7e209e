package attach

import (
	"fmt"
	"maps"
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
	vpc       bool // it calls from subnets of its owner's
}

// looker is fetch-etags, which looks at both sides.
func (s Stage) looker() caller { return caller{s.Role(), s.Account, s.Partition, s.VPC} }

// hasher is hash-bytes of an account, which reads the bytes of a side. Its role has no
// name of ours: CloudFormation makes one.
func (s Stage) hasher(account string) caller { return caller{"", account, s.Partition, s.VPC} }

// factor is a key that a role's session may have as false, or not at all. AWS says that
// temporary credentials have it where they can know a second factor, and not which those are.
const factor = "aws:multifactorauthpresent"

// known is what is known of the request that a caller makes, by the keys of conditions: no
// value at all where the request carries none. What is not here is not known. The functions
// run outside of VPCs, so that no endpoint is named, unless the stacks have SubnetIds.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (c caller) known() map[string][]string {
	known := map[string][]string{
		"aws:principalaccount": {c.account}, "aws:principaltype": {"AssumedRole"}, "aws:securetransport": {"true"},
		"aws:principalisawsservice": {"false"}, "aws:viaawsservice": {"false"}, factor: nil, "aws:username": nil,
		"aws:sourcevpce": nil, "aws:sourcevpc": nil, "aws:sourcearn": nil, "aws:sourceaccount": nil, "aws:vpcsourceip": nil,
		"s3:dataaccesspointarn": nil, "s3:dataaccesspointaccount": nil, "s3:accesspointnetworkorigin": nil,
		"s3:tlsversion": {"1.3"}, "s3:signatureversion": {"AWS4-HMAC-SHA256"}, "s3:authtype": {"REST-HEADER"},
	}
	if c.vpc {
		maps.DeleteFunc(known, func(key string, _ []string) bool { return slices.Contains(ofNetworks, key) })
	}
	if c.role != "" {
		known["aws:principalarn"] = []string{c.role}
	}
	return known
}

// ofNetworks are the keys that say from which network a request comes.
var ofNetworks = []string{"aws:sourcevpce", "aws:sourcevpc", "aws:vpcsourceip"}

// ofNetwork says whether a statement asks for one.
func (st statement) ofNetwork() bool {
	for _, keys := range st.Condition {
		for key := range keys {
			if slices.Contains(ofNetworks, strings.ToLower(key)) {
				return true
			}
		}
	}
	return false
}

// holds says whether all conditions of a statement do, and which these are.
func (st statement) holds(of caller) (truth, string) {
	all := st.means(of)
	var why []string
	if all == maybe {
		why = append(why, "NotPrincipal names its role or its account, and not both")
	}
	for operator, keys := range st.Condition {
		for key, values := range keys {
			all = min(all, of.condition(operator, strings.ToLower(key), values))
			why = append(why, fmt.Sprintf("%s %s %s", key, operator, strings.Join(values, ", ")))
		}
	}
	slices.Sort(why)
	if len(why) == 0 {
		why = []string{"without a condition"}
	}
	return all, strings.Join(why, "; ")
}

// condition is one key of an operator, of a caller's request.
func (c caller) condition(operator, key string, values []string) truth {
	if c.vpc && key == "aws:sourceip" {
		return maybe
	}
	have, is := c.known()[key]
	holds := condition(operator, key, values, have, is)
	if key == factor && holds != condition(operator, key, values, []string{"false"}, true) {
		return maybe
	}
	return holds
}

// condition is one key of an operator, where it is known what the request has. A negated operator holds where the request has no
// such key.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func condition(operator, key string, values, have []string, is bool) truth {
	base := strings.TrimSuffix(operator, "IfExists")
	if _, after, set := strings.Cut(base, ":"); set { // ForAllValues and ForAnyValue, of keys with many values
		base = after
	}
	if key == "aws:sourceip" && base == "NotIpAddress" {
		return yes // the functions call from addresses of AWS, which are nobody's own
	}
	switch {
	case !is:
		return maybe
	case base == "Null":
		return compared("Bool", false, strconv.FormatBool(len(have) == 0), values)
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

// same are the comparisons of texts, by their operators without Not.
var same = map[string]func(value, given string) bool{
	"StringEquals":           func(value, given string) bool { return value == given },
	"StringEqualsIgnoreCase": strings.EqualFold,
	"StringLike":             like,
	"Bool":                   strings.EqualFold,
}

// compared compares what the request has with the values of a condition.
func compared(base string, negated bool, given string, values []string) truth {
	if strings.HasPrefix(base, "Numeric") {
		return numeric(base, given, values)
	}
	if strings.HasPrefix(base, "Arn") {
		return arns(negated, given, values)
	}
	same, is := same[strings.Replace(base, "Not", "", 1)]
	if !is {
		return maybe
	}
	return when(slices.ContainsFunc(values, func(v string) bool { return same(v, given) }) != negated)
}

// arns compares ARNs of roles. AWS compares each of their six parts by itself, which is the same
// where a pattern has as many; what it makes of one with fewer is not known.
func arns(negated bool, given string, values []string) truth {
	found := no
	for _, v := range values {
		switch {
		case !like(v, given):
		case v == "*" || strings.Count(v, ":") == strings.Count(given, ":"):
			return when(!negated)
		default:
			found = maybe
		}
	}
	if found == no {
		return when(negated)
	}
	return found
}

func numeric(base, given string, values []string) truth {
	a, err := strconv.ParseFloat(given, 64)
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
