package asl

import "github.com/aws/aws-sdk-go-v2/service/sfn/types"

// outcome ends the Map Run.
func (r *mapRun) outcome() (any, error) {
	if r.stopped() {
		r.leave()
		r.end(types.MapRunStatusAborted)
		return nil, errStopped
	}
	result, err := r.close()
	if err != nil {
		e := asError(err).in(r.state.name)
		r.end(types.MapRunStatusFailed)
		r.record(types.HistoryEvent{Type: types.HistoryEventTypeMapRunFailed,
			MapRunFailedEventDetails: &types.MapRunFailedEventDetails{Error: optional(e.Name), Cause: optional(e.Cause)}})
		return nil, e
	}
	r.end(types.MapRunStatusSucceeded)
	r.record(types.HistoryEvent{Type: types.HistoryEventTypeMapRunSucceeded})
	r.aside(types.HistoryEvent{Type: types.HistoryEventTypeMapStateSucceeded})
	r.last = r.begun // MapStateExited follows it since November 2024, as recorded
	return result, nil
}

// close notes what was not started, and completes the results.
func (r *mapRun) close() (any, error) {
	r.leave()
	for !r.complete {
		s, err := r.next()
		if err != nil {
			break
		}
		r.count(func(n *Counts, by int64) { n.Pending += by; n.Total += by }, s)
		if err := r.results.pending(s); err != nil {
			break // closing tells
		}
	}
	result, err := r.results.close()
	if r.failure != nil {
		return nil, r.failure
	}
	return result, err
}

func (r *mapRun) end(status types.MapRunStatus) {
	r.info.Status, r.info.Stop = status, r.clock().Now()
	r.tell()
}
