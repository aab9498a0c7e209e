package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"autobackup/cmd/autobackup/doctor"
	"autobackup/internal/awsconfig"
	"autobackup/internal/stagename"
)

// stageFlags name a deployed stage, and by whom it is read.
type stageFlags struct {
	Stage          string   `help:"Stage of the deployed stacks; default: ${default}." default:"dev" placeholder:"STAGE"`
	Region         string   `help:"Region of the primary stack; default: the AWS configuration's." placeholder:"REGION"`
	ReplicaProfile []string `help:"AWS profile of another account that has a replica stack; may be repeated." name:"replica-profile" placeholder:"NAME"`
}

// options are the stage's, with the configuration that it is read by.
func (f stageFlags) options(ctx context.Context, stderr io.Writer) (aws.Config, doctor.Options, error) {
	o := doctor.Options{Stage: f.Stage}
	if err := stagename.Check(f.Stage); err != nil {
		return aws.Config{}, o, err
	}
	cfg, err := awsConfig(ctx, f.Region, "name the primary stack's", "stacks", stderr)
	if err != nil {
		return cfg, o, err
	}
	o.Now = theirs(&cfg)
	for _, name := range f.ReplicaProfile {
		owner, err := awsconfig.Load(ctx, config.WithSharedConfigProfile(name), config.WithRegion(cfg.Region))
		if err != nil {
			return cfg, o, fmt.Errorf("load the AWS configuration of --replica-profile %s: %w", name, err)
		}
		o.Owners = append(o.Owners, owner)
	}
	return cfg, o, nil
}

type doctorCommand struct {
	stageFlags
	All  bool `help:"Show also each thing that is as it must be."`
	JSON bool `help:"Print the report as JSON." name:"json"`
}

// Help is printed below the flags' list.
func (doctorCommand) Help() string {
	return `Says whether a deployment is as it must be: stacks, functions, subscription, pipe,
state machine, heartbeats, rules, queues, alarms, and of every bucket versioning,
EventBridge, notifications and replication rules. It has the deployed fetch-etags look at one
version of each bucket, and at one that is not there. Failures come first, each with
the command that mends it; ? is what could not be read, and is never fine. Nothing is
changed. docs/doctor.md says what is looked at, and what is not.

Examples:
  autobackup doctor --stage prod
  autobackup doctor --stage prod --all
  autobackup doctor --stage prod --replica-profile vault --json

Exit codes: 0 all is as it must be, or there are warnings alone; 1 something is not, or
could not be read; 2 wrong usage, or nothing could be found out.`
}

func (c doctorCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	cfg, o, err := c.options(ctx, stderr)
	if err != nil {
		return trouble(stderr, err)
	}
	report, err := doctor.Run(ctx, cfg, o)
	if err != nil {
		return trouble(stderr, err)
	}
	if c.JSON {
		e := json.NewEncoder(stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err = e.Encode(report)
	} else {
		_, err = io.WriteString(stdout, report.Screen(c.All))
	}
	if err != nil {
		return trouble(stderr, fmt.Errorf("write the report: %w", err))
	}
	return report.Exit
}
