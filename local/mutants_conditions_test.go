package local_test

import (
	"slices"
	"strings"

	"autobackup/local/iam"
)

// negated are operators with those that say the opposite.
var negated = [][2]string{
	{"StringEquals", "StringNotEquals"}, {"StringLike", "StringNotLike"}, {"ArnEquals", "ArnNotEquals"}, {"ArnLike", "ArnNotLike"},
}

// otherKeys are keys that are easily taken for another.
var otherKeys = map[string][]string{
	"aws:SourceArn": {"aws:PrincipalArn"}, "aws:PrincipalArn": {"aws:SourceArn"}, "aws:SourceAccount": {"aws:SourceArn"},
	"aws:SecureTransport": {"aws:SourceAccount"}, "kms:ViaService": {"kms:EncryptionContext:aws:s3:arn"}, "kms:EncryptionContext:aws:s3:arn": {"kms:ViaService", "kms:EncryptionContext:aws:sqs:arn"},
}

func ofCondition(s iam.Statement, k int, add adding) {
	c := s.Conditions[k]
	of := c.Operator + " of " + c.Key
	add(of+" removed", func(s *iam.Statement) { s.Conditions = less(s.Conditions, k) })
	turn := func(what string, do func(c *iam.Condition)) {
		add(of+": "+what, func(s *iam.Statement) {
			changed := s.Conditions[k]
			changed.Values = slices.Clone(changed.Values)
			do(&changed)
			s.Conditions = instead(s.Conditions, k, changed)
		})
	}
	for _, operator := range otherOperators(c.Operator) {
		turn(operator, func(c *iam.Condition) { c.Operator = operator })
	}
	turn("Null", func(c *iam.Condition) { c.Operator, c.Values = "Null", []string{"true"} })
	turn("not Null", func(c *iam.Condition) { c.Operator, c.Values = "Null", []string{"false"} })
	for _, key := range otherKeys[c.Key] {
		turn("the key is "+key, func(c *iam.Condition) { c.Key = key })
	}
	for i, v := range c.Values {
		if len(c.Values) > 1 {
			turn(v+" removed", func(c *iam.Condition) { c.Values = less(c.Values, i) })
		}
		for _, other := range otherValues(c, v) {
			turn(v+" is "+other, func(c *iam.Condition) { c.Values[i] = other })
		}
	}
}

func otherOperators(operator string) (all []string) {
	for _, pair := range negated {
		switch operator {
		case pair[0]:
			all = append(all, pair[1])
		case pair[1]:
			all = append(all, pair[0])
		}
	}
	switch {
	case strings.HasSuffix(operator, "IfExists"):
		all = append(all, strings.TrimSuffix(operator, "IfExists"))
	default:
		all = append(all, operator+"IfExists")
	}
	all = append(all, "ForAllValues:"+operator, "ForAnyValue:"+operator)
	// ArnLike and ArnEquals are the same, and so are the others of ARNs.
	for _, pair := range [][2]string{{"StringLike", "StringEquals"}, {"StringEquals", "StringLike"}, {"Arn", "String"}} {
		if strings.Contains(operator, pair[0]) {
			all = append(all, strings.Replace(operator, pair[0], pair[1], 1))
		}
	}
	return all
}

// otherValues are the opposite, another account's or region's, or with what a pattern leaves
// free.
func otherValues(c iam.Condition, v string) []string {
	switch v {
	case "true":
		return []string{"false"}
	case "false":
		return []string{"true"}
	case account:
		return []string{stranger}
	}
	all := []string{}
	if strings.Contains(v, account) {
		all = append(all, strings.Replace(v, account, stranger, 1), strings.Replace(v, account, "*", 1))
	}
	for _, region := range []string{firstRegion, secondRegion} {
		if strings.Contains(v, region) {
			all = append(all, strings.Replace(v, region, "ap-south-2", 1), strings.Replace(v, region, "*", 1))
		}
	}
	if short, ok := strings.CutSuffix(v, "*"); ok {
		all = append(all, short)
	}
	if strings.Contains(v, "primary") {
		all = append(all, strings.Replace(v, "primary", "replica", 1))
	}
	if strings.HasPrefix(c.Operator, "Arn") || strings.Contains(c.Operator, "Like") {
		all = append(all, strings.TrimSuffix(v, "*")+"*", "arn:aws:*:*:*:*")
	}
	return slices.DeleteFunc(all, func(other string) bool { return other == v })
}
