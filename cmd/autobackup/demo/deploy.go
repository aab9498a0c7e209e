package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"autobackup/cmd/autobackup/functions"
	"autobackup/local"
	"autobackup/local/samconfig"
)

// Environments of samconfig.toml that the demo deploys.
const (
	primaryEnvironment = "default"
	replicaEnvironment = "replica"
)

const account = "123456789012"

// seed makes the ids of one demo those of the next.
const seed = 2026

// pair is what the demo needs to know of the two deployed stacks.
type pair struct {
	primaryRegion string
	categories    []string
	bucket        func(Item) string
	outputs       map[string]string
	stage         string
}

// deploy builds the functions, starts the local stack on a loopback port and
// deploys replica.yaml, then template.yaml.
func (r *run) deploy(ctx context.Context, folder string) (stop func() error, err error) {
	for _, name := range []string{replicaEnvironment, primaryEnvironment} {
		if _, err := local.Environment(r.Project, name); err != nil {
			return nil, err
		}
	}
	r.display.say("building the functions")
	code, err := functions.Build(ctx, r.Project)
	if err != nil {
		return nil, err
	}
	r.display.say("starting two regions")
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on the loopback address: %w", err)
	}
	r.stack, err = local.Start(ctx, local.Config{
		Clock: r.clock, Project: r.Project, Dir: folder, Account: account, Seed: seed,
		URL: "http://" + listener.Addr().String(), Runtime: code.Run, History: r.watcher.Event,
	})
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: r.stack, ReadHeaderTimeout: time.Minute}
	go server.Serve(listener) //nolint:errcheck // always ErrServerClosed
	stop = func() error { return errors.Join(r.stack.Close(), server.Close()) }
	if err := r.deployAll(ctx, folder); err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}

func (r *run) deployAll(ctx context.Context, folder string) error {
	if !r.takesExisting() {
		return r.deployStacks()
	}
	if err := r.deployExisting(folder); err != nil {
		return err
	}
	if err := r.deployStacks(); err != nil {
		return err
	}
	return r.attach(ctx)
}

func (r *run) deployStacks() error {
	unknown := maps.Clone(r.Parameters)
	for _, name := range []string{replicaEnvironment, primaryEnvironment} {
		environment, err := local.Environment(r.Project, name)
		if err != nil {
			return err
		}
		parameters, err := r.parametersOf(environment)
		if err != nil {
			return err
		}
		maps.DeleteFunc(unknown, func(name, _ string) bool { _, known := parameters[name]; return known })
		if name == primaryEnvironment {
			maps.Copy(parameters, unknown) // to be refused by name
		}
		deployed, err := r.stack.Deploy(environment, parameters)
		if err != nil {
			return err
		}
		if name == replicaEnvironment {
			continue
		}
		r.pair.primaryRegion = environment.Region
		r.pair.outputs = deployed.Outputs
		r.pair.categories = strings.Split(deployed.Parameters["Categories"], ",")
		r.pair.stage = deployed.Parameters["Stage"]
		r.pair.bucket = func(it Item) string {
			return cmp.Or(it.Bucket, "autobackup-"+r.pair.stage+"-primary-"+it.Category+"-"+account)
		}
	}
	return nil
}

// parametersOf are the given ones that an environment's template has.
func (r *run) parametersOf(environment samconfig.Environment) (map[string]string, error) {
	names, err := local.Parameters(r.Project, environment)
	if err != nil {
		return nil, fmt.Errorf("read the parameters of %s: %w", environment.StackName, err)
	}
	parameters := map[string]string{}
	maps.Copy(parameters, r.Parameters)
	if r.takesExisting() {
		parameters["Buckets"], parameters["ReplicaBuckets"] = Existing, existingReplica
	}
	maps.DeleteFunc(parameters, func(name, _ string) bool { return !slices.Contains(names, name) })
	return parameters, nil
}
