package console

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/internal/course"
	"autobackup/internal/diagram"
	"autobackup/internal/doctor"
)

// How much is read at once.
const (
	listedAtOnce = 50
	eventsAtOnce = 500
	mostEvents   = 5000
	mostData     = 32 << 20 // of a history's inputs and outputs, in bytes
)

// executionsData is what the list shows.
type executionsData struct {
	Status   string
	Statuses []string
	Unread   *doctor.Unread
	All      []listed
	Next     string // of the next page
	First    bool
	Find     findData
}

type listed struct {
	ARN, Name, Status string
	Started           time.Time
	Took              string
}

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
func (c *console) executions(r *http.Request) (any, int, error) {
	d := executionsData{Status: r.FormValue("status"), First: r.FormValue("next") == "", Find: find()}
	for _, s := range types.ExecutionStatus("").Values() {
		d.Statuses = append(d.Statuses, string(s))
	}
	d.Statuses = slices.DeleteFunc(d.Statuses, func(s string) bool { return s == "PENDING_REDRIVE" }) // of children of Maps alone
	if d.Status != "" && !slices.Contains(d.Statuses, d.Status) {
		return nil, 0, wrong("Executions have no such status.")
	}
	machine, err := c.machine(r.Context())
	if err != nil {
		return nil, 0, err
	}
	in := &sfn.ListExecutionsInput{StateMachineArn: &machine, MaxResults: listedAtOnce, StatusFilter: types.ExecutionStatus(d.Status)}
	if !d.First {
		in.NextToken = aws.String(r.FormValue("next"))
	}
	out, err := sfn.NewFromConfig(c.cfg).ListExecutions(r.Context(), in)
	if err != nil {
		d.Unread, err = because("ListExecutions", err)
		return d, 0, err
	}
	for _, e := range out.Executions {
		one := listed{ARN: aws.ToString(e.ExecutionArn), Name: aws.ToString(e.Name), Status: string(e.Status), Started: aws.ToTime(e.StartDate)}
		if e.StopDate != nil {
			one.Took = took(e.StopDate.Sub(one.Started))
		}
		d.All = append(d.All, one)
	}
	d.Next = aws.ToString(out.NextToken)
	if !d.First {
		return d, 0, nil
	}
	return d, 5, nil
}

func took(d time.Duration) string {
	if d < time.Minute {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// machine is the ARN of the stage's.
func (c *console) machine(ctx context.Context) (string, error) {
	at, err := c.here(ctx)
	return named(at, "states", "stateMachine:autobackup-validation-"+c.Stage), err
}

// executionName are the names of executions that this program's machines have: made up by Step Functions,
// or by a message's id.
var executionName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,80}$`)

// asked is the execution that a request names: none but the stage's own.
func (c *console) asked(r *http.Request) (string, error) {
	machine, err := c.machine(r.Context())
	name := r.FormValue("name")
	if err == nil && !executionName.MatchString(name) {
		err = wrong("An execution is named by its name.")
	}
	return executionsOf(machine) + name, err
}

// executionsOf is what the ARNs of a state machine's executions begin with, before their names.
func executionsOf(machine string) string {
	return strings.Replace(machine, ":stateMachine:", ":execution:", 1) + ":"
}

// executionData is what the page of one shows.
type executionData struct {
	listed
	Gone          bool
	Unread        *doctor.Unread // the execution itself
	NoHistory     *doctor.Unread
	NoDefinition  *doctor.Unread
	NotDrawn      string
	Ended         time.Time
	Input, Output string
	Error, Cause  string
	Redrives      int32
	Part          bool // the history was read in part
	Course        course.Course
	Visits        []course.Visits
	Objects       []course.Object
	Graphs        []*graph
}

func (c *console) execution(r *http.Request) (any, int, error) {
	d, err := c.read(r)
	if err != nil || d.Gone || d.Unread != nil {
		return d, 0, err
	}
	d.Visits, d.Objects = d.Course.Visits(), d.Course.Objects(d.Input, d.Output)
	if err := c.draw(r.Context(), d); err != nil {
		return nil, 0, err
	}
	if d.Ended.IsZero() {
		return d, 5, nil
	}
	return d, 0, nil
}

// read reads an execution and its history.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
func (c *console) read(r *http.Request) (*executionData, error) {
	id, err := c.asked(r)
	if err != nil {
		return nil, err
	}
	d := &executionData{listed: listed{ARN: id}}
	out, err := sfn.NewFromConfig(c.cfg).DescribeExecution(r.Context(), &sfn.DescribeExecutionInput{ExecutionArn: &id})
	if err != nil {
		if strings.Contains(err.Error(), "ExecutionDoesNotExist") {
			return nil, wrong("The stage has no such execution, or none any more: Step Functions keeps them for 90 days.")
		}
		d.Unread, err = because("DescribeExecution", err)
		return d, err
	}
	d.Name, d.Status, d.Started, d.Ended = aws.ToString(out.Name), string(out.Status), aws.ToTime(out.StartDate), aws.ToTime(out.StopDate)
	d.Input, d.Output, d.Error, d.Cause, d.Redrives = aws.ToString(out.Input), aws.ToString(out.Output), aws.ToString(out.Error), aws.ToString(out.Cause), aws.ToInt32(out.RedriveCount)
	if !d.Ended.IsZero() {
		d.Took = took(d.Ended.Sub(d.Started))
	}
	events, err := c.history(r.Context(), d)
	d.Course = course.Read(events)
	return d, err
}

// history reads the first events, up to a bound.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
func (c *console) history(ctx context.Context, d *executionData) (all []course.Event, err error) {
	pages := sfn.NewGetExecutionHistoryPaginator(sfn.NewFromConfig(c.cfg), &sfn.GetExecutionHistoryInput{ExecutionArn: &d.ARN, MaxResults: eventsAtOnce})
	for size := 0; pages.HasMorePages(); {
		if len(all) >= mostEvents || size >= mostData {
			d.Part = true
			return all, nil
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			d.NoHistory, err = because("GetExecutionHistory", err)
			return all, err
		}
		for _, e := range page.Events {
			one := event(e)
			size += len(one.Data)
			all = append(all, one)
		}
	}
	return all, nil
}

// draw has the graph of the definition that the execution was started with.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachineForExecution.html
func (c *console) draw(ctx context.Context, d *executionData) error {
	out, err := sfn.NewFromConfig(c.cfg).DescribeStateMachineForExecution(ctx, &sfn.DescribeStateMachineForExecutionInput{ExecutionArn: &d.ARN})
	if err != nil {
		d.NoDefinition, err = because("DescribeStateMachineForExecution", err)
		return err
	}
	machine, err := diagram.Parse(aws.ToString(out.Definition))
	if err != nil {
		d.NotDrawn = err.Error()
		return nil //nolint:nilerr // the page says it
	}
	d.Graphs = newGraphs(machine, d)
	return nil
}

// stayData is one stay in a state, as a whole.
type stayData struct {
	course.Stay
	Execution string
}

func (c *console) stay(r *http.Request) (any, int, error) {
	d, err := c.read(r)
	if err != nil {
		return nil, 0, err
	}
	for _, s := range d.Course.Stays {
		if r.FormValue("stay") == itoa(s.ID) {
			return stayData{s, d.Name}, 0, nil
		}
	}
	return nil, 0, wrong("No stay in a state began with this event, of those that could be read.")
}
