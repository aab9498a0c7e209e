package template_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/template"
)

func TestMistakesAreToldWithLineAndPath(t *testing.T) {
	for name, c := range map[string]struct{ written, want string }{
		"nothing at all":                    {``, `t.yaml:1: the template is empty`},
		"a syntax error":                    {"A: [1", `t.yaml:1: did not find expected ',' or ']'`},
		"two documents":                     {"A: 1\n---\nB: 2", `t.yaml: a template is one YAML document, and here begins a second`},
		"no mapping":                        {`[1]`, `t.yaml:1: must be a mapping, not a list`},
		"no resources":                      {`Outputs: {}`, `t.yaml:1: Resources is missing`},
		"an unknown section":                {"Resources: {}\nResource: {}", `t.yaml:2: Resource: Resource is not supported here; did you mean "Resources"?`},
		"an unsupported section":            {"Resources: {}\nHooks: {}", `t.yaml:2: Hooks: Hooks is not supported here; known are AWSTemplateFormatVersion, Conditions, Description, Globals, Mappings, Metadata, Outputs, Parameters, Resources, Rules, Transform`},
		"another format version":            {"AWSTemplateFormatVersion: 2011-01-01\nResources: {}", `t.yaml:1: AWSTemplateFormatVersion: must be 2010-09-09`},
		"a macro":                           {"Transform: [Mine]\nResources: {}", `t.yaml:1: Transform[0]: only the transforms AWS::LanguageExtensions and AWS::Serverless-2016-10-31 are supported here`},
		"SAM before language extensions":    {"Transform: [AWS::Serverless-2016-10-31, AWS::LanguageExtensions]\nResources: {}", `t.yaml:1: Transform[1]: must stand before AWS::Serverless-2016-10-31`},
		"a repeated key":                    {"Resources:\n  A: {Type: X::Y}\n  B: {Type: X::Y}\n  A: {Type: X::Y}", `t.yaml:4: Resources.A: the key stands here a second time, after line 2`},
		"an alias":                          {"Resources: &r\n  A: *r", `t.yaml:2: Resources.A: YAML aliases are not supported: write the value out`},
		"a merge key":                       {"Resources: {<<: {A: 1}}", `t.yaml:1: Resources: a key must be plain text, not !!merge <<`},
		"a boolean key":                     {"Resources: {on: {Type: X::Y}}", `t.yaml:1: Resources: the key on is a boolean in YAML 1.1: put it into quotes`},
		"null":                              {"Resources: {A: {Type: X::Y, Properties: {B: }}}", `t.yaml:1: Resources.A.Properties.B: null is not allowed in a template: leave the key out, or use AWS::NoValue`},
		"an octal number":                   {"Resources: {A: {Type: X::Y, Properties: {B: 0755}}}", `t.yaml:1: Resources.A.Properties.B: 0755 is not a plain decimal number: put it into quotes if it is text`},
		"an account id that begins with 0":  {"Resources: {A: {Type: X::Y, Properties: {B: 012345678901}}}", `t.yaml:1: Resources.A.Properties.B: 012345678901 is not a plain decimal number: put it into quotes if it is text`},
		"infinity":                          {"Resources: {A: {Type: X::Y, Properties: {B: .inf}}}", `t.yaml:1: Resources.A.Properties.B: .inf is not a plain decimal number: put it into quotes if it is text`},
		"a tag of another kind":             {"Resources: {A: {Type: X::Y, Properties: {B: !!binary YQ==}}}", `t.yaml:1: Resources.A.Properties.B: the YAML tag !!binary is not supported`},
		"a set":                             {"Resources: !!set {A: 1}", `t.yaml:1: Resources: the YAML tag !!set is not supported`},
		"an unsupported short form":         {"Resources:\n  A:\n    Type: X::Y\n    Properties:\n      B: !ImportValue x", `t.yaml:5: Resources.A.Properties.B: the function !ImportValue is not supported here; known are ` + functions},
		"an unsupported function":           {"Resources: {A: {Type: X::Y, Properties: {B: {Fn::Cidr: [1]}}}}", `t.yaml:1: Resources.A.Properties.B.Fn::Cidr: the function Fn::Cidr is not supported here; known are ` + functions},
		"a mistyped function":               {"Resources: {A: {Type: X::Y, Properties: {B: {Fn::Jion: [1]}}}}", `t.yaml:1: Resources.A.Properties.B.Fn::Jion: the function Fn::Jion is not supported here; did you mean "Fn::Join"?`},
		"a function beside another key":     {"Resources: {A: {Type: X::Y, Properties: {B: {Ref: A, C: 1}}}}", `t.yaml:1: Resources.A.Properties.B.Ref: a function must be the only key of its mapping`},
		"Length without the transform":      {"Resources: {A: {Type: X::Y, Properties: {B: {Fn::Length: []}}}}", `t.yaml:1: Resources.A.Properties.B.Fn::Length: Fn::Length needs the transform AWS::LanguageExtensions`},
		"a loop without the transform":      {"Resources: {Fn::ForEach::L: [X, [a], {'${X}': {Type: X::Y}}]}", `t.yaml:1: Resources.Fn::ForEach::L: Fn::ForEach needs the transform AWS::LanguageExtensions`},
		"Globals without the transform":     {"Globals: {Function: {}}\nResources: {}", `t.yaml:1: Globals: Globals need the transform AWS::Serverless-2016-10-31`},
		"a function without the transform":  {"Resources: {A: {Type: AWS::Serverless::Function}}", `t.yaml:1: Resources.A.Type: AWS::Serverless::Function needs the transform AWS::Serverless-2016-10-31`},
		"a mapping with one level":          {"Mappings: {M: {A: b}}\nResources: {}", `t.yaml:1: Mappings.M.A: must be a mapping, not text`},
		"a mapping with three levels":       {"Mappings: {M: {A: {B: {C: d}}}}\nResources: {}", `t.yaml:1: Mappings.M.A.B: must be text, not a mapping`},
		"a rule without assertions":         {"Rules: {R: {Assert: []}}\nResources: {}", `t.yaml:1: Rules.R.Assert: Assert is not supported here; known are Assertions, RuleCondition`},
		"a resource without type":           {"Resources: {A: {Properties: {}}}", `t.yaml:1: Resources.A: Type is missing`},
		"a resource type that is none":      {"Resources: {A: {Type: Queue}}", `t.yaml:1: Resources.A.Type: "Queue" is not a resource type such as AWS::SQS::Queue`},
		"an unknown resource attribute":     {"Resources: {A: {Type: X::Y, CreationPolicy: {}}}", `t.yaml:1: Resources.A.CreationPolicy: CreationPolicy is not supported here; did you mean "DeletionPolicy"?`},
		"a deletion policy that is none":    {"Resources: {A: {Type: X::Y, DeletionPolicy: Keep}}", `t.yaml:1: Resources.A.DeletionPolicy: must be one of Delete, Retain, RetainExceptOnCreate, Snapshot, not "Keep"`},
		"a replace policy that is none":     {"Resources: {A: {Type: X::Y, UpdateReplacePolicy: RetainExceptOnCreate}}", `t.yaml:1: Resources.A.UpdateReplacePolicy: must be one of Delete, Retain, Snapshot, not "RetainExceptOnCreate"`},
		"a logical id with a dash":          {"Resources: {A-B: {Type: X::Y}}", `t.yaml:1: Resources.A-B: a logical id must be letters and digits only: in a loop, &{Identifier} leaves out everything else`},
		"a resource named as a parameter":   {"Parameters: {A: {Type: String, Default: ''}}\nResources: {A: {Type: X::Y}}", `t.yaml:2: Resources.A: a parameter has the same name`},
		"properties that are a list":        {"Resources: {A: {Type: X::Y, Properties: []}}", `t.yaml:1: Resources.A.Properties: must be a mapping, not a list`},
		"an output without value":           {"Resources: {}\nOutputs: {O: {Description: d}}", `t.yaml:2: Outputs.O: Value is missing`},
		"an output that is a list":          {"Resources: {}\nOutputs: {O: {Value: [a]}}", `t.yaml:2: Outputs.O.Value: must be text, not a list`},
		"an output of an unknown condition": {"Resources: {}\nOutputs: {O: {Value: a, Condition: C}}", `t.yaml:2: Outputs.O.Condition: there is no condition C; there are none`},
		"an unknown name in DependsOn":      {"Resources:\n  Queue: {Type: X::Y}\n  A: {Type: X::Y, DependsOn: Queu}", `t.yaml:3: Resources.A.DependsOn: no resource is named Queu; did you mean "Queue"?`},
		"a resource that depends on itself": {"Resources: {A: {Type: X::Y, DependsOn: A}}", `t.yaml:1: Resources.A.DependsOn: circular dependency: A -> A`},
		"a resource of a condition that fails": {
			"Conditions: {C: !Equals [a, b]}\nResources:\n  A: {Type: X::Y, Condition: C}\n  B: {Type: X::Y, Properties: {P: !Ref A}}",
			`t.yaml:4: Resources.B.Properties.P.Ref: A is not part of this stack: its condition C does not hold`,
		},
		"a circle of three resources": {
			"Resources:\n  A: {Type: X::Y, Properties: {P: !Ref B}}\n  B: {Type: X::Y, Properties: {P: !Sub '${C.Arn}'}}\n  C: {Type: X::Y, DependsOn: [A]}",
			`t.yaml:4: Resources.C.DependsOn[0]: circular dependency: A -> B -> C -> A`,
		},
		"a circle of conditions":             {"Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\nResources: {}", `t.yaml:1: Conditions.B.Fn::Not[0].Condition: circular condition: A -> B -> A`},
		"a condition that asks a resource":   {"Parameters: {Ab: {Type: String, Default: ''}}\nConditions: {C: !Equals [!Ref A, '']}\nResources: {A: {Type: X::Y}}", `t.yaml:2: Conditions.C.Fn::Equals[0].Ref: A is not a parameter, and nothing else can be used here; did you mean "Ab"?`},
		"a condition that is text":           {"Conditions: {C: 'true'}\nResources: {}", `t.yaml:1: Conditions.C: must be one of the functions Fn::And, Fn::Or, Fn::Not, Fn::Equals and Condition`},
		"a condition with a rule's function": {"Conditions: {C: {Fn::Contains: [[a], a]}}\nResources: {}", `t.yaml:1: Conditions.C: Fn::Contains works in Rules only`},
		"And of one condition":               {"Conditions: {C: !And [!Equals [a, a]]}\nResources: {}", `t.yaml:1: Conditions.C.Fn::And: takes 2 to 10 arguments, not 1`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := resolve(c.written, nil)
			assert.EqualError(t, err, c.want)
		})
	}
}

