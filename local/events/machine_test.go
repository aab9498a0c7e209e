package events_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/events"
	"autobackup/local/gate"
	"autobackup/local/template"
)

const (
	machineARN = "arn:aws:states:eu-west-1:" + owner + ":stateMachine:audit"
	starter    = "arn:aws:iam::" + owner + ":role/s-Starter"
)

func TestWhatATargetOfAScheduleHasIsWhatEventBridgeTakes(t *testing.T) {
	for want, target := range map[string]events.Target{
		"": {ARN: machineARN, RoleARN: starter},
		"RoleArn is required for target " + machineARN + ": the role as which EventBridge starts it": {ARN: machineARN},
		"RoleArn is not supported by the local stack for a function":                                 {ARN: functionARN, RoleARN: starter},
		"the Input is no JSON text":                                                                      {ARN: machineARN, RoleARN: starter, Input: "{"},
		"the Input is longer than 8192 characters":                                                       {ARN: functionARN, Input: `"` + strings.Repeat("ä", 8191) + `"`},
		"InputPath is not supported by the local stack":                                                  {ARN: machineARN, RoleARN: starter, InputPath: "$.detail"},
		"InputTransformer is not supported by the local stack":                                           {ARN: machineARN, RoleARN: starter, InputTransformer: "{}"},
		"DeadLetterConfig is not supported by the local stack for a rule with a schedule":                {ARN: machineARN, RoleARN: starter, DeadLetterARN: dlqARN},
		queueARN + " is not supported by the local stack as a target; use a function or a state machine": {ARN: queueARN},
		"a target needs an ARN":                                                                          {RoleARN: starter},
	} {
		bus, _ := newBus(t)
		rule := everyDay("audit", false)
		rule.Targets = []events.Target{target}
		if want == "" {
			for _, input := range []string{"", "1", `"` + strings.Repeat("ä", 8190) + `"`} {
				rule.Targets[0].Input = input
				assert.NoError(t, bus.AddRule(rule))
			}
			continue
		}
		assert.ErrorContains(t, bus.AddRule(rule), "rule "+rule.ARN+": target 0: "+want)
	}
}

func TestWhenTheTimeComesEachTargetGetsItsInputOrTheEventWhateverTheOthersDo(t *testing.T) {
	s := events.NewService(nil)
	s.NewID, s.Now = func() string { return "id" }, time.Now
	rule := everyDay("audit", false)
	rule.Targets = []events.Target{{ARN: functionARN}, {ARN: machineARN, RoleARN: starter, Input: `{"a": 1}`}, {ARN: machineARN, RoleARN: starter}, {ARN: functionARN, Input: `"all"`}}
	require.NoError(t, s.Bus("eu-west-1").AddRule(rule))
	assert.ErrorContains(t, s.Fire("eu-west-1", "audit"), "fire audit: no state machines are there to be started")
	var got []string
	s.Invoke = func(_ gate.Caller, _, function string, event []byte) error {
		got = append(got, function+" "+string(event))
		return errors.New("refused")
	}
	s.Start = func(_ gate.Caller, machine string, input []byte) error {
		got = append(got, machine+" "+string(input))
		return nil
	}
	assert.EqualError(t, s.Fire("eu-west-1", "audit"), "fire audit: refused\nfire audit: refused")
	require.Len(t, got, 4)
	for i, want := range []string{functionARN + ` {"account":"`, machineARN + ` {"a": 1}`, machineARN + ` {"account":"`, functionARN + ` "all"`} {
		assert.Contains(t, got[i], want)
	}
}

// guarded is a service behind a gate, for which deploy makes a role or a rule.
func guarded(t *testing.T) (s *events.Service, deploy func(kind, id string, properties map[string]any) error) {
	t.Helper()
	s = events.NewService(nil)
	s.NewID, s.Now, s.Gate = func() string { return "id" }, time.Now, gate.New(owner)
	types := template.Merge(s.Types(), s.Gate.Types())
	return s, func(kind, id string, properties map[string]any) error {
		_, _, err := types.Create(template.Target{Stack: "s", Region: "eu-west-1", Account: owner}, template.Resource{LogicalID: id, Type: kind, Properties: properties})
		return err
	}
}

