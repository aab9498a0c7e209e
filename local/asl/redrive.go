package asl

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
const (
	redrivablePeriod = 14 * 24 * time.Hour
	longestExecution = 365 * 24 * time.Hour
	mostRedrives     = 1_000 // of a Map Run
)

// Unredrivable is why an execution that came so far can't be redriven now, in the
// service's words; "" where it can.
func (p *Progress) Unredrivable(now time.Time) string {
	switch {
	case p.Result == nil:
		return "Execution is RUNNING and cannot be redriven"
	case p.Result.Status == types.ExecutionStatusSucceeded:
		return "Execution is SUCCEEDED and cannot be redriven"
	case p.Events >= mostEvents-1:
		return "Execution history event limit exceeded"
	case now.Sub(p.Started) > longestExecution:
		return "Execution has exceeded the max execution time"
	case now.Sub(p.Result.Stop) > redrivablePeriod:
		return "Execution redrivable period exceeded"
	}
	return ""
}

// redrive makes the progress of an execution that did not succeed that of one which
// goes on at what did not succeed.
func (p *Progress) redrive(now, deadline time.Time) {
	p.Result, p.Aborted, p.Deadline, p.Redriven = nil, nil, deadline, now
	p.Redrives++
	p.Announce = true
	p.Charged++ // a redrive is a transition
	p.Strand.redrive(now)
}

func (p *strandProgress) redrive(now time.Time) {
	if p.Visit == nil {
		return // it failed before its first state
	}
	v := *p.Visit // the caller's stays
	v.Attempt, v.Used, v.Until, v.Retrying, v.Task = 0, nil, time.Time{}, false, nil
	if v.Failed == DataLimitExceeded { // the state is run anew, with all of its items
		v.Map, v.Run = nil, nil
	}
	if v.Failed == Runtime {
		v.Run = nil
	}
	if v.Map != nil {
		v.Map = v.Map.redriven(now)
	}
	if v.Run != nil {
		v.Run = v.Run.redriven(now)
	}
	v.Failed = ""
	p.Visit = &v
}

func (p *fanProgress) redriven(now time.Time) *fanProgress {
	again := &fanProgress{Items: []itemProgress{}}
	for _, item := range p.Items {
		if item.Error != nil || !item.Over {
			item.Strand.redrive(now)
			item = itemProgress{Strand: item.Strand}
		}
		again.Items = append(again.Items, item)
	}
	return again
}

// redriven is a Map Run whose unsuccessful children are started again, and then those
// that never were.
func (p *mapRunProgress) redriven(now time.Time) *mapRunProgress {
	r := *p
	r.Info.Status, r.Info.Stop = types.MapRunStatusRunning, time.Time{}
	r.Info.Redriven = now
	for _, n := range []*Counts{&r.Info.Executions, &r.Info.Items} {
		*n = Counts{Succeeded: n.Succeeded, Total: n.Total - n.Pending, ResultsWritten: n.Succeeded,
			PendingRedrive: n.Failed + n.TimedOut + n.Aborted}
	}
	r.Again = &againProgress{Redrive: r.Info.Redrives, Size: r.Failed}
	r.Info.Redrives++
	r.Announce = true
	r.Failed, r.Failure, r.Held, r.Taken, r.Settles = 0, nil, "", 0, time.Time{}
	r.Files = map[string]int64{}
	if size := p.Files[succeededObject]; size > 0 {
		r.Files[succeededObject] = size
	}
	return &r
}

// beginAgain records that the execution is redriven.
func (r *Run) beginAgain() {
	r.announce = false
	count := int32(r.redrives) // #nosec G115: far below the limit
	r.record(types.HistoryEvent{Type: types.HistoryEventTypeExecutionRedriven,
		ExecutionRedrivenEventDetails: &types.ExecutionRedrivenEventDetails{RedriveCount: &count}})
}

// goOn goes on with a Map Run that began in another run of the execution.
func (r *mapRun) goOn(effective any) error {
	r.effective = effective
	if !r.announce {
		return nil
	}
	r.announce = false
	if r.info.Redrives > mostRedrives {
		return failure(Runtime, "The Map Run was redriven %d times, which is the most.", mostRedrives)
	}
	count := int32(r.info.Redrives) // #nosec G115: just checked
	r.record(types.HistoryEvent{Type: types.HistoryEventTypeMapRunRedriven,
		MapRunRedrivenEventDetails: &types.MapRunRedrivenEventDetails{MapRunArn: &r.info.ARN, RedriveCount: &count}})
	r.tell()
	return nil
}
