package demo

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"

	command "autobackup/cmd/autobackup/attach"
	"autobackup/cmd/autobackup/policy"
	"autobackup/internal/attach"
	"autobackup/local"
	"autobackup/local/samconfig"
)

// Existing is the bucket that is there before the stacks, and is attached to them.
const Existing, existingReplica = "acme-invoices", "acme-invoices-dr"

//go:embed existing.yaml
var existingTemplate []byte

//go:embed existing-replica.yaml
var existingReplicaTemplate []byte

// takesExisting says whether the bucket that exists is part of the demo: it has the
// samples, and the stacks take the buckets of the command line where that names any.
func (r *run) takesExisting() bool {
	_, given := r.Parameters["Buckets"]
	return r.Dir == "" && !given
}

// deployExisting makes the bucket and its replica, as others have made theirs.
func (r *run) deployExisting(folder string) error {
	project, err := filepath.Abs(r.Project)
	if err != nil {
		return err
	}
	for _, stack := range []struct {
		name, beside string
		template     []byte
	}{{existingReplica, replicaEnvironment, existingReplicaTemplate}, {Existing, primaryEnvironment, existingTemplate}} {
		file := filepath.Join(folder, stack.name+".yaml")
		if err := os.WriteFile(file, stack.template, 0o600); err != nil {
			return err
		}
		from, err := filepath.Rel(project, file)
		if err != nil {
			return err
		}
		beside, err := local.Environment(r.Project, stack.beside)
		if err != nil {
			return err
		}
		if _, err := r.stack.Deploy(samconfig.Environment{TemplateFile: from, StackName: stack.name, Region: beside.Region}, nil); err != nil {
			return err
		}
	}
	return nil
}

// attach has the uploads into the bucket validated, as `autobackup attach` does, with
// what `autobackup policy attach` prints.
func (r *run) attach(ctx context.Context) error {
	defer r.clock.Work()()
	r.display.say("attaching " + Existing)
	owner, err := r.with("owner", policy.Options{
		Command: policy.Attach, Primary: Existing, Replicas: []string{existingReplica}, Stage: r.pair.stage, Account: account,
	})
	if err != nil {
		return err
	}
	report, err := command.Run(ctx, owner, command.Options{
		Buckets: []string{Existing}, Stage: r.pair.stage, Yes: true, Now: r.clock.Now, Wait: r.clock.Sleep,
	})
	if err != nil {
		return fmt.Errorf("attach %s: %w", Existing, err)
	}
	if b := report.Buckets[0]; b.Failed || b.State != attach.Ready {
		return fmt.Errorf("attach %s: %s %s %v", Existing, b.State, b.Outcome, b.Lines)
	}
	return nil
}
