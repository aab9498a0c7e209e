package cli

import (
	"context"
	"io"
	"os"

	"autobackup/cmd/autobackup/evidence"
	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/report"
	"autobackup/internal/program"
	"autobackup/local/clock"
)

type evidenceCommand struct {
	Verify verifyCommand `cmd:"" help:"Name what is missing, changed or out of order in evidence; read-only."`
	Report reportCommand `cmd:"" help:"Make the page and the table that an auditor gets, of the evidence of a span of days."`
}

// Help is printed below the flags' list.
func (evidenceCommand) Help() string {
	return `Reads the evidence that a stage keeps of how each object version ended, with EvidenceDays.
docs/evidence.md says what it is and what it shows.

Examples:
  autobackup evidence verify s3://acme-evidence/dev
  autobackup evidence report s3://acme-evidence/dev --from 2026-01-01 --to 2026-03-31

Exit codes: 0 all is as it must be; 1 it is not; 2 wrong usage, or it could not be read
or written. The help of each says more.`
}

// placeFlags say where evidence is, and who reads it.
type placeFlags struct {
	Where string `arg:"" help:"Folder that has the folder evidence in it, or s3://BUCKET or s3://BUCKET/PREFIX."`

	Profile    string `help:"AWS profile that reads the bucket." placeholder:"NAME" group:"Who reads"`
	Role       string `help:"ARN of a role to assume for it." placeholder:"ARN" group:"Who reads"`
	ExternalID string `help:"External id for that role." name:"external-id" placeholder:"ID" group:"Who reads"`
	Region     string `help:"Region to ask for the bucket in; needed only where the AWS configuration names none of its partition." placeholder:"REGION" group:"Who reads"`
	Endpoint   string `help:"Address of another S3 than AWS's." placeholder:"URL" group:"Who reads"`

	JSON bool `help:"Print what was found as JSON." name:"json" group:"How"`
}

func (f placeFlags) options() evidence.Options {
	return evidence.Options{
		Where: f.Where, Now: clock.Real().Now().UTC(), Program: program.Version(),
		Access: pair.Access{Profile: f.Profile, Role: f.Role, ExternalID: f.ExternalID, Region: f.Region, Endpoint: f.Endpoint},
	}
}

type verifyCommand struct {
	placeFlags
	From string `help:"Leave out what is older than this day, as where it is no longer kept." placeholder:"2026-01-01" group:"What"`
}

// Help is printed below the flags' list.
func (verifyCommand) Help() string {
	return `Reads every manifest and every file, in the order of their days, and changes nothing.
docs/evidence.md says what is found and what is not, and how to do it by hand.

Examples:
  autobackup evidence verify s3://acme-evidence/dev
  autobackup evidence verify . --from 2026-01-01 --json

Exit codes: 0 all is as it was written; 1 something is missing, changed or out of
order; 2 it could not be read, or there is nothing.`
}

func (c verifyCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	o := c.options()
	o.From = c.From
	v, err := evidence.Verify(ctx, o)
	if err != nil {
		return trouble(stderr, err)
	}
	if c.JSON {
		err = report.Indented(stdout, v)
	} else {
		err = evidence.Screen(stdout, c.Where, v)
	}
	if err != nil {
		return trouble(stderr, err)
	}
	if !v.Sound() {
		return Unexpected
	}
	return Expected
}

type reportCommand struct {
	placeFlags
	From       string `help:"First day, in UTC." placeholder:"2026-01-01" required:"" group:"What"`
	To         string `help:"Last day." placeholder:"2026-12-31" required:"" group:"What"`
	Output     string `help:"Folder of the report; default: evidence-TIME." type:"path" placeholder:"DIR" group:"How"`
	RedactKeys bool   `help:"Show no keys in the report." group:"How"`
}

// Help is printed below the flags' list.
func (reportCommand) Help() string {
	return `Writes report.html, records.csv, report.json and SHA256SUMS. Each object version
counts once, by how it ended last. Only files that are as their manifests say count.

Examples:
  autobackup evidence report s3://acme-evidence/dev --from 2026-01-01 --to 2026-03-31
  autobackup evidence report . --from 2026-01-01 --to 2026-03-31 --redact-keys --json

Exit codes: 0 every day has its manifest, all is as it was written, and no version
ended as failed or unknown; 1 otherwise; 2 it could not be read or written.`
}

func (c reportCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	o := c.options()
	o.From, o.To, o.Redact, o.Folder = c.From, c.To, c.RedactKeys, c.Output
	if c.Output == "" {
		var err error
		if o.Folder, err = fresh("evidence-" + o.Now.Format("20060102-150405")); err != nil {
			return trouble(stderr, err)
		}
	}
	r, err := evidence.Report(ctx, o)
	if err != nil {
		if c.Output == "" {
			_ = os.Remove(o.Folder) // which takes it away where nothing is kept in it
		}
		return trouble(stderr, err)
	}
	if c.JSON {
		err = report.Indented(stdout, r)
	} else {
		err = evidence.ReportScreen(stdout, c.Where, o.Folder, r)
	}
	if err != nil {
		return trouble(stderr, err)
	}
	if !r.Fine() {
		return Unexpected
	}
	return Expected
}
