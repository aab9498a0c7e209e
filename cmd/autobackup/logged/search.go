package logged

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"autobackup/internal/s3error"
)

// Operation is the call that is made, and needs a permission of its name.
const Operation = "FilterLogEvents"

// Part is the part of a stage's log that somebody asks for.
type Part struct {
	Stage    string
	From, To time.Time
	Within   time.Duration // what a search may take; what it has found by then is told
	Most     int           // lines that are told, the newest; 0: all
}

// Searched says which part was searched.
type Searched struct {
	From time.Time `json:"from"` // later than asked for where Cut
	To   time.Time `json:"to"`
	Cut  string    `json:"cut,omitempty"` // why the log before From was not searched
}

// What one search goes through. The newest part comes first, so that what is cut off is old. It is
// short, as a busy stage logs much, and each further one is twice as long as the one before.
const (
	shortest = 15 * time.Minute
	longest  = 24 * time.Hour
)

// line is one of the log that was read as what it is about.
type line[T any] struct {
	at time.Time
	is T
}

// searcher searches the log group of one function.
type searcher[T any] struct {
	Part
	client  *cloudwatchlogs.Client
	group   string
	pattern string
	read    func(at time.Time, message string) (T, bool) // false: the line is about something else
}

func newSearcher[T any](cfg aws.Config, p Part, function, pattern string, read func(time.Time, string) (T, bool)) searcher[T] {
	return searcher[T]{p, cloudwatchlogs.NewFromConfig(cfg), "/aws/lambda/autobackup-" + function + "-" + p.Stage, pattern, read}
}

// all are the lines that were found, the newest first. An error says that nothing could be read.
func (s searcher[T]) all(parent context.Context) (all []T, searched Searched, err error) {
	ctx, cancel := context.WithTimeout(parent, s.Within)
	defer cancel()
	searched = Searched{From: s.From, To: s.To}
	var found []line[T]
	span := shortest
	for to := s.To; to.After(s.From) && searched.Cut == ""; span = min(2*span, longest) {
		from := to.Add(-span)
		if from.Before(s.From) {
			from = s.From
		}
		lines, err := s.span(ctx, from, to)
		switch over := ctx.Err() != nil && parent.Err() == nil; {
		case err != nil && over:
			searched.From, searched.Cut = to, fmt.Sprintf("%s were over", s.Within)
		case err != nil:
			return nil, searched, &readError{s.group, err}
		default:
			slices.Reverse(lines)
			found = append(found, lines...)
			searched = s.enough(searched, found, from)
		}
		to = from
	}
	for i := range found[:s.most(len(found))] {
		all = append(all, found[i].is)
	}
	return all, searched, nil
}

// most is how many of so many lines are told.
func (s searcher[T]) most(lines int) int {
	if s.Most == 0 {
		return lines
	}
	return min(lines, s.Most)
}

// enough says where the search ends if there are as many lines as are told: where it has come to,
// or at the oldest one that is told.
func (s searcher[T]) enough(searched Searched, found []line[T], from time.Time) Searched {
	if s.Most == 0 || len(found) < s.Most || len(found) == s.Most && !from.After(s.From) {
		return searched
	}
	if searched.From = from; len(found) > s.Most {
		searched.From = found[s.Most-1].at
	}
	searched.Cut = fmt.Sprintf("the newest %d are told", s.Most)
	return searched
}

// span reads all pages of a span, of which any may be empty: the oldest come first, and the newest
// are kept. The end of a span is the next one's, and belongs to that.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
func (s searcher[T]) span(ctx context.Context, from, to time.Time) (all []line[T], err error) {
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &s.group, StartTime: aws.Int64(from.UnixMilli()), EndTime: aws.Int64(to.UnixMilli() - 1)}
	if s.pattern != "" {
		in.FilterPattern = &s.pattern
	}
	for {
		out, err := s.client.FilterLogEvents(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, e := range out.Events {
			at := time.UnixMilli(aws.ToInt64(e.Timestamp)).UTC()
			if is, ours := s.read(at, aws.ToString(e.Message)); ours {
				all = append(all, line[T]{at, is})
			}
		}
		if more := len(all) - s.Most - 1; s.Most > 0 && more > 0 { // one more says that there are more
			all = slices.Delete(all, 0, more)
		}
		if in.NextToken = out.NextToken; out.NextToken == nil {
			return all, nil
		}
	}
}

// readError is why a log group could not be read.
type readError struct {
	group string
	err   error
}

// Error says what to do, too.
func (e *readError) Error() string {
	said := "search the log group " + e.group + ": " + s3error.Explain(Operation, e.err)
	switch s3error.Code(e.err) {
	case "ResourceNotFoundException":
		said += ": is the stage deployed in the primary's region?"
	case "AccessDeniedException":
		said += ": grant logs:FilterLogEvents, as the policy does that autobackup policy operate prints"
	}
	return said
}

// Unwrap is what the call was answered.
func (e *readError) Unwrap() error { return e.err }
