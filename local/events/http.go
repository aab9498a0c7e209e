package events

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"autobackup/local/gate"
	"autobackup/local/sigv4"
	"autobackup/local/wire"
)

// protocol has the actions that are served.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
var protocol = wire.JSON[*Service]{
	Target: "AWSEvents", Shapes: "com.amazonaws.events", Permit: (*Service).permit,
	NoRequest: unknownOperation, NoAction: unknownOperation,
	Unsupported: func(message string) *wire.Error { return wire.Invalid("ValidationException", "%s", message) },
	Actions: map[string]func(*Service, wire.Request) (any, error){
		"ListRules":         (*Service).listRules,
		"ListTargetsByRule": (*Service).listTargetsByRule,
		"PutEvents":         (*Service).putEvents,
	},
}

func unknownOperation(message string) *wire.Error {
	return wire.Invalid("UnknownOperationException", "%s", message)
}

// Actions names what is served over HTTP.
func Actions() []string { return protocol.Names() }

// ServeHTTP answers requests for EventBridge.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { protocol.Serve(s, s.NewID, w, r) }

// permit decides a request over HTTP: rules are listed of all, targets of one, and events are
// put on a bus.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
func (s *Service) permit(r wire.Request) error {
	by, resource := s.signed(r), "*"
	switch r.Action {
	case "PutEvents":
		var on struct{ Entries []Entry }
		r.Names(&on)
		region, err := wire.Region(r.Request, r.Action)
		if err != nil {
			return err
		}
		return permitPut(by, region, on.Entries)
	case "ListTargetsByRule":
		var on struct{ Rule string }
		r.Names(&on)
		region, _ := sigv4.Scope(r.Request)
		resource = "arn:aws:events:" + region + ":" + cmp.Or(by.Principal().Account(), s.Account) + ":rule/" + on.Rule
	}
	return gate.Denied(by.May("events:"+r.Action, resource), wire.Error{Code: "AccessDeniedException", Status: http.StatusBadRequest})
}

func (s *Service) signed(r wire.Request) gate.Caller {
	return s.Gate.Signed(sigv4.AccessKey(r.Request))
}

// listed is a rule as ListRules answers it.
type listed struct {
	Arn, Name, State, EventBusName string
	EventPattern                   string `json:",omitempty"`
	ScheduleExpression             string `json:",omitempty"`
}

// listRules answers the rules of the default bus on one page.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRules.html
func (s *Service) listRules(r wire.Request) (any, error) {
	var in struct{ NamePrefix string }
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	region, err := wire.Region(r.Request, "ListRules")
	if err != nil {
		return nil, err
	}
	rules := []listed{}
	for _, rule := range s.Bus(region).Rules() {
		one := listed{Arn: rule.ARN, Name: rule.ARN[strings.LastIndexByte(rule.ARN, '/')+1:], State: "ENABLED", EventPattern: string(rule.Pattern), ScheduleExpression: rule.Schedule, EventBusName: "default"}
		if rule.Disabled {
			one.State = "DISABLED"
		}
		if strings.HasPrefix(one.Name, in.NamePrefix) {
			rules = append(rules, one)
		}
	}
	return map[string]any{"Rules": rules}, nil
}

// target is one of a rule as ListTargetsByRule answers it.
type target struct {
	ID               string `json:"Id"`
	Arn              string
	RoleArn          string       `json:",omitempty"`
	Input            string       `json:",omitempty"`
	DeadLetterConfig *deadLetters `json:",omitempty"`
}

type deadLetters struct{ Arn string }

// listTargetsByRule answers the targets of a rule of the default bus on one page.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTargetsByRule.html
func (s *Service) listTargetsByRule(r wire.Request) (any, error) {
	var in struct{ Rule string }
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	region, err := wire.Region(r.Request, r.Action)
	if err != nil {
		return nil, err
	}
	for _, rule := range s.Bus(region).Rules() {
		if in.Rule == "" || !strings.HasSuffix(rule.ARN, "/"+in.Rule) {
			continue
		}
		targets := []target{}
		for i, t := range rule.Targets {
			one := target{ID: strconv.Itoa(i + 1), Arn: t.ARN, RoleArn: t.RoleARN, Input: t.Input}
			if t.DeadLetterARN != "" {
				one.DeadLetterConfig = &deadLetters{t.DeadLetterARN}
			}
			targets = append(targets, one)
		}
		return map[string]any{"Targets": targets}, nil
	}
	return nil, wire.Invalid("ResourceNotFoundException", "Rule %s does not exist on EventBus default.", in.Rule)
}
