package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"autobackup/local/samconfig"
)

type workflow struct {
	On          map[string]any
	Permissions map[string]string
	Concurrency map[string]any
	Jobs        map[string]job
}

type job struct {
	Needs       string
	If          string
	Environment string
	Permissions map[string]string
	Steps       []step
}

type step struct {
	Name, Uses, Run string
	With, Env       map[string]string
}

var workflowNames = []string{"deploy", "destroy"}

func workflowText(t *testing.T, name string) string {
	t.Helper()
	return read(t, "../.github/workflows/"+name+".yml")
}

func loadWorkflow(t *testing.T, name string) (w workflow) {
	t.Helper()
	require.NoError(t, yaml.Unmarshal([]byte(workflowText(t, name)), &w))
	return w
}

// script is what a job's step of that name runs.
func script(t *testing.T, name, jobName, stepName string) string {
	t.Helper()
	steps := loadWorkflow(t, name).Jobs[jobName].Steps
	i := slices.IndexFunc(steps, func(s step) bool { return s.Name == stepName })
	require.GreaterOrEqual(t, i, 0, "%s has no step %q", jobName, stepName)
	return steps[i].Run
}

// bash runs a step's script in the folder, as GitHub runs `shell: bash`, with the
// programs in folder/bin before all others. It gives what was written and the exit code.
func bash(t *testing.T, folder, script string, env ...string) (string, int) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	command.Dir = folder
	command.Env = append([]string{
		"PATH=" + filepath.Join(folder, "bin") + ":" + os.Getenv("PATH"),
		"GITHUB_STEP_SUMMARY=" + filepath.Join(folder, "summary.md"),
	}, env...)
	output, err := command.CombinedOutput()
	if err != nil {
		require.IsType(t, &exec.ExitError{}, err)
	}
	return string(output), command.ProcessState.ExitCode()
}

// program puts a shell script into folder/bin.
func program(t *testing.T, folder, name, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "bin"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "bin", name), []byte("#!/usr/bin/env bash\n"+text), 0o700)) //nolint:gosec // to be run
}

func TestWorkflowsStartOnPullRequestsAndMainAndDestroyByHandOnly(t *testing.T) {
	onMain := map[string]any{"branches": []any{"main"}}
	assert.Equal(t, map[string]any{"pull_request": onMain, "push": onMain}, loadWorkflow(t, "deploy").On)
	destroy := loadWorkflow(t, "destroy").On
	require.Len(t, destroy, 1)
	assert.Contains(t, destroy, "workflow_dispatch")
}

func TestEveryActionIsPinnedToOneCommitWithItsVersion(t *testing.T) {
	pinned := regexp.MustCompile(`^\s+- uses: ([\w-]+/[\w-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+$`)
	commits := map[string]string{}
	for _, name := range workflowNames {
		for line := range strings.Lines(workflowText(t, name)) {
			if !strings.Contains(line, "uses:") {
				continue
			}
			found := pinned.FindStringSubmatch(strings.TrimRight(line, "\n"))
			require.NotNil(t, found, "%s: %s", name, line)
			if commit, seen := commits[found[1]]; seen {
				assert.Equal(t, commit, found[2], found[1])
			}
			commits[found[1]] = found[2]
		}
	}
	assert.Len(t, commits, 3, "as few actions as can be: every one runs beside the credentials")
}

// setup-go installs what the line "toolchain" of go.mod names, and lets Go take no other.
// https://github.com/actions/setup-go#getting-go-version-from-the-gomod-file
func TestWorkflowsBuildWithTheGoThatTheGateFoundNoVulnerabilityIn(t *testing.T) {
	assert.Regexp(t, `(?m)^toolchain go1\.\d+\.\d+$`, read(t, "../go.mod"))
	n := 0
	for _, name := range workflowNames {
		for _, j := range loadWorkflow(t, name).Jobs {
			for _, s := range j.Steps {
				if strings.HasPrefix(s.Uses, "actions/setup-go@") {
					n++
					assert.Equal(t, "go.mod", s.With["go-version-file"])
					assert.NotContains(t, s.With, "go-version")
				}
			}
		}
	}
	assert.Equal(t, 3, n)
	gate := read(t, "../.ci/run")
	assert.Contains(t, gate, "toolchain=$(sed -n 's/^toolchain //p' go.mod)\n")
	assert.Contains(t, gate, "\nGOTOOLCHAIN=${toolchain:?go.mod names no toolchain} \"$TOOLS/govulncheck\" -db=")
}

