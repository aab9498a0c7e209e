package ministack_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPackagedTemplatesAreDeployedAsThePageOnDeployingSays(t *testing.T) {
	needed(t)
	t.Parallel()
	d := prepare(t, start(t, "http://127.0.0.1:9"))
	script, err := os.ReadFile(filepath.Join(project, ".ci", "package"))
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(d.checkout, ".ci"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(d.checkout, ".ci", "package"), script, 0o700)) //nolint:gosec // it is run
	// The second is typed here alone, and so called bash there: it deploys what the page has deployed before.
	blocks := regexp.MustCompile("(?s)```(?:sh|bash)\n(.*?)```").FindAllStringSubmatch(deployPage(t, "## Without SAM"), -1)
	require.Len(t, blocks, 2)
	pack := blocks[0][1]

	d.bash(pack)
	d.bash("cd .aws-sam/packaged && sha256sum --check --quiet SHA256SUMS")
	d.bash(strings.ReplaceAll(pack, "packaged", "again") + "cmp .aws-sam/packaged/SHA256SUMS .aws-sam/again/SHA256SUMS")
	_, errors, code := d.try(t, d.checkout, nil, "bash", "-c", pack)
	assert.Equal(t, 1, code)
	assert.Contains(t, errors, "it is there already: remove it, or name a new folder")
	d.bash(`for file in .aws-sam/packaged/functions/*.zip .aws-sam/packaged/definitions/*.json; do
	  echo "$(basename "${file%.*}")  $file" | sha256sum --check --quiet
	done`)

	for bucket, environment := range map[string]string{"acme-near": "default", "acme-far": "replica"} {
		d.ask(environment, "s3api", "create-bucket", "--bucket", bucket, "--create-bucket-configuration", "LocationConstraint="+d.environment(environment).Region)
	}
	d.bash(strings.NewReplacer("BUCKET-THERE", "acme-far", "BUCKET", "acme-near", "ADDRESS", "oncall@autobackup.test").Replace(blocks[1][1]))
	for _, environment := range environments {
		assert.Equal(t, "CREATE_COMPLETE", d.describe(environment, "StackStatus"))
	}
	for _, category := range []string{"documents", "media", "databases"} {
		d.hasCategory(category)
	}
	function := "autobackup-compare-etags-dev"
	assert.Equal(t, architecture, d.ask("default", "lambda", "get-function-configuration", "--function-name", function, "--query", "Architectures[0]"))
	machine := d.ask("default", "stepfunctions", "list-state-machines", "--query", "stateMachines[0].stateMachineArn")
	definition := d.ask("default", "stepfunctions", "describe-state-machine", "--state-machine-arn", machine, "--query", "definition")
	assert.Contains(t, definition, "arn:aws:lambda:"+d.region+":"+account+":function:"+function, "what the definition leaves to the stack is filled in")
	assert.NotContains(t, definition, "${")

	answer := filepath.Join(t.TempDir(), "answer.json")
	event, err := filepath.Abs(filepath.Join(project, "events", "compare-etags", "failed-size-mismatch.json"))
	require.NoError(t, err)
	d.ask("default", "lambda", "invoke", "--function-name", function, "--payload", "fileb://"+event, answer)
	text, err := os.ReadFile(answer) //nolint:gosec // the test's
	require.NoError(t, err)
	assert.True(t, json.Valid(text))
	assert.Contains(t, string(text), "SIZE_MISMATCH")
}

func TestPackagedTemplatesOfNoCategoriesTakeNone(t *testing.T) {
	needed(t)
	t.Parallel()
	d := prepare(t, start(t, "http://127.0.0.1:9"))
	script, err := filepath.Abs(filepath.Join(project, ".ci", "package"))
	require.NoError(t, err)
	d.bash(script + " .aws-sam/packaged --categories ''")
	text, err := os.ReadFile(filepath.Join(d.checkout, ".aws-sam", "packaged", "template.json"))
	require.NoError(t, err)
	var template struct {
		Parameters map[string]struct {
			Default        any
			AllowedPattern string
		}
		Resources map[string]struct{ Type, Condition string }
	}
	require.NoError(t, json.Unmarshal(text, &template))
	assert.Equal(t, "", template.Parameters["Categories"].Default)
	assert.Equal(t, "^$", template.Parameters["Categories"].AllowedPattern)
	assert.Equal(t, "AWS::Events::Rule", template.Resources["UploadRuleBuckets2"].Type)
	for name, r := range template.Resources {
		if strings.HasPrefix(name, "PrimaryBucket") { // the loop's one turn, over a name that is empty
			assert.Equal(t, "HasCategories", r.Condition, "it is never made")
		}
	}
}
