package template_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const loopTemplate = `Transform: AWS::LanguageExtensions
Parameters:
  Categories: {Type: CommaDelimitedList, Default: 'documents,my-media'}
`

func TestALoopMakesOneEntryForEachItem(t *testing.T) {
	stack, err := resolve(loopTemplate+`
Conditions:
  Fn::ForEach::Conditions: [C, !Ref Categories, {'Is&{C}': !Equals ['${C}', documents]}]
Resources:
  First: {Type: X::Y}
  Fn::ForEach::Buckets:
    - Category
    - !Ref Categories
    - Bucket&{Category}:
        Type: AWS::S3::Bucket
        Properties:
          Name: !Sub '${AWS::StackName}-${Category}'
          Plain: in ${Category}, not ${Other}
          Item: !Ref Category
          Chosen: !If ['Is&{Category}', a, b]
  Last: {Type: X::Y}
Outputs:
  Fn::ForEach::Outputs: [C, !Ref Categories, {'Out&{C}': {Value: !GetAtt ['Bucket&{C}', Arn]}}]
`, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"First", "Bucketdocuments", "Bucketmymedia", "Last"}, ids(stack))
	assert.Equal(t, map[string]any{
		"Name": "app-my-media", "Plain": "in my-media, not ${Other}", "Item": "my-media", "Chosen": "b",
	}, stack.Resources[2].Properties)
	assert.Equal(t, "a", stack.Resources[1].Properties["Chosen"])
	assert.Equal(t, "Resources.Bucketmymedia", stack.Resources[2].Path)
	assert.Equal(t, 12, stack.Resources[2].Line)
	assert.Equal(t, map[string]string{"Outdocuments": "arn-Bucketdocuments", "Outmymedia": "arn-Bucketmymedia"}, stack.Outputs)
}

func TestLoopsCanBeNestedAndStandInProperties(t *testing.T) {
	stack, err := resolve(loopTemplate+`
Resources:
  Fn::ForEach::Outer:
    - A
    - [x, y]
    - Fn::ForEach::Inner:
        - B
        - ['${A}1', '2']
        - R${A}${B}:
            Type: X::Y
            Properties:
              Fixed: 1
              Map:
                Fn::ForEach::Entries: [K, [k, l], {'${K}${A}': !Sub '${B}${K}'}]
              List:
                - Fn::ForEach::InList: [K, [k], {'${K}': '${B}'}]
`, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"Rxx1", "Rx2", "Ryy1", "Ry2"}, ids(stack))
	assert.Equal(t, map[string]any{
		"Fixed": 1, "Map": map[string]any{"ky": "y1k", "ly": "y1l"}, "List": []any{map[string]any{"k": "y1"}},
	}, stack.Resources[2].Properties)
}

