package local_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/policy"
	"autobackup/local/gate"
	"autobackup/local/template"
)

// everyDay has the stack look by itself.
var everyDay = defaults("template.yaml", "DoctorSchedule", "rate(1 day)")

// comes has the time come at which the schedule invokes doctor, and answers its metrics.
func (w *world) comes() (line struct{ DoctorFailed, DoctorUnknown int }) {
	w.t.Helper()
	var lines bytes.Buffer
	functionMetrics = &lines
	require.NoError(w.t, w.Events.Fire(w.region, "autobackup-doctor-dev"))
	require.NoError(w.t, json.Unmarshal(lines.Bytes(), &line), lines.String())
	return line
}

// What is no schedule is refused before anything is made; rate takes no minutes here. Whether a day is
// a day of the month or of the week, EventBridge checks.
func TestDoctorScheduleRefusesWhatIsNoSchedule(t *testing.T) {
	for schedule, taken := range map[string]bool{
		"": true, "rate(1 hour)": true, "rate(12 hours)": true, "rate(1 day)": true, "rate(7 days)": true, "cron(0 7 * * ? *)": true, "cron(0/15 8-17 ? * MON-FRI *)": true, "cron(0 8 1W,L * ? 2026)": true, "cron(0 8 ? * 2#1 *)": true,
		"daily": false, "rate(5 minutes)": false, "rate(1 days)": false, "rate(2 day)": false, "rate(0 hours)": false, "cron(0 7 * * *)": false, "at(2026-01-01T00:00:00)": false, "rate(1 day) ": false,
	} {
		_, err := stack(t, "default", map[string]string{"DoctorSchedule": schedule})
		if taken {
			assert.NoError(t, err, schedule)
			continue
		}
		assert.ErrorContains(t, err, "rate(...) in hours or days", schedule)
	}
}

// It looks under its own role, which the rule's permission lets in, and logs into its own group.
func TestSettingDoctorScheduleHasTheStackLookByItself(t *testing.T) {
	defer func() { functionMetrics = nowhere }()
	inWorld(t, func(w *world) {
		assert.Zero(t, w.comes())
		assert.Empty(t, w.Gate.Refusals())
		group, days := arnOf("logs", "log-group:/aws/lambda/autobackup-doctor-dev"), kept(t, "the logs of functions")[0]
		time.Sleep(time.Duration(days-1) * day)
		assert.NotEmpty(t, w.Logs.Lines(group))
		time.Sleep(2 * day)
		assert.Empty(t, w.Logs.Lines(group))
	}, everyDay)
}

// A rule starts a state machine as its role: what that lacks is told, and starts nothing.
func TestAScheduleStartsAStateMachineWhereItsRoleMay(t *testing.T) {
	const (
		trust     = "AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Principal: {Service: SERVICE.amazonaws.com}, Action: sts:AssumeRole}]}"
		resources = `  MachineRole: {Type: AWS::IAM::Role, Properties: {RoleName: m, ` + trust + `}}
  Machine: {Type: AWS::Serverless::StateMachine, Properties: {Name: m, Role: !GetAtt MachineRole.Arn, DefinitionUri: m.json}}
  Starter: {Type: AWS::IAM::Role, Properties: {RoleName: starter, ` + trust + `, Policies: [{PolicyName: p, PolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: ALLOWED, Resource: !Ref Machine}]}}]}}
  Rule: {Type: AWS::Events::Rule, Properties: {Name: r, ScheduleExpression: rate(1 day), Targets: [{Id: m, Arn: !Ref Machine, RoleArn: !GetAtt Starter.Arn, Input: '{"a": 1}'}]}}
Transform: AWS::Serverless-2016-10-31
`
		role = "arn:aws:iam::" + account + ":role/starter"
	)
	stack, environment, write := small(t)
	require.NoError(t, os.WriteFile(filepath.Join(stack.Project, "m.json"), []byte(`{"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}`), 0o600))
	allowing := func(action string) {
		of := strings.Replace(strings.Replace(resources, "SERVICE", "states", 1), "SERVICE", "events", 1)
		write(strings.Replace(of, "ALLOWED", action, 1))
	}
	allowing("states:DescribeStateMachine")
	_, err := stack.Deploy(environment, nil)
	require.NoError(t, err)
	require.ErrorContains(t, stack.Events.Fire(firstRegion, "r"), "assumed-role/starter/r is not authorized to perform: states:StartExecution on resource: "+arnOf("states", "stateMachine:m"))
	assert.Equal(t, map[gate.Refusal]int{{By: role, Action: "states:StartExecution"}: 1}, stack.Gate.Refusals())
	assert.Empty(t, stack.States.Executions())

	allowing("states:StartExecution")
	_, err = stack.Update(environment, nil)
	require.NoError(t, err)
	require.NoError(t, stack.Events.Fire(firstRegion, "r"))
	require.NoError(t, stack.WaitIdle(t.Context()))
	all := stack.States.Executions()
	require.Len(t, all, 1)
	assert.Equal(t, `{"a": 1}`, string(all[0].Input))
	require.NotNil(t, all[0].Result)
	assert.Equal(t, types.ExecutionStatusSucceeded, all[0].Result.Status)
}

