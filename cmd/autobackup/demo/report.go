package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/internal/local"
	"autobackup/internal/local/sqs"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Report is what became of everything that was uploaded.
type Report struct {
	// Expected is whether every outcome was the expected one and every file was
	// read.
	Expected bool     `json:"expected"`
	Objects  []Row    `json:"objects"`
	Unread   []Unread `json:"unread"`
	Alerts   []Alert  `json:"alerts"`
	Parked   []Parked `json:"parked"`
	Paths    []Path   `json:"paths"`
	Totals   Totals   `json:"totals"`
}

// Row is one object version, or one message that names none.
type Row struct {
	Category string           `json:"category,omitempty"`
	Object   string           `json:"object"`  // printable
	Verdict  verdict.Outcome  `json:"verdict"` // empty: none was reached
	Reason   reason.Code      `json:"reason,omitempty"`
	Evidence verdict.Evidence `json:"evidence,omitempty"`
	Looks    int              `json:"looks"`
	Seconds  float64          `json:"seconds"` // from the upload to the verdict, by the stack's clock
	Expected bool             `json:"expected"`
}

// Alert is an e-mail.
type Alert struct {
	Subject string `json:"subject"`
	Message string `json:"message"`
}

// Parked is a message in a dead-letter queue.
type Parked struct {
	Queue  string `json:"queue"`
	Object string `json:"object"` // printable
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

// Path is the states that executions went through, and how many took it.
type Path struct {
	Executions int                   `json:"executions"`
	Status     types.ExecutionStatus `json:"status"`
	States     []string              `json:"states"`
}

// Totals are what the validations cost.
type Totals struct {
	Objects     int `json:"objects"`
	Executions  int `json:"executions"`
	Transitions int `json:"transitions"`
	Heads       int `json:"headRequests"`
}

// report collects what the stack shows.
func (r *run) report() (*Report, error) {
	// Lists that are empty are empty in JSON, too.
	report := &Report{
		Objects: r.rows(), Unread: append([]Unread{}, r.unread...),
		Alerts: append([]Alert{}, r.alerts()...), Parked: []Parked{}, Paths: []Path{},
	}
	report.Expected = len(r.unread) == 0 && !slices.ContainsFunc(report.Objects, func(row Row) bool { return !row.Expected })
	parked, err := r.parked()
	if err != nil {
		return nil, err
	}
	report.Parked = append(report.Parked, parked...)
	executions := r.stack.Executions()
	report.Paths = append(report.Paths, paths(executions)...)
	report.Totals = Totals{Objects: len(report.Objects), Executions: len(executions)}
	for _, e := range executions {
		report.Totals.Transitions += e.Result.Transitions
	}
	for what, n := range r.stack.S3.Requests() {
		if what.Operation == "HeadObject" {
			report.Totals.Heads += n
		}
	}
	return report, nil
}

func (r *run) rows() []Row {
	outcomes := r.watcher.outcomes()
	rows := make([]Row, 0, len(r.objects))
	for _, o := range r.objects {
		row := Row{Category: o.category, Object: o.name}
		if got, ok := outcomes[o.id]; ok {
			row.Verdict, row.Reason, row.Evidence, row.Looks = got.Verdict, got.Reason, got.Evidence, got.Looks
			row.Seconds = got.at.Sub(o.uploaded).Round(time.Second).Seconds()
			row.Expected = Expectation{got.Verdict, got.Reason} == o.expect
		}
		rows = append(rows, row)
	}
	return rows
}

func (r *run) alerts() (all []Alert) {
	for _, p := range r.stack.SNS.Published() {
		all = append(all, Alert{p.Subject, p.Message})
	}
	return all
}

// parked reads every dead-letter queue: a message there is an ending too.
func (r *run) parked() (all []Parked, err error) {
	for _, q := range r.stack.SQS.Queues(r.pair.primaryRegion) {
		if !strings.Contains(q.Name(), "-dlq-") {
			continue
		}
		messages, err := r.stack.SQS.Messages(q.ARN)
		if err != nil {
			return nil, fmt.Errorf("read the parked messages: %w", err)
		}
		for _, m := range messages {
			all = append(all, Parked{
				Queue: q.Name(), Object: named(m),
				Reason: m.Attributes["reason"].Value, Detail: m.Attributes["detail"].Value,
			})
		}
	}
	return all, nil
}

func named(m sqs.Message) string {
	v, err := s3event.Parse(m.Body)
	if err != nil {
		return printable(m.Body)
	}
	return v.String()
}

// paths groups executions by the states they went through, the usual first.
func paths(executions []local.Execution) []Path {
	byStates := map[string]*Path{}
	for _, e := range executions {
		key := string(e.Result.Status) + " " + strings.Join(e.Result.Path, " ")
		if byStates[key] == nil {
			byStates[key] = &Path{Status: e.Result.Status, States: e.Result.Path}
		}
		byStates[key].Executions++
	}
	var all []Path
	for _, key := range slices.Sorted(maps.Keys(byStates)) {
		all = append(all, *byStates[key])
	}
	slices.SortStableFunc(all, func(a, b Path) int { return b.Executions - a.Executions })
	return all
}

// JSON writes the report for machines.
func (r *Report) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
