package logs

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"autobackup/local/sigv4"
	"autobackup/local/wire"
)

// protocol has the actions that are served.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html
var protocol = wire.JSON[*Service]{
	Target: "Logs_20140328", Shapes: "com.amazonaws.cloudwatchlogs", NoRequest: unknownOperation, NoAction: unknownOperation,
	Unsupported: func(message string) *wire.Error { return wire.Invalid("InvalidParameterException", "%s", message) },
	Actions:     map[string]func(*Service, wire.Request) (any, error){"FilterLogEvents": (*Service).filterLogEvents},
}

func unknownOperation(message string) *wire.Error {
	return wire.Invalid("UnknownOperationException", "%s", message)
}

// Actions names what is served over HTTP.
func Actions() []string { return protocol.Names() }

// ServeHTTP answers requests for CloudWatch Logs.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { protocol.Serve(s, s.NewID, w, r) }

// largestPage is how many events one answer has at most.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
const largestPage = 10_000

// filterRequest asks for the events of a group.
type filterRequest struct {
	LogGroupName  string `json:"logGroupName"`
	StartTime     int64  `json:"startTime"` // milliseconds since 1970, as all times here
	EndTime       int64  `json:"endTime"`   // 0: no end
	FilterPattern string `json:"filterPattern"`
	Limit         int    `json:"limit"`
	NextToken     string `json:"nextToken"`
	Interleaved   bool   `json:"interleaved"` // which the aws CLI sends, and which has been so for all since 2019
}

type event struct {
	LogStreamName string `json:"logStreamName"`
	Timestamp     int64  `json:"timestamp"`
	IngestionTime int64  `json:"ingestionTime"`
	Message       string `json:"message"`
	EventID       string `json:"eventId"`
}

type filterAnswer struct {
	Events             []event    `json:"events"`
	NextToken          string     `json:"nextToken,omitempty"`
	SearchedLogStreams []struct{} `json:"searchedLogStreams"` // which the service leaves empty, too
}

// filterLogEvents answers a page of the group's events in the order of time: also an empty one
// with a token, where nothing among the lines that it looked at matches.
func (s *Service) filterLogEvents(r wire.Request) (any, error) {
	var q filterRequest
	if err := r.Decode(&q); err != nil {
		return nil, err
	}
	region, err := wire.Region(r.Request, r.Action)
	if err != nil {
		return nil, err
	}
	by := s.Gate.Signed(sigv4.AccessKey(r.Request))
	arn := "arn:aws:logs:" + region + ":" + cmp.Or(by.Principal().Account(), s.Account) + ":log-group:" + q.LogGroupName
	if err := by.May("logs:FilterLogEvents", arn+":*"); err != nil {
		return nil, denied(err)
	}
	if !s.Has(arn) {
		return nil, wire.Invalid("ResourceNotFoundException", "The specified log group does not exist.")
	}
	matches, err := pattern(q.FilterPattern)
	if err != nil {
		return nil, err
	}
	at, err := strconv.Atoi(cmp.Or(q.NextToken, "0"))
	lines := s.Lines(arn)
	if err != nil || at < 0 || at > len(lines) || q.Limit < 0 || q.Limit > largestPage {
		return nil, wire.Invalid("InvalidParameterException", "nextToken %q or limit %d is none: a limit is at most %d", q.NextToken, q.Limit, largestPage)
	}
	answer := filterAnswer{Events: []event{}, SearchedLogStreams: []struct{}{}}
	last := min(len(lines), at+cmp.Or(s.Looked, len(lines)))
	for ; at < last && len(answer.Events) < cmp.Or(q.Limit, largestPage); at++ {
		l := lines[at]
		when := l.Time.UnixMilli()
		if when >= q.StartTime && (q.EndTime == 0 || when <= q.EndTime) && matches(l.Text) {
			answer.Events = append(answer.Events, event{l.Stream, when, when, l.Text, strconv.FormatInt(when, 10) + "-" + strconv.Itoa(at)})
		}
	}
	if at < len(lines) {
		answer.NextToken = strconv.Itoa(at)
	}
	return answer, nil
}

// mostPattern is how long a pattern may be.
const mostPattern = 1024

// The form of a filter pattern that is understood: members of a JSON object are texts, or begin with
// them.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
const member = `\$\.([A-Za-z]+) *= *"([^"*\\]*)(\*?)"`

var (
	aMember = regexp.MustCompile(member)
	members = regexp.MustCompile(`^\{ *(` + member + `|\(` + member + `\)( *&& *\(` + member + `\))*) *\}$`)
)

func pattern(of string) (matches func(line string) bool, err error) {
	if of == "" {
		return func(string) bool { return true }, nil
	}
	if len(of) > mostPattern || !members.MatchString(strings.TrimSpace(of)) {
		return nil, wire.Invalid("InvalidParameterException", `the local stack does not support the filter pattern %s: use { $.name = "text" }, with * at the text's end for what begins with it, { ($.name = "text") && ($.other = "text") }, or none, in at most %d characters`, of, mostPattern)
	}
	asked := aMember.FindAllStringSubmatch(of, -1)
	return func(line string) bool {
		var of map[string]json.RawMessage
		if json.Unmarshal([]byte(line), &of) != nil {
			return false
		}
		for _, a := range asked {
			var text string
			if json.Unmarshal(of[a[1]], &text) != nil || text != a[2] && (a[3] == "" || !strings.HasPrefix(text, a[2])) {
				return false
			}
		}
		return true
	}, nil
}
