package docs_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/policy"
	"autobackup/cmd/autobackup/policy/policytest"
)

// operator is who types the commands of operations.md and of the runbooks, somewhere.
var operator = policy.Options{
	Command: policy.Operate, Side: policy.Both, Partition: "aws", Stage: "try", Region: "first-region-1", Account: "111122223333",
	Keys: []string{"arn:aws:kms:first-region-1:111122223333:key/of-queues"},
}

// values are what the pages' first lines make of the variables that name something.
var values = map[string]string{
	"region": operator.Region, "replica": "second-region-1", "stage": operator.Stage, "account": operator.Account, "now": "0", "rule": "everything",
	"primary": "autobackup-" + operator.Stage + "-primary-documents-" + operator.Account, "copy": "autobackup-" + operator.Stage + "-replica-documents-" + operator.Account,
	"role": "autobackup-" + operator.Stage + "-replication-documents",
	"arn":  here("sqs", ""), "topic": here("sns", ":autobackup-failure-topic-"+operator.Stage), "url": "https://sqs/" + operator.Account,
	"machine": here("states", ":stateMachine:autobackup-validation-"+operator.Stage),
}

func here(service, rest string) string {
	return "arn:aws:" + service + ":" + operator.Region + ":" + operator.Account + rest
}

// awsCommand is a command of the AWS CLI, typed by itself or in a substitution, as far as it names things.
var awsCommand = regexp.MustCompile(`\baws [a-z0-9-]+ [a-z-]+ [^\n)]*`)

// typedByOperators are the words of all commands of the AWS CLI of operations.md and of the runbooks.
func typedByOperators(t *testing.T) (all [][]string) {
	t.Helper()
	files, err := filepath.Glob("runbooks/*.md")
	require.NoError(t, err)
	for _, file := range append(files, "operations.md") {
		for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(read(t, file), -1) {
			for _, command := range awsCommand.FindAllString(block[1], -1) {
				all = append(all, strings.Fields(regexp.MustCompile(`\$\{?([a-z]+)\}?`).ReplaceAllStringFunc(command, func(name string) string {
					return values[strings.Trim(name, "${}")]
				})))
			}
		}
	}
	require.Greater(t, len(all), 80)
	return all
}

// operationOf is the operation that a command of the AWS CLI has its name from.
func operationOf(command string) string {
	return regexp.MustCompile(`(^|-)[a-z]`).ReplaceAllStringFunc(command, func(s string) string { return strings.ToUpper(strings.TrimPrefix(s, "-")) })
}

// madeBy are the calls that a command of the AWS CLI makes, by the pages of its operations.
func madeBy(t *testing.T, words []string) []policytest.Made {
	t.Helper()
	service, command := words[1], words[2]
	option := func(name string) string {
		at := slices.Index(words, "--"+name)
		require.Positive(t, at, "%v has no --%s", words, name)
		return words[at+1]
	}
	operation := operationOf(command)
	on := func(service, rest string) []policytest.Made {
		resource := "arn:aws:" + service + ":" + option("region") + ":" + operator.Account + ":" + rest
		return []policytest.Made{{Operation: operation, Resource: resource}}
	}
	// everything is no resource that is narrower than *.
	everything := []policytest.Made{{Operation: operation, Resource: "arn:aws:" + service + ":::"}}
	queue := func() string { return filepath.Base(option("queue-url")) }
	switch service + " " + command {
	case "cloudformation describe-stacks":
		return on(service, "stack/"+option("stack-name")+"/id")
	case "cloudwatch describe-alarms", "cloudwatch get-metric-statistics", "lambda get-account-settings", "lambda list-event-source-mappings", "sns get-subscription-attributes":
		return everything
	case "cloudwatch set-alarm-state":
		return on(service, "alarm:"+option("alarm-name"))
	case "iam get-role-policy":
		return []policytest.Made{{Operation: operation, Resource: "arn:aws:iam::" + operator.Account + ":role/" + option("role-name")}}
	case "kms describe-key":
		require.Equal(t, "alias/autobackup-sqs-key-"+operator.Stage, option("key-id"))
		return []policytest.Made{{Operation: operation, Resource: operator.Keys[0]}}
	case "lambda get-function-concurrency", "lambda get-function-configuration":
		return on(service, "function:"+option("function-name"))
	case "logs tail":
		operation = "FilterLogEvents" // of all streams of the group, which CloudWatch Logs writes so
		return on(service, "log-group:"+words[3]+":log-stream:")
	case "pipes describe-pipe", "pipes start-pipe", "pipes stop-pipe":
		return on(service, "pipe/"+option("name"))
	case "sns list-subscriptions-by-topic":
		return []policytest.Made{{Operation: operation, Resource: option("topic-arn")}}
	case "sqs get-queue-url":
		return on(service, option("queue-name"))
	case "sqs start-message-move-task":
		source, destination := option("source-arn"), option("destination-arn")
		return []policytest.Made{
			{Operation: operation, Resource: source},
			{Operation: "ReceiveMessage", Resource: source},
			{Operation: "DeleteMessage", Resource: source},
			{Operation: "GetQueueAttributes", Resource: source},
			{Operation: "SendMessage", Resource: destination},
		}
	case "sqs delete-message", "sqs get-queue-attributes", "sqs receive-message", "sqs send-message":
		return on(service, queue())
	case "stepfunctions list-executions":
		return []policytest.Made{{Operation: operation, Resource: option("state-machine-arn")}}
	case "stepfunctions describe-execution":
		return on("states", "execution:autobackup-validation-"+operator.Stage+":id")
	}
	require.Fail(t, "nobody knows what it calls", "%v: say it here", words)
	return nil
}

