package local

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"autobackup/local/samconfig"
	"autobackup/local/template"
)

// Environment reads one environment of the project's samconfig.toml.
func Environment(project, name string) (samconfig.Environment, error) {
	file := filepath.Join(project, "samconfig.toml")
	source, err := os.ReadFile(file) // #nosec G304: the project's own file
	if err != nil {
		return samconfig.Environment{}, notProject("read samconfig.toml", err)
	}
	config, err := samconfig.Load(source)
	if err != nil {
		return samconfig.Environment{}, fmt.Errorf("%s: %w", file, err)
	}
	environment, err := config.Environment(name)
	if err != nil {
		return environment, err
	}
	if _, err := os.Stat(filepath.Join(project, environment.TemplateFile)); err != nil {
		return environment, notProject("find the template of samconfig.toml's environment "+name, err)
	}
	return environment, nil
}

// notProject says what to do where a folder lacks what the project's has.
func notProject(operation string, err error) error {
	return fmt.Errorf("%s: %w (run this in the project's folder, or name it with --project)", operation, err)
}

// addressee is who the e-mails are for where samconfig.toml says nobody. They stay on
// this machine.
const addressee = "oncall@example.com"

// Deploy creates the resources of an environment's template, as `sam deploy
// --config-env` would. Parameters replace those of the environment. Where neither gives
// an AlertEmail or an AlertTopicArn, which AWS refuses, the address is one that nobody has. Where a resource
// can't be made, those before it are deleted again, as their DeletionPolicy has it; what
// could not be deleted then is in the stack until Delete.
func (s *Stack) Deploy(env samconfig.Environment, parameters map[string]string) (*template.Stack, error) {
	return s.DeployTo(s.Account, env, parameters)
}

// DeployTo is Deploy, into an account that may be another than the stack's own.
func (s *Stack) DeployTo(account string, env samconfig.Environment, parameters map[string]string) (*template.Stack, error) {
	d := &deployed{types: s.types(), target: template.Target{Stack: env.StackName, Region: env.Region, Account: account}, by: s.Deployer, status: "CREATE_IN_PROGRESS", since: s.Clock.Now()}
	if err := s.enter(d); err != nil {
		return nil, fmt.Errorf("deploy %s: %w", env.StackName, err)
	}
	made, err := s.resolve(account, env, parameters, d.create)
	if err != nil {
		if left := d.rollBack(); left != nil {
			s.became(d, "ROLLBACK_FAILED", nil)
			return nil, fmt.Errorf("deploy %s: %w\nand what was made before could not be deleted:\n%w", env.StackName, err, left)
		}
		s.leave(d)
		return nil, fmt.Errorf("deploy %s: %w", env.StackName, err)
	}
	s.became(d, "CREATE_COMPLETE", made)
	return made, nil
}

// Parameters are the names of the parameters of an environment's template.
func Parameters(project string, env samconfig.Environment) ([]string, error) {
	t, err := load(project, env)
	if err != nil {
		return nil, err
	}
	return t.Parameters(), nil
}

// loaded are templates by what makes them: nothing changes them, and tests deploy the same
// ones hundreds of times. They are few at a time, as each takes megabytes.
var loaded struct {
	sync.Mutex
	templates map[loadedTemplate]*template.Template
}

const mostLoaded = 32

// loadedTemplate is what makes a template: its file's name is in what it complains of.
type loadedTemplate struct{ file, source string }

func load(project string, env samconfig.Environment) (*template.Template, error) {
	source, err := os.ReadFile(filepath.Join(project, env.TemplateFile)) // #nosec G304: the project's own file
	if err != nil {
		return nil, err
	}
	by := loadedTemplate{env.TemplateFile, string(source)}
	loaded.Lock()
	defer loaded.Unlock()
	if t := loaded.templates[by]; t != nil {
		return t, nil
	}
	t, err := template.Load(source, env.TemplateFile)
	if err != nil {
		return nil, err
	}
	if len(loaded.templates)%mostLoaded == 0 {
		loaded.templates = map[loadedTemplate]*template.Template{}
	}
	loaded.templates[by] = t
	return t, nil
}
