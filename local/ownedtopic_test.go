package local_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local"
	"autobackup/local/gate"
	"autobackup/local/iam"
)

// addedBy is what docs/deploy.md has the owner of a topic add to its policy.
func addedBy(t *testing.T, topic string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "deploy.md"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(page), "\n## Alerts to a topic that you have\n")
	require.True(t, found)
	_, block, found := strings.Cut(section, "```json\n")
	require.True(t, found)
	block, _, _ = strings.Cut(block, "```")
	return strings.NewReplacer("TOPIC", topic, "REGION", firstRegion, "ACCOUNT", account, "STAGE", "dev").Replace(block)
}

// ownersTopic is a topic of somebody else's, with a key of theirs, and with the statements of
// docs/deploy.md in the policies of both.
func ownersTopic(t *testing.T, of string) (arn, key, text string) {
	t.Helper()
	arn, key = "arn:aws:sns:"+firstRegion+":"+of+":acme-oncall", "arn:aws:kms:"+firstRegion+":"+of+":key/acme-alerts-Key"
	added := addedBy(t, arn)
	ofKey := strings.NewReplacer(`"sns:Publish"`, `["kms:Decrypt", "kms:GenerateDataKey"]`, arn, "*").Replace(added)
	own := `{"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::` + of + `:root"}, "Action": "kms:*", "Resource": "*"},`
	return arn, key, `{"Resources": {
  "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": ` + strings.Replace(ofKey, "[", "["+own, 1) + `}}},
  "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "acme-oncall", "KmsMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
    "Subscription": [{"Protocol": "email", "Endpoint": "oncall@acme.example"}]}},
  "Policy": {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": [{"Ref": "Topic"}], "PolicyDocument": {"Version": "2012-10-17", "Statement": ` + added + `}}}
}}`
}

// inWorldTelling is inWorld with alerts to a topic that was there before the stacks.
func inWorldTelling(t *testing.T, of string, with map[string]string, test func(w *world, topic, key string), changes ...change) {
	t.Helper()
	inEmptyWorld(t, func(w *world) {
		topic, key, text := ownersTopic(t, of)
		w.deployTheirs(place{firstRegion, of}, "acme-alerts", text)
		for _, name := range []string{"replica", "default"} {
			environment, err := local.Environment(w.Project, name)
			require.NoError(t, err)
			parameters := map[string]string{}
			if name == "default" {
				parameters = map[string]string{"AlertEmail": "", "AlertTopicArn": topic, "AlertTopicKeyArn": key, "ChatAlerts": "Disabled"}
				maps.Copy(parameters, with)
			}
			w.primary, err = w.Deploy(environment, parameters)
			require.NoError(t, err)
			w.region = environment.Region
		}
		w.client = s3.NewFromConfig(w.AWSConfig(w.region))
		test(w, topic, key)
	}, append(changes, always...)...) // a copy of the project, into which theirs is written
}

// The topic is its owner's: the stack makes none, and no key for one, and what it tells of
// arrives there.
func TestAlertsGoToATopicThatSomebodyHadBefore(t *testing.T) {
	for name, of := range map[string]string{"of this account": account, "of another account": otherAccount} {
		t.Run(name, func(t *testing.T) {
			inWorldTelling(t, of, nil, func(w *world, topic, _ string) {
				assert.Equal(t, topic, w.primary.Outputs["FailureTopicArn"])
				for _, made := range inventory(w.t, w.Stack) {
					assert.NotRegexp(t, `failure-topic|SNSKey|sns-key`, made)
				}
				w.everything()
				require.NotEmpty(t, w.SNS.Published())
				for _, p := range w.SNS.Published() {
					assert.Equal(t, topic, p.TopicARN)
					assert.Equal(t, []string{"oncall@acme.example"}, p.To)
				}
				assert.Empty(t, w.Gate.Refusals())
			})
		})
	}
}

