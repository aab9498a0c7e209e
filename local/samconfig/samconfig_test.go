package samconfig_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/samconfig"
)

const sample = `
version = 0.1

[default.global.parameters]
stack_name = "app-dev"
region = "eu-central-1"
language_extensions = true

[default.build.parameters]
cached = false

[default.deploy.parameters]
capabilities = "CAPABILITY_IAM"
resolve_s3 = true
parameter_overrides = "Stage=dev AlertEmail=a@example.com"

[replica.global.parameters]
template_file = "replica.yaml"
stack_name = "app-replica"
region = "eu-central-1"
parameter_overrides = "Stage=lost"

[replica.deploy.parameters]
region = "eu-west-1"
parameter_overrides = ["Stage=dev", "Categories=\"documents, media\""]
`

func TestEnvironmentReadsDeployOptionsOverGlobalOnes(t *testing.T) {
	config, err := samconfig.Load([]byte(sample))
	require.NoError(t, err)

	primary, err := config.Environment("default")
	require.NoError(t, err)
	assert.Equal(t, samconfig.Environment{
		TemplateFile: "template.yaml", Built: ".aws-sam/build/template.yaml", Deployed: ".aws-sam/build/template.yaml",
		StackName: "app-dev", Region: "eu-central-1",
		ParameterOverrides: map[string]string{"Stage": "dev", "AlertEmail": "a@example.com"},
	}, primary)

	replica, err := config.Environment("replica")
	require.NoError(t, err)
	assert.Equal(t, samconfig.Environment{
		TemplateFile: "replica.yaml", Built: ".aws-sam/build/template.yaml", Deployed: "replica.yaml",
		StackName: "app-replica", Region: "eu-west-1",
		ParameterOverrides: map[string]string{"Stage": "dev", "Categories": "documents, media"},
	}, replica)
}

func TestEnvironmentRefusesAnUnknownNameAndListsTheKnownOnes(t *testing.T) {
	config, err := samconfig.Load([]byte(sample))
	require.NoError(t, err)
	_, err = config.Environment("prodd")
	assert.EqualError(t, err, `samconfig.toml has no environment "prodd": known are default, replica`)
}

func environmentOf(t *testing.T, options string) (samconfig.Environment, error) {
	t.Helper()
	config, err := samconfig.Load([]byte("version = 0.1\n[e.global.parameters]\nstack_name=\"s\"\nregion=\"r\"\n[e.deploy.parameters]\n" + options))
	require.NoError(t, err)
	return config.Environment("e")
}

func TestWhatIsDeployedIsWhatWasBuilt(t *testing.T) {
	const global = "version = 0.1\n[e.global.parameters]\nstack_name=\"s\"\nregion=\"r\"\ntemplate_file=\"two.yaml\"\n"
	for name, c := range map[string]struct{ written, want string }{
		"built into a folder of its own": {
			"[e.build.parameters]\nbuild_dir=\"b\"\n[e.deploy.parameters]\ntemplate_file=\"b/template.yaml\"", ""},
		"built into the usual folder": {
			"[e.deploy.parameters]\ntemplate_file=\".aws-sam/build/template.yaml\"", ""},
		"the source, which needs no building": {"", ""},
		"what another environment built": {
			"[e.build.parameters]\nbuild_dir=\"b\"\n[e.deploy.parameters]\ntemplate_file=\".aws-sam/build/template.yaml\"",
			`samconfig.toml: sam deploy --config-env e would take .aws-sam/build/template.yaml, but sam build writes b/template.yaml: ` +
				`write template_file = "b/template.yaml" in [e.deploy.parameters]`},
		"a folder that is a number": {"[e.build.parameters]\nbuild_dir=5", `samconfig.toml: write build_dir = "..." in [e.global.parameters]`},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := samconfig.Load([]byte(global + c.written))
			require.NoError(t, err)
			e, err := config.Environment("e")
			if c.want != "" {
				assert.EqualError(t, err, c.want)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "two.yaml", e.TemplateFile)
			assert.Contains(t, []string{"two.yaml", e.Built}, e.Deployed)
		})
	}
}

func TestParameterOverridesAreReadAsSAMDoes(t *testing.T) {
	for name, c := range map[string]struct {
		written string
		want    map[string]string
	}{
		"nothing":                               {``, map[string]string{}},
		"empty text":                            {`parameter_overrides = ""`, map[string]string{}},
		"double quotes keep spaces":             {`parameter_overrides = 'A="b c" D=e'`, map[string]string{"A": "b c", "D": "e"}},
		"single quotes keep spaces":             {`parameter_overrides = "A='b c'  D=e"`, map[string]string{"A": "b c", "D": "e"}},
		"an escaped quote is part of the value": {`parameter_overrides = 'A="say \"hi\""'`, map[string]string{"A": `say "hi"`}},
		"an escaped space is part of the value": {`parameter_overrides = 'A=b\ c D=e'`, map[string]string{"A": "b c", "D": "e"}},
		"a value may hold equals signs":         {`parameter_overrides = "A=b=c"`, map[string]string{"A": "b=c"}},
		"quotes can hold nothing":               {`parameter_overrides = 'A="" B=c'`, map[string]string{"A": "", "B": "c"}},
		"the later of two wins":                 {`parameter_overrides = ["A=1", "A=2"]`, map[string]string{"A": "2"}},
		"lines separate like spaces":            {"parameter_overrides = \"\"\"\nA=1\nB=2\n\"\"\"", map[string]string{"A": "1", "B": "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := environmentOf(t, c.written)
			require.NoError(t, err)
			assert.Equal(t, c.want, e.ParameterOverrides)
		})
	}
}

