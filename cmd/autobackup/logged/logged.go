// Package logged reads what the functions of a stage have logged about one object version.
package logged

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"autobackup/internal/s3error"
	"autobackup/internal/s3event"
)

// Line is what one look at the version came to, as compare-etags logged it.
type Line struct {
	At        time.Time `json:"at"`
	Outcome   string    `json:"outcome"`
	Reason    string    `json:"reason,omitempty"`
	Evidence  string    `json:"evidence,omitempty"`
	Detail    string    `json:"detail,omitempty"`
	Looks     int       `json:"looks"` // which one it was, of its execution
	Execution string    `json:"execution"`
}

// Found is what was logged in a span of time.
type Found struct {
	Stage string    `json:"stage"`
	From  time.Time `json:"from"` // of the log that was searched: later than asked for where Cut
	To    time.Time `json:"to"`
	Lines []Line    `json:"lines"`         // the oldest first
	Cut   string    `json:"cut,omitempty"` // why the log before From was not searched
}

// Asked says what is looked for.
type Asked struct {
	Stage    string
	Version  s3event.ObjectVersion
	From, To time.Time
	// Clock is read between requests, of which none is begun once Within is over.
	Clock  func() time.Time
	Within time.Duration
}

// window is what one search goes through: the newest day first, so that what is cut off is old.
const window = 24 * time.Hour

// plain are version ids that a pattern can hold.
var plain = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// Of reads the log group of compare-etags, which judges each version at each look. It asks
// FilterLogEvents, for which AWS's list of prices has none, and not Logs Insights, which is paid
// by what it scans: https://aws.amazon.com/cloudwatch/pricing/. An error says that nothing could
// be read.
func Of(ctx context.Context, cfg aws.Config, a Asked) (Found, error) {
	found := Found{Stage: a.Stage, From: a.From, To: a.To, Lines: []Line{}}
	if !plain.MatchString(a.Version.VersionID) {
		return found, fmt.Errorf("search the log for the version %q: an id of S3 has letters, digits, dots, dashes and underscores", a.Version.VersionID)
	}
	r := &reader{client: cloudwatchlogs.NewFromConfig(cfg), Asked: a, end: a.Clock().Add(a.Within)}
	for to := a.To; to.After(a.From); to = to.Add(-window) {
		from := to.Add(-window)
		if from.Before(a.From) {
			from = a.From
		}
		lines, err := r.search(ctx, from, to)
		if errors.Is(err, errOver) {
			found.From, found.Cut = to, fmt.Sprintf("%s were over", a.Within)
			break
		}
		if err != nil {
			return found, err
		}
		found.Lines = append(found.Lines, lines...)
	}
	slices.SortStableFunc(found.Lines, func(a, b Line) int { return a.At.Compare(b.At) })
	return found, nil
}

var errOver = errors.New("the time is over")

type reader struct {
	Asked
	client *cloudwatchlogs.Client
	end    time.Time
}

// search reads all pages of a span, of which any may be empty. The end of a span is the next
// one's, and belongs to that.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
func (r *reader) search(ctx context.Context, from, to time.Time) (all []Line, err error) {
	in := &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName:  aws.String("/aws/lambda/autobackup-compare-etags-" + r.Stage),
		FilterPattern: aws.String(`{ $.version = "` + r.Version.VersionID + `" }`),
		StartTime:     aws.Int64(from.UnixMilli()), EndTime: aws.Int64(to.UnixMilli() - 1),
	}
	for {
		if !r.Clock().Before(r.end) {
			return nil, errOver
		}
		out, err := r.client.FilterLogEvents(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("search the log group %s: %s%s", *in.LogGroupName, s3error.Explain("FilterLogEvents", err), hint(err))
		}
		for _, e := range out.Events {
			if l, is := r.line(aws.ToString(e.Message)); is {
				l.At = time.UnixMilli(aws.ToInt64(e.Timestamp)).UTC()
				all = append(all, l)
			}
		}
		if in.NextToken = out.NextToken; out.NextToken == nil {
			return all, nil
		}
	}
}

func hint(err error) string {
	switch s3error.Code(err) {
	case "ResourceNotFoundException":
		return ": is the stage deployed in the primary's region?"
	case "AccessDeniedException":
		return ": grant logs:FilterLogEvents, as the policy does that autobackup policy operate prints"
	}
	return ""
}

// line is an event of the log that is about the version. Others may have its id: ids are unique
// within a bucket alone, and that of an unversioned object is null.
func (r *reader) line(message string) (Line, bool) {
	var l struct {
		Line
		Msg     string `json:"msg"`
		Bucket  string `json:"bucket"`
		Key     string `json:"key"`
		Version string `json:"version"`
	}
	if json.Unmarshal([]byte(message), &l) != nil || l.Bucket != r.Version.Bucket || l.Key != r.Version.Key || l.Version != r.Version.VersionID || l.Execution == "" {
		return Line{}, false
	}
	l.Outcome = l.Msg
	return l.Line, true
}
