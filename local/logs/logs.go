// Package logs is Amazon CloudWatch Logs on one machine, as far as other services write
// into it: log groups, who may write into which, and FilterLogEvents, which reads them over HTTP.
// Metric filters, queries and subscriptions are not there.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/WhatIsCloudWatchLogs.html
package logs

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/store"
	"autobackup/local/wire"
)

// most is how many bytes of lines a group keeps: of the newest.
const most = 32 << 20

// Service holds the log groups of every region.
type Service struct {
	// Gate decides what callers may do. nil: everything.
	Gate *gate.Gate
	// Account is the 12 digits of whom nobody was given a key, and NewID makes request ids.
	Account string
	NewID   func() string
	// Looked is how many lines FilterLogEvents looks at for one answer; 0: all. The service has
	// a bound that it doesn't tell.
	Looked int

	clk *clock.Clock

	mu     store.Lock
	groups map[string]*group // by ARN, without the :* at its end
}

// New returns a service without log groups.
func New(clk *clock.Clock) *Service {
	return &Service{clk: clk, groups: map[string]*group{}}
}

type group struct {
	retention time.Duration // 0 is for ever
	streams   map[string]bool
	lines     []Line // the oldest first
	written   int    // lines so far
	bytes     int    // of the lines that are kept
}

func (g *group) add(l Line) {
	g.lines = append(g.lines, l)
	g.bytes += l.size()
}

// Line is a log event.
type Line struct {
	Time   time.Time
	Stream string
	Text   string
}

// size is what CloudWatch Logs counts of a line.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
func (l Line) size() int { return len(l.Text) + 26 }

// Client is the service as somebody calls it, who needs the permission.
type Client struct {
	service *Service
	by      gate.Caller
}

// As is the service as a caller has it.
func (s *Service) As(by gate.Caller) Client { return Client{s, by} }

// Put writes a line into the stream of a group, by its ARN; it makes the stream where there
// is none.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
func (c Client) Put(group, stream, text string) error {
	s, arn := c.service, bare(group)
	s.mu.Lock()
	g := s.groups[arn]
	known := g != nil && g.streams[stream]
	s.mu.Unlock()
	if !known {
		if err := c.by.May("logs:CreateLogStream", arn+":log-stream:"+stream); err != nil {
			return denied(err)
		}
	}
	if err := c.by.May("logs:PutLogEvents", arn+":log-stream:"+stream); err != nil {
		return denied(err)
	}
	if g == nil {
		return wire.Invalid("ResourceNotFoundException", "The specified log group does not exist.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g.streams[stream] = true
	g.written++
	g.add(Line{s.clk.Now(), stream, text})
	s.keep(arn, g.written, g.lines[len(g.lines)-1])
	for g.bytes > most {
		g.bytes -= g.lines[0].size()
		g.lines = g.lines[1:]
		s.keep(arn, g.written-len(g.lines), nil)
	}
	return nil
}

func denied(err error) error {
	return gate.Denied(err, wire.Error{Code: "AccessDeniedException", Status: http.StatusBadRequest})
}

// bare is a group's ARN without the :* that CloudFormation adds.
func bare(arn string) string { return strings.TrimSuffix(arn, ":*") }

// Has says whether there is a group with an ARN.
func (s *Service) Has(arn string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.groups[bare(arn)] != nil
}

// Lines are those of a group that its retention keeps, the oldest first.
func (s *Service) Lines(arn string) []Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[bare(arn)]
	if g == nil {
		return nil
	}
	from := s.clk.Now().Add(-g.retention)
	return slices.DeleteFunc(slices.Clone(g.lines), func(l Line) bool { return g.retention > 0 && l.Time.Before(from) })
}

// Groups are the ARNs of all groups, sorted.
func (s *Service) Groups() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.groups))
}