func TestEachJobHasTheLeastPermissions(t *testing.T) {
	readOnly := map[string]string{"contents": "read"}
	identified := map[string]string{"contents": "read", "id-token": "write"}
	want := map[string]map[string]string{
		"deploy/check":        nil,
		"deploy/change-sets":  {"contents": "read", "id-token": "write", "pull-requests": "write"},
		"deploy/deploy":       identified,
		"destroy/confirm":     {},
		"destroy/destroy":     identified,
		"deploy (top level)":  readOnly,
		"destroy (top level)": readOnly,
	}
	got := map[string]map[string]string{}
	for _, name := range workflowNames {
		w := loadWorkflow(t, name)
		got[name+" (top level)"] = w.Permissions
		for jobName, j := range w.Jobs {
			got[name+"/"+jobName] = j.Permissions
			takesRole := slices.ContainsFunc(j.Steps, func(s step) bool { return s.With["role-to-assume"] != "" })
			assert.Equal(t, takesRole, j.Permissions["id-token"] == "write", "%s/%s", name, jobName)
		}
	}
	assert.Equal(t, want, got)
}

func TestNoStepHidesAFailureAndNoExpressionReachesAScript(t *testing.T) {
	hides := regexp.MustCompile(`continue-on-error|\|\| *(true|:|exit 0)|set \+e|always\(\)|failure\(\)|secrets\.`)
	for _, name := range workflowNames {
		assert.NotRegexp(t, hides, workflowText(t, name), name)
		assert.Contains(t, workflowText(t, name), "defaults:\n  run:\n    shell: bash\n", "bash with pipefail")
		for jobName, j := range loadWorkflow(t, name).Jobs {
			for _, s := range j.Steps {
				assert.NotContains(t, s.Run, "${{", "%s/%s: %s: pass it through env", name, jobName, s.Name)
			}
		}
	}
}

func TestRunsOnMainFollowEachOtherAndAreNotCancelled(t *testing.T) {
	assert.Equal(t, map[string]any{"group": "autobackup-${{ github.ref }}", "cancel-in-progress": false}, loadWorkflow(t, "deploy").Concurrency)
	assert.Equal(t, map[string]any{"group": "autobackup-refs/heads/main", "cancel-in-progress": false}, loadWorkflow(t, "destroy").Concurrency)
}

func TestWhatChangesProdIsCheckedAndProtectedFirst(t *testing.T) {
	deploy, destroy := loadWorkflow(t, "deploy").Jobs, loadWorkflow(t, "destroy").Jobs
	for _, j := range []job{deploy["deploy"], destroy["destroy"]} {
		assert.Equal(t, "prod", j.Environment)
	}
	assert.Equal(t, "confirm", destroy["destroy"].Needs)
	assert.Equal(t, "check", deploy["deploy"].Needs)
	assert.Equal(t, "github.event_name == 'push' && github.ref == 'refs/heads/main'", deploy["deploy"].If)
	assert.Equal(t, "check", deploy["change-sets"].Needs)
	assert.Equal(t, "github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository", deploy["change-sets"].If)
	assert.True(t, slices.ContainsFunc(deploy["check"].Steps, func(s step) bool { return s.Run == "bash .ci/run" }))
	for name, role := range map[string]string{"change-sets": "${{ vars.PLAN_ROLE_ARN }}", "deploy": "${{ vars.DEPLOY_ROLE_ARN }}"} {
		for _, s := range deploy[name].Steps {
			if s.With["role-to-assume"] != "" {
				assert.Equal(t, role, s.With["role-to-assume"])
			}
		}
	}
}

func TestSAMDeploysTheReplicaFirstThenTheBuiltPrimary(t *testing.T) {
	config, err := samconfig.Load([]byte(read(t, "../samconfig.toml")))
	require.NoError(t, err)
	command := regexp.MustCompile(`(?m)^ *sam (build|deploy|package) ((?:[^\n]*\\\n)*[^\n]*)$`)
	got := map[string][]string{}
	for jobName, j := range loadWorkflow(t, "deploy").Jobs {
		for _, s := range j.Steps {
			assert.Equal(t, len(command.FindAllString(s.Run, -1)), len(regexp.MustCompile(`(?m)^ *sam `).FindAllString(s.Run, -1)), s.Name)
			for _, found := range command.FindAllStringSubmatch(s.Run, -1) {
				words := strings.Fields(found[2])
				require.Equal(t, "--config-env", words[0], s.Name)
				environment, err := config.Environment(words[1])
				require.NoError(t, err, s.Name)
				got[jobName] = append(got[jobName], found[1]+" "+environment.StackName)
				if strings.Contains(found[2], "--template-file ") {
					assert.Contains(t, found[2], `--config-file "$PWD/samconfig.toml" --template-file `, "SAM looks for it beside the template")
				} else if found[1] == "deploy" {
					assert.Equal(t, environment.Built, environment.Deployed, "what is built, not the sources")
				}
				if found[1] == "package" {
					assert.Contains(t, found[2], "--template-file "+environment.Built+" ")
				}
				assert.Equal(t, jobName == "change-sets" && found[1] == "deploy", strings.Contains(found[2], "--no-execute-changeset"), s.Name)
			}
		}
	}
	assert.Equal(t, map[string][]string{
		"change-sets": {"build autobackup-replica-prod", "build autobackup-prod",
			"package autobackup-replica-prod", "deploy autobackup-replica-prod", "package autobackup-prod", "deploy autobackup-prod"},
		"deploy": {"build autobackup-replica-prod", "build autobackup-prod", "deploy autobackup-replica-prod", "deploy autobackup-prod"},
	}, got)
}

