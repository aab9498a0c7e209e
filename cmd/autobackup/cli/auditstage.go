package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/report"
	"autobackup/cmd/autobackup/terminal"
	core "autobackup/internal/audit"
	"autobackup/internal/stagename"
)

// ofTheStage are the flags that mean something to an audit that a stage makes: all else is
// as the stage has it.
var ofTheStage = map[bool][]string{
	false: {"stage", "level", "max-rate", "max-dollars", "region", "profile", "json"},
	true:  {"stage", "last", "region", "profile", "output", "json"},
}

// ofStage starts an audit that a deployed stage makes, or shows the last one.
func (c auditCommand) ofStage(ctx context.Context, stdout, stderr io.Writer) int {
	s, on, err := c.stage(ctx, stderr)
	if err == nil && c.Last {
		var code int
		if code, err = c.showLast(ctx, s, on.Bucket, stdout); err == nil {
			return code
		}
	}
	if err == nil {
		err = c.start(ctx, s, on, stdout)
	}
	if err != nil {
		return trouble(stderr, err)
	}
	return 0
}

func (c auditCommand) stage(ctx context.Context, stderr io.Writer) (s *audit.Stage, on pair.Address, err error) {
	switch {
	case c.Stage == "":
		return nil, on, errors.New("--last is of an audit that a stage has made: name it with --stage")
	case stagename.Check(c.Stage) != nil:
		return nil, on, stagename.Check(c.Stage)
	case len(c.Replicas) > 0:
		return nil, on, errors.New("a stage audits where its replication rules lead: name the primary alone")
	}
	for _, name := range slices.Sorted(maps.Keys(c.typed)) {
		if !slices.Contains(ofTheStage[c.Last], name) {
			return nil, on, fmt.Errorf("--%s means nothing with --stage: the stage's parameters say it; leave it out", name)
		}
	}
	if c.Primary != "" {
		if on, err = pair.ParseAddress(c.Primary); err != nil {
			return nil, on, err
		}
	}
	cfg, err := awsConfigOf(ctx, c.Profile, c.Region, "name the primary stack's", "stage", stderr)
	return &audit.Stage{Name: c.Stage, Config: cfg}, on, err
}

func (c auditCommand) start(ctx context.Context, s *audit.Stage, on pair.Address, stdout io.Writer) error {
	in := audit.Input{Order: audit.Order{Bucket: on.Bucket, Prefix: on.Rest}}
	if c.typed["level"] {
		in.Level = core.Level(c.Level)
	}
	if c.typed["max-rate"] {
		in.Rate = c.MaxRate
	}
	if c.typed["max-dollars"] {
		in.Dollars = c.MaxDollars
	}
	execution, err := s.Start(ctx, in)
	if err != nil {
		return err
	}
	if c.JSON {
		return report.Indented(stdout, map[string]string{"execution": execution})
	}
	what := "all buckets of the stage " + c.Stage
	if c.Primary != "" {
		what = c.Primary
	}
	_, err = fmt.Fprintf(stdout, "%s: the audit is under way.\nexecution  %s\nreport     autobackup audit --stage %s --last, once it has ended\n", what, execution, c.Stage)
	return err
}

// showLast shows the last audits of all buckets in a line each, or the report of one.
func (c auditCommand) showLast(ctx context.Context, s *audit.Stage, bucket string, stdout io.Writer) (int, error) {
	if bucket == "" && c.Output != "" {
		return 0, errors.New("--output copies the report of one bucket: name it as s3://BUCKET")
	}
	all, err := s.Last(ctx, bucket)
	if err != nil {
		return 0, err
	}
	code := 0
	for _, e := range all {
		code = max(code, e.Exit)
	}
	if bucket != "" {
		reports, err := all[0].Copy(ctx, c.Output)
		switch {
		case err != nil:
			return 0, err
		case c.JSON:
			return code, report.JSON(stdout, reports, report.Options{})
		}
		where := all[0].Report
		if c.Output != "" {
			where = c.Output
		}
		return code, report.Screen(stdout, reports, where, report.Options{Colour: terminal.Is(stdout)})
	}
	if c.JSON {
		return code, report.Indented(stdout, all)
	}
	return code, table(stdout, all)
}

// table is the last audits, a line for each bucket.
func table(stdout io.Writer, all []audit.Ended) error {
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	lines := []string{"bucket\tended\tlevel\tresult\tnew\tfindings\tunknown\tversions\n"}
	for _, e := range all {
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\n", e.Bucket, e.Time.UTC().Format(time.RFC3339), e.Level, e.Result, e.New, e.Findings, e.Unknown, e.Listed))
	}
	for _, line := range lines {
		if _, err := io.WriteString(w, line); err != nil {
			return err
		}
	}
	return w.Flush()
}