var functions = "Condition, Fn::And, Fn::Base64, Fn::Contains, Fn::EachMemberEquals, Fn::EachMemberIn, Fn::Equals, " +
	"Fn::FindInMap, Fn::ForEach, Fn::GetAtt, Fn::If, Fn::Join, Fn::Length, Fn::Not, Fn::Or, Fn::Select, Fn::Split, " +
	"Fn::Sub, Fn::ToJsonString, Ref"

func TestMistakesInAFunctionAreToldWithLineAndPath(t *testing.T) {
	const names = "AWS::AccountId, AWS::NoValue, AWS::Partition, AWS::Region, AWS::StackId, AWS::StackName, AWS::URLSuffix, Name, Other, R, Size, Words"
	for name, c := range map[string]struct{ written, want string }{
		"Ref of an unknown name":                     {`!Ref Othr`, `.Ref: nothing in this template is named Othr; did you mean "Other"?`},
		"Ref of a name like none":                    {`!Ref NotificationTopic`, `.Ref: nothing in this template is named NotificationTopic; known are ` + names},
		"Ref of a pseudo parameter left out":         {`!Ref AWS::NotificationARNs`, `.Ref: nothing in this template is named AWS::NotificationARNs; known are ` + names},
		"Ref of a list":                              {`{Ref: [a]}`, `.Ref: must be text, not a list`},
		"GetAtt of an unknown resource":              {`!GetAtt Othr.Arn`, `.Fn::GetAtt: nothing in this template is named Othr; did you mean "Other"?`},
		"GetAtt of an unknown attribute":             {`!GetAtt Other.Url`, `.Fn::GetAtt: Other has no attribute Url here; known are Arn, Nested.Name`},
		"GetAtt without attribute":                   {`!GetAtt Other`, `.Fn::GetAtt: must be a resource and an attribute, such as Queue.Arn, not "Other"`},
		"GetAtt with three parts":                    {`!GetAtt [Other, A, B]`, `.Fn::GetAtt: takes 2 arguments, not 3`},
		"Sub of an unknown name":                     {`!Sub '${Othr}'`, `.Fn::Sub: nothing in this template is named Othr; did you mean "Other"?`},
		"Sub of an unknown resource":                 {`!Sub '${Othr.Arn}'`, `.Fn::Sub: nothing in this template is named Othr; did you mean "Other"?`},
		"Sub of an unknown attribute":                {`!Sub '${Other.Ar}'`, `.Fn::Sub: Other has no attribute Ar here; did you mean "Arn"?`},
		"Sub with spaces in a variable":              {`!Sub '${ Name }'`, `.Fn::Sub: the variable ${ Name } must be letters, digits, underscores, periods and colons only`},
		"Sub without closing brace":                  {`!Sub '${Name'`, `.Fn::Sub: ${Name has no closing brace`},
		"Sub of a list parameter":                    {`!Sub '${Words}'`, `.Fn::Sub: ${Words} is a list, and Fn::Sub needs text`},
		"Sub of no value":                            {`!Sub '${AWS::NoValue}'`, `.Fn::Sub: ${AWS::NoValue} is AWS::NoValue, and Fn::Sub needs text`},
		"Sub of a number":                            {`{Fn::Sub: 5}`, `.Fn::Sub: must be text, not a number`},
		"Sub with variables in a list":               {`!Sub [a, [b]]`, `.Fn::Sub[1]: must be a mapping, not a list`},
		"Join of text":                               {`!Join [',', a]`, `.Fn::Join[1]: must be a list, not text`},
		"Join of lists":                              {`!Join [',', [a, [b]]]`, `.Fn::Join[1][1]: must be text, not a list`},
		"Join with a computed delimiter":             {`!Join [!Ref Name, [a]]`, `.Fn::Join[0]: must be text, not a mapping`},
		"Split with nothing":                         {`!Split ['', a]`, `.Fn::Split[0]: the delimiter must not be empty`},
		"Split of a list":                            {`!Split [',', [a]]`, `.Fn::Split[1]: must be text, not a list`},
		"Select past the end":                        {`!Select [3, !Ref Words]`, `.Fn::Select: there is no item 3 in a list of 3, counted from 0`},
		"Select before the beginning":                {`!Select [-1, !Ref Words]`, `.Fn::Select: there is no item -1 in a list of 3, counted from 0`},
		"Select by a word":                           {`!Select [first, !Ref Words]`, `.Fn::Select: there is no item first in a list of 3, counted from 0`},
		"If with two arguments":                      {`!If [Holds, a]`, `.Fn::If: takes 3 arguments, not 2`},
		"If of an unknown condition":                 {`!If [Hold, a, b]`, `.Fn::If[0]: there is no condition Hold; did you mean "Holds"?`},
		"an unknown name in a branch not taken":      {`!If [Holds, a, !Ref Othr]`, `.Fn::If[2].Ref: nothing in this template is named Othr; did you mean "Other"?`},
		"an unknown condition in a branch not taken": {`!If [Holds, a, !If [Hold, b, c]]`, `.Fn::If[2].Fn::If[0]: there is no condition Hold; did you mean "Holds"?`},
		"Length of text":                             {`{Fn::Length: abc}`, `.Fn::Length: must be a list, not text`},
		"ToJsonString of text":                       {`{Fn::ToJsonString: abc}`, `.Fn::ToJsonString: must be a mapping or a list, not text`},
		"Base64 of a list":                           {`{Fn::Base64: []}`, `.Fn::Base64: must be text, not a list`},
		"FindInMap of an unknown mapping":            {`!FindInMap [ByRegio, a, b]`, `.Fn::FindInMap[0]: there is no mapping ByRegio; did you mean "ByRegion"?`},
		"FindInMap of an unknown key":                {`!FindInMap [ByRegion, eu-central-2, b]`, `.Fn::FindInMap[1]: there is no key eu-central-2; did you mean "eu-central-1"?`},
		"FindInMap of an unknown second key":         {`!FindInMap [ByRegion, eu-central-1, Long]`, `.Fn::FindInMap[2]: there is no key Long; known are Short, Zones`},
		"FindInMap with a wrong default":             {`!FindInMap [ByRegion, a, b, {Default: c}]`, `.Fn::FindInMap[3].Default: Default is not supported here; known are DefaultValue`},
		"a condition as a value":                     {`!Equals [a, b]`, `.Fn::Equals: Fn::Equals is a condition, and works in Conditions and Rules only`},
		"a dynamic reference":                        {`'{{resolve:ssm:/a}}'`, `: dynamic references are not supported here: {{resolve:ssm:/a}}`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := resolve(valueTemplate+c.written, nil)
			assert.EqualError(t, err, "t.yaml:17: Resources.R.Properties.V"+c.want)
		})
	}
}