// trusting is a role's, whom these let assume it.
func trusting(service, ruleARN string) map[string]any {
	return map[string]any{"AssumeRolePolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"Service": service}, "Action": "sts:AssumeRole",
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": owner, "aws:SourceArn": ruleARN}},
	}}}}
}

var auditRule = map[string]any{"Name": "audit", "ScheduleExpression": "rate(1 day)", "Targets": []any{
	map[string]any{"Id": "m", "Arn": machineARN, "RoleArn": starter, "Input": `{"a": 1}`}, map[string]any{"Id": "f", "Arn": functionARN},
}}

func TestARoleThatDoesNotTrustTheRuleStartsNothing(t *testing.T) {
	const theRule = "arn:aws:events:eu-west-1:" + owner + ":rule/audit"
	for name, c := range map[string]struct {
		trust map[string]any
		may   bool
	}{
		"of the rule": {trusting("events.amazonaws.com", theRule), true}, "of a pipe": {trusting("pipes.amazonaws.com", theRule), false},
		"of another rule": {trusting("events.amazonaws.com", theRule+"2"), false},
	} {
		t.Run(name, func(t *testing.T) {
			s, deploy := guarded(t)
			var starts []string
			s.Start = func(by gate.Caller, _ string, _ []byte) error {
				starts = append(starts, by.Principal().ARN)
				return nil
			}
			s.Invoke = func(gate.Caller, string, string, []byte) error { return nil }
			require.ErrorContains(t, deploy("AWS::Events::Rule", "Rule", auditRule), "events.amazonaws.com can't assume the role "+starter+": there is none here")
			require.NoError(t, deploy("AWS::IAM::Role", "Starter", c.trust))
			err := deploy("AWS::Events::Rule", "Rule", auditRule)
			if !c.may {
				require.ErrorContains(t, err, "Targets[0].RoleArn: events.amazonaws.com can't assume the role "+starter)
				require.NoError(t, deploy("AWS::IAM::Role", "Starter", trusting("events.amazonaws.com", theRule)))
				require.NoError(t, deploy("AWS::Events::Rule", "Rule", auditRule))
				require.NoError(t, deploy("AWS::IAM::Role", "Starter", c.trust), "it changes later")
				require.ErrorContains(t, s.Fire("eu-west-1", "audit"), "fire audit: events.amazonaws.com can't assume the role "+starter)
				assert.Empty(t, starts)
				return
			}
			require.NoError(t, err)
			require.NoError(t, s.Fire("eu-west-1", "audit"))
			assert.Equal(t, []string{"arn:aws:sts::" + owner + ":assumed-role/s-Starter/audit"}, starts)
		})
	}
}

func TestWhoDeploysPassesTheRolesOfARulesTargets(t *testing.T) {
	to := template.Target{Stack: "s", Region: "eu-west-1", Account: owner}
	asked := events.NewService(nil).Types().Asks(to, template.Resource{Type: "AWS::Events::Rule", Properties: auditRule})
	assert.Equal(t, []template.Ask{
		{Action: "iam:PassRole", Resource: starter, PassedTo: "events.amazonaws.com"},
		{Action: "events:PutRule", Resource: "arn:aws:events:eu-west-1:" + owner + ":rule/audit"},
	}, asked)
}

func TestTheTargetsOfARuleAreToldWithRoleAndInput(t *testing.T) {
	s := events.NewService(nil)
	s.NewID = func() string { return "id" }
	rule := everyDay("audit", false)
	rule.Targets = []events.Target{{ARN: machineARN, RoleARN: starter, Input: `{"a": 1}`}, {ARN: functionARN}}
	require.NoError(t, s.Bus("eu-west-1").AddRule(rule))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(`{"Rule": "audit"}`))
	r.Header.Set("X-Amz-Target", "AWSEvents.ListTargetsByRule")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=LOCAL/20260302/eu-west-1/events/aws4_request, SignedHeaders=host, Signature=0")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	assert.JSONEq(t, `{"Targets": [{"Id": "1", "Arn": "`+machineARN+`", "RoleArn": "`+starter+`", "Input": "{\"a\": 1}"}, {"Id": "2", "Arn": "`+functionARN+`"}]}`, w.Body.String())
}
