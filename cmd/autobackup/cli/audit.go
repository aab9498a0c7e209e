package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	smithytime "github.com/aws/smithy-go/time"

	"autobackup/cmd/autobackup/accept"
	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/report"
	"autobackup/cmd/autobackup/terminal"
	"autobackup/cmd/autobackup/upload"
	core "autobackup/internal/audit"
	"autobackup/internal/program"
	"autobackup/internal/verdict"
	"autobackup/local/clock"
)

// accessFlags say who reads each side.
type accessFlags struct {
	Profile           string `help:"AWS profile that reads the primary." placeholder:"NAME" group:"Who reads"`
	Role              string `help:"ARN of a role to assume for the primary." placeholder:"ARN" group:"Who reads"`
	ExternalID        string `help:"External id for that role." name:"external-id" placeholder:"ID" group:"Who reads"`
	Region            string `help:"Region to ask for the primary in; needed only where the AWS configuration names none of its partition." placeholder:"REGION" group:"Who reads"`
	Endpoint          string `help:"Address of another S3 than AWS's for the primary." placeholder:"URL" group:"Who reads"`
	ReplicaProfile    string `help:"The same for the replicas; default: as the primary's." placeholder:"NAME" group:"Who reads"`
	ReplicaRole       string `help:"ARN of a role to assume for the replicas." placeholder:"ARN" group:"Who reads"`
	ReplicaExternalID string `help:"External id for that role." name:"replica-external-id" placeholder:"ID" group:"Who reads"`
	ReplicaRegion     string `help:"Region to ask for the replicas in." placeholder:"REGION" group:"Who reads"`
	ReplicaEndpoint   string `help:"Address of another S3 for the replicas." placeholder:"URL" group:"Who reads"`
}

// sides is the access to both sides. A replica's profile or role stands alone: with
// either, nothing of the primary's identity is used for it.
func (f accessFlags) sides() (from, to pair.Access) {
	from = pair.Access{Profile: f.Profile, Role: f.Role, ExternalID: f.ExternalID, Region: f.Region, Endpoint: f.Endpoint}
	to = from
	if f.ReplicaProfile != "" || f.ReplicaRole != "" {
		to.Profile, to.Role, to.ExternalID = f.ReplicaProfile, f.ReplicaRole, f.ReplicaExternalID
	}
	if f.ReplicaRegion != "" {
		to.Region = f.ReplicaRegion
	}
	if f.ReplicaEndpoint != "" {
		to.Endpoint = f.ReplicaEndpoint
	}
	return from, to
}

type auditCommand struct {
	Primary  string   `arg:"" optional:"" help:"s3://BUCKET or s3://BUCKET/PREFIX."`
	Replicas []string `arg:"" optional:"" name:"replica" help:"s3://BUCKET; default: where the primary's replication rules lead."`

	Level          string        `help:"How far to go: ${enum}." enum:"listed,rest,all,bytes" default:"rest" group:"What"`
	Sample         int           `help:"Of level bytes: read the bytes of so many versions of 1,000." default:"10" placeholder:"N" group:"What"`
	MaxGB          int64         `help:"Of level bytes: read as large a sample as fits into so many GB, of both sides together." name:"max-gb" placeholder:"N" group:"What"`
	Classes        []string      `help:"Of level bytes: also read these storage classes, which charge for it, such as STANDARD_IA." placeholder:"CLASS" group:"What"`
	Metadata       bool          `help:"Take differences in metadata, tags and locks of what is looked at for findings." group:"What"`
	Locks          bool          `help:"Take a retention or legal hold that one side alone has, of what is looked at, for a finding." group:"What"`
	Deadline       time.Duration `help:"How old a version must be to be expected on the other side." default:"4h" group:"What"`
	MarkerDeadline time.Duration `help:"The same for delete markers." default:"24h" group:"What"`
	Erased         time.Duration `help:"How old a version that the primary no longer has may be on the replica." default:"0s" group:"What"`
	Accepted       string        `help:"File of what autobackup accept took out; default: autobackup-accepted.json." type:"path" placeholder:"FILE" group:"What"`
	Since          string        `help:"Folder of the audit before, by which findings are new; default: the last in the folder that --output is in." type:"existingdir" placeholder:"DIR" group:"What"`
	FailOn         string        `help:"What makes the exit code 1: some of findings, new, unknown and expected between commas, or nothing." default:"findings,unknown" group:"What"`

	Output        string  `help:"Folder of the report, or s3://BUCKET/PREFIX to copy it to; default: audit-TIME." placeholder:"WHERE" group:"How"`
	OutputProfile string  `help:"AWS profile that writes to an s3:// of --output." placeholder:"NAME" group:"How"`
	Resume        string  `help:"Go on with the audit in this folder." type:"existingdir" placeholder:"DIR" group:"How"`
	MaxRate       int     `help:"Requests a second, of both sides together." default:"500" group:"How"`
	Ranges        int     `help:"Ranges of keys that are listed at once." default:"16" group:"How"`
	MaxDollars    float64 `help:"Stop before more than this is spent." placeholder:"DOLLARS" group:"How"`
	Versions      int64   `help:"How many versions a bucket holds, for the estimate; default: as S3's daily metric says." placeholder:"N" group:"How"`
	Yes           bool    `help:"Do not ask, whatever it costs." short:"y" group:"How"`
	RedactKeys    bool    `help:"Show no keys in the report." group:"How"`
	JSON          bool    `help:"Print the report as JSON." name:"json" group:"How"`

	Stage string `help:"Have a deployed stage audit its buckets, or the one that is named: the audit runs in the account, and its report is there." placeholder:"STAGE" group:"In the account"`
	Last  bool   `help:"Of --stage: show what its last audits came to, and of one bucket the report; --output copies that." group:"In the account"`

	accessFlags

	given string          // of the flags that explain has, too: those that were given
	typed map[string]bool // all flags that were given
}