func TestADefaultValueNeedsLanguageExtensions(t *testing.T) {
	source := strings.Replace(valueTemplate, "AWS::LanguageExtensions, ", "", 1)
	_, err := resolve(source+`!FindInMap [ByRegion, a, b, {DefaultValue: c}]`, nil)
	assert.EqualError(t, err, "t.yaml:17: Resources.R.Properties.V.Fn::FindInMap[3]: DefaultValue needs the transform AWS::LanguageExtensions")

	_, err = resolve(source+`{Ref: !Sub 'Name'}`, nil)
	assert.EqualError(t, err, "t.yaml:17: Resources.R.Properties.V.Ref: must be text, not a mapping")
}

func TestAStackNeedsItsOptions(t *testing.T) {
	loaded, err := template.Load([]byte(`Resources: {}`), "t.yaml")
	require.NoError(t, err)
	_, err = loaded.Resolve(template.Options{StackName: "app"})
	assert.EqualError(t, err, "resolve t.yaml: stack name, region, account and Attributes must be given")
}

func TestAnErrorOfAttributesEndsTheDeployment(t *testing.T) {
	loaded, err := template.Load([]byte("Resources:\n  A: {Type: X::Y}\n  B: {Type: X::Y, Properties: {\n    L: [{N: 1}, \n     {N: 2}]}}"), "t.yaml")
	require.NoError(t, err)
	o := options(nil)
	var seen []string
	o.Attributes = func(r template.Resource) (string, map[string]string, error) {
		seen = append(seen, r.LogicalID)
		if r.LogicalID == "B" {
			return "", nil, r.Errorf("L[1].N", "two is too many: %w", io.ErrShortWrite)
		}
		return "", nil, nil
	}
	_, err = loaded.Resolve(o)
	assert.EqualError(t, err, "t.yaml:5: Resources.B.Properties.L[1].N: two is too many: short write")
	assert.ErrorIs(t, err, io.ErrShortWrite)
	assert.Equal(t, []string{"A", "B"}, seen)
}
