package states

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/local/wire"
)

// getExecutionHistory answers with the events in order, or the last ones first; without their data it is refused.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
func (s *Service) getExecutionHistory(r wire.Request) (any, error) {
	var in struct {
		paging
		ExecutionARN string `json:"executionArn"`
		Reverse      bool   `json:"reverseOrder"`
		Data         *bool  `json:"includeExecutionData"`
	}
	if err := errors.Join(r.Decode(&in), in.check()); err != nil {
		return nil, err
	}
	if in.Data != nil && !*in.Data {
		return nil, wire.Invalid("ValidationException", "the local stack does not leave out data: includeExecutionData must be true")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.execution(in.ExecutionARN)
	if err != nil {
		return nil, err
	}
	if !s.KeepHistory {
		return nil, wire.Invalid("ValidationException", "the local stack keeps no history of executions without Config.KeepHistory")
	}
	all, err := s.eventsOf(e)
	if err != nil {
		return nil, err
	}
	page, token, err := in.page(all, in.Reverse)
	if err != nil {
		return nil, err
	}
	var out struct {
		Events    []any  `json:"events"`
		NextToken string `json:"nextToken,omitempty"`
	}
	out.NextToken = token
	for _, event := range page {
		encoded, err := wireEvent(event)
		if err != nil {
			return nil, err
		}
		out.Events = append(out.Events, encoded)
	}
	return out, nil
}

// page is a page of events, and the token of the next one: the number of the event that it begins behind,
// or, in reverse, before, as there may be more by then.
func (p paging) page(all []types.HistoryEvent, reverse bool) (page []types.HistoryEvent, token string, err error) {
	at := 0
	if reverse {
		at = len(all)
	}
	if p.NextToken != "" {
		if at, err = strconv.Atoi(p.NextToken); err != nil || at < 1 || at >= len(all) {
			return nil, "", errInvalidToken
		}
	}
	if !reverse {
		to := min(at+p.MaxResults, len(all))
		if to < len(all) {
			token = strconv.Itoa(to)
		}
		return all[at:to], token, nil
	}
	from := max(at-p.MaxResults, 0)
	if from > 0 {
		token = strconv.Itoa(from)
	}
	page = slices.Clone(all[from:at])
	slices.Reverse(page)
	return page, token, nil
}

// eventsOf are an execution's; s.mu is held. Those that were read last are kept, because who reads a
// history reads it page by page.
func (s *Service) eventsOf(e *execution) ([]types.HistoryEvent, error) {
	if e.live != nil {
		return e.live.events, nil
	}
	if s.paged.at != e.place {
		r, err := s.record(e)
		if err != nil {
			return nil, err
		}
		s.paged.at, s.paged.events = e.place, r.Events
	}
	return s.paged.events, nil
}

// wireEvent is an event with the names that the API gives its members: those of
// the SDK's structures, beginning with a small letter.
func wireEvent(event types.HistoryEvent) (any, error) {
	b, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("encode event %d: %w", event.Id, err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var members map[string]any
	if err := d.Decode(&members); err != nil {
		return nil, fmt.Errorf("encode event %d: %w", event.Id, err)
	}
	named := smallLetters(members)
	if event.Timestamp != nil {
		named["timestamp"] = epoch(*event.Timestamp)
	}
	return named, nil
}

func smallLetters(members map[string]any) map[string]any {
	named := map[string]any{}
	for name, value := range members {
		if inner, ok := value.(map[string]any); ok {
			value = smallLetters(inner)
		}
		if value != nil {
			first := []rune(name)
			first[0] = unicode.ToLower(first[0])
			named[string(first)] = value
		}
	}
	return named
}
