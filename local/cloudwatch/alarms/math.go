package alarms

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// expression is one of metric math, or a part of it: a time series, or a number, which AWS
// calls a scalar.
type expression struct {
	number bool
	of     func(read map[string]series, periods int) series
}

// operator is one of metric math between two operands.
type operator struct {
	binds int // the higher, the closer
	of    func(a, b float64) float64
}

// operators are those that the templates use. AWS's page doesn't say which binds closer; this
// is the order that every language has.
var operators = map[string]operator{
	"AND": {1, func(a, b float64) float64 { return truth(a != 0 && b != 0) }},
	">":   {2, func(a, b float64) float64 { return truth(a > b) }},
	"==":  {2, func(a, b float64) float64 { return truth(a == b) }},
	"+":   {3, func(a, b float64) float64 { return a + b }},
	"*":   {4, func(a, b float64) float64 { return a * b }},
	"/": {4, func(a, b float64) float64 {
		if b == 0 {
			return missing // "the data point is dropped"
		}
		return a / b
	}},
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// function is one of metric math, with whether each of its arguments is a number.
type function struct {
	numbers []bool
	of      func(arguments []series) series
}

// functions are those that the templates use, in the forms that they use.
var functions = map[string]function{
	"FILL":        {[]bool{false, true}, fill},
	"IF":          {[]bool{false, true, true}, choose},
	"RUNNING_SUM": {[]bool{false}, runningSum},
}

// fill gives missing datapoints a value. A metric without any datapoint stays without: AWS's page
// speaks of missing values of a time series, and decision 18 takes the worse of what that leaves open.
func fill(arguments []series) series {
	some := false
	filled := make(series, len(arguments[0]))
	for i, v := range arguments[0] {
		filled[i] = v
		if isMissing(v) {
			filled[i] = arguments[1][i]
		}
		some = some || !isMissing(v)
	}
	if !some {
		return arguments[0]
	}
	return filled
}

// choose is IF: a condition is true where it is not 0, and where it has no value, nothing has.
func choose(arguments []series) series {
	chosen := make(series, len(arguments[0]))
	for i, condition := range arguments[0] {
		switch {
		case isMissing(condition):
			chosen[i] = missing
		case condition != 0:
			chosen[i] = arguments[1][i]
		default:
			chosen[i] = arguments[2][i]
		}
	}
	return chosen
}

// runningSum sums from the beginning of what was retrieved.
func runningSum(arguments []series) series {
	sum, sums := 0.0, make(series, len(arguments[0]))
	for i, v := range arguments[0] {
		sums[i] = missing
		if !isMissing(v) {
			sum += v
			sums[i] = sum
		}
	}
	return sums
}

// combine is an operator between two operands. Where one series has a value and the other has
// none, that counts as 0; where none has, there is no value. A number has no datapoints.
func combine(o operator, a, b expression) expression {
	return expression{of: func(read map[string]series, periods int) series {
		left, right := a.of(read, periods), b.of(read, periods)
		all := make(series, periods)
		for i := range all {
			all[i] = missing
			if there(a, left[i]) || there(b, right[i]) {
				all[i] = o.of(orZero(left[i]), orZero(right[i]))
			}
		}
		return all
	}}
}

func there(e expression, value float64) bool { return !e.number && !isMissing(value) }

func orZero(value float64) float64 {
	if isMissing(value) {
		return 0
	}
	return value
}

func constant(value float64) expression {
	return expression{number: true, of: func(_ map[string]series, periods int) series {
		all := make(series, periods)
		for i := range all {
			all[i] = value
		}
		return all
	}}
}

func reference(id string) expression {
	return expression{of: func(read map[string]series, _ int) series { return read[id] }}
}

var (
	mathToken  = regexp.MustCompile(`\s*([A-Za-z_]\w*|[0-9]+(?:\.[0-9]+)?|==|!=|<=|>=|&&|\|\||\S)`)
	mathNumber = regexp.MustCompile(`^[0-9]`)
	mathName   = regexp.MustCompile(`^[A-Za-z_]`)
)

// tokens are what is left to read of an expression or a rule.
type tokens []string

func split(text string, token *regexp.Regexp) (all tokens) {
	for _, found := range token.FindAllStringSubmatch(text, -1) {
		all = append(all, found[1])
	}
	return all
}

// next is the token that comes; "" at the end.
func (t tokens) next() string {
	if len(t) == 0 {
		return ""
	}
	return t[0]
}

func (t *tokens) take() string {
	next := t.next()
	if next != "" {
		*t = (*t)[1:]
	}
	return next
}

func (t *tokens) expect(want string) error {
	if got := t.take(); got != want {
		return fmt.Errorf("there must be a %s where %q stands", want, got)
	}
	return nil
}

// parseMath reads an expression about the metrics with these ids.
func parseMath(text string, ids map[string]statistic) (expression, error) {
	left := split(text, mathToken)
	e, err := parseOperand(&left, ids, 1)
	switch {
	case err != nil:
		return e, err
	case len(left) > 0:
		return e, fmt.Errorf("%q is no operator of metric math that is known here", left.next())
	case e.number:
		return e, errors.New("its result is a number, where an alarm needs a time series")
	}
	return e, nil
}

// parseOperand reads what operators hold together that bind at least so closely.
func parseOperand(left *tokens, ids map[string]statistic, binds int) (expression, error) {
	e, err := parseTerm(left, ids)
	for err == nil {
		o, known := operators[left.next()]
		if !known || o.binds < binds {
			return e, nil
		}
		text := left.take()
		var other expression
		if other, err = parseOperand(left, ids, o.binds+1); err != nil {
			return e, err
		}
		if e.number && other.number {
			return e, fmt.Errorf("%s between two numbers is not known here: write what it comes to", text)
		}
		e = combine(o, e, other)
	}
	return e, err
}

func parseTerm(left *tokens, ids map[string]statistic) (expression, error) {
	text := left.take()
	switch _, is := ids[text]; {
	case text == "(":
		e, err := parseOperand(left, ids, 1)
		if err != nil {
			return e, err
		}
		return e, left.expect(")")
	case mathNumber.MatchString(text):
		n, err := strconv.ParseFloat(text, 64)
		return constant(n), err
	case is:
		return reference(text), nil
	case mathName.MatchString(text):
		return parseCall(text, left, ids)
	}
	return expression{}, fmt.Errorf("there must be a metric's id, a number or a function where %q stands", text)
}

func parseCall(name string, left *tokens, ids map[string]statistic) (expression, error) {
	f, known := functions[name]
	if !known {
		return expression{}, fmt.Errorf("%s is no id of a metric of this alarm, and no function of metric math that is known here", name)
	}
	arguments := make([]expression, len(f.numbers))
	before := "("
	for i, number := range f.numbers {
		if err := left.expect(before); err != nil {
			return expression{}, fmt.Errorf("%s: %w", name, err)
		}
		var err error
		if arguments[i], err = parseOperand(left, ids, 1); err != nil {
			return expression{}, err
		}
		if arguments[i].number != number {
			return expression{}, fmt.Errorf("%s with %s in place %d is not known here", name, map[bool]string{true: "a number", false: "a time series"}[!number], i+1)
		}
		before = ","
	}
	if err := left.expect(")"); err != nil {
		return expression{}, fmt.Errorf("%s: %w", name, err)
	}
	return expression{of: func(read map[string]series, periods int) series {
		values := make([]series, len(arguments))
		for i, a := range arguments {
			values[i] = a.of(read, periods)
		}
		return f.of(values)
	}}, nil
}
