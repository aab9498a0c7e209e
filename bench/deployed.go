package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"

	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/lambda"
)

// deployed is what the templates say of the functions, as samconfig.toml's
// default environments deploy them.
type deployed struct {
	variables map[string]map[string]string // by a function's folder in lambdas/
	batchSize int
}

// readDeployed deploys the project into a local stack in dir, of which nothing
// is kept but its settings.
func readDeployed(ctx context.Context, project, dir string) (d deployed, err error) {
	d.variables = map[string]map[string]string{}
	note := func(clk *clock.Clock, newID func() string, c lambda.Config, codeURI string) (*lambda.Function, error) {
		d.variables[path.Base(codeURI)] = c.Environment
		return lambda.NewInProcess(clk, newID, c, nil) // never invoked
	}
	dir = filepath.Join(dir, "stack")
	if err := os.Mkdir(dir, 0o750); err != nil {
		return d, err
	}
	stack, err := local.Start(ctx, local.Config{Clock: clock.Real(), Project: project, Dir: dir, Account: "123456789012", Runtime: note})
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, stack.Close()) }()
	for _, name := range []string{"replica", "default"} {
		environment, err := local.Environment(project, name)
		if err != nil {
			return d, err
		}
		resolved, err := stack.Deploy(environment, nil)
		if err != nil {
			return d, err
		}
		d.batchSize, err = strconv.Atoi(resolved.Parameters["BatchSize"])
		if err != nil && name == "default" { // the replica's template has none
			return d, fmt.Errorf("read parameter BatchSize of %s: %w", environment.TemplateFile, err)
		}
	}
	return d, nil
}

// of is the environment of the function in a folder of lambdas/.
func (d deployed) of(folder string) func(name string) string {
	return func(name string) string { return d.variables[folder][name] }
}
