package local_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/template"
)

// platforms has both templates name their roles as a platform team wants them.
var platforms = []change{
	defaults("template.yaml", "RolePath", "/platform/"), defaults("template.yaml", "RoleNamePrefix", "acme-"),
	defaults("replica.yaml", "RolePath", "/platform/"), defaults("replica.yaml", "RoleNamePrefix", "acme-"),
}

func TestEverythingWorksUnderTheNamesThatAPlatformTeamGivesRoles(t *testing.T) {
	for _, name := range []string{"SSE-KMS", "another account", "attached"} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.everything()
				told := w.reasons()
				slices.Sort(told)
				assert.Equal(t, []string{"CONTENT_MISMATCH", "REPLICATION_FAILED"}, slices.Compact(told), "of each destination")
				assert.Empty(t, w.Gate.Refusals())
			}, slices.Concat(configurations[name], platforms)...)
		})
	}
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func TestRolesAndManagedPoliciesHaveThePathAndThePrefixInNamesThatIAMTakes(t *testing.T) {
	const longest, category, path, prefix = "abcdefghi0", "abcdefghijklmno0", "/platform/teams/", "platform-teams"
	require.Len(t, prefix, 14)
	for environment, names := range map[string]map[string]string{
		"default": {"ReplicaRegion": "ap-southeast-2", "Buckets4": "acme-one", "DoctorSchedule": "rate(1 day)", "AuditLevel": "rest", "AuditSchedule": "rate(1 day)", "EvidenceDays": "400"}, "replica": {},
	} {
		names["Stage"], names["Categories"], names["ReplicaBuckets4"] = longest, category, "acme-copy"
		plain := iamOf(t, environment, names)
		for logical, r := range plain {
			assert.NotContains(t, r.Properties, "Path", "%s is replaced if it gets one", logical)
		}
		names["RolePath"], names["RoleNamePrefix"] = path, prefix
		for logical, r := range iamOf(t, environment, names) {
			name, limit := r.Text("RoleName"), 64
			if r.Type == "AWS::IAM::ManagedPolicy" {
				name, limit = r.Text("ManagedPolicyName"), 128
			}
			begins := prefix + "autobackup-" + longest + "-"
			if environment == "replica" {
				begins = prefix + "autobackup-replica-" + longest + "-"
			}
			assert.True(t, strings.HasPrefix(name, begins), "%s is %s, which the pipeline's roles may not make", logical, name)
			assert.LessOrEqual(t, len(name), limit, name)
			assert.Equal(t, path, r.Text("Path"), logical)
			if was := plain[logical].Text("RoleName"); was != "" {
				assert.Equal(t, prefix+was, name)
			}
		}
	}
}

// iamOf are a stack's roles and managed policies, in the region with the longest name.
func iamOf(t *testing.T, environment string, parameters map[string]string) map[string]template.Resource {
	t.Helper()
	s, err := stackIn(t, environment, "aws", "ap-northeast-1", parameters)
	require.NoError(t, err)
	all := map[string]template.Resource{}
	for _, r := range append(ofType(s, "AWS::IAM::Role"), ofType(s, "AWS::IAM::ManagedPolicy")...) {
		all[r.LogicalID] = r
	}
	require.NotEmpty(t, all)
	return all
}