// Help is printed below the flags' list.
func (auditCommand) Help() string {
	return `Lists all versions and delete markers on both sides, looks at what the listings
leave open, and says only what was compared. It changes nothing. It asks before it
spends more than a dollar. What is stopped goes on with --resume.

Levels: listed (version there, size and ETag equal), rest (the default: what the
listings leave open is looked at as uploads are), all (every version is looked at),
bytes (as rest, and the bytes of a sample are read on both sides).

With --stage, a deployed stage makes the audit (its parameter AuditLevel): the command
starts it, and --last shows what came of it. docs/audit.md says more.

Examples:
  autobackup audit s3://acme-invoices
  autobackup audit s3://acme-invoices/2026/ --level bytes --max-dollars 5 --yes --json
  autobackup audit --stage prod s3://acme-invoices --last

Exit codes: 0 all as it must be; 1 findings, or what --fail-on names; 2 it could not.`
}

func (c auditCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	if c.typed["stage"] || c.Last {
		return c.ofStage(ctx, stdout, stderr)
	}
	o, err := c.options()
	if err != nil {
		return trouble(stderr, err)
	}
	watch := newWatch(stderr)
	o.Watch = watch
	if !c.Yes {
		o.Budget.Ask = asking(ctx, stderr, watch)
	}
	o.Budget.Agreed = c.Yes
	result, err := audit.Run(ctx, o)
	watch.stop()
	if err != nil {
		if c.Resume == "" && (c.Output == "" || o.Output != "") {
			_ = os.Remove(o.Folder) // which takes it away where nothing is kept in it
		}
		if audit.Resumable(o.Folder) {
			err = fmt.Errorf("%w\nautobackup: hint: what is done so far is kept: autobackup audit --resume %s goes on", told(err), o.Folder)
		}
		return trouble(stderr, err)
	}
	where := o.Folder
	if result.Output != "" {
		if where, err = c.copied(ctx, result, o.Folder); err != nil {
			return trouble(stderr, err)
		}
	}
	if err := c.show(result, where, stdout); err != nil {
		return trouble(stderr, err)
	}
	return result.Exit()
}

func (c auditCommand) copied(ctx context.Context, r *audit.Result, folder string) (string, error) {
	to, err := pair.ParseAddress(r.Output)
	if err != nil {
		return "", err
	}
	return upload.Report(ctx, folder, to, pair.Access{Profile: c.OutputProfile, Region: r.From.Region, Endpoint: r.From.Endpoint})
}