func TestNothingIsDestroyedWithoutTheExactPhraseOnMain(t *testing.T) {
	confirm := script(t, "destroy", "confirm", "Require the phrase and main")
	for name, c := range map[string]struct {
		phrase, ref string
		code        int
	}{
		"the exact phrase":        {"destroy all resources", "refs/heads/main", 0},
		"nothing":                 {"", "refs/heads/main", 1},
		"another case":            {"Destroy all resources", "refs/heads/main", 1},
		"a space too much":        {"destroy all resources ", "refs/heads/main", 1},
		"a part":                  {"destroy all", "refs/heads/main", 1},
		"a pattern":               {"*", "refs/heads/main", 1},
		"a command":               {`" = "" ] || true; [ "`, "refs/heads/main", 1},
		"another branch":          {"destroy all resources", "refs/heads/feature", 1},
		"a tag of the same name":  {"destroy all resources", "refs/tags/main", 1},
		"more lines than the one": {"destroy all resources\nplease", "refs/heads/main", 1},
	} {
		t.Run(name, func(t *testing.T) {
			output, code := bash(t, t.TempDir(), confirm, "CONFIRMATION="+c.phrase, "GITHUB_REF="+c.ref)
			assert.Equal(t, c.code, code, output)
			assert.Equal(t, c.code != 0, strings.Contains(output, "::error::Nothing was destroyed"), output)
		})
	}
	assert.Equal(t, "${{ inputs.confirmation }}", loadWorkflow(t, "destroy").Jobs["confirm"].Steps[0].Env["CONFIRMATION"])
}

func TestDestroyDeletesThePrimaryThenTheReplicaAndListsWhatStays(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "samconfig.toml"), []byte(read(t, "../samconfig.toml")), 0o600))
	config, err := samconfig.Load([]byte(read(t, "../samconfig.toml")))
	require.NoError(t, err)
	first, err := config.Environment("prod")
	require.NoError(t, err)
	second, err := config.Environment("replica-prod")
	require.NoError(t, err)
	program(t, folder, "aws", `
echo "$*" >> calls
case "$2" in
list-stacks) [ "$4" = `+second.Region+` ] && echo id-replica || echo id-primary ;;
list-stack-resources) printf 'AWS::S3::Bucket\tdata-of-%s\n' "$4" ;;
esac`)
	output, code := bash(t, folder, script(t, "destroy", "destroy", "Delete the stacks"), "EXECUTION_ROLE_ARN=role", "LIVE=live")
	require.Zero(t, code, output)
	changes := regexp.MustCompile(`(?m)^cloudformation (update-termination-protection|delete-stack|wait)[^\n]*`).FindAllString(read(t, filepath.Join(folder, "calls")), -1)
	assert.Equal(t, []string{
		"cloudformation update-termination-protection --no-enable-termination-protection --stack-name id-primary --region " + first.Region,
		"cloudformation delete-stack --stack-name id-primary --region " + first.Region + " --role-arn role",
		"cloudformation wait stack-delete-complete --stack-name id-primary --region " + first.Region,
		"cloudformation update-termination-protection --no-enable-termination-protection --stack-name id-replica --region " + second.Region,
		"cloudformation delete-stack --stack-name id-replica --region " + second.Region + " --role-arn role",
		"cloudformation wait stack-delete-complete --stack-name id-replica --region " + second.Region,
	}, changes)
	assert.Contains(t, read(t, filepath.Join(folder, "calls")), "StackName == 'autobackup-replica-prod' && live")

	output, code = bash(t, folder, script(t, "destroy", "destroy", "Say what stays"))
	require.Zero(t, code, output)
	summary := read(t, filepath.Join(folder, "summary.md"))
	assert.Contains(t, summary, "    AWS::S3::Bucket\tdata-of-id-primary\n    AWS::S3::Bucket\tdata-of-id-replica\n")
	assert.Contains(t, summary, `docs/pipeline.md, "Remove"`)
	assert.Contains(t, read(t, "pipeline.md"), "\n## Remove\n")
}