// Where failure-notifier's queue can't be reached, the state machine tells by itself.
func TestTheStateMachineTellsATopicThatSomebodyHadBefore(t *testing.T) {
	inWorldTelling(t, account, nil, func(w *world, topic, _ string) {
		w.Gate.Change(func(d *iam.Document) {
			takeAway(d, grant{"queue autobackup-failure-queue-dev, Notifications", "sqs:SendMessage"})
			for i, s := range d.Statements {
				if strings.HasSuffix(d.Name, "/look-tell-park") && regexp.MustCompile(`failure-queue`).MatchString(strings.Join(s.Resources, " ")) {
					d.Statements[i].Resources = s.Resources[:1]
				}
			}
		})
		w.everything()
		require.NotEmpty(t, w.SNS.Published())
		assert.Equal(t, topic, w.SNS.Published()[0].TopicARN)
		assert.Contains(t, w.SNS.Published()[0].Subject, "[dev] Backup check in trouble")
	})
}

// What the page has the owner add lets in the alarms and the roles of one stage, and nobody else.
func TestTheStatementsForATopicLetInTheStagesAlarmsAndRolesAlone(t *testing.T) {
	alarm := func(name, of string) map[string][]string {
		return map[string][]string{"aws:sourcearn": {"arn:aws:cloudwatch:" + firstRegion + ":" + of + ":alarm:" + name}, "aws:sourceaccount": {of}}
	}
	cloudwatch := iam.Principal{Service: "cloudwatch.amazonaws.com"}
	inWorldTelling(t, otherAccount, nil, func(w *world, topic, key string) {
		role := func(name string) iam.Principal {
			return iam.Session("arn:aws:iam::"+account+":role/"+name, "tried")
		}
		for name, tt := range map[string]struct {
			by      iam.Principal
			context map[string][]string
			allowed bool
		}{
			"an alarm of the stage":           {cloudwatch, alarm("autobackup-pipe-not-running-dev", account), true},
			"an alarm of another":             {cloudwatch, alarm("autobackup-pipe-not-running-prod", account), false},
			"somebody's alarm":                {cloudwatch, alarm("acme-cpu", account), false},
			"a stranger's alarm of this name": {cloudwatch, alarm("autobackup-pipe-not-running-dev", stranger), false},
			"failure-notifier":                {role("autobackup-dev-FailureNotifierRole"), nil, true},
			"the state machine":               {role("autobackup-dev-ValidationStateMachineRole"), nil, true},
			"a function that tells none":      {role("autobackup-dev-fetch-etags"), nil, false},
		} {
			for action, on := range map[string]string{"sns:Publish": topic, "kms:Decrypt": key, "kms:GenerateDataKey": key} {
				call := gate.Call{By: tt.by, Action: action, Resource: on, Context: map[string][]string{"aws:securetransport": {"true"}}}
				maps.Copy(call.Context, tt.context)
				if on == key {
					call.Context["kms:viaservice"] = []string{"sns." + firstRegion + ".amazonaws.com"}
				}
				assert.Equal(t, tt.allowed, w.Gate.Decision(call).Allowed, "%s: %s", name, action)
				if tt.by.Service == "" && on == key {
					call.Context["kms:viaservice"] = []string{"sqs." + firstRegion + ".amazonaws.com"}
					assert.False(t, w.Gate.Decision(call).Allowed, "%s: %s, but not through SNS", name, action)
				}
			}
		}
	})
}

func TestSettingATopicThatIsThereMakesNone(t *testing.T) {
	s, err := stack(t, "default", map[string]string{"AlertEmail": "", "AlertTopicArn": "arn:aws:sns:" + firstRegion + ":" + account + ":acme-oncall"})
	require.NoError(t, err)
	require.NotEmpty(t, s.Resources)
	for _, r := range s.Resources {
		assert.NotContains(t, []string{"AWS::SNS::Topic", "AWS::SNS::TopicPolicy"}, r.Type, r.LogicalID)
		assert.NotContains(t, r.LogicalID, "SNSKey")
	}
}
