package iam

import (
	"fmt"
	"strconv"
	"strings"
)

// operator compares a value of the request with one of the policy. A negated one holds
// where no value of the policy matches.
type operator struct {
	matches func(given, written string) bool
	negated bool
	check   func(written string) error // of what a policy may write; nil takes any text
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
// Those for dates, addresses and binary values are left out: no key here has such.
var operators = map[string]operator{
	"StringEquals":              {matches: equal},
	"StringNotEquals":           {matches: equal, negated: true},
	"StringEqualsIgnoreCase":    {matches: equalFold},
	"StringNotEqualsIgnoreCase": {matches: equalFold, negated: true},
	"StringLike":                {matches: likeWritten},
	"StringNotLike":             {matches: likeWritten, negated: true},
	"ArnEquals":                 {matches: arnLikeWritten, check: checkARN},
	"ArnNotEquals":              {matches: arnLikeWritten, check: checkARN, negated: true},
	"ArnLike":                   {matches: arnLikeWritten, check: checkARN},
	"ArnNotLike":                {matches: arnLikeWritten, check: checkARN, negated: true},
	"Bool":                      {matches: strings.EqualFold, check: checkBool},
	"NumericEquals":             numeric(func(a, b float64) bool { return a == b }),
	"NumericNotEquals":          {matches: numeric(func(a, b float64) bool { return a == b }).matches, check: checkNumber, negated: true},
	"NumericLessThan":           numeric(func(a, b float64) bool { return a < b }),
	"NumericLessThanEquals":     numeric(func(a, b float64) bool { return a <= b }),
	"NumericGreaterThan":        numeric(func(a, b float64) bool { return a > b }),
	"NumericGreaterThanEquals":  numeric(func(a, b float64) bool { return a >= b }),
}

// null is the operator that asks whether a request has a key, and nothing else.
const null = "Null"

func equal(given, written string) bool          { return given == plain(written) }
func equalFold(given, written string) bool      { return strings.EqualFold(given, plain(written)) }
func likeWritten(given, written string) bool    { return like(written, given) }
func arnLikeWritten(given, written string) bool { return arnLike(written, given) }

func numeric(compare func(given, written float64) bool) operator {
	return operator{check: checkNumber, matches: func(given, written string) bool {
		a, errGiven := strconv.ParseFloat(given, 64)
		b, errWritten := strconv.ParseFloat(written, 64)
		return errGiven == nil && errWritten == nil && compare(a, b)
	}}
}

func checkNumber(written string) error {
	if _, err := strconv.ParseFloat(written, 64); err != nil {
		return fmt.Errorf("%q is no number", written)
	}
	return nil
}

func checkBool(written string) error {
	if !strings.EqualFold(written, "true") && !strings.EqualFold(written, "false") {
		return fmt.Errorf("%q is neither true nor false", written)
	}
	return nil
}

func checkARN(written string) error {
	if !strings.HasPrefix(written, "arn:") || strings.Count(written, ":") < arnParts-1 {
		return fmt.Errorf("%q has not the six parts of an ARN: write every part", written)
	}
	return nil
}

// set says how the values of a request are taken together.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
type set string

const (
	single set = "" // for keys with one value
	forAll set = "ForAllValues:"
	forAny set = "ForAnyValue:"
)

// split is an operator's name in its parts.
func split(name string) (set, string, bool) {
	s := single
	for _, prefix := range []set{forAll, forAny} {
		if rest, ok := strings.CutPrefix(name, string(prefix)); ok {
			s, name = prefix, rest
		}
	}
	name, ifExists := strings.CutSuffix(name, "IfExists")
	return s, name, ifExists
}

// check refuses a condition that can't be decided.
func (c Condition) check() error {
	s, name, ifExists := split(c.Operator)
	o, known := operators[name]
	switch {
	case name == null && s == single && !ifExists:
		o = operator{check: checkBool}
	case !known:
		return fmt.Errorf("the condition operator %s is not known here: write the condition otherwise, or teach it to local/iam", c.Operator)
	}
	if !knownKey(c.Key) {
		return fmt.Errorf("the condition key %s is not known here: correct its name, or teach it to local/iam", c.Key)
	}
	for _, value := range c.Values {
		if v := variable(value); v != "" {
			return fmt.Errorf("%s of %s has the policy variable %s, which is not known here: write the value out", c.Operator, c.Key, v)
		}
		if o.check == nil {
			continue
		}
		if err := o.check(value); err != nil {
			return fmt.Errorf("%s of %s: %w", c.Operator, c.Key, err)
		}
	}
	return nil
}

// holds says whether a request's values fulfil a condition that check passed. No
// values mean that the request has no such key. AWS's pages leave open what becomes of
// ForAnyValue with IfExists then; AWS itself takes it as not fulfilled:
// https://repost.aws/questions/QU9HFmDzP0QGuU-fd7rS6B7w/foranyvalue-stringequalsifexists-behaving-unexpectedly
func (c Condition) holds(context map[string][]string) bool {
	given := context[strings.ToLower(c.Key)]
	s, name, ifExists := split(c.Operator)
	o := operators[name]
	if name == null {
		given, o = []string{strconv.FormatBool(len(given) == 0)}, operators["Bool"]
	}
	if len(given) == 0 {
		return s == forAll || s == single && (ifExists || o.negated)
	}
	return s.of(given, o.negated, func(value string) bool { return o.one(value, c.Values) })
}

// one says whether a value of a request fulfils the operator.
func (o operator) one(given string, written []string) bool {
	for _, w := range written {
		if o.matches(given, w) {
			return !o.negated
		}
	}
	return o.negated
}

// of takes the values of a request together. Without a set operator, which AWS wants
// for more than one value, a negated operator asks all of them.
func (s set) of(given []string, negated bool, holds func(string) bool) bool {
	every := s == forAll || s == single && negated
	for _, value := range given {
		if holds(value) != every {
			return !every
		}
	}
	return every
}
