package cli

import (
	"context"
	"io"
	"time"

	"github.com/aws/smithy-go/middleware"
	smithytime "github.com/aws/smithy-go/time"

	"autobackup/cmd/autobackup/accept"
	"autobackup/cmd/autobackup/explain"
	"autobackup/cmd/autobackup/terminal"
	"autobackup/internal/awsconfig"
	"autobackup/internal/program"
	"autobackup/internal/stagename"
	"autobackup/local/clock"
)

type explainCommand struct {
	Words []string `arg:"" optional:"" name:"version" help:"s3://BUCKET/KEY?versionId=VERSION, or s3://BUCKET/KEY for the newest; then s3://BUCKET of each replica, default: where the primary's replication rules lead."`

	Object string `help:"The version for keys that no URI holds: {\"Bucket\":…,\"Key\":…,\"VersionId\":…}; s3://BUCKET may name the bucket instead." placeholder:"JSON" group:"What"`
	Bytes  bool   `help:"Read the bytes of both sides, through this machine." group:"What"`
	Locks  bool   `help:"Take a retention or legal hold that one side alone has for a finding." group:"What"`
	JSON   bool   `help:"Print everything as JSON." name:"json" group:"What"`

	Deadline       time.Duration `help:"How old a version must be to be expected on the other side." default:"4h" group:"What"`
	MarkerDeadline time.Duration `help:"The same for delete markers." default:"24h" group:"What"`
	Accepted       string        `help:"File of what autobackup accept took out; default: autobackup-accepted.json." type:"path" placeholder:"FILE" group:"What"`
	Erased         time.Duration `help:"How old a version that the primary no longer has may be on the replica." default:"0s" group:"What"`

	Stage string        `help:"Also tell what the stage's functions have made of the version so far, and by which e-mails it was told, by their logs." placeholder:"STAGE" group:"What"`
	Since time.Duration `help:"How far back those logs are searched, the newest day first, for 20 seconds at most." default:"336h" group:"What"`

	accessFlags
}

// Help is printed below the flags' list.
func (explainCommand) Help() string {
	return `Looks at one object version on both sides as they are now, and says what an audit
makes of it, every fact side by side, what the rules say, what may have caused it and
what to do, with commands. It changes nothing. With --stage it also tells what the
deployed functions made of the version so far, and which e-mails told of it.

Examples:
  autobackup explain s3://acme-invoices/2026/inv-88121.pdf
  autobackup explain 's3://acme-invoices/2026/inv-88121.pdf?versionId=3HL4kqtJlcpXroDTDmJ' --stage prod
  autobackup explain --object '{"Key":"a\u000ab","VersionId":"3HL4kqtJlcpXroDTDmJ"}' s3://acme-invoices
  autobackup explain s3://acme-invoices/2026/inv-88121.pdf s3://acme-invoices-dr --bytes --json

Exit codes: 0 it is as it must be; 1 it is not, or that is unknown; 2 it could not.`
}

func (c explainCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	o, err := c.options()
	if err != nil {
		return trouble(stderr, err)
	}
	e, err := explain.Run(ctx, o)
	if err != nil {
		return trouble(stderr, err)
	}
	if c.JSON {
		err = e.JSON(stdout)
	} else {
		err = e.Screen(stdout, terminal.Is(stdout))
	}
	if err != nil {
		return trouble(stderr, err)
	}
	return e.Exit
}

func (c explainCommand) options() (o explain.Options, err error) {
	v, replicas, err := explain.Named(c.Words, c.Object)
	if err != nil {
		return o, err
	}
	theirs := awsconfig.NewClock(clock.Real().Now)
	o = explain.Options{
		Program: program.Version(), Primary: v.Bucket, Key: v.Key, Version: v.VersionID, Bytes: c.Bytes, Locks: c.Locks,
		Deadline: c.Deadline, MarkerDeadline: c.MarkerDeadline, Erased: c.Erased,
		Clock: func() time.Time { return theirs.Now().UTC() }, API: []func(*middleware.Stack) error{theirs.Hear}, Wait: smithytime.SleepWithContext,
	}
	if o.Stage, o.Since = c.Stage, c.Since; c.Stage != "" {
		if err := stagename.Check(c.Stage); err != nil {
			return o, err
		}
	}
	if o.Accepted, err = accept.Named(c.Accepted); err != nil {
		return o, err
	}
	o.Replicas = replicas
	o.From, o.To = c.sides()
	return o, nil
}
