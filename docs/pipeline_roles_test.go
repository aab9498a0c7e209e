package docs_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

type statement struct {
	Action    any
	Resource  any
	Condition condition
}

type condition map[string]map[string]any

// UnmarshalJSON reads what stands there if the template's condition holds.
func (c *condition) UnmarshalJSON(text []byte) error {
	var either []json.RawMessage // !If [name, then, else]
	if json.Unmarshal(text, &either) == nil && len(either) == 3 {
		text = either[1]
	}
	return json.Unmarshal(text, (*map[string]map[string]any)(c))
}

type pipelineTemplate struct {
	Parameters map[string]any
	Resources  map[string]struct {
		Properties struct {
			AssumeRolePolicyDocument struct{ Statement []statement }
			Policies                 []struct {
				PolicyDocument struct{ Statement []statement }
			}
		}
	}
	Outputs map[string]struct{ Description string }
}

func loadPipeline(t *testing.T) (p pipelineTemplate) {
	t.Helper()
	var plain map[string]any // the short forms, such as !Sub, as their bare values
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "../pipeline.yaml")), &plain))
	text, err := json.Marshal(plain)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &p))
	return p
}

func texts(value any) (all []string) {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v {
			all = append(all, texts(one)...)
		}
	}
	return all
}

// actions maps what a role may do to the resources it may do it to.
func (p pipelineTemplate) actions(role string) map[string][]string {
	all := map[string][]string{}
	for _, policy := range p.Resources[role].Properties.Policies {
		for _, s := range policy.PolicyDocument.Statement {
			for _, action := range texts(s.Action) {
				all[action] = append(all[action], texts(s.Resource)...)
			}
		}
	}
	return all
}

func TestRolesAreForThisRepositoryItsPullRequestsAndTheEnvironmentOnMain(t *testing.T) {
	const claim = "token.actions.githubusercontent.com:"
	p := loadPipeline(t)
	for role, want := range map[string]map[string]any{
		"PlanRole":   {claim + "aud": "sts.amazonaws.com", claim + "sub": "repo:${Repository}:pull_request"},
		"DeployRole": {claim + "aud": "sts.amazonaws.com", claim + "sub": "repo:${Repository}:environment:${Stage}", claim + "ref": "refs/heads/main"},
	} {
		trust := p.Resources[role].Properties.AssumeRolePolicyDocument.Statement
		require.Len(t, trust, 1, role)
		assert.Equal(t, condition{"StringEquals": want}, trust[0].Condition, role)
	}
}

func TestAPullRequestCanNeitherExecuteNorReplaceWhatMainDeploys(t *testing.T) {
	plan, deploy := loadPipeline(t).actions("PlanRole"), loadPipeline(t).actions("DeployRole")
	for _, action := range []string{"cloudformation:ExecuteChangeSet", "cloudformation:DeleteStack", "iam:PassRole"} {
		assert.NotContains(t, plan, action)
		assert.Contains(t, deploy, action)
	}
	assert.NotContains(t, strings.Join(plan["s3:PutObject"], " "), "/main/")
	require.Len(t, plan["s3:PutObject"], 1)
	assert.True(t, strings.HasSuffix(plan["s3:PutObject"][0], "/autobackup-${Stage}/pull-requests/*"))
	require.Len(t, deploy["s3:PutObject"], 1)
	assert.True(t, strings.HasSuffix(deploy["s3:PutObject"][0], "/autobackup-${Stage}/main/*"))
	uses := strings.Join(regexp.MustCompile(`--s3-prefix \S+`).FindAllString(workflowText(t, "deploy"), -1), "\n")
	assert.Equal(t, strings.Repeat("--s3-prefix autobackup-prod/pull-requests\n", 4)+
		"--s3-prefix autobackup-prod/main\n--s3-prefix autobackup-prod/main", uses)
}

func TestWithABoundaryOnlyRolesThatHaveItAreGivenPermissions(t *testing.T) {
	want := condition{"StringEquals": {"iam:PermissionsBoundary": "PermissionsBoundaryArn"}}
	gives := regexp.MustCompile(`^iam:(Attach|Create|Delete|Detach|Put)Role`)
	found := 0
	for _, policy := range loadPipeline(t).Resources["ExecutionRole"].Properties.Policies {
		for _, s := range policy.PolicyDocument.Statement {
			for _, action := range texts(s.Action) {
				if gives.MatchString(action) && action != "iam:DeleteRole" {
					found++
					assert.Equal(t, want, s.Condition, action)
				}
				assert.NotContains(t, action, "DeleteRolePermissionsBoundary")
			}
		}
	}
	assert.Equal(t, 6, found)

	const boundary = "arn:aws:iam::123456789012:policy/boundary"
	given := map[string]string{"AlertEmail": "a@example.com", "ReplicaRegion": "eu-west-1", "PermissionsBoundaryArn": boundary}
	for _, r := range resolved(t, "template.yaml", given).Resources {
		if r.Type == "AWS::IAM::Role" {
			assert.Equal(t, boundary, r.Properties["PermissionsBoundary"], r.LogicalID)
		}
	}
}

func TestNoRoleOfThePipelineReachesAnObjectOfTheBackup(t *testing.T) {
	object := regexp.MustCompile(`^s3:(\*|(Get|Put|Delete|Restore|Replicate)(\*|Object).*|BypassGovernanceRetention)$`)
	for _, role := range []string{"PlanRole", "DeployRole", "ExecutionRole"} {
		for action, resources := range loadPipeline(t).actions(role) {
			assert.NotContains(t, []string{"*", "iam:*", "kms:*", "s3:*"}, action, role)
			if object.MatchString(action) {
				for _, resource := range resources {
					assert.Contains(t, resource, ":aws-sam-cli-managed-default-", "%s: %s", role, action)
				}
			}
		}
	}
}

func TestTheGuideNamesEveryVariableParameterAndOutputOfThePipeline(t *testing.T) {
	p, guide := loadPipeline(t), read(t, "pipeline.md")
	for name := range p.Parameters {
		assert.Contains(t, guide, "`"+name+"`")
	}
	outputs := ""
	for _, output := range p.Outputs {
		outputs += output.Description
	}
	n := 0
	for _, name := range workflowNames {
		for _, variable := range regexp.MustCompile(`vars\.(\w+)`).FindAllStringSubmatch(workflowText(t, name), -1) {
			n++
			assert.Contains(t, guide, "`"+variable[1]+"`")
			assert.Contains(t, outputs, variable[1])
		}
	}
	assert.GreaterOrEqual(t, n, 6)
	_, overrides, found := strings.Cut(block(t, guide, "cloudformation deploy"), "--parameter-overrides ")
	require.True(t, found)
	for _, override := range regexp.MustCompile(`(\w+)=\S`).FindAllStringSubmatch(overrides, -1) {
		assert.Contains(t, p.Parameters, override[1])
	}
}

// block is the fenced block of a document that holds the words.
func block(t *testing.T, text, words string) string {
	t.Helper()
	for _, found := range regexp.MustCompile("(?ms)^ *```\\w+\n(.*?)^ *```").FindAllStringSubmatch(text, -1) {
		if strings.Contains(found[1], words) {
			return found[1]
		}
	}
	require.Fail(t, "no block holds "+words)
	return ""
}
