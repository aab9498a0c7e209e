package demo

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
	"autobackup/local"
	"autobackup/local/gate"
	"autobackup/local/sqs"
	"autobackup/local/states"
)

// Report is what became of everything that was uploaded.
type Report struct {
	// Expected is whether every outcome was the expected one, every file was read, and
	// nothing failed, was refused or stayed undelivered on the way.
	Expected bool     `json:"expected"`
	Objects  []Row    `json:"objects"`
	Unread   []Unread `json:"unread"`
	Alerts   []Alert  `json:"alerts"`
	Parked   []Parked `json:"parked"`
	// Undelivered is what rules, pipes and event source mappings could not hand over.
	Undelivered []local.Undelivered `json:"undelivered"`
	// Refused are the calls that the templates' policies do not allow.
	Refused []Refused `json:"refused"`
	Paths   []Path    `json:"paths"`
	Totals  Totals    `json:"totals"`

	perhaps string // why an outcome may be another one; empty where nothing explains it
}

// otherParameters is said where samples were validated with parameters that somebody chose: what
// is expected of them is what comes of samconfig.toml's.
const otherParameters = " with the parameters in samconfig.toml; with those of --parameter, the samples may end otherwise"

// Row is one object version, or one message that names none.
type Row struct {
	Category string           `json:"category,omitempty"`
	Bucket   string           `json:"bucket,omitempty"` // that existed and was attached, and has no category
	Object   string           `json:"object"`           // printable
	Verdict  verdict.Outcome  `json:"verdict"`          // empty: none was reached
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

// Refused is a kind of call that was refused.
type Refused struct {
	gate.Refusal
	Times int `json:"times"`
}

func refused(all map[gate.Refusal]int) []Refused {
	told := []Refused{}
	for of, times := range all {
		told = append(told, Refused{of, times})
	}
	slices.SortFunc(told, func(a, b Refused) int {
		return cmp.Or(strings.Compare(a.By, b.By), strings.Compare(a.Action, b.Action))
	})
	return told
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
		Undelivered: append([]local.Undelivered{}, r.stack.Undelivered()...),
		Refused:     refused(r.stack.Gate.Refusals()),
	}
	parked, err := r.parked()
	if err != nil {
		return nil, err
	}
	report.Parked = append(report.Parked, parked...)
	executions := slices.DeleteFunc(r.stack.States.Executions(), func(e states.Execution) bool { return e.Result == nil }) // those that never end have no path
	report.Paths = append(report.Paths, paths(executions)...)
	report.Expected = report.asExpected()
	if r.Dir == "" && len(r.Parameters) > 0 {
		report.perhaps = otherParameters
	}
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

func (r *Report) asExpected() bool {
	return len(r.Unread) == 0 && len(r.Undelivered) == 0 && len(r.Refused) == 0 &&
		!slices.ContainsFunc(r.Objects, func(row Row) bool { return !row.Expected }) &&
		!slices.ContainsFunc(r.Paths, func(p Path) bool { return p.Status != types.ExecutionStatusSucceeded })
}

func (r *run) rows() []Row {
	outcomes := r.watcher.Verdicts()
	rows := make([]Row, 0, len(r.objects))
	for _, o := range r.objects {
		row := Row{Category: o.category, Bucket: o.bucket, Object: o.name}
		if got, ok := outcomes[o.id]; ok {
			row.Verdict, row.Reason, row.Evidence, row.Looks = got.Verdict, got.Reason, got.Evidence, got.Looks
			row.Seconds = got.At.Sub(o.uploaded).Round(time.Second).Seconds()
			row.Expected = Expectation{got.Verdict, got.Reason} == o.expect
		}
		rows = append(rows, row)
	}
	return rows
}

func (r *run) alerts() (all []Alert) {
	for _, p := range r.stack.SNS.Published() {
		if len(p.To) > 0 {
			all = append(all, Alert{p.Subject, p.Message})
		}
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
func paths(executions []states.Execution) []Path {
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