func (c auditCommand) show(r *audit.Result, where string, stdout io.Writer) error {
	o := report.Options{RedactKeys: r.Redacted, Colour: terminal.Is(stdout)}
	if c.JSON {
		return report.JSON(stdout, r.Reports, o)
	}
	return report.Screen(stdout, r.Reports, where, o)
}

func (c auditCommand) options() (o audit.Options, err error) {
	now := clock.Real().Now().UTC()
	o = audit.Options{
		Folder: c.Resume, Resume: c.Resume != "", MaxRate: c.MaxRate, Workers: c.Ranges, Versions: c.Versions,
		Budget: audit.Budget{Dollars: c.MaxDollars}, Clock: func() time.Time { return clock.Real().Now().UTC() }, Wait: smithytime.SleepWithContext,
	}
	if err := c.check(); err != nil {
		return o, err
	}
	outside := strings.HasPrefix(c.Output, "s3://")
	switch {
	case c.Resume != "" && c.Primary != "":
		return o, errors.New("--resume goes on with the buckets that the audit has: name none")
	case c.Resume != "" && c.Output != "" && !outside:
		return o, errors.New("--resume goes on in the folder that it names: --output can only be an s3:// to copy the report to")
	case c.Resume != "":
		o.Output = c.Output
		return o, nil
	case c.Primary == "":
		return o, errors.New("name the bucket to audit: autobackup audit s3://BUCKET")
	}
	if o.Plan, err = c.plan(now); err != nil {
		return o, err
	}
	if outside {
		o.Output = c.Output
	}
	o.Folder = c.Output
	if c.Output == "" || outside {
		if o.Folder, err = fresh("audit-" + now.Format("20060102-150405")); err != nil {
			return o, err
		}
	}
	if o.Since == "" {
		o.Since = audit.Latest(filepath.Dir(o.Folder), o.Plan)
	}
	return o, err
}

// fresh makes a folder that was not there: two audits may begin in one second.
func fresh(name string) (string, error) {
	for n, folder := 2, name; ; n++ {
		switch err := os.Mkdir(folder, 0o700); {
		case err == nil:
			return folder, nil
		case !errors.Is(err, fs.ErrExist):
			return "", fmt.Errorf("make a folder for the report: %w; name another place with --output", err)
		}
		folder = name + "-" + strconv.Itoa(n)
	}
}

func (c auditCommand) plan(now time.Time) (p audit.Plan, err error) {
	primary, err := pair.ParseAddress(c.Primary)
	if err != nil {
		return p, err
	}
	p = audit.Plan{
		Program: program.Version(), Started: now, Primary: primary.Bucket, Prefix: primary.Rest, Level: core.Level(c.Level),
		Classes: append([]string{"", "INTELLIGENT_TIERING"}, c.Classes...), Deadline: c.Deadline, MarkerDeadline: c.MarkerDeadline,
		Erased: c.Erased, Metadata: c.Metadata, Locks: c.Locks, Redact: c.RedactKeys, Since: c.Since, Flags: c.given,
	}
	if p.Accepted, err = accept.Named(c.Accepted); err != nil {
		return p, err
	}
	p.From, p.To = c.sides()
	if p.FailOn, err = audit.ParseFailOn(c.FailOn); err != nil {
		return p, err
	}
	if p.Level == core.Bytes {
		if c.Sample < 1 || c.Sample > 1000 {
			return p, fmt.Errorf("--sample %d: it is how many of 1,000 versions are read, from 1 to 1000", c.Sample)
		}
		p.Bytes = verdict.ByteVerification{Inconclusive: true, PerMille: c.Sample}
		if c.MaxGB > 0 {
			p.Bytes, p.BytesBudget = verdict.ByteVerification{}, c.MaxGB<<30
		}
	}
	for _, name := range c.Replicas {
		bucket, err := pair.ParseBucket(name)
		if err != nil {
			return p, err
		}
		p.Replicas = append(p.Replicas, bucket)
	}
	return p, nil
}

// asking puts questions on the terminal; without one there is nobody to ask.
func asking(ctx context.Context, stderr io.Writer, w *watch) func(string) (bool, error) {
	if !terminal.Is(stderr) || !terminal.Is(os.Stdin) {
		return nil
	}
	return func(question string) (bool, error) {
		w.stop()
		return terminal.Ask(ctx, os.Stdin, stderr, question, "--yes goes on without asking")
	}
}
