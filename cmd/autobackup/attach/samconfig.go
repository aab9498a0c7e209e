package attach

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"autobackup/internal/attach"
	"autobackup/internal/text"
	"autobackup/local/samconfig"
)

// The templates of the stacks, as samconfig.toml names them.
const (
	primaryTemplate = "template.yaml"
	replicaTemplate = "replica.yaml"
)

// toSAM writes into the environments of samconfig.toml that deploy the stacks, and adds one
// for each replica stack that has none.
func (r *Report) toSAM(name string) error {
	source, err := os.ReadFile(name) // #nosec G304: whoever types the command names it
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write the parameters: %s is not there: name the samconfig.toml of the clone that you deploy from", text.Quoted(name, 200))
	}
	if err != nil {
		return fmt.Errorf("write the parameters: %w", err)
	}
	primary, from, err := r.primaryEnvironment(source)
	if err != nil {
		return err
	}
	if err := r.loses(from.ParameterOverrides); err != nil {
		return err
	}
	for _, p := range r.Stacks {
		environment := primary
		if p.Stack != "primary" {
			if environment, err = r.replicaEnvironment(source, p, from); err != nil {
				return err
			}
		}
		added := environment == ""
		if added && r.ofCategories(p, from) {
			return fmt.Errorf("write the parameters: no environment of samconfig.toml deploys %s with Stage=%s into %s, where the replicas of the categories are, and one that makes no buckets would take their place: --print parameters prints what that stack must be given", replicaTemplate, r.Stage.Name, p.Region)
		}
		if added {
			environment = key(p) + "-" + r.Stage.Name
			source, err = samconfig.Add(source, environment, samconfig.Environment{TemplateFile: replicaTemplate, StackName: "autobackup-replica-" + r.Stage.Name, Region: p.Region}, r.fresh(p, from))
		} else {
			source, err = samconfig.Set(source, environment, overrides(p.Values))
		}
		if err != nil {
			return fmt.Errorf("write the parameters: %w; %s was not changed", err, text.Quoted(name, 200))
		}
		r.Written = append(r.Written, Written{name, environment, p.Stack, added})
	}
	return replaceFile(name, source)
}

func overrides(values []attach.Value) (all []samconfig.Override) {
	for _, v := range values {
		all = append(all, samconfig.Override{Name: v.Name, Value: v.Value})
	}
	return all
}

// fresh are all parameters of a replica stack that makes no buckets.
func (r *Report) fresh(p attach.Parameters, primary samconfig.Environment) []samconfig.Override {
	all := []samconfig.Override{{Name: "Stage", Value: r.Stage.Name}}
	if is := primary.ParameterOverrides["Architecture"]; is != "" {
		all = append(all, samconfig.Override{Name: "Architecture", Value: is})
	}
	return append(append(all, samconfig.Override{Name: "Categories"}), overrides(p.Values)...)
}

// ofCategories says whether a replica stack is the one that has the categories' buckets.
func (r *Report) ofCategories(p attach.Parameters, primary samconfig.Environment) bool {
	categories, said := primary.ParameterOverrides["Categories"]
	return p.Region == primary.ParameterOverrides["ReplicaRegion"] && p.Account == r.replicaAccount(p, primary) && (!said || categories != "")
}

// replicaAccount is whose a replica stack in a region is, for all that the primary's environment says.
func (r *Report) replicaAccount(p attach.Parameters, primary samconfig.Environment) string {
	if is := primary.ParameterOverrides["ReplicaAccount"]; is != "" && p.Region == primary.ParameterOverrides["ReplicaRegion"] {
		return is
	}
	return r.Stage.Account
}

// environments are those that deploy a template for the stage into a region.
func (r *Report) environments(source []byte, template, region string) (names []string, all []samconfig.Environment, err error) {
	c, err := samconfig.Load(source)
	if err != nil {
		return nil, nil, fmt.Errorf("write the parameters: %w", err)
	}
	for _, name := range c.Environments() {
		e, err := c.Environment(name)
		if err != nil {
			return nil, nil, fmt.Errorf("write the parameters: %w", err)
		}
		if e.TemplateFile == template && e.Region == region && e.ParameterOverrides["Stage"] == r.Stage.Name {
			names, all = append(names, name), append(all, e)
		}
	}
	return names, all, nil
}

func (r *Report) primaryEnvironment(source []byte) (name string, e samconfig.Environment, err error) {
	names, all, err := r.environments(source, primaryTemplate, r.Stage.Region)
	switch {
	case err != nil:
		return "", e, err
	case len(names) == 0:
		return "", e, fmt.Errorf("write the parameters: no environment of samconfig.toml deploys %s with Stage=%s into %s: --print parameters prints what it must be given", primaryTemplate, r.Stage.Name, r.Stage.Region)
	case len(names) > 1:
		return "", e, several(names, primaryTemplate, r.Stage.Name, r.Stage.Region)
	}
	return names[0], all[0], nil
}

func several(names []string, template, stage, region string) error {
	return fmt.Errorf("write the parameters: the environments %s of samconfig.toml all deploy %s with Stage=%s into %s, and nothing says which account each is for: --print parameters prints what each must be given", text.Line(strings.Join(names, ", "), 200), template, stage, region)
}

// replicaEnvironment finds the one that deploys a replica stack, if there is one. Which
// account an environment deploys into, the file does not say: of the stack in ReplicaRegion
// the primary's ReplicaAccount does, and one that was added here has it in its name. Any
// other is taken to be in the primary's account.
func (r *Report) replicaEnvironment(source []byte, p attach.Parameters, primary samconfig.Environment) (string, error) {
	names, _, err := r.environments(source, replicaTemplate, p.Region)
	if err != nil {
		return "", err
	}
	added := regexp.MustCompile(`^replica-` + p.Region + `-([0-9]{12})-` + r.Stage.Name + `$`)
	var others []string
	for _, name := range names {
		switch found := added.FindStringSubmatch(name); {
		case found == nil:
			others = append(others, name)
		case found[1] == p.Account:
			return name, nil
		}
	}
	switch {
	case p.Account != r.replicaAccount(p, primary) || len(others) == 0:
		return "", nil
	case len(others) > 1:
		return "", several(others, replicaTemplate, r.Stage.Name, p.Region)
	}
	return others[0], nil
}
