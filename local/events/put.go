package events

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/local/gate"
	"autobackup/local/wire"
)

// What a call of PutEvents takes: entries, and bytes of all of them.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
const (
	maxEntries = 10
	maxBytes   = 256 << 10
)

// Entry is an event that somebody puts.
type Entry struct {
	Source, DetailType, Detail string
	EventBusName               string // default, its ARN, or nothing
	Resources                  []string
	Time                       float64 // seconds since 1970
}

func (e Entry) size() int {
	size := len(e.Source) + len(e.DetailType) + len(e.Detail)
	if e.Time != 0 {
		size += 14
	}
	for _, r := range e.Resources {
		size += len(r)
	}
	return size
}

// result is what became of an entry.
type result struct {
	EventId      string `json:",omitempty"` //nolint:revive // EventBridge's name
	ErrorCode    string `json:",omitempty"`
	ErrorMessage string `json:",omitempty"`
}

// Answer is what PutEvents answers: what became of each entry, in their order.
type Answer struct {
	FailedEntryCount int
	Entries          []result
}

// Put puts events on the default bus of a region for somebody, who needs the permission.
func (s *Service) Put(by gate.Caller, region string, entries []Entry) (Answer, error) {
	if err := permitPut(by, region, entries); err != nil {
		return Answer{}, err
	}
	answer, err := s.put(by, region, entries)
	if err != nil {
		return Answer{}, err
	}
	return answer, by.Done("events:PutEvents", defaultBus(by, region))
}

func defaultBus(by gate.Caller, region string) string {
	return "arn:aws:events:" + region + ":" + account(by) + ":event-bus/default"
}

// permitPut asks for each entry: what conditions see of a call is what each entry says.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
func permitPut(by gate.Caller, region string, entries []Entry) error {
	bus := defaultBus(by, region)
	for _, e := range append(entries, Entry{})[:max(len(entries), 1)] {
		by := by.With("events:source", e.Source).With("events:detail-type", e.DetailType)
		if err := gate.Denied(by.May("events:PutEvents", bus), wire.Error{Code: "AccessDeniedException", Status: http.StatusBadRequest}); err != nil {
			return err
		}
	}
	return nil
}

// account is whose default bus a caller means.
func account(by gate.Caller) string {
	a, err := arn.Parse(by.Principal().ARN)
	if err != nil {
		return "000000000000"
	}
	return a.AccountID
}

// putEvents answers a request over HTTP, which was permitted.
func (s *Service) putEvents(r wire.Request) (any, error) {
	var in struct{ Entries []Entry }
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	region, err := wire.Region(r.Request, r.Action)
	if err != nil {
		return nil, err
	}
	return s.put(s.signed(r), region, in.Entries)
}

// put puts events on the default bus. Each entry has an answer of its own.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
func (s *Service) put(by gate.Caller, region string, entries []Entry) (out Answer, err error) {
	size := 0
	for _, e := range entries {
		size += e.size()
		if name := e.EventBusName; name != "" && name != "default" && !strings.HasSuffix(name, ":event-bus/default") {
			return out, wire.Invalid("ResourceNotFoundException", "Event bus %s does not exist: the local stack has the default bus alone.", name)
		}
	}
	switch {
	case len(entries) == 0 || len(entries) > maxEntries:
		return out, wire.Invalid("ValidationException", "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and %d, inclusive", maxEntries)
	case size >= maxBytes:
		return out, wire.Invalid("ValidationException", "Total size of the entries in the request is over the limit.")
	}
	for _, e := range entries {
		one := s.putOne(e, region, account(by))
		if one.ErrorCode != "" {
			out.FailedEntryCount++
		}
		out.Entries = append(out.Entries, one)
	}
	return out, nil
}

func (s *Service) putOne(e Entry, region, account string) result {
	var detail map[string]any
	switch {
	case e.Source == "" || e.DetailType == "" || e.Detail == "":
		return result{ErrorCode: "InvalidArgument", ErrorMessage: "Parameter Source, DetailType or Detail is not valid. Reason: it is a required argument."}
	case strings.HasPrefix(strings.ToLower(e.Source), "aws."):
		return result{ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "Not authorized for the source."}
	case json.Unmarshal([]byte(e.Detail), &detail) != nil || detail == nil:
		return result{ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed."}
	}
	if s.Fault != nil {
		if code := s.Fault(e); code != "" {
			return result{ErrorCode: code, ErrorMessage: "a fault that somebody wants"}
		}
	}
	at := time.UnixMilli(int64(e.Time * 1000)).UTC()
	if e.Time == 0 && s.Now != nil {
		at = s.Now().UTC()
	}
	id := s.NewID()
	event, err := json.Marshal(map[string]any{
		"version": "0", "id": id, "detail-type": e.DetailType, "source": e.Source, "account": account, "region": region,
		"time": at.Format("2006-01-02T15:04:05Z"), "resources": append([]string{}, e.Resources...), "detail": json.RawMessage(e.Detail),
	})
	if err == nil {
		err = s.Bus(region).Put(event)
	}
	if err != nil {
		return result{ErrorCode: "InternalFailure", ErrorMessage: err.Error()}
	}
	return result{EventId: id}
}