func TestWhatIsDeployedIsProtectedFromDeletion(t *testing.T) {
	steps := loadWorkflow(t, "deploy").Jobs["deploy"].Steps
	assert.Equal(t, "Protect the stacks from deletion", steps[len(steps)-1].Name, "a stack that isn't there can't be protected")
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "samconfig.toml"), []byte(read(t, "../samconfig.toml")), 0o600))
	program(t, folder, "aws", `echo "$*" >> calls`)
	output, code := bash(t, folder, steps[len(steps)-1].Run)
	require.Zero(t, code, output)
	config, err := samconfig.Load([]byte(read(t, "../samconfig.toml")))
	require.NoError(t, err)
	want := ""
	for _, name := range []string{"replica-prod", "prod"} {
		environment, err := config.Environment(name)
		require.NoError(t, err)
		want += "cloudformation update-termination-protection --enable-termination-protection --stack-name " +
			environment.StackName + " --region " + environment.Region + "\n"
	}
	assert.Equal(t, want, read(t, filepath.Join(folder, "calls")))

	require.NoError(t, os.WriteFile(filepath.Join(folder, "samconfig.toml"), nil, 0o600))
	output, code = bash(t, folder, steps[len(steps)-1].Run)
	assert.NotZero(t, code)
	assert.Contains(t, output, "is not in samconfig.toml")
}

func TestTheGuidesCommandsAreForOneRegionAndSayWhenItIsNotSet(t *testing.T) {
	guide := read(t, "pipeline.md")
	named := regexp.MustCompile(`aws cloudformation (deploy|describe-stacks|delete-stack|wait stack-delete-complete) --region "\$\{region:\?\}" `)
	every := regexp.MustCompile(`(?m)^ +aws |&& *aws `)
	assert.Len(t, named.FindAllString(guide, -1), len(every.FindAllString(guide, -1)))

	remove := strings.ReplaceAll(block(t, guide, "delete-stack"), "region=eu-central-1\n", "")
	require.NotContains(t, remove, "region=")
	for name, c := range map[string]struct {
		env  []string
		want string
	}{
		"the stack is there": {[]string{"region=eu-west-1"}, "describe-stacks eu-west-1\ndelete-stack eu-west-1\nwait eu-west-1\n"},
		"another region":     {[]string{"region=eu-west-1", "MISSING=1"}, "describe-stacks eu-west-1\n"},
		"no region":          {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(folder, "calls"), nil, 0o600))
			program(t, folder, "aws", `
if [ "$2" = wait ]; then shift; fi
echo "${2/stack-delete-complete/wait} $4" >> calls
[ -z "$MISSING" ]`)
			output, code := bash(t, folder, "set +e # as in a terminal\n"+remove, c.env...)
			assert.Equal(t, c.want, read(t, filepath.Join(folder, "calls")), output)
			assert.Equal(t, name != "the stack is there", code != 0, output)
		})
	}
}

func TestOneCommentIsWrittenOnceAndThenUpdated(t *testing.T) {
	comment := script(t, "deploy", "change-sets", "Comment on the pull request")
	for name, c := range map[string]struct{ mine, want string }{
		"the first time": {"", "api --silent --method POST repos/o/r/issues/7/comments --field body=@comment.md"},
		"a second time":  {"11\n12\n", "api --silent --method PATCH repos/o/r/issues/comments/11 --field body=@comment.md"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(folder, "changes.md"), []byte("\n### prod\n\nNo changes.\n"), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(folder, "mine"), []byte(c.mine), 0o600))
			program(t, folder, "gh", `
echo "$*" >> calls
[ "$2" != --paginate ] || cat mine`)
			output, code := bash(t, folder, comment, "GITHUB_REPOSITORY=o/r", "NUMBER=7", "COMMIT=abc")
			require.Zero(t, code, output)
			calls := strings.Split(strings.TrimSpace(read(t, filepath.Join(folder, "calls"))), "\n")
			require.Len(t, calls, 2)
			assert.Contains(t, calls[0], `select(.user.login == "github-actions[bot]" and (.body | startswith("<!-- autobackup: change sets -->")))`)
			assert.Equal(t, c.want, calls[1])
			body := read(t, filepath.Join(folder, "comment.md"))
			assert.True(t, strings.HasPrefix(body, "<!-- autobackup: change sets -->\n"), body)
			assert.Contains(t, body, "What merging abc would change")
		})
	}
}