// more are the commands that operations.md says take more, as its table has them.
func more(t *testing.T) (all []string) {
	t.Helper()
	_, table, found := strings.Cut(read(t, "operations.md"), "\n| what takes more | what lets it |\n|---|---|\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	for row := range strings.Lines(table) {
		first := strings.Split(row, "|")[1]
		for _, code := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(first, -1) {
			all = append(all, code[1])
		}
	}
	return all
}

// takesMore is what of the table a command is.
func takesMore(table, words []string) string {
	for _, name := range table {
		if strings.HasPrefix(strings.Join(words[1:], " ")+" ", name+" ") {
			return name
		}
	}
	return ""
}

func TestOperatorsMayTypeWhatThePagesHaveThemType(t *testing.T) {
	table, named := more(t), map[string]bool{"autobackup parked": true, "autobackup retry": true, "autobackup discard": true, "autobackup doctor": true} // which have policies of their own
	var made []policytest.Made
	for _, words := range typedByOperators(t) {
		if name := takesMore(table, words); name != "" {
			named[name] = true
			continue
		}
		made = append(made, madeBy(t, words)...)
	}
	for _, name := range table {
		assert.True(t, named[name], "operations.md says what %s takes, and no page has it typed", name)
	}
	const ofSQS, ofConsole = "SQS calls it, not the AWS CLI", "the console shows with it what the e-mail links"
	policytest.Hold(t, operator, made, map[string]string{
		"kms:Decrypt": ofSQS, "kms:GenerateDataKey": ofSQS,
		"states:GetExecutionHistory": ofConsole, "sqs:ListMessageMoveTasks": "how far a move is, which takes long for many",
	})
}

// What reads objects' headers and buckets' rules is allowed by the policy that the table names.
func TestWhoMayExplainMayTypeTheCommandsOfS3(t *testing.T) {
	require.Contains(t, more(t), "s3api")
	n := 0
	for _, words := range typedByOperators(t) {
		if words[1] != "s3api" {
			continue
		}
		n++
		o := policy.Options{Command: policy.Explain, Side: policy.Primary, Partition: "aws", Primary: "docs", Replicas: []string{"docs-copy"}}
		resource := "arn:aws:s3:::docs"
		if slices.Contains(words, values["replica"]) {
			o.Side, resource = policy.Replica, "arn:aws:s3:::docs-copy"
		}
		if words[2] == "head-object" {
			resource += "/key"
		}
		policytest.Allow(t, o, []policytest.Made{{Operation: operationOf(words[2]), Resource: resource}})
	}
	assert.Positive(t, n)
}
