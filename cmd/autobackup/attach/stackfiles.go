package attach

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2/maybe"

	"autobackup/internal/attach"
	"autobackup/internal/text"
)

// Written is a file, or a part of one, that has the parameters of a stack now.
type Written struct {
	File  string `json:"file"`
	Part  string `json:"part,omitempty"` // of the file: an environment, or a key
	Stack string `json:"stack"`
	New   bool   `json:"new"` // the part was not there before
}

// write puts the stacks' parameters into the file that they are deployed from. What it has
// of others stays. The name says which kind of file it is.
func (r *Report) write(name string) error {
	switch {
	case strings.HasSuffix(name, ".toml"):
		return r.toSAM(name)
	case strings.HasSuffix(name, ".tfvars.json"):
		return r.toTerraform(name)
	case strings.HasSuffix(name, ".json"):
		return r.toCloudFormation(name)
	}
	return nil
}

// Writable says whether a file's name is of a kind that parameters are written into.
func Writable(name string) error {
	if strings.HasSuffix(name, ".toml") || strings.HasSuffix(name, ".json") {
		return nil
	}
	return fmt.Errorf("--write %s: name samconfig.toml, a file that ends in .tfvars.json for Terraform, or another .json for CloudFormation", text.Name(name))
}

// key names a stack among those of a stage.
func key(p attach.Parameters) string {
	if p.Stack == "primary" {
		return p.Stack
	}
	return p.Stack + "-" + p.Region + "-" + p.Account
}

// variable is what a .tfvars.json gives a value.
// https://developer.hashicorp.com/terraform/language/values/variables#variable-definitions-tfvars-files
const variable = "autobackup_parameters"

// toTerraform writes one variable: for each stack a map, as aws_cloudformation_stack takes it.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudformation_stack
func (r *Report) toTerraform(name string) error {
	all := map[string]json.RawMessage{}
	if err := readJSON(name, &all); err != nil {
		return err
	}
	stacks := map[string]map[string]string{}
	if before, there := all[variable]; there {
		if err := json.Unmarshal(before, &stacks); err != nil || stacks == nil {
			return fmt.Errorf("write the parameters: %s of %s is no map of maps of texts: give it another name there; nothing was changed", variable, text.Quoted(name, 200))
		}
	}
	if err := r.loses(stacks["primary"]); err != nil {
		return err
	}
	for _, p := range r.Stacks {
		key := key(p)
		_, there := stacks[key]
		if !there {
			stacks[key] = map[string]string{"Stage": r.Stage.Name}
		}
		for _, v := range p.Values {
			stacks[key][v.Name] = v.Value
		}
		r.Written = append(r.Written, Written{name, variable + "." + key, p.Stack, !there})
	}
	value, err := json.Marshal(stacks)
	if err != nil {
		return fmt.Errorf("write the parameters: %w", err)
	}
	all[variable] = value
	return writeJSON(name, all)
}

// toCloudFormation writes a file for each stack, as the aws CLI's --parameter-overrides and
// the console take it: the named one for the primary's, and beside it one for each replica's.
// https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/
func (r *Report) toCloudFormation(name string) error {
	contents := make([][]map[string]any, len(r.Stacks))
	for i, p := range r.Stacks {
		file := name
		if i > 0 {
			file = strings.TrimSuffix(name, ".json") + "." + key(p) + ".json"
		}
		if err := readJSON(file, &contents[i]); err != nil {
			return err
		}
		if i == 0 {
			if err := r.loses(values(contents[i])); err != nil {
				return err
			}
		}
		r.Written = append(r.Written, Written{file, "", p.Stack, contents[i] == nil})
		for _, v := range append([]attach.Value{{Name: "Stage", Value: r.Stage.Name}}, p.Values...) {
			contents[i] = given(contents[i], v)
		}
	}
	for i, w := range r.Written {
		if err := writeJSON(w.File, contents[i]); err != nil {
			return fmt.Errorf("%w; written before it: %d of %d files", err, i, len(r.Written))
		}
	}
	return nil
}

// values are those that a list of parameters gives.
func values(all []map[string]any) map[string]string {
	of := map[string]string{}
	for _, one := range all {
		name, _ := one["ParameterKey"].(string)
		of[name], _ = one["ParameterValue"].(string)
	}
	return of
}

// given gives a parameter its value, in the place where it stands.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Parameter.html
func given(all []map[string]any, v attach.Value) []map[string]any {
	one := map[string]any{"ParameterKey": v.Name, "ParameterValue": v.Value}
	for i := range all {
		if all[i]["ParameterKey"] == v.Name {
			all[i] = one
			return all
		}
	}
	return append(all, one)
}

// readJSON reads what is there; of a file that is not there it reads nothing.
func readJSON(name string, into any) error {
	content, err := os.ReadFile(name) // #nosec G304: whoever types the command names it
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write the parameters: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber() // others' numbers stay as they are
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("write the parameters: read %s: it is no %s: %w: name another file, or mend it; it was not changed", text.Quoted(name, 200), form(into), err)
	}
	return nil
}

// form is what a file is read as.
func form(into any) string {
	if _, list := into.(*[]map[string]any); list {
		return "list of ParameterKey and ParameterValue"
	}
	return "object of variables"
}

func writeJSON(name string, v any) error {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write the parameters: %w", err)
	}
	return replaceFile(name, out.Bytes())
}

// replaceFile replaces a file as a whole, the one that a link leads to among them.
func replaceFile(name string, content []byte) error {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	perm := fs.FileMode(0o644)
	if before, err := os.Stat(name); err == nil {
		perm = before.Mode().Perm()
	}
	if err := maybe.WriteFile(name, content, perm); err != nil {
		return fmt.Errorf("write the parameters: write %s: %w: name a file in a folder that is there and that you may write into", text.Quoted(name, 200), errors.Unwrap(err))
	}
	return nil
}
