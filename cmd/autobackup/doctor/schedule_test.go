package doctor_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/policy"
	"autobackup/local/template"
)

// everyDay has the stack look by itself.
var everyDay = map[string]string{"DoctorSchedule": "rate(1 day)"}

// comes has the time come at which the schedule invokes doctor, and answers its metrics.
func (w *world) comes() map[string]any {
	w.t.Helper()
	w.metrics.Reset()
	require.NoError(w.t, w.Events.Fire(w.first.Region, "autobackup-doctor-dev"))
	var line map[string]any
	require.NoError(w.t, json.Unmarshal(w.metrics.Bytes(), &line), w.metrics.String())
	return line
}

// The deployed function looks under its own role, which is let in by the rule's permission, and
// invokes the deployed fetch-etags.
func TestAScheduledDoctorSeesWhatIsTurnedOffAndWhatIsOver(t *testing.T) {
	w := newWorldOf(t, account, everyDay)
	line := w.comes()
	assert.InDelta(t, 0, line["DoctorFailed"], 0)
	assert.InDelta(t, 0, line["DoctorUnknown"], 0)

	w.notifies(theirs, &types.NotificationConfiguration{})
	assert.InDelta(t, 1, w.comes()["DoctorFailed"], 0)
	w.notifies(theirs, &types.NotificationConfiguration{EventBridgeConfiguration: &types.EventBridgeConfiguration{}})
	assert.InDelta(t, 0, w.comes()["DoctorFailed"], 0)
}

// The role in the template and the printed policy are of one list: what the command calls.
func TestTheRoleOfTheScheduledDoctorMayWhatTheCommandCallsAndNothingElse(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(original, "template.yaml"))
	require.NoError(t, err)
	loaded, err := template.Load(text, "template.yaml")
	require.NoError(t, err)
	s, err := loaded.Resolve(template.Options{
		StackName: "autobackup-dev", Partition: "aws", Region: "eu-central-1", Account: account,
		Parameters: map[string]string{"AlertEmail": "a@example.com", "ReplicaRegion": "eu-west-1", "DoctorSchedule": "rate(1 day)", "Buckets3": "acme-three", "ReplicaBuckets2": "acme-copy"},
		Attributes: func(r template.Resource) (string, map[string]string, error) {
			return ofStage(r.LogicalID), map[string]string{"Arn": ofStage(r.LogicalID), "QueueName": r.LogicalID}, nil
		},
	})
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
	printed, err := policy.For(policy.Options{Command: policy.Doctor, Side: policy.Both, Partition: "aws", Stage: stage, Region: "eu-central-1", Account: account})
	require.NoError(t, err)
	want, ofSides := map[string][]string{}, map[string][]string{}
	for _, one := range printed.Statement {
		for _, action := range one.Action {
			want[action] = append(want[action], one.Resource...)
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

// ofStage are the ARNs of what the role names as resources.
func ofStage(logicalID string) string {
	here := ":eu-central-1:" + account + ":"
	for id, arn := range map[string]string{
		"FailureTopic": "sns" + here + "autobackup-failure-topic-dev", "FetchETagsFunction": "lambda" + here + "function:autobackup-fetch-etags-dev",
		"ValidationStateMachine": "states" + here + "stateMachine:autobackup-validation-dev",
	} {
		if id == logicalID {
			return "arn:aws:" + arn
		}
	}
	return logicalID
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