func TestMistakesInAnEnvironmentAreNamed(t *testing.T) {
	const path = "samconfig.toml: e.deploy.parameters."
	for name, c := range map[string]struct{ written, want string }{
		"an option that sam deploy does not have": {
			`parameter_override = "A=b"`,
			path + "parameter_override is not supported: known are parameter_overrides, region, stack_name, template_file, " +
				"beta_features, capabilities, confirm_changeset, debug, disable_rollback, express, fail_on_empty_changeset, " +
				"force_upload, image_repositories, image_repository, kms_key_id, language_extensions, max_wait_duration, metadata, " +
				"no_progressbar, notification_arns, on_failure, profile, resolve_image_repos, resolve_s3, role_arn, s3_bucket, " +
				"s3_prefix, save_params, signing_profiles, tags, use_json",
		},
		"an override without a name":        {`parameter_overrides = "A=b c"`, path + `parameter_overrides: "c" does not begin with Name=value or Name="a value"`},
		"an override without a value":       {`parameter_overrides = "A= B=c"`, path + `parameter_overrides: "A= B=c" does not begin with Name=value or Name="a value"`},
		"an unclosed quote":                 {`parameter_overrides = "A='b c"`, path + `parameter_overrides: "c" does not begin with Name=value or Name="a value"`},
		"the long form of an override":      {`parameter_overrides = "ParameterKey=A,ParameterValue=b"`, path + `parameter_overrides: "ParameterKey=A,ParameterValue=b" does not begin with Name=value or Name="a value"`},
		"overrides that are neither":        {`parameter_overrides = 5`, path + `parameter_overrides: must be text or a list of texts, not 5`},
		"a stack name that is a number":     {`stack_name = 5`, `samconfig.toml: write stack_name = "..." in [e.global.parameters]`},
		"a template file without any name":  {`template_file = ""`, `samconfig.toml: write template_file = "..." in [e.global.parameters]`},
		"a region that is taken away again": {`region = ""`, `samconfig.toml: write region = "..." in [e.global.parameters]`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := environmentOf(t, c.written)
			assert.EqualError(t, err, c.want)
		})
	}
}

func TestMistakesInTheFileAreNamed(t *testing.T) {
	for name, c := range map[string]struct{ written, want string }{
		"no version":   {"[default]\n", "samconfig.toml: the version is missing: begin the file with version = 0.1"},
		"syntax error": {"version = 0.1\n[default\n", "samconfig.toml:2: toml: expected ']' to close table name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := samconfig.Load([]byte(c.written))
			assert.EqualError(t, err, c.want)
		})
	}
	for name, c := range map[string]struct{ written, want string }{
		"an environment that is no table":    {"e = 5", "samconfig.toml: e must be a table"},
		"parameters that are no table":       {"[e.deploy]\nparameters = 5", "samconfig.toml: e.deploy.parameters must be a table"},
		"an environment without stack names": {"[e.global.parameters]\nregion = \"r\"", `samconfig.toml: write stack_name = "..." in [e.global.parameters]`},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := samconfig.Load([]byte("version = 0.1\n" + c.written))
			require.NoError(t, err)
			_, err = config.Environment("e")
			assert.EqualError(t, err, c.want)
		})
	}
}

func TestEveryEnvironmentOfThisRepositoryCanBeRead(t *testing.T) {
	source, err := os.ReadFile("../../samconfig.toml")
	require.NoError(t, err)
	config, err := samconfig.Load(source)
	require.NoError(t, err)
	built := map[string]string{}
	for _, name := range []string{"default", "replica", "prod", "replica-prod"} {
		e, err := config.Environment(name)
		require.NoError(t, err)
		assert.FileExists(t, "../../"+e.TemplateFile)
		assert.Equal(t, e.Built, e.Deployed, "%s: both templates have functions, which need building", name)
		assert.Contains(t, []string{"", e.TemplateFile}, built[e.Built], "%s would overwrite what another template was built to", name)
		built[e.Built] = e.TemplateFile
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("version = 0.1\n[default.deploy.parameters]\nparameter_overrides = ['A=\"b\\\\ c\"']"))
	f.Fuzz(func(t *testing.T, source []byte) {
		config, err := samconfig.Load(source)
		if err != nil {
			return
		}
		if e, err := config.Environment("default"); err == nil {
			assert.NotEmpty(t, e.StackName)
			assert.NotNil(t, e.ParameterOverrides)
		}
	})
}
