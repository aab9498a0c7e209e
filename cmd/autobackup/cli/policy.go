package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/policy"
	"autobackup/cmd/autobackup/report"
	core "autobackup/internal/audit"
)

type policyCommand struct {
	Command string `arg:"" help:"Command that the policy is for: ${enum}." enum:"audit,explain,discover,requeue,accept,demo,serve,policy"`

	Side      string   `help:"Whose policy: ${enum}. both is one identity for all buckets, report copies the report with --output-profile, caller assumes the roles that read." enum:"both,primary,replica,report,caller" default:"both" group:"Who"`
	Role      []string `help:"Of side caller: ARN of a role that it assumes, with * for any account; may be repeated." placeholder:"ARN" group:"Who"`
	Partition string   `help:"Partition of the ARNs: aws, aws-cn or aws-us-gov." default:"aws" group:"Who"`

	Primary       string   `help:"Primary bucket." placeholder:"BUCKET" group:"What"`
	Replica       []string `help:"Replica bucket; may be repeated." placeholder:"BUCKET" group:"What"`
	KMSKey        []string `help:"ARN of a KMS key that encrypts objects of the primary or, of requeue, the queues; may be repeated." name:"kms-key" placeholder:"ARN" group:"What"`
	ReplicaKMSKey []string `help:"ARN of a KMS key that encrypts objects of the replicas; may be repeated." name:"replica-kms-key" placeholder:"ARN" group:"What"`

	Level    string `help:"Of audit: as there, ${enum}." enum:"listed,rest,all,bytes" default:"rest" group:"Of audit"`
	Metadata bool   `help:"As of audit." group:"Of audit"`
	Locks    bool   `help:"As of audit." group:"Of audit"`
	Output   string `help:"As of audit, where it is s3://BUCKET/PREFIX." placeholder:"WHERE" group:"Of audit"`

	Stage   string `help:"Stage of the deployed stack." default:"dev" group:"Of requeue"`
	Region  string `help:"Region of the primary stack." placeholder:"REGION" group:"Of requeue"`
	Account string `help:"Account of the primary stack." placeholder:"ID" group:"Of requeue"`
}

// Help is printed below the flags' list.
func (policyCommand) Help() string {
	return `Prints the least policy of IAM that lets a command do all that it does. It asks AWS
for nothing. What is not named stands in it as a word in capitals: PRIMARY, REPLICA,
REGION, ACCOUNT. A bucket of another account has to allow the same in its own policy,
and so has a KMS key.

Exit codes: 0 printed, or the command needs no policy, which is then said on stderr;
2 wrong usage.`
}

func (c policyCommand) run(_ context.Context, stdout, stderr io.Writer) int {
	o := policy.Options{
		Command: c.Command, Side: policy.Side(c.Side), Partition: c.Partition, Primary: c.Primary, Replicas: c.Replica,
		Level: core.Level(c.Level), Metadata: c.Metadata, Locks: c.Locks, Keys: c.KMSKey, ReplicaKeys: c.ReplicaKMSKey,
		Roles: c.Role, Stage: c.Stage, Region: c.Region, Account: c.Account,
	}
	var err error
	if c.Output != "" {
		if o.Output, err = pair.ParseAddress(c.Output); err != nil {
			return trouble(stderr, err)
		}
	}
	document, err := policy.For(o)
	if errors.Is(err, policy.ErrNothing) {
		fmt.Fprintf(stderr, "autobackup %v.\n", err) //nolint:errcheck // nowhere left to tell
		return Expected
	}
	if err == nil {
		err = report.Indented(stdout, document)
	}
	if err != nil {
		return trouble(stderr, err)
	}
	return Expected
}