func TestSettingNothingMakesNothingOfTheScheduledDoctor(t *testing.T) {
	s, err := stack(t, "default", nil)
	require.NoError(t, err)
	for _, r := range s.Resources {
		assert.NotRegexp(t, "^Doctor", r.LogicalID)
	}
}

// The role in the template and the printed policy are of one list: what the command calls.
func TestSettingTheRoleOfTheScheduledDoctorMayWhatTheCommandCallsAndNothingElse(t *testing.T) {
	s, err := stack(t, "default", map[string]string{"DoctorSchedule": "rate(1 day)", "AuditLevel": "rest", "Buckets3": "acme-three", "ReplicaBuckets2": "acme-copy"})
	require.NoError(t, err)
	granted, byList := map[string][]string{}, map[string][]string{}
	for _, r := range s.Resources {
		for _, one := range statements(t, r) {
			for _, action := range one.Action {
				if r.LogicalID != "DoctorRole" {
					byList[r.LogicalID] = append(byList[r.LogicalID], action)
					assert.Subset(t, words{"arn:aws:s3:::acme-three", "arn:aws:s3:::acme-copy"}, one.Resource)
				} else if !regexp.MustCompile("^(logs|xray):").MatchString(action) {
					granted[action] = append(granted[action], one.Resource...)
				}
			}
		}
	}
	least, err := policy.For(policy.Options{Command: policy.Doctor, Side: policy.Both, Partition: "aws", Stage: "dev", Region: firstRegion, Account: account})
	require.NoError(t, err)
	want, ofSides := map[string][]string{}, map[string][]string{}
	// These the template names as what it makes.
	made := map[string]string{
		arnOf("lambda", "function:autobackup-fetch-etags-dev"): "arn:FetchETagsFunction", topicARN: "FailureTopic", arnOf("states", "stateMachine:autobackup-validation-dev"): "ValidationStateMachine",
		arnOf("states", "stateMachine:autobackup-audit-dev"): "AuditStateMachine",
	}
	for _, one := range least.Statement {
		for _, action := range one.Action {
			for _, resource := range one.Resource {
				want[action] = append(want[action], cmp.Or(made[resource], resource))
			}
		}
		ofSides[one.Sid] = one.Action
	}
	for _, all := range []map[string][]string{granted, want} {
		for action, resources := range all {
			slices.Sort(resources)
			all[action] = resources
		}
	}
	assert.Equal(t, want, granted)
	assert.Len(t, byList, 2)
	assert.ElementsMatch(t, ofSides["PrimaryBucket"], byList["DoctorBuckets3Policy"])
	assert.ElementsMatch(t, ofSides["ReplicaBucket"], byList["DoctorReplicaBuckets2Policy"])
}

// statement is one of a policy; a template has one action or many.
type statement struct{ Action, Resource words }

type words []string

func (w *words) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*w = words{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(w))
}

// statements are those of the role of the scheduled doctor, and of policies that it has.
func statements(t *testing.T, r template.Resource) (all []statement) {
	t.Helper()
	if !regexp.MustCompile(`^Doctor(Role|.*Policy)$`).MatchString(r.LogicalID) {
		return nil
	}
	type document struct{ Statement []statement }
	var of struct {
		Policies       []struct{ PolicyDocument document }
		PolicyDocument document
	}
	encoded, err := json.Marshal(r.Properties)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(encoded, &of))
	all = of.PolicyDocument.Statement
	for _, p := range of.Policies {
		all = append(all, p.PolicyDocument.Statement...)
	}
	return all
}
