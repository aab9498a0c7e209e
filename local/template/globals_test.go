package template_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const globals = `Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: provided.al2023
    Timeout: 30
    Layers: [a]
    Environment: {Variables: {LOG: info, STACK: !Ref AWS::StackName}}
    Tags: {Owner: !Ref AWS::Region}
Resources:
`

func TestGlobalsAreMergedIntoEveryFunction(t *testing.T) {
	stack, err := resolve(globals+`
  Bare: {Type: AWS::Serverless::Function}
  Own:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 60
      Layers: [b, a]
      Environment: {Variables: {LOG: debug, TOPIC: !Ref Topic}}
      Tags: !If [Never, {}, {}]
      Handler: bootstrap
  Topic: {Type: AWS::SNS::Topic}
Conditions: {Never: !Equals [a, b]}
`, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"Bare", "Topic", "Own"}, ids(stack))
	assert.Equal(t, map[string]any{
		"Runtime": "provided.al2023", "Timeout": 30, "Layers": []any{"a"}, "Tags": map[string]any{"Owner": "eu-central-1"},
		"Environment": map[string]any{"Variables": map[string]any{"LOG": "info", "STACK": "app"}},
	}, stack.Resources[0].Properties)
	assert.Empty(t, stack.Resources[1].Properties)
	assert.Equal(t, map[string]any{
		"Runtime": "provided.al2023", "Timeout": 60, "Layers": []any{"a", "b", "a"}, "Tags": map[string]any{}, "Handler": "bootstrap",
		"Environment": map[string]any{"Variables": map[string]any{"LOG": "debug", "STACK": "app", "TOPIC": "ref-Topic"}},
	}, stack.Resources[2].Properties)
}

func TestMistakesInGlobalsAreToldWhereTheyStand(t *testing.T) {
	const head = "Transform: AWS::Serverless-2016-10-31\nResources: {F: {Type: AWS::Serverless::Function}}\n"
	for name, c := range map[string]struct{ written, want string }{
		"a section for another type": {`Globals: {Api: {}}`, `t.yaml:3: Globals.Api: Api is not supported here; known are Function`},
		"a property not for globals": {`Globals: {Function: {Role: a}}`, `t.yaml:3: Globals.Function.Role: Role is not supported here; known are ` +
			"Architectures, AssumeRolePolicyDocument, AutoPublishAlias, CodeSigningConfigArn, CodeUri, DeadLetterQueue, DeploymentPreference, Description, " +
			"Environment, EphemeralStorage, EventInvokeConfig, FileSystemConfigs, Handler, KmsKeyArn, Layers, LoggingConfig, MemorySize, PermissionsBoundary, " +
			"PropagateTags, ProvisionedConcurrencyConfig, RecursiveLoop, ReservedConcurrentExecutions, RolePath, Runtime, RuntimeManagementConfig, SnapStart, " +
			"SourceKMSKeyArn, Tags, Timeout, Tracing, VpcConfig"},
		"functions that are a list":  {`Globals: {Function: []}`, `t.yaml:3: Globals.Function: must be a mapping, not a list`},
		"an unknown name":            {`Globals: {Function: {Timeout: !Ref G}}`, `t.yaml:3: Globals.Function.Timeout.Ref: nothing in this template is named G; did you mean "F"?`},
		"a function that is unknown": {`Globals: {Function: {Timeout: {Fn::Nott: 1}}}`, `t.yaml:3: Globals.Function.Timeout.Fn::Nott: the function Fn::Nott is not supported here; did you mean "Fn::Not"?`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := resolve(head+c.written, nil)
			assert.EqualError(t, err, c.want)
		})
	}
}