func TestMistakesInALoopAreToldWithLineAndPath(t *testing.T) {
	const body = `{'R${X}': {Type: X::Y}}`
	for name, c := range map[string]struct{ written, want string }{
		"no name":                                {`Fn::ForEach: [X, [a], ` + body + `]`, `Resources.Fn::ForEach: a loop needs a name of letters and digits, as in Fn::ForEach::Name`},
		"a name with a dash":                     {`Fn::ForEach::a-b: [X, [a], ` + body + `]`, `Resources.Fn::ForEach::a-b: a loop needs a name of letters and digits, as in Fn::ForEach::Name`},
		"two arguments":                          {`Fn::ForEach::L: [X, [a]]`, `Resources.Fn::ForEach::L: takes 3 arguments, not 2`},
		"no list":                                {`Fn::ForEach::L: abc`, `Resources.Fn::ForEach::L: must be a list, not text`},
		"an identifier with a dash":              {`Fn::ForEach::L: [a-b, [a], ` + body + `]`, `Resources.Fn::ForEach::L[0]: a loop's identifier must be letters and digits only`},
		"an identifier that is a parameter":      {`Fn::ForEach::L: [Categories, [a], ` + body + `]`, `Resources.Fn::ForEach::L[0]: Categories is already the name of a parameter or of an outer loop's identifier`},
		"a collection that is text":              {`Fn::ForEach::L: [X, a, ` + body + `]`, `Resources.Fn::ForEach::L[1]: must be a list, not text`},
		"a collection from a resource":           {`Fn::ForEach::L: [X, !GetAtt R.List, ` + body + `]`, `Resources.Fn::ForEach::L[1].Fn::GetAtt: R is not a parameter, and nothing else can be used here; known are AWS::AccountId, AWS::NoValue, AWS::Partition, AWS::Region, AWS::StackId, AWS::StackName, AWS::URLSuffix, Categories`},
		"a collection with a list":               {`Fn::ForEach::L: [X, [[a]], ` + body + `]`, `Resources.Fn::ForEach::L[1][0]: must be text, not a list`},
		"a fragment that is text":                {`Fn::ForEach::L: [X, [a], b]`, `Resources.Fn::ForEach::L[2]: must be a mapping, not text`},
		"a key without the identifier":           {`Fn::ForEach::L: [X, [a], {R: {Type: X::Y}}]`, `Resources.Fn::ForEach::L[2].R: the key must hold ${X} or &{X}`},
		"an item twice":                          {`Fn::ForEach::L: [X, [a, a], ` + body + `]`, `Resources.Ra: this key comes out twice: let it hold the loop's identifier, and the collection no item twice`},
		"an item that makes no logical id":       {`Fn::ForEach::L: [X, [a-b], ` + body + `]`, `Resources.Ra-b: a logical id must be letters and digits only: in a loop, &{Identifier} leaves out everything else`},
		"the same identifier in an inner loop":   {`Fn::ForEach::L: [X, [a], {Fn::ForEach::M: [X, [b], ` + body + `]}]`, `Resources.Fn::ForEach::M[0]: X is already the name of a parameter or of an outer loop's identifier`},
		"the same name twice":                    {`Fn::ForEach::L: [X, [a], {Fn::ForEach::L: [Y, [b], ` + body + `]}]`, `Resources.Fn::ForEach::L[2].Fn::ForEach::L: line 4 has a loop of the same name`},
		"a mistake inside, with its place there": {`Fn::ForEach::L: [X, [a], {'R${X}': {Type: X::Y, Properties: {P: !Ref Qu}}}]`, `Resources.Ra.Properties.P.Ref: nothing in this template is named Qu; known are AWS::AccountId, AWS::NoValue, AWS::Partition, AWS::Region, AWS::StackId, AWS::StackName, AWS::URLSuffix, Categories, Ra`},
		"six loops": {
			`Fn::ForEach::A: [A, [a], {Fn::ForEach::B: [B, [a], {Fn::ForEach::C: [C, [a], {Fn::ForEach::D: [D, [a], ` +
				`{Fn::ForEach::E: [E, [a], {Fn::ForEach::F: [F, [a], {'${F}': 1}]}]}]}]}]}]`,
			`Resources.Fn::ForEach::F: loops can be nested 5 deep at most`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := resolve(loopTemplate+"Resources: {"+c.written+"}", nil)
			assert.EqualError(t, err, "t.yaml:4: "+c.want)
		})
	}
	_, err := resolve(loopTemplate+"Resources: {}\nRules: {Fn::ForEach::L: [X, [a], {Assertions: []}]}", nil)
	assert.EqualError(t, err, "t.yaml:5: Rules.Fn::ForEach::L: must be a mapping, not a list")
	_, err = resolve(loopTemplate+"Resources: {}\nRules: {R: {Assertions: [{Fn::ForEach::L: [X, [a], {}]}]}}", nil)
	assert.EqualError(t, err, "t.yaml:5: Rules.R.Assertions[0].Fn::ForEach::L: Fn::ForEach works in Conditions, Resources and Outputs only")
}
