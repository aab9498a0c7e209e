package samconfig

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Environments are the names of the file's environments, in their order.
func (c *Config) Environments() []string { return slices.Sorted(maps.Keys(c.environments)) }

// Add adds an environment at the end of the file. What it deploys is built into a folder of
// its own.
func Add(source []byte, name string, e Environment, overrides []Override) ([]byte, error) {
	c, err := Load(source)
	if err != nil {
		return nil, err
	}
	if _, there := c.environments[name]; there {
		return nil, fmt.Errorf("samconfig.toml has an environment %q already, for another stack: give that one another name", name)
	}
	folder := ".aws-sam/" + name
	added := fmt.Sprintf(`
[%[1]s.global.parameters]
template_file = %[2]q
stack_name = %[3]q
region = %[4]q
language_extensions = true
parameter_overrides = ""

[%[1]s.build.parameters]
build_dir = %[5]q
cached = false

[%[1]s.deploy.parameters]
template_file = %[6]q
capabilities = "CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND"
resolve_s3 = true
confirm_changeset = true
fail_on_empty_changeset = false
`, name, e.TemplateFile, e.StackName, e.Region, folder, folder+"/template.yaml")
	text := string(source)
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return Set([]byte(text+added), name, overrides)
}
