package template

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", "Resources: {}", "Resources: &a {A: *a}", "{\"Resources\": {\"A\": {\"Type\": \"X::Y\"}}}", "Resources: !Sub a", "? [a]\n: b",
		"Resources: {A: {Type: X::Y, Properties: {P: !GetAtt A.Arn, Q: !Ref B}}, B: {Type: X::Y, DependsOn: [A]}}",
		"Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\nGlobals: {Function: {Timeout: 5, Layers: [a]}}\n" +
			"Parameters: {L: {Type: CommaDelimitedList, Default: 'a,b'}, N: {Type: Number, Default: 5, MinValue: 1}}\n" +
			"Mappings: {M: {A: {B: [c]}}}\nRules: {R: {Assertions: [{Assert: !Equals [a, a]}]}}\nConditions: {C: !Not [!Equals [!Ref N, '5']]}\n" +
			"Resources: {Fn::ForEach::L: [X, !Ref L, {'R${X}': {Type: AWS::Serverless::Function, Properties: {T: !If [C, !Ref X, !Ref AWS::NoValue]," +
			" J: {Fn::ToJsonString: {a: [!Sub '${X}${!Y}']}}, S: !Select [0, !Split [',', 'a,b']], M: !FindInMap [M, A, B]}}}]}\n" +
			"Outputs: {O: {Value: !Join ['-', [a, !Ref Ra]], Export: {Name: n}}}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		loaded, err := Load(source, "t.yaml")
		if err != nil {
			assert.True(t, strings.HasPrefix(err.Error(), "t.yaml:"), err)
			return
		}
		stack, err := loaded.Resolve(Options{
			StackName: "s", Region: "r", Account: "a",
			Attributes: func(r Resource) (string, map[string]string, error) {
				return r.LogicalID, map[string]string{"Arn": "arn"}, nil
			},
		})
		if err != nil {
			assert.True(t, strings.HasPrefix(err.Error(), "t.yaml:"), err)
			return
		}
		for _, r := range stack.Resources {
			assert.NotEmpty(t, r.Type)
		}
	})
}

var mark = regexp.MustCompile(`\$\{!([^}]*)\}`)

func FuzzSub(f *testing.F) {
	for _, seed := range []string{"", "a", "${A}", "a${A.B}c${!D}", "${", "${}", "$${A}}", "${!", "${AWS::Region}", "${ A }", "${!${!}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		pieces, err := parseSub(text)
		if err != nil {
			return
		}
		// Put together again, the pieces are the text but for the marks of literals.
		var again strings.Builder
		for _, p := range pieces {
			require.NotEqual(t, p.literal == "", p.variable == "")
			again.WriteString(p.literal)
			if p.variable != "" {
				again.WriteString("${" + p.variable + "}")
			}
		}
		assert.Equal(t, mark.ReplaceAllString(text, "$${$1}"), again.String())
	})
}
