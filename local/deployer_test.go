package local_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/policy"
	"autobackup/local"
	"autobackup/local/gate"
	"autobackup/local/iam"
)

// deployer is who deploys a stack, under the policy that is printed for it, without an action
// if one is named.
func (w *world) deployer(side policy.Side, without string) gate.Caller {
	t := w.t
	t.Helper()
	document, err := policy.For(policy.Options{Command: policy.Deploy, Side: side, Partition: "aws", Stage: "dev", Account: account})
	require.NoError(t, err)
	text, err := json.Marshal(document)
	require.NoError(t, err)
	var granted iam.Document
	granted, err = iam.Parse(text, iam.Identity)
	require.NoError(t, err)
	if without != "" {
		require.True(t, slices.ContainsFunc(granted.Statements, func(s iam.Statement) bool { return slices.Contains(s.Actions, without) }), without)
	}
	by, err := w.Gate.User("deployer", json.RawMessage(strings.ReplaceAll(string(text), `"`+without+`"`, `"sts:GetCallerIdentity"`)))
	require.NoError(t, err)
	return by
}

// askedOf are the actions that deploying asks for.
func askedOf(g *gate.Gate, into map[string]bool) {
	g.Saw = func(c gate.Call, d iam.Decision) {
		if strings.HasSuffix(c.By.ARN, ":user/deployer") {
			into[c.Action] = true
		}
	}
}

func TestEachStackIsDeployedUnderThePolicyThatIsPrintedAndRolledBackWithoutAnyActionOfIt(t *testing.T) {
	for _, name := range encryptions {
		t.Run(name, func(t *testing.T) {
			for environment, side := range map[string]policy.Side{"replica": policy.Replica, "default": policy.Primary} {
				actions := map[string]bool{}
				prepare = func(g *gate.Gate) { askedOf(g, actions) }
				try := func(without string) {
					inEmptyWorld(t, func(w *world) {
						t := w.t
						env, err := local.Environment(w.Project, environment)
						require.NoError(t, err)
						if environment == "default" {
							away, err := local.Environment(w.Project, "replica")
							require.NoError(t, err)
							_, err = w.Deploy(away, nil)
							require.NoError(t, err)
						}
						w.Deployer = w.deployer(side, without)
						before := inventory(t, w.Stack)
						_, err = w.Deploy(env, nil)
						if without == "" {
							require.NoError(t, err)
							return
						}
						require.ErrorContains(t, err, "arn:aws:iam::"+account+":user/deployer is not authorized to perform: "+without+" on resource")
						for _, arn := range inventory(t, w.Stack) {
							assert.True(t, slices.Contains(before, arn) || strings.Contains(arn, ":key/"), "%s is left without %s", arn, without)
						}
					}, configurations[name]...)
				}
				try("")
				require.Greater(t, len(actions), 3)
				for action := range actions {
					if name == "SSE-KMS" { // which asks for all that the other does
						try(action)
					}
				}
				prepare = nil
			}
		})
	}
}

func TestWhoDeploysIsAskedForTheCallThatCreatesAPolicyAndForARoleThatARulePasses(t *testing.T) {
	const (
		queue     = "  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}\n"
		topic     = "  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: t}}\n"
		statement = "{Version: 2012-10-17, Statement: [{Effect: Allow, Principal: {Service: events.amazonaws.com}, Action: ACTION, Resource: \"*\"}]}"
	)
	function := "arn:aws:lambda:" + firstRegion + ":" + account + ":function:f"
	for needs, resources := range map[string]string{
		"sqs:SetQueueAttributes on resource: " + arnOf("sqs", "q"):              queue + "  R: {Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Queue], PolicyDocument: " + strings.Replace(statement, "ACTION", "sqs:SendMessage", 1) + "}}\n",
		"sns:SetTopicAttributes on resource: " + arnOf("sns", "t"):              topic + "  R: {Type: AWS::SNS::TopicPolicy, Properties: {Topics: [!Ref Topic], PolicyDocument: " + strings.Replace(statement, "ACTION", "sns:Publish", 1) + "}}\n",
		"iam:CreatePolicy on resource: arn:aws:iam::" + account + ":policy/p/m": "  R: {Type: AWS::IAM::ManagedPolicy, Properties: {ManagedPolicyName: m, Path: /p/, PolicyDocument: {Version: 2012-10-17, Statement: []}}}\n",
		"iam:PassRole on resource: arn:aws:iam::" + account + ":role/p/r":       "  R: {Type: AWS::Events::Rule, Properties: {Name: r, ScheduleExpression: rate(1 day), Targets: [{Id: f, Arn: \"" + function + "\"}, {Id: m, Arn: \"" + arnOf("states", "stateMachine:m") + "\", RoleArn: \"arn:aws:iam::" + account + ":role/p/r\"}]}}\n",
		"lambda:AddPermission on resource: " + function:                         "  R: {Type: AWS::Lambda::Permission, Properties: {Action: lambda:InvokeFunction, FunctionName: f, Principal: events.amazonaws.com}}\n",
		"lambda:AddPermission on resource: " + function + "2":                   "  R: {Type: AWS::Lambda::Permission, Properties: {Action: lambda:InvokeFunction, FunctionName: \"" + function + "2\", Principal: events.amazonaws.com}}\n",
	} {
		stack, environment, write := small(t)
		action, _, _ := strings.Cut(needs, " ")
		by, err := stack.Gate.User("deployer", json.RawMessage(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "NotAction": "`+action+`", "Resource": "*"}]}`))
		require.NoError(t, err)
		stack.Deployer = by
		write(resources)
		_, err = stack.Deploy(environment, nil)
		assert.ErrorContains(t, err, "arn:aws:iam::"+account+":user/deployer is not authorized to perform: "+needs)
	}
}
