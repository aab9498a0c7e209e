package local_test

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/lambda"
)

// named are the variables of functions that name a resource, by the function and
// the variable, with what the resource itself says in the template of its stack.
var named = map[string]struct{ template, value string }{
	"compare-bytes WORK_BUCKET":             {"template.yaml", "!Ref WorkBucket"},
	"compare-bytes PRIMARY_HASH_BYTES_ARN":  {"template.yaml", "!GetAtt HashBytesFunction.Arn"},
	"compare-bytes REPLICA_HASH_BYTES_ARNS": {"replica.yaml", "!GetAtt HashBytesFunction.Arn"},
	"compare-etags HEARTBEAT_BUCKET":        {"template.yaml", "!Ref HeartbeatBucket"},
	"heartbeat HEARTBEAT_BUCKET":            {"template.yaml", "!Ref HeartbeatBucket"},
	"heartbeat HEARTBEAT_REPLICA":           {"replica.yaml", "!Ref HeartbeatReplica"},
	"heartbeat COMPARE_ETAGS_ARN":           {"template.yaml", "!GetAtt CompareETagsFunction.Arn"},
	"heartbeat PRIMARY_HASH_BYTES_ARN":      {"template.yaml", "!GetAtt HashBytesFunction.Arn"},
	"heartbeat REPLICA_HASH_BYTES_ARNS":     {"replica.yaml", "!GetAtt HashBytesFunction.Arn"},
	"heartbeat VALIDATION_QUEUE_ARN":        {"template.yaml", "!GetAtt ValidationQueue.Arn"},
	"failure-notifier TOPIC_ARN":            {"template.yaml", "!Ref FailureTopic"},
	"failure-notifier CHAT_TOPIC_ARN":       {"template.yaml", "!Ref ChatTopic"},
	"failure-notifier WORK_BUCKET":          {"template.yaml", "!Ref WorkBucket"},
	"failure-notifier VALIDATION_QUEUE_ARN": {"template.yaml", "!GetAtt ValidationQueue.Arn"},
	"failure-notifier VALIDATION_DLQ_ARN":   {"template.yaml", "!GetAtt ValidationDLQ.Arn"},
	"failure-notifier FAILURE_QUEUE_ARN":    {"template.yaml", "!GetAtt FailureQueue.Arn"},
}

// output is the name of an output for a variable.
func output(variable string) string {
	return "Named" + strings.NewReplacer("-", "", " ", "", "_", "").Replace(variable)
}

// `sam local invoke` resolves no reference to a queue, a topic or a bucket. So the
// template writes their names out, and this holds them against the resources.
func TestFunctionsAreToldTheResourcesThatTheTemplatesMake(t *testing.T) {
	folder := copyOfProject(t, []change{func(name, text string) string {
		for variable, resource := range named {
			if resource.template == name {
				text = strings.Replace(text, "\nOutputs:\n", "\nOutputs:\n  "+output(variable)+":\n    Value: "+resource.value+"\n", 1)
			}
		}
		return text
	}})
	told := map[string]string{}
	stack, err := local.Start(t.Context(), local.Config{
		Clock: clock.Real(), Project: folder, Dir: t.TempDir(), Account: account, URL: "http://127.0.0.1",
		Runtime: func(clk *clock.Clock, newID func() string, c lambda.Config, _ string) (*lambda.Function, error) {
			for variable, value := range c.Environment {
				if strings.Contains(value, "autobackup-") {
					told[strings.TrimSuffix(strings.TrimPrefix(c.Name, "autobackup-"), "-try")+" "+variable] = value
				}
			}
			return lambda.NewInProcess(clk, newID, c, func(context.Context, []byte) ([]byte, error) { return nil, nil })
		},
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, stack.Close()) }()
	outputs := map[string]string{}
	for _, name := range []string{"replica", "default"} {
		environment, err := local.Environment(folder, name)
		require.NoError(t, err)
		environment.Region = map[string]string{"replica": "ap-south-1", "default": "us-west-2"}[name]
		environment.ParameterOverrides["Stage"] = "try"
		if name == "default" {
			environment.ParameterOverrides["ReplicaRegion"] = "ap-south-1"
			environment.ParameterOverrides["ChatAlerts"] = "Enabled"
		}
		deployed, err := stack.Deploy(environment, nil)
		require.NoError(t, err)
		maps.Copy(outputs, deployed.Outputs)
	}
	want := map[string]string{}
	for variable := range named {
		want[variable] = outputs[output(variable)]
	}
	assert.Equal(t, want, told)
}
