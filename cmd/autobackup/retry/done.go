package retry

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/jedib0t/go-pretty/v6/table"

	"autobackup/cmd/autobackup/operations"
	"autobackup/internal/stagename"
	"autobackup/internal/text"
)

// History is what people did with messages of a stage.
type History struct {
	Stage      string            `json:"stage"`
	Since      time.Time         `json:"since"`
	Bucket     string            `json:"bucket"`     // that has the record
	Operations []operations.Done `json:"operations"` // the last first
}

// Operations reads what was done so long ago at most, by the clock of SQS, or by now where it doesn't tell.
func Operations(ctx context.Context, cfg aws.Config, stage string, long time.Duration, now time.Time) (*History, error) {
	if err := stagename.Check(stage); err != nil {
		return nil, err
	}
	cfg = bounded(cfg)
	q, err := queues{sqs.NewFromConfig(cfg), cfg.Region}.queue(ctx, named("validation-dlq", stage))
	if err != nil {
		return nil, err
	}
	a, err := arn.Parse(q.arn)
	if err != nil {
		return nil, fmt.Errorf("read the ARN of %s: %w", q.name, err)
	}
	since := q.now(now).Add(-long)
	h := &History{Stage: stage, Since: since.UTC(), Bucket: operations.Bucket(stage, a.AccountID)}
	if h.Operations, err = operations.Since(ctx, operations.InAccount(cfg, stage, a.AccountID), since); err != nil {
		return nil, fmt.Errorf("%w: autobackup policy parked prints what that takes", err)
	}
	return h, nil
}

// JSON writes it for machines.
func (h *History) JSON(w io.Writer) error { return asJSON(w, h) }

const longestText = 120 // bytes of what people wrote, in a table

// Text writes it for people.
func (h *History) Text(w io.Writer) error {
	var page strings.Builder
	rows := make([]table.Row, 0, len(h.Operations))
	for _, o := range h.Operations {
		rows = append(rows, table.Row{
			o.Begin.At.UTC().Format(seconds), text.Line(o.Begin.Command, longestText), Outcome(o), text.Line(o.Begin.Who[strings.LastIndex(o.Begin.Who, ":")+1:], longestText),
			text.Line(o.Begin.Why, longestText), text.Line(Choice(o.Begin.Filter), longestText), text.Line(o.ID, longestText),
		})
	}
	if len(rows) > 0 {
		writeTable(&page, table.Row{"when (UTC)", "what", "messages", "who", "why", "chosen by", "record"}, rows)
		fmt.Fprintf(&page, "Each record is a folder in s3://%s/%s, with every message.\n", h.Bucket, operations.Root)
	}
	fmt.Fprintf(&page, "result  %s since %s UTC (stage %s)   exit 0\n", count(len(rows), "operation"), h.Since.Format(seconds), h.Stage)
	return write(w, page.String())
}

// Outcome is what an operation came to: how much of what was found it did, and what became of the rest.
func Outcome(o operations.Done) string {
	if o.End == nil {
		return fmt.Sprintf("not ended: under way, or killed after %s", count(o.Pages, "page"))
	}
	did := fmt.Sprintf("%d of %d", o.End.Done, o.Begin.Found)
	if o.End.Done > o.Begin.Found {
		did = fmt.Sprintf("%d, of which %d were found when it began", o.End.Done, o.Begin.Found)
	}
	all := []string{did}
	if o.End.Left > 0 {
		all = append(all, fmt.Sprintf("%d left where they are", o.End.Left))
	}
	if o.End.Unreached > 0 {
		all = append(all, fmt.Sprintf("about %d not reached", o.End.Unreached))
	}
	switch {
	case o.End.Error != "":
		all = append(all, "ended by an error")
	case o.End.Interrupted:
		all = append(all, "interrupted")
	case len(all) == 1 && o.End.Done < o.Begin.Found:
		all = append(all, "the others not done")
	}
	return strings.Join(all, ", ")
}

// Choice is a filter as options.
func Choice(filter map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(filter)) {
		all = append(all, "--"+name+" "+filter[name])
	}
	return strings.Join(all, " ")
}
