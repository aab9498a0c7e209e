package template_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/template"
)

// options describe a stack whose resources all have the reference ref-ID and
// the attributes Arn and Nested.Name.
func options(parameters map[string]string) template.Options {
	return template.Options{
		StackName: "app", Region: "eu-central-1", Account: "111122223333", Parameters: parameters,
		Attributes: func(r template.Resource) (string, map[string]string, error) {
			return "ref-" + r.LogicalID, map[string]string{"Arn": "arn-" + r.LogicalID, "Nested.Name": "n"}, nil
		},
	}
}

func resolve(source string, parameters map[string]string) (*template.Stack, error) {
	t, err := template.Load([]byte(source), "t.yaml")
	if err != nil {
		return nil, err
	}
	return t.Resolve(options(parameters))
}

const valueTemplate = `Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Parameters:
  Name: {Type: String, Default: backup}
  Size: {Type: Number, Default: 5}
  Words: {Type: CommaDelimitedList, Default: 'red, green,blue'}
Mappings:
  ByRegion:
    eu-central-1: {Short: fra, Zones: [a, b]}
Conditions:
  Holds: !Equals [1, '1']
  Fails: !Not [!Condition Holds]
Resources:
  Other: {Type: AWS::SQS::Queue}
  R:
    Type: AWS::SNS::Topic
    Properties:
      V: `

func TestFunctionsGiveTheValuesThatCloudFormationGives(t *testing.T) {
	for name, c := range map[string]struct {
		written string
		want    any
	}{
		"text":                                       {`plain`, "plain"},
		"a whole number":                             {`30`, 30},
		"a fraction":                                 {`0.25`, 0.25},
		"a boolean":                                  {`true`, true},
		"yes is a boolean in YAML 1.1":               {`yes`, true},
		"off is a boolean in YAML 1.1":               {`off`, false},
		"a quoted yes is text":                       {`'yes'`, "yes"},
		"a date is text":                             {`2012-10-17`, "2012-10-17"},
		"a list":                                     {`[a, 1, true]`, []any{"a", 1, true}},
		"a mapping":                                  {`{A: {B: 1}}`, map[string]any{"A": map[string]any{"B": 1}}},
		"Ref of a parameter":                         {`!Ref Name`, "backup"},
		"Ref of a number is text":                    {`!Ref Size`, "5"},
		"Ref of a list":                              {`!Ref Words`, []any{"red", "green", "blue"}},
		"Ref of a resource":                          {`!Ref Other`, "ref-Other"},
		"Ref with a function for a name":             {`{Ref: !Sub ['${A}me', {A: Na}]}`, "backup"},
		"Ref in its long form":                       {`{Ref: Name}`, "backup"},
		"AWS::Region":                                {`!Ref AWS::Region`, "eu-central-1"},
		"AWS::AccountId":                             {`!Ref AWS::AccountId`, "111122223333"},
		"AWS::Partition":                             {`!Ref AWS::Partition`, "aws"},
		"AWS::StackName":                             {`!Ref AWS::StackName`, "app"},
		"AWS::URLSuffix":                             {`!Ref AWS::URLSuffix`, "amazonaws.com"},
		"AWS::StackId":                               {`!Select [0, !Split ["/", !Ref AWS::StackId]]`, "arn:aws:cloudformation:eu-central-1:111122223333:stack"},
		"GetAtt with a period":                       {`!GetAtt Other.Arn`, "arn-Other"},
		"GetAtt of a nested attribute":               {`!GetAtt Other.Nested.Name`, "n"},
		"GetAtt with a list":                         {`!GetAtt [Other, Arn]`, "arn-Other"},
		"GetAtt with a function for the name":        {`{Fn::GetAtt: [!Join ['', [Oth, er]], Arn]}`, "arn-Other"},
		"Sub of parameters and attributes":           {`!Sub '${Name}-${AWS::Region}-${Other}-${Other.Arn}'`, "backup-eu-central-1-ref-Other-arn-Other"},
		"Sub keeps a literal":                        {`!Sub '${!Name} of ${Name}'`, "${Name} of backup"},
		"Sub keeps dollars and braces":               {`!Sub '$5 {Name} }'`, "$5 {Name} }"},
		"Sub with own variables":                     {`!Sub ['${Name}/${X}', {Name: own, X: !Select [1, !Ref Words]}]`, "own/green"},
		"Sub of a number and a boolean":              {`!Sub ['${A}${B}', {A: 1.5, B: true}]`, "1.5true"},
		"Join":                                       {`!Join ['-', [a, 1, !Ref Name]]`, "a-1-backup"},
		"Join of a list parameter":                   {`!Join [',', !Ref Words]`, "red,green,blue"},
		"Select by a parameter":                      {`!Select ['2', !Ref Words]`, "blue"},
		"Split":                                      {`!Split ['-', 'a-b--c']`, []any{"a", "b", "", "c"}},
		"If that holds":                              {`!If [Holds, a, b]`, "a"},
		"If that does not hold":                      {`!If [Fails, a, b]`, "b"},
		"an If without value is no list item":        {`[a, !If [Fails, b, !Ref AWS::NoValue], c]`, []any{"a", "c"}},
		"an If without value is no mapping entry":    {`{A: 1, B: !Ref AWS::NoValue}`, map[string]any{"A": 1}},
		"Length":                                     {`{Fn::Length: !Ref Words}`, 3},
		"ToJsonString sorts and does not escape":     {`{Fn::ToJsonString: {b: [1, true, !Ref Size], a: '<&>'}}`, `{"a":"<&>","b":[1,true,"5"]}`},
		"Base64":                                     {`!Base64 abc`, "YWJj"},
		"FindInMap":                                  {`!FindInMap [ByRegion, !Ref AWS::Region, Short]`, "fra"},
		"FindInMap of a list":                        {`!FindInMap [ByRegion, !Ref AWS::Region, Zones]`, []any{"a", "b"}},
		"FindInMap with a default that it needs":     {`!FindInMap [ByRegion, us-east-1, Short, {DefaultValue: none}]`, "none"},
		"FindInMap with a default it does not need":  {`!FindInMap [ByRegion, eu-central-1, Short, {DefaultValue: none}]`, "fra"},
		"a policy's condition is data":               {`{Effect: Allow, Condition: {Bool: {a: 'true'}}}`, map[string]any{"Effect": "Allow", "Condition": map[string]any{"Bool": map[string]any{"a": "true"}}}},
		"long forms everywhere":                      {`{Fn::Join: ['', [{Fn::Sub: a}, {Fn::If: [Holds, {Ref: Name}, '']}]]}`, "abackup"},
		"a function of the short form in a long one": {`{Fn::Select: [0, !Split [',', 'x,y']]}`, "x"},
	} {
		t.Run(name, func(t *testing.T) {
			stack, err := resolve(valueTemplate+c.written, nil)
			require.NoError(t, err)
			assert.Equal(t, c.want, stack.Resources[len(stack.Resources)-1].Properties["V"])
		})
	}
}

