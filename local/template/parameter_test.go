package template_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParametersAreHeldAgainstTheirConstraints(t *testing.T) {
	for name, c := range map[string]struct{ declared, value, problem string }{
		"any text":                             {`Type: String`, "x", ""},
		"one of the allowed values":            {`Type: String, AllowedValues: [dev, prod]`, "dev", ""},
		"none of the allowed values":           {`Type: String, AllowedValues: [dev, prod]`, "Dev", `"Dev" is none of dev, prod`},
		"a value that no list allows":          {`Type: String, AllowedValues: []`, "x", `"x" is none of `},
		"a pattern that matches":               {`Type: String, AllowedPattern: '[a-z]+'`, "dev", ""},
		"a pattern that matches a part":        {`Type: String, AllowedPattern: '[a-z]+'`, "dev1", `"dev1" does not match [a-z]+`},
		"a pattern with branches":              {`Type: String, AllowedPattern: 'a|b'`, "ac", `"ac" does not match a|b`},
		"a line break after a match":           {`Type: String, AllowedPattern: '^a$'`, "a\n", `"a\n" does not match ^a$`},
		"a description of the constraint":      {`Type: String, AllowedPattern: a, ConstraintDescription: must be a`, "b", `"b" does not match a: must be a`},
		"a secret is not shown":                {`Type: String, NoEcho: true, MinLength: 8`, "hunter2", `the value is shorter than 8 characters`},
		"as long as allowed":                   {`Type: String, MaxLength: 2`, "éé", ""},
		"too long":                             {`Type: String, MaxLength: 2`, "abc", `"abc" is longer than 2 characters`},
		"too short":                            {`Type: String, MinLength: 1`, "", `"" is shorter than 1 characters`},
		"as short as allowed":                  {`Type: String, MinLength: 2`, "ab", ""},
		"a number":                             {`Type: Number, MinValue: 1, MaxValue: 10`, "10", ""},
		"a fraction":                           {`Type: Number, MinValue: 0.5`, "0.5", ""},
		"no number":                            {`Type: Number`, "ten", `"ten" is not a number`},
		"infinity":                             {`Type: Number`, "Inf", `"Inf" is not a number`},
		"too small a number":                   {`Type: Number, MinValue: 1`, "0", `"0" is less than 1`},
		"too large a number":                   {`Type: Number, MaxValue: 10`, "10.5", `"10.5" is more than 10`},
		"a list of allowed items":              {`Type: CommaDelimitedList, AllowedValues: [a, b]`, "a, b", ""},
		"an item that is not allowed":          {`Type: CommaDelimitedList, AllowedValues: [a, b]`, "a, c", `"c" is none of a, b`},
		"an item that does not match":          {`Type: CommaDelimitedList, AllowedPattern: '[a-z]+'`, "a,b c", `"b c" does not match [a-z]+`},
		"an empty list is one empty item":      {`Type: CommaDelimitedList, AllowedPattern: '[a-z]+'`, "", `"" does not match [a-z]+`},
		"a list of numbers":                    {`Type: List<Number>`, "1, 2.5", ""},
		"a list of numbers that holds another": {`Type: List<Number>`, "1,b", `"b" is not a number`},
	} {
		t.Run(name, func(t *testing.T) {
			source := "Resources: {}\nParameters:\n  P: {" + c.declared + "}"
			stack, err := resolve(source, map[string]string{"P": c.value})
			if c.problem != "" {
				require.EqualError(t, err, "t.yaml:3: Parameters.P: "+c.problem)
				return
			}
			require.NoError(t, err)
			assert.Contains(t, stack.Parameters, "P")
		})
	}
}

