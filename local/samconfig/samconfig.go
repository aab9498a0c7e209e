// Package samconfig reads samconfig.toml, the file that holds the options of
// the SAM CLI's commands for each environment:
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
//
// Read are the options of `sam deploy` that decide which stack is made of which
// template: template_file, stack_name, region and parameter_overrides. They
// stand in [ENV.deploy.parameters], or else in [ENV.global.parameters]. Of
// deploy's other options, those that change how a stack is deployed are
// accepted, and anything else is rejected by name. Of `sam build`'s options
// template_file and build_dir are read, because deploy takes what build wrote.
// Options of other commands, and of all commands together, are not looked at.
package samconfig

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Environment is what one environment says about the stack to deploy.
type Environment struct {
	TemplateFile       string // the source, which sam build reads; template.yaml where the file does not say
	Built              string // what sam build makes of it
	Deployed           string // what sam deploy takes: Built or, where nothing needs building, TemplateFile
	StackName          string
	Region             string
	ParameterOverrides map[string]string
}

// Config is a samconfig.toml.
type Config struct {
	environments map[string]any
}

// deployOptions are the options of sam deploy. Those that Environment has no
// field for change how a stack is deployed, but not what is in it.
var deployOptions = strings.Fields(`
	parameter_overrides region stack_name template_file
	beta_features capabilities confirm_changeset debug disable_rollback express
	fail_on_empty_changeset force_upload image_repositories image_repository kms_key_id
	language_extensions max_wait_duration metadata no_progressbar notification_arns on_failure
	profile resolve_image_repos resolve_s3 role_arn s3_bucket s3_prefix save_params
	signing_profiles tags use_json`)

// Load reads samconfig.toml.
func Load(source []byte) (*Config, error) {
	var file map[string]any
	if err := toml.Unmarshal(source, &file); err != nil {
		return nil, located(err)
	}
	if _, ok := file["version"].(float64); !ok {
		return nil, errors.New("samconfig.toml: the version is missing: begin the file with version = 0.1")
	}
	delete(file, "version")
	return &Config{file}, nil
}

// located puts the line in front of a syntax error.
func located(err error) error {
	if syntax := (*toml.DecodeError)(nil); errors.As(err, &syntax) {
		line, _ := syntax.Position()
		return fmt.Errorf("samconfig.toml:%d: %w", line, err)
	}
	return fmt.Errorf("samconfig.toml: %w", err)
}

// Environment gives the options of one environment. The stack's name and
// region must be there.
func (c *Config) Environment(name string) (Environment, error) {
	if _, ok := c.environments[name]; !ok {
		known := slices.Sorted(maps.Keys(c.environments))
		return Environment{}, fmt.Errorf("samconfig.toml has no environment %q: known are %s", name, strings.Join(known, ", "))
	}
	options, err := c.options(name, "deploy")
	if err != nil {
		return Environment{}, err
	}
	e, err := c.templates(name)
	if err != nil {
		return Environment{}, err
	}
	for _, option := range []struct {
		key   string
		field *string
	}{{"stack_name", &e.StackName}, {"region", &e.Region}} {
		if *option.field, _ = options[option.key].(string); *option.field == "" {
			return Environment{}, unwritten(option.key, name)
		}
	}
	if e.ParameterOverrides, err = overrides(options["parameter_overrides"]); err != nil {
		return Environment{}, fmt.Errorf("samconfig.toml: %s.deploy.parameters.parameter_overrides: %w", name, err)
	}
	return e, nil
}

func unwritten(option, environment string) error {
	return fmt.Errorf("samconfig.toml: write %s = \"...\" in [%s.global.parameters]", option, environment)
}

// templates follows a template from its source through sam build to sam deploy,
// which takes what was built where no option names a template.
func (c *Config) templates(name string) (Environment, error) {
	e := Environment{TemplateFile: "template.yaml"}
	folder := ".aws-sam/build"
	for _, option := range []struct {
		command, key string
		field        *string
	}{{"build", "template_file", &e.TemplateFile}, {"build", "build_dir", &folder}, {"deploy", "template_file", &e.Deployed}} {
		options, err := c.options(name, option.command)
		if err != nil {
			return Environment{}, err
		}
		if text, _ := options[option.key].(string); text != "" {
			*option.field = text
		} else if options[option.key] != nil {
			return Environment{}, unwritten(option.key, name)
		}
	}
	e.Built = path.Join(folder, "template.yaml")
	if e.Deployed == "" {
		e.Deployed = ".aws-sam/build/template.yaml"
	}
	if e.Deployed != e.Built && e.Deployed != e.TemplateFile {
		return Environment{}, fmt.Errorf("samconfig.toml: sam deploy --config-env %s would take %s, but sam build writes %s: write template_file = %q in [%[1]s.deploy.parameters]",
			name, e.Deployed, e.Built, e.Built)
	}
	return e, nil
}

// options are the environment's global ones, overridden by those of a command.
func (c *Config) options(environment, command string) (map[string]any, error) {
	options := map[string]any{}
	for _, name := range []string{"global", command} {
		parameters, err := table(c.environments, environment, name, "parameters")
		if err != nil {
			return nil, err
		}
		for _, key := range slices.Sorted(maps.Keys(parameters)) {
			if name == "deploy" && !slices.Contains(deployOptions, key) {
				return nil, fmt.Errorf("samconfig.toml: %s.deploy.parameters.%s is not supported: known are %s",
					environment, key, strings.Join(deployOptions, ", "))
			}
			options[key] = parameters[key]
		}
	}
	return options, nil
}

// table descends into nested tables. One that is not there is empty.
func table(t map[string]any, path ...string) (map[string]any, error) {
	for i, key := range path {
		if t[key] == nil {
			return nil, nil
		}
		next, ok := t[key].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("samconfig.toml: %s must be a table", strings.Join(path[:i+1], "."))
		}
		t = next
	}
	return t, nil
}
