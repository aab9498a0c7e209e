package docs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"autobackup/cmd/autobackup/policy"
	"autobackup/internal/stagename"
	"autobackup/local/testing/page"
)

// parameter is what a template says of one of its parameters.
type parameter struct {
	Default               *string  `yaml:"Default"`
	Description           string   `yaml:"Description"`
	AllowedValues         []string `yaml:"AllowedValues"`
	MinValue              string   `yaml:"MinValue"`
	MaxValue              string   `yaml:"MaxValue"`
	AllowedPattern        string   `yaml:"AllowedPattern"`
	ConstraintDescription string   `yaml:"ConstraintDescription"`
}

// parameters are those of a template, in its order.
func parameters(t *testing.T, file string) (names []string, known map[string]parameter) {
	t.Helper()
	var text struct {
		Parameters yaml.Node `yaml:"Parameters"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, file)), &text))
	require.NoError(t, text.Parameters.Decode(&known))
	for i := 0; i < len(text.Parameters.Content); i += 2 {
		names = append(names, text.Parameters.Content[i].Value)
	}
	return names, known
}

func (p parameter) values() string {
	switch {
	case p.AllowedValues != nil:
		return strings.Join(p.AllowedValues, ", ")
	case p.MinValue != "":
		return p.MinValue + " to " + p.MaxValue
	}
	return strings.TrimSuffix(p.ConstraintDescription, ".")
}

func (p parameter) row(name, stack string) string {
	fallback := "none: give one"
	switch {
	case p.Default != nil && *p.Default == "":
		fallback = "empty"
	case p.Default != nil:
		fallback = *p.Default
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n", name, stack, fallback, p.values(), strings.TrimSuffix(p.Description, "."))
}

// parameterTable has a row for each parameter of the two templates.
func parameterTable(t *testing.T) string {
	t.Helper()
	primary, ofPrimary := parameters(t, "../template.yaml")
	replica, ofReplica := parameters(t, "../replica.yaml")
	table := "| parameter | stack | default | values | what it does |\n|---|---|---|---|---|\n"
	for _, name := range primary {
		stack := "primary"
		if _, both := ofReplica[name]; both {
			stack = "both"
		}
		table += ofPrimary[name].row(name, stack)
	}
	for _, name := range replica {
		if _, both := ofPrimary[name]; !both {
			table += ofReplica[name].row(name, "replica")
		}
	}
	return table
}

// between puts a generated table between its two markers.
func between(t *testing.T, text, name, table string) string {
	t.Helper()
	return page.Between(t, text, name, "./docs", table)
}

func TestThePageOnParametersHasEveryParameterOfTheTemplates(t *testing.T) {
	want := between(t, read(t, "parameters.md"), "parameters", parameterTable(t))
	generated(t, "parameters.md", want)
}

func TestEveryParameterSaysWhatItDoesAndWhatItTakes(t *testing.T) {
	for _, file := range []string{"../template.yaml", "../replica.yaml"} {
		names, known := parameters(t, file)
		require.NotEmpty(t, names)
		for _, name := range names {
			assert.NotEmpty(t, known[name].Description, name)
			assert.NotEmpty(t, known[name].values(), name)
		}
	}
}

func TestThePipelineTakesOnlyNamesThatTokensAndIAMHave(t *testing.T) {
	var text struct {
		Parameters map[string]struct {
			AllowedPattern        string `yaml:"AllowedPattern"`
			ConstraintDescription string `yaml:"ConstraintDescription"`
		} `yaml:"Parameters"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "../pipeline.yaml")), &text))
	const provider = "arn:aws:iam::123456789012:oidc-provider/"
	tests := map[string]struct{ taken, refused []string }{
		"Repository":  {[]string{"owner/name", "owner@12/name@34"}, []string{"", "name", "repo:owner/name", "owner/*", "owner/name:pull_request"}},
		"Stage":       {[]string{"prod"}, []string{"", "Prod", "pro-d", "*", "production1"}},
		"ProviderArn": {[]string{"", provider + "token.actions.githubusercontent.com"}, []string{"github", provider + "token.actions.example.com"}},
	}
	for name, tt := range tests {
		assert.NotEmpty(t, text.Parameters[name].ConstraintDescription, name)
		whole := "^(?:" + text.Parameters[name].AllowedPattern + ")$"
		for _, value := range tt.taken {
			assert.Regexp(t, whole, value, name)
		}
		for _, value := range tt.refused {
			assert.NotRegexp(t, whole, value, name)
		}
	}
}

func TestPoliciesAreForStagesThatTheTemplatesTake(t *testing.T) {
	for _, file := range []string{"template.yaml", "replica.yaml", "pipeline.yaml"} {
		_, known := parameters(t, "../"+file)
		assert.Equal(t, known["Stage"].AllowedPattern, stagename.Pattern, file)
		assert.Contains(t, read(t, "event.schema.json"), `"stage": {"type": "string", "pattern": "^`+stagename.Pattern+`$"}`)
		assert.Equal(t, known["RolePath"].AllowedPattern, policy.RolePathPattern, file)
		assert.Equal(t, known["RoleNamePrefix"].AllowedPattern, policy.RoleNamePrefixPattern, file)
	}
}