func TestMistakesInParametersAreToldWithLineAndPath(t *testing.T) {
	for name, c := range map[string]struct{ declared, want string }{
		"no type":                        {`Default: a`, `t.yaml:3: Parameters.P: Type is missing`},
		"an account's type":              {`Type: AWS::EC2::VPC::Id`, `t.yaml:3: Parameters.P.Type: the parameter type "AWS::EC2::VPC::Id" is not supported here; known are CommaDelimitedList, List<Number>, Number, String`},
		"an unknown constraint":          {`Type: String, AllowedValue: a`, `t.yaml:3: Parameters.P.AllowedValue: AllowedValue is not supported here; did you mean "AllowedValues"?`},
		"a constraint of another type":   {`Type: String, MinValue: 5`, `t.yaml:3: Parameters.P.MinValue: MinValue does not apply to a parameter of type String`},
		"a default that is not allowed":  {`Type: String, AllowedValues: [a], Default: b`, `t.yaml:3: Parameters.P.Default: "b" is none of a`},
		"a default that is a list":       {`Type: CommaDelimitedList, Default: [b]`, `t.yaml:3: Parameters.P.Default: must be text, not a list`},
		"allowed values that are text":   {`Type: String, AllowedValues: a`, `t.yaml:3: Parameters.P.AllowedValues: must be a list, not text`},
		"a bound that is no number":      {`Type: Number, MinValue: a`, `t.yaml:3: Parameters.P.MinValue: "a" is not a number`},
		"a pattern that Go doesn't know": {`Type: String, AllowedPattern: '(?=a)'`, "t.yaml:3: Parameters.P.AllowedPattern: error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
		"a parameter without value":      {`Type: String`, `t.yaml:3: Parameters.P: needs a value: it has no Default`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := resolve("Resources: {}\nParameters:\n  P: {"+c.declared+"}", nil)
			assert.EqualError(t, err, c.want)
		})
	}
	_, err := resolve("Resources: {}\nParameters: {Stage: {Type: String, Default: dev}}", map[string]string{"Stag": "x"})
	assert.EqualError(t, err, `t.yaml: the template has no parameter Stag; did you mean "Stage"?`)
	_, err = resolve("Resources: {}\nParameters: {a-b: {Type: String, Default: dev}}", nil)
	assert.EqualError(t, err, `t.yaml:2: Parameters.a-b: a parameter's name must be letters and digits only`)
}

func TestTheStackShowsItsParametersButNoSecrets(t *testing.T) {
	stack, err := resolve(`
Parameters:
  Stage: {Type: String, Default: dev}
  Words: {Type: CommaDelimitedList, Default: 'a, b'}
  Size: {Type: Number, Default: 5}
  Key: {Type: String, NoEcho: true}
Resources:
  Q: {Type: X::Y, Properties: {Key: !Ref Key}}
`, map[string]string{"Key": "secret", "Stage": "prod"})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"Stage": "prod", "Words": "a,b", "Size": "5", "Key": "****"}, stack.Parameters)
	assert.Equal(t, "secret", stack.Resources[0].Properties["Key"])
}

func TestRulesHoldParametersAgainstEachOther(t *testing.T) {
	const source = `
Parameters:
  Stage: {Type: String}
  Regions: {Type: CommaDelimitedList, Default: 'a,b'}
Rules:
  ProdIsInA:
    RuleCondition: !Equals [!Ref Stage, prod]
    Assertions:
      - Assert: {Fn::EachMemberEquals: [!Ref Regions, a]}
        AssertDescription: production runs in a only
  Known:
    Assertions:
      - Assert: {Fn::EachMemberIn: [!Ref Regions, [a, b, c]]}
      - Assert: !Not [{Fn::Contains: [[x, y], !Ref Stage]}]
Resources: {}
`
	for name, c := range map[string]struct{ stage, regions, want string }{
		"a rule that does not apply": {"dev", "a,b", ""},
		"a rule that holds":          {"prod", "a,a", ""},
		"a rule that does not":       {"prod", "a,b", "t.yaml:9: Rules.ProdIsInA.Assertions[0]: production runs in a only"},
		"a rule without description": {"dev", "a,d", "t.yaml:13: Rules.Known.Assertions[0]: the parameters break this rule"},
		"a rule's second assertion":  {"x", "a", "t.yaml:14: Rules.Known.Assertions[1]: the parameters break this rule"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := resolve(source, map[string]string{"Stage": c.stage, "Regions": c.regions})
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			assert.EqualError(t, err, c.want)
		})
	}
}
