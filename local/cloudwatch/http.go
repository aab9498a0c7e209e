package cloudwatch

import (
	"cmp"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"

	"autobackup/local/gate"
	"autobackup/local/sigv4"
	"autobackup/local/wire"
)

// path is where the SDKs call an operation.
const path = "/service/GraniteServiceVersion20100801/operation/"

const (
	protocol   = "rpc-v2-cbor"
	largestAsk = 1 << 20
)

// Actions names what is served over HTTP.
func Actions() []string { return []string{"DescribeAlarms"} }

// ServeHTTP answers requests of the protocols that the SDKs and the aws CLI speak to CloudWatch, and refuses
// other actions and parameters by name.
// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Amz-Target") != "" {
		s.serveJSON(w, r)
		return
	}
	answer, err := s.answer(r)
	w.Header().Set("Content-Type", "application/cbor")
	w.Header().Set("Smithy-Protocol", protocol)
	w.Header().Set("X-Amzn-Requestid", s.NewID())
	if err != nil {
		e := wire.From(err, "InternalServiceFault")
		w.WriteHeader(e.Status)
		answer = cbor.Map{"__type": cbor.String("com.amazonaws.cloudwatch#" + e.Name()), "message": cbor.String(e.Message)}
	}
	_, _ = w.Write(cbor.Encode(answer)) // the client has gone away
}

func (s *Service) answer(r *http.Request) (cbor.Value, error) {
	action, ok := strings.CutPrefix(r.URL.Path, path)
	if !ok || r.Method != http.MethodPost || r.Header.Get("Smithy-Protocol") != protocol {
		return nil, wire.NotImplemented("the local stack serves CloudWatch in the protocol " + protocol + ", and not this request")
	}
	if action != "DescribeAlarms" {
		return nil, wire.NotImplemented("the local stack does not support " + action + " of CloudWatch")
	}
	region, err := wire.Region(r, action)
	if err != nil {
		return nil, err
	}
	by := s.Gate.Signed(sigv4.AccessKey(r))
	account := cmp.Or(by.Principal().Account(), s.Account)
	// Of composite alarms CloudWatch tells those alone who may ask about everything.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
	if err := by.May("cloudwatch:DescribeAlarms", Alarm{Region: region, Account: account, Name: "*"}.ARN()); err != nil {
		return nil, gate.Denied(err, wire.Error{Code: "AccessDenied", Status: http.StatusForbidden})
	}
	ask, err := decode(r.Body)
	if err != nil {
		return nil, err
	}
	return s.describe(ask, region, account), nil
}

// asked is what DescribeAlarms is asked for.
type asked struct {
	prefix string
	types  []string // none: MetricAlarm
}

func decode(body io.Reader) (a asked, err error) {
	text, err := io.ReadAll(io.LimitReader(body, largestAsk))
	if err != nil {
		return a, err
	}
	if len(text) == 0 {
		return a, nil
	}
	value, err := cbor.Decode(text)
	members, is := value.(cbor.Map)
	if err != nil || !is {
		return a, wire.Invalid("SerializationException", "the body is no map of CBOR")
	}
	for name, value := range members {
		switch one := value.(type) {
		case cbor.String:
			if name == "AlarmNamePrefix" {
				a.prefix = string(one)
				continue
			}
		case cbor.List:
			if name == "AlarmTypes" {
				for _, kind := range one {
					text, _ := kind.(cbor.String)
					a.types = append(a.types, string(text))
				}
				continue
			}
		}
		return a, wire.Invalid("ValidationError", "the local stack does not support the parameter %s of DescribeAlarms", name)
	}
	return a, nil
}

// describe answers all alarms on one page. Without AlarmTypes, CloudWatch tells of no
// composite ones.
func (s *Service) describe(a asked, region, account string) cbor.Value {
	lists := map[bool]cbor.List{false: {}, true: {}}
	for _, alarm := range s.Alarms(region, account) {
		kind := map[bool]string{false: "MetricAlarm", true: "CompositeAlarm"}[alarm.Composite]
		if !strings.HasPrefix(alarm.Name, a.prefix) || !slices.Contains(a.types, kind) && (alarm.Composite || len(a.types) > 0) {
			continue
		}
		actions := cbor.List{}
		for _, arn := range alarm.Tells {
			actions = append(actions, cbor.String(arn))
		}
		lists[alarm.Composite] = append(lists[alarm.Composite], cbor.Map{
			"AlarmName": cbor.String(alarm.Name), "AlarmArn": cbor.String(alarm.ARN()), "ActionsEnabled": cbor.Bool(alarm.Enabled),
			"AlarmActions": actions, "StateValue": cbor.String(alarm.State),
		})
	}
	return cbor.Map{"MetricAlarms": lists[false], "CompositeAlarms": lists[true]}
}
