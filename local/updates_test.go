package local_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/samconfig"
)

// small is a stack of one resource, with what it needs, and the address it is at.
func small(t *testing.T) (stack *local.Stack, environment samconfig.Environment, write func(resources string)) {
	t.Helper()
	folder := t.TempDir()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { stack.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	stack, err := local.Start(t.Context(), local.Config{Clock: clock.Real(), Project: folder, Dir: t.TempDir(), Account: account, URL: server.URL})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, stack.Close()) })
	return stack, samconfig.Environment{TemplateFile: "template.yaml", StackName: "s", Region: firstRegion}, func(resources string) {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "template.yaml"), []byte("Resources:\n"+resources), 0o600))
	}
}

func TestWhatCannotBeMadeAnewIsAgainWhatItWas(t *testing.T) {
	const (
		topic     = "  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: t, Subscription: [{Protocol: email, Endpoint: CHANGED}]}}\n"
		queue     = "  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}\n"
		bucket    = "  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: one-bucket}}\n"
		key       = "  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {Version: 2012-10-17, Statement: [{Effect: Allow, Principal: {AWS: \"*\"}, Action: \"kms:*\", Resource: \"*\"}]}}}\n"
		statement = "{Version: 2012-10-17, Statement: [{Effect: Allow, Principal: {Service: events.amazonaws.com}, Action: CHANGED, Resource: \"*\"}]}"
	)
	for name, c := range map[string]struct{ resources, was, bad, tells string }{
		"a topic":           {topic, "a@example.com", "none", "none"},
		"a queue's policy":  {queue + "  R: {Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Queue], PolicyDocument: " + statement + "}}\n", "sqs:SendMessage", "{}", "PolicyDocument"},
		"a topic's policy":  {strings.ReplaceAll(topic, "CHANGED", "a@example.com") + "  R: {Type: AWS::SNS::TopicPolicy, Properties: {Topics: [!Ref Topic], PolicyDocument: " + statement + "}}\n", "sns:Publish", "{}", "PolicyDocument"},
		"a bucket's policy": {bucket + "  R: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref Bucket, PolicyDocument: " + statement + "}}\n", "s3:GetObject", "{}", "PolicyDocument"},
		"a role":            {"  R: {Type: AWS::IAM::Role, Properties: {RoleName: r, AssumeRolePolicyDocument: " + strings.ReplaceAll(statement, ", Resource: \"*\"", "") + "}}\n", "sts:AssumeRole", "{}", "AssumeRolePolicyDocument"},
		"a rule":            {queue + "  R: {Type: AWS::Events::Rule, Properties: {Name: r, EventPattern: {source: CHANGED}, Targets: [{Id: q, Arn: !GetAtt Queue.Arn}]}}\n", "[aws.s3]", "7", "event pattern"},
		"an alias of a key": {key + "  R: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/a, TargetKeyId: CHANGED}}\n", "!Ref Key", "nobodys", "there is no key"},
	} {
		t.Run(name, func(t *testing.T) {
			stack, environment, write := small(t)
			write(strings.ReplaceAll(c.resources, "CHANGED", c.was))
			_, err := stack.Deploy(environment, nil)
			require.NoError(t, err)
			there := func() []string { return append(inventory(t, stack), stack.Gate.Names()...) } // a policy stands by the name of what has it
			before := there()
			write(strings.ReplaceAll(c.resources, "CHANGED", c.bad))
			_, err = stack.Update(environment, nil)
			require.ErrorContains(t, err, c.tells)
			assert.Equal(t, before, there())
			require.NoError(t, stack.Delete(environment))
			assert.NotSubset(t, there(), before, "the stack knows what it has")
		})
	}
}