func TestAPropertyWithoutValueIsLeftOut(t *testing.T) {
	stack, err := resolve(valueTemplate+"!Ref AWS::NoValue", nil)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{}, stack.Resources[1].Properties)
}

func TestPseudoParametersFollowThePartition(t *testing.T) {
	loaded, err := template.Load([]byte(`Resources: {Q: {Type: X::Y, Properties: {V: !Sub '${AWS::Partition} ${AWS::URLSuffix}'}}}`), "t.yaml")
	require.NoError(t, err)
	for partition, want := range map[string]string{"": "aws amazonaws.com", "aws-cn": "aws-cn amazonaws.com.cn", "aws-us-gov": "aws-us-gov amazonaws.com"} {
		o := options(nil)
		o.Partition = partition
		stack, err := loaded.Resolve(o)
		require.NoError(t, err)
		assert.Equal(t, want, stack.Resources[0].Properties["V"])
	}
}

func TestATemplateCanBeJSON(t *testing.T) {
	stack, err := resolve(`{"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"Name": {"Ref": "AWS::Region"}}}}}`, nil)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"Name": "eu-central-1"}, stack.Resources[0].Properties)
}

func TestConditionsDecideOverResourcesAndOutputs(t *testing.T) {
	const source = `
Parameters: {Stage: {Type: String, Default: dev}}
Conditions:
  Prod: !Or [!Equals [!Ref Stage, prod], !And [!Equals [!Ref Stage, live], !Not [!Equals [a, b]]]]
Resources:
  Always: {Type: AWS::SQS::Queue, DependsOn: [Sometimes]}
  Sometimes: {Type: AWS::SNS::Topic, Condition: Prod}
Outputs:
  Topic: {Value: !Ref Sometimes, Condition: Prod, Export: {Name: !Sub '${Stage}-topic'}}
  Queue: {Value: !Ref Always}
  Size: {Value: 5}
`
	dev, err := resolve(source, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"Always"}, ids(dev))
	assert.Equal(t, map[string]string{"Queue": "ref-Always", "Size": "5"}, dev.Outputs)
	assert.Empty(t, dev.Exports)

	for _, stage := range []string{"prod", "live"} {
		stack, err := resolve(source, map[string]string{"Stage": stage})
		require.NoError(t, err)
		assert.Equal(t, []string{"Sometimes", "Always"}, ids(stack))
		assert.Equal(t, map[string]string{"Queue": "ref-Always", "Size": "5", "Topic": "ref-Sometimes"}, stack.Outputs)
		assert.Equal(t, map[string]string{stage + "-topic": "ref-Sometimes"}, stack.Exports)
	}
}

func TestAResourceCarriesWhatTheTemplateSaysOfIt(t *testing.T) {
	stack, err := resolve(`
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    UpdateReplacePolicy: Delete
    Metadata: {Owner: !Ref AWS::StackName}
`, nil)
	require.NoError(t, err)
	bucket := stack.Resources[0]
	assert.Equal(t, "Bucket", bucket.LogicalID)
	assert.Equal(t, "AWS::S3::Bucket", bucket.Type)
	assert.Equal(t, "Retain", bucket.DeletionPolicy)
	assert.Equal(t, "Delete", bucket.UpdateReplacePolicy)
	assert.Equal(t, map[string]any{"Owner": "app"}, bucket.Metadata)
	assert.Equal(t, 3, bucket.Line)
	assert.Equal(t, "Resources.Bucket", bucket.Path)
}

func TestFunctionsListsEveryNameOnceAndSorted(t *testing.T) {
	assert.Equal(t, []string{
		"Condition", "Fn::And", "Fn::Base64", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::Equals",
		"Fn::FindInMap", "Fn::ForEach", "Fn::GetAtt", "Fn::If", "Fn::Join", "Fn::Length", "Fn::Not", "Fn::Or", "Fn::Select",
		"Fn::Split", "Fn::Sub", "Fn::ToJsonString", "Ref",
	}, template.Functions())
}

func ids(s *template.Stack) []string {
	var ids []string
	for _, r := range s.Resources {
		ids = append(ids, r.LogicalID)
	}
	return ids
}
