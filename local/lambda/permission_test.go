package lambda_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/lambda"
	"autobackup/local/template"
	"autobackup/local/wire"
)

const (
	owner    = "111122223333"
	stranger = "999999999999"
	function = "arn:aws:lambda:eu-west-1:" + owner + ":function:f"
	ownKey   = "arn:aws:kms:eu-west-1:" + owner + ":key/stack-Key"
)

// guarded are functions behind a gate, whose one function f answers "yes".
type guarded struct {
	*lambda.Service
	t *testing.T
}

func (g guarded) deploy(id, kind string, properties map[string]any) error {
	types := template.Merge(g.Types(), g.Gate.Types())
	_, _, err := types.Create(template.Target{Stack: "stack", Region: "eu-west-1", Account: owner}, template.Resource{LogicalID: id, Type: kind, Properties: properties})
	return err
}

func newGuarded(t *testing.T, function map[string]any) guarded {
	s := lambda.New(lambda.Options{
		Clock: clock.Real(), NewID: ids(), Account: owner, Gate: gate.New(owner), Environment: func(string, string) map[string]string { return nil },
		Runtime: func(clk *clock.Clock, newID func() string, c lambda.Config, _ string) (*lambda.Function, error) {
			return lambda.NewInProcess(clk, newID, c, func(context.Context, []byte) ([]byte, error) { return []byte(`"yes"`), nil })
		},
	})
	t.Cleanup(s.Close)
	g := guarded{s, t}
	require.NoError(t, g.deploy("Role", "AWS::IAM::Role", map[string]any{"AssumeRolePolicyDocument": map[string]any{
		"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Principal": map[string]any{"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
	}}))
	properties := map[string]any{"FunctionName": "f", "CodeUri": "f/", "Timeout": "3", "Role": "arn:aws:iam::" + owner + ":role/stack-Role"}
	for name, value := range function {
		properties[name] = value
	}
	require.NoError(t, g.deploy("F", "AWS::Serverless::Function", properties))
	return g
}

func (g guarded) invoke(by gate.Caller) error {
	_, err := g.As(by).Invoke(g.t.Context(), "eu-west-1", "f", []byte("{}"))
	return err
}

func TestAFunctionsPolicySaysWhichServicesAndAccountsMayInvokeIt(t *testing.T) {
	g := newGuarded(t, nil)
	service := g.Gate.Service("events.amazonaws.com", "arn:aws:events:eu-west-1:"+owner+":rule/r")
	foreign := g.Gate.As(iam.Principal{ARN: "arn:aws:iam::" + stranger + ":root"})
	require.NoError(t, g.invoke(g.Gate.As(g.Gate.Owner())))
	for _, by := range []gate.Caller{service, foreign} {
		err := g.invoke(by)
		require.ErrorContains(t, err, "because no resource-based policy allows the lambda:InvokeFunction action")
		assert.Equal(t, "AccessDeniedException", wire.From(err, "").Code)
	}
	permission := func(id, principal, sourceARN, sourceAccount string) error {
		p := map[string]any{"Action": "lambda:InvokeFunction", "FunctionName": function, "Principal": principal}
		if sourceARN != "" {
			p["SourceArn"], p["SourceAccount"] = sourceARN, sourceAccount
		}
		return g.deploy(id, "AWS::Lambda::Permission", p)
	}
	require.NoError(t, permission("Stranger", stranger, "", ""))
	require.NoError(t, g.invoke(foreign))
	require.Error(t, g.invoke(service))
	require.NoError(t, permission("Rule", "events.amazonaws.com", "arn:aws:events:*:*:rule/r", owner))
	require.NoError(t, g.invoke(service))
	require.NoError(t, g.invoke(foreign), "the second adds to the first")
	require.Error(t, g.invoke(g.Gate.Service("events.amazonaws.com", "arn:aws:events:eu-west-1:"+owner+":rule/other")))
	require.Error(t, g.invoke(g.Gate.Service("events.amazonaws.com", "arn:aws:events:eu-west-1:"+stranger+":rule/r")))

	require.NoError(t, permission("Role", "arn:aws:iam::"+owner+":role/stack-Role", "", ""))
	role, err := g.Gate.Assume("arn:aws:iam::"+owner+":role/stack-Role", "lambda.amazonaws.com", "f")
	require.NoError(t, err)
	require.NoError(t, g.invoke(role))
}

func TestAPermissionThatMeansNothingHereIsNotDeployed(t *testing.T) {
	g := newGuarded(t, nil)
	for want, p := range map[string]map[string]any{
		"FunctionName: ResourceNotFoundException: Function not found":        {"Action": "lambda:InvokeFunction", "FunctionName": "g", "Principal": stranger},
		"Action: lambda:GetFunction is not supported here":                   {"Action": "lambda:GetFunction", "FunctionName": "f", "Principal": stranger},
		"PrincipalOrgID: this property of AWS::Lambda::Permission is not":    {"Action": "lambda:InvokeFunction", "FunctionName": "f", "Principal": "*", "PrincipalOrgID": "o-1"},
		"the principal no service is no service: write its name, such as s3": {"Action": "lambda:InvokeFunction", "FunctionName": "f", "Principal": "no service"},
	} {
		require.ErrorContains(t, g.deploy("P", "AWS::Lambda::Permission", p), want)
	}
}

func TestAFunctionsRoleNeedsTheKeyOfItsEnvironment(t *testing.T) {
	g := newGuarded(t, map[string]any{"KmsKeyArn": ownKey})
	err := g.invoke(g.Gate.As(g.Gate.Owner()))
	require.ErrorContains(t, err, "Lambda was unable to decrypt the environment variables because KMS access was denied. Please check the function's KMS key settings. KMS Exception: AccessDeniedExceptionKMS Message: User: arn:aws:sts::111122223333:assumed-role/stack-Role/f is not authorized to perform: kms:Decrypt")
	answer := wire.From(err, "")
	assert.Equal(t, "KMSAccessDeniedException", answer.Code)
	assert.Equal(t, 502, answer.Status)

	for context, allowed := range map[string]bool{function: true, function + "2": false} {
		require.NoError(t, g.Gate.Attach(ownKey, iam.Key, map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
			"Effect": "Allow", "Principal": map[string]any{"AWS": "arn:aws:iam::" + owner + ":role/stack-Role"}, "Action": "kms:Decrypt", "Resource": "*",
			"Condition": map[string]any{"StringEquals": map[string]any{"kms:EncryptionContext:aws:lambda:FunctionArn": context, "kms:ViaService": "lambda.eu-west-1.amazonaws.com"}},
		}}))
		err := g.invoke(g.Gate.As(g.Gate.Owner()))
		assert.Equal(t, allowed, err == nil, "%s: %v", context, err)
	}
}
