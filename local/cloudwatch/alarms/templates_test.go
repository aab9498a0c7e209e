package alarms_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/cloudwatch/alarms"
	"autobackup/local/template"
)

const project = "../../.."

// given are parameters: what a template needs, and what brings all its alarms.
var given = map[string]map[string]string{
	"template.yaml": {
		"AlertEmail": "a@example.com", "ReplicaRegion": "eu-west-1", "Buckets": "acme-one", "Buckets2": "acme-two", "Buckets3": "acme-three", "Buckets4": "acme-four",
		"DoctorSchedule": "rate(1 day)", "AuditLevel": "rest", "AuditSchedule": "rate(1 day)", "AuditOverdueDays": "2", "ScrubDays": "90", "EvidenceDays": "400",
	},
	"replica.yaml": {"ReplicaBuckets": "acme-copy", "AuditLevel": "rest"},
}

// stack are the alarms of one.
type stack struct {
	metric    map[string]alarms.MetricAlarm // by logical id
	composite map[string]alarms.CompositeAlarm
}

func deployed(t *testing.T, file string, parameters map[string]string) stack {
	t.Helper()
	s := stack{map[string]alarms.MetricAlarm{}, map[string]alarms.CompositeAlarm{}}
	for _, r := range resources(t, file, parameters) {
		var err error
		switch r.Type {
		case "AWS::CloudWatch::Alarm":
			s.metric[r.LogicalID], err = alarms.ParseMetricAlarm(r)
		case "AWS::CloudWatch::CompositeAlarm":
			s.composite[r.LogicalID], err = alarms.ParseCompositeAlarm(r)
		}
		require.NoError(t, err)
	}
	return s
}

// resources are the alarms' of a template.
func resources(t *testing.T, file string, parameters map[string]string) []template.Resource {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(project, file)) // #nosec G304: the project's own
	require.NoError(t, err)
	loaded, err := template.Load(source, file)
	require.NoError(t, err)
	resolved, err := loaded.Resolve(template.Options{
		StackName: "autobackup", Region: "eu-central-1", Account: "123456789012", Parameters: parameters, Attributes: attributes,
	})
	require.NoError(t, err)
	return slices.DeleteFunc(resolved.Resources, func(r template.Resource) bool {
		return r.Type != "AWS::CloudWatch::Alarm" && r.Type != "AWS::CloudWatch::CompositeAlarm"
	})
}

// attributes refer to a resource by its logical id, but to an alarm by its name.
func attributes(r template.Resource) (string, map[string]string, error) {
	reference := r.LogicalID
	if name := r.Text("AlarmName"); name != "" {
		reference = name
	}
	return reference, map[string]string{"Arn": r.LogicalID, "QueueName": r.LogicalID}, nil
}

// written are patterns of the logical ids of all alarms that a template may have.
func written(t *testing.T, file string) (all []*regexp.Regexp) {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(project, file)) // #nosec G304: the project's own
	require.NoError(t, err)
	loop := regexp.MustCompile(`\$\{\w+\}`)
	for _, found := range regexp.MustCompile(`(?m)^ +(?:- )?(\S+):\n +Type: AWS::CloudWatch::(?:Composite)?Alarm$`).FindAllSubmatch(source, -1) {
		all = append(all, regexp.MustCompile("^"+loop.ReplaceAllString(string(found[1]), `\w+`)+"$"))
	}
	assert.Len(t, all, len(regexp.MustCompile(`Type: "?AWS::CloudWatch::\w*Alarm`).FindAll(source, -1)))
	return all
}

// Without any data an alarm is OK, but for what says otherwise itself: the state of the last
// run of doctor is kept, and no whole audit is what an alarm tells of.
func TestEveryAlarmOfTheTemplatesIsReadAndQuietWithoutData(t *testing.T) {
	seen := map[string][]string{} // logical ids, by template
	for file, parameters := range given {
		for _, form := range []map[string]string{nil, {"Form": "lean"}} {
			if file == "replica.yaml" && form != nil {
				continue
			}
			with := maps.Clone(parameters)
			maps.Copy(with, form)
			s := deployed(t, file, with)
			states, want := map[string]alarms.State{}, map[string]alarms.State{}
			for id, a := range s.metric {
				want[a.Name] = alarms.OK
				states[a.Name] = a.State(alarms.Evaluation{At: noon, Was: alarms.InsufficientData, More: alarms.More})
				switch id {
				case "DoctorFailedAlarm", "HeartbeatStoppedAlarm":
					want[a.Name] = alarms.InsufficientData
				case "AuditOverdueAlarm":
					want[a.Name] = alarms.InAlarm
				}
			}
			for _, a := range s.composite {
				want[a.Name] = alarms.OK
				state, err := a.State(states)
				require.NoError(t, err)
				states[a.Name] = state
			}
			assert.Equal(t, want, states)
			seen[file] = slices.Concat(seen[file], slices.Collect(maps.Keys(s.metric)), slices.Collect(maps.Keys(s.composite)))
		}
		for _, id := range written(t, file) {
			assert.True(t, slices.ContainsFunc(seen[file], id.MatchString), "%s: no stack here has %s", file, id)
		}
	}
	assert.Greater(t, len(seen["template.yaml"]), 30)
}
