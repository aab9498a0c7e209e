package ministack_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// variables are GitHub's, as docs/pipeline.md has them set.
var variables = map[string]string{
	"PLAN_ROLE_ARN":      "arn:aws:iam::" + account + ":role/github-autobackup-prod-plan",
	"DEPLOY_ROLE_ARN":    "arn:aws:iam::" + account + ":role/github-autobackup-prod-deploy",
	"EXECUTION_ROLE_ARN": "arn:aws:iam::" + account + ":role/github-autobackup-prod-cloudformation",
}

// callers are who a job is once it has taken a role.
var callers = map[string]string{"${{ vars.PLAN_ROLE_ARN }}": plan, "${{ vars.DEPLOY_ROLE_ARN }}": deployer}

// Steps that are not run: GitHub's machine lacks a program that is here, or GitHub answers.
var notRun = []string{"Install the SAM CLI that .ci/run pins", "Comment on the pull request"}

// builds is the step that need not be repeated: nothing that it reads changes here.
const builds = "Build the functions"

// job runs the scripts of a workflow's job, as GitHub does, and gives the summary that
// they wrote.
func (d *stack) job(workflow, name string, without ...string) string {
	d.Helper()
	text, err := os.ReadFile(filepath.Join(project, ".github", "workflows", workflow+".yml"))
	require.NoError(d, err)
	var w struct {
		Env  map[string]string
		Jobs map[string]struct {
			Steps []struct {
				Name, Run string
				With, Env map[string]string
			}
		}
	}
	require.NoError(d, yaml.Unmarshal(text, &w))
	summary := filepath.Join(d.TempDir(), "summary.md")
	require.NoError(d, os.WriteFile(summary, nil, 0o600))
	s, common := d.server, []string{"GITHUB_STEP_SUMMARY=" + summary}
	s.caller = "nobody" // so far
	for key, value := range w.Env {
		common = append(common, key+"="+value)
	}
	for _, step := range w.Jobs[name].Steps {
		if role, takes := step.With["role-to-assume"]; takes {
			s.caller = callers[role]
			common = append(common, "AWS_REGION="+step.With["aws-region"], "AWS_DEFAULT_REGION="+step.With["aws-region"])
		}
		if step.Run == "" || slices.Contains(append(without, notRun...), step.Name) {
			continue
		}
		environment := slices.Clone(common)
		for key, value := range step.Env {
			value = regexp.MustCompile(`\$\{\{ vars\.(\w+) \}\}`).ReplaceAllStringFunc(value, func(variable string) string {
				return variables[strings.Trim(strings.TrimPrefix(variable, "${{ vars."), " }")]
			})
			require.NotContains(d, value, "${{", "%s: give it a value here", step.Name)
			environment = append(environment, key+"="+value)
		}
		d.Logf("%s, %s: %s", workflow, name, step.Name)
		out, errors, code := s.try(d.T, d.checkout, environment, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
		require.Zero(d, code, "%s\n%s\n%s", step.Name, out, errors)
	}
	written, err := os.ReadFile(summary)
	require.NoError(d, err)
	return string(written)
}

// added are the resources that a plan shows as new.
func added(plan string) (names []string) {
	for _, row := range regexp.MustCompile(`(?m)^\| Add \| (\w+) \|`).FindAllStringSubmatch(plan, -1) {
		names = append(names, row[1])
	}
	return names
}

func TestThePipelineDeploysShowsAndDestroysProdByItsOwnScripts(t *testing.T) {
	needed(t)
	t.Parallel()
	d := prepare(t, start(t, "http://127.0.0.1:9"))
	const nothing = "\n### replica-prod\n\nNo changes.\n\n### prod\n\nNo changes.\n"
	prod := func(category string) []string {
		return []string{"autobackup-prod-primary-" + category + "-" + account, "autobackup-prod-replica-" + category + "-" + account}
	}

	d.job("deploy", "deploy") // into an account that has nothing, not even SAM's bucket
	assert.Equal(t, "CREATE_COMPLETE", d.describe("replica-prod", "StackStatus"))
	assert.Equal(t, "CREATE_COMPLETE", d.describe("prod", "StackStatus"))
	made := d.ours()
	assert.Subset(t, made, prod("documents"))

	assert.Equal(t, nothing, d.job("deploy", "change-sets"), "a pull request that changes nothing in the account")
	d.job("deploy", "deploy", builds)
	assert.Equal(t, "CREATE_COMPLETE", d.describe("prod", "StackStatus"), "not updated")

	for _, environment := range []string{"replica-prod", "prod"} {
		d.set(environment, "Categories=documents,media,databases,logs")
	}
	shown := d.job("deploy", "change-sets", builds)
	assert.Subset(t, added(shown), []string{"ReplicaBucketlogs", "PrimaryBucketlogs"}, shown)
	assert.NotContains(t, shown, "**", "nothing is removed or replaced")
	assert.Equal(t, made, d.ours(), "a pull request makes nothing")
	d.job("deploy", "deploy", builds)
	assert.Equal(t, "UPDATE_COMPLETE", d.describe("replica-prod", "StackStatus"))
	assert.Equal(t, "UPDATE_COMPLETE", d.describe("prod", "StackStatus"))
	assert.ElementsMatch(t, append(made, prod("logs")...), d.ours())

	ids := []string{d.describe("replica-prod", "StackId"), d.describe("prod", "StackId")}
	d.job("destroy", "destroy")
	d.bridge(kept)
	var skipped []string
	for i, environment := range []string{"replica-prod", "prod"} {
		skipped = append(skipped, strings.Fields(d.ask(environment, "cloudformation", "describe-stack-events", "--stack-name", ids[i],
			"--query", "StackEvents[?ResourceStatus=='DELETE_SKIPPED'].PhysicalResourceId"))...)
	}
	assert.ElementsMatch(t, append(made, prod("logs")...), skipped)
	assert.ElementsMatch(t, append(made, prod("logs")...), d.ours(), "the data stays")
	assert.Equal(t, "No stack was there, so nothing was destroyed and nothing is listed here.\n", d.job("destroy", "destroy"), "a second time")
	assert.Subset(t, added(d.job("deploy", "change-sets", builds)), []string{"ReplicaBucketlogs", "PrimaryBucketlogs"}, "a pull request while nothing is deployed")

	assert.Empty(t, callsOf("nobody"), "a step called AWS before it took a role")
	for _, caller := range []string{plan, deployer} {
		assert.NotEmpty(t, callsOf(caller))
	}
	d.check(t, ofPipeline)
}
