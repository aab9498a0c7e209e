package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"

	"autobackup/cmd/autobackup/discover"
)

type discoverCommand struct {
	Role       string   `help:"Role to take in the accounts of --accounts: arn:PARTITION:iam::ACCOUNT:role/ROLE, in your own partition." placeholder:"ROLE"`
	Accounts   string   `help:"File of other accounts, one of 12 digits a line; # begins a comment." type:"existingfile" placeholder:"FILE"`
	ExternalID string   `help:"External id that the role asks for." name:"external-id" placeholder:"ID"`
	Region     string   `help:"Region to ask for the list of buckets, which is of all regions; default: the AWS configuration's." placeholder:"REGION"`
	AlsoIn     []string `help:"Further regions to count directory, table and vector buckets and access points in, beside those of the buckets." name:"also-in" placeholder:"REGION"`
	All        bool     `help:"Show every bucket, also those that are fine."`
	JSON       bool     `help:"Print the report as JSON." name:"json"`
}

// Help is printed below the flags' list.
func (discoverCommand) Help() string {
	return `Shows which buckets of your account, and of others through a role, replicate and
are validated, and which are blind spots. It only reads; docs/discover.md has the
permissions. Directory, table and vector buckets are counted and covered by nothing
here: the exit code is not about them.

Examples:
  autobackup discover
  autobackup discover --json

Exit codes: 0 every general purpose bucket replicates and is validated, or is the
replica of one; 1 there are blind spots: buckets that do not, buckets or accounts
that could not be read; 2 wrong usage, or your own account could not be listed.`
}

// roleName is a path and a name, as IAM has them.
var roleName = regexp.MustCompile(`^[\w+=,.@/-]{1,512}$`)

// others are the accounts of --accounts.
func (c discoverCommand) others() ([]string, error) {
	switch {
	case (c.Role == "") != (c.Accounts == ""):
		return nil, errors.New("--role and --accounts go together: the role is taken in each of the accounts")
	case c.ExternalID != "" && c.Role == "":
		return nil, errors.New("--external-id is for the role that --role names")
	case c.Role == "":
		return nil, nil
	case !roleName.MatchString(c.Role):
		return nil, fmt.Errorf("--role %q is no role's name: leave out arn:…:role/", c.Role)
	}
	file, err := os.Open(c.Accounts)
	if err != nil {
		return nil, fmt.Errorf("read the accounts: %w", err)
	}
	defer file.Close() //nolint:errcheck // nothing was written
	ids, err := discover.ReadAccounts(file)
	if err != nil {
		return nil, fmt.Errorf("--accounts %s: %w", c.Accounts, err)
	}
	return ids, nil
}

func (c discoverCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	others, err := c.others()
	if err != nil {
		return trouble(stderr, err)
	}
	cfg, err := awsConfig(ctx, c.Region, "name one of yours", "buckets", stderr)
	if err != nil {
		return trouble(stderr, err)
	}
	report, err := discover.Run(ctx, cfg, discover.Options{
		Role: c.Role, ExternalID: c.ExternalID, Accounts: others, Regions: c.AlsoIn, Progress: stderr,
	})
	if err != nil {
		return trouble(stderr, err)
	}
	if c.JSON {
		err = report.JSON(stdout)
	} else {
		err = report.Text(stdout, c.All)
	}
	if err != nil {
		return trouble(stderr, err)
	}
	return report.Exit
}
