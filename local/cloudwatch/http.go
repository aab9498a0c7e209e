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
func Actions() []string { return []string{"DescribeAlarms", "GetMetricData"} }

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
	if !slices.Contains(Actions(), action) {
		return nil, wire.NotImplemented("the local stack does not support " + action + " of CloudWatch")
	}
	region, err := wire.Region(r, action)
	if err != nil {
		return nil, err
	}
	by := s.Gate.Signed(sigv4.AccessKey(r))
	account := cmp.Or(by.Principal().Account(), s.Account)
	// Metrics have no resource in IAM. Of composite alarms CloudWatch tells those alone who may
	// ask about everything.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
	on := "*"
	if action == "DescribeAlarms" {
		on = Alarm{Region: region, Account: account, Name: "*"}.ARN()
	}
	if err := by.May("cloudwatch:"+action, on); err != nil {
		return nil, gate.Denied(err, wire.Error{Code: "AccessDenied", Status: http.StatusForbidden})
	}
	members, err := decode(r.Body)
	if err != nil {
		return nil, err
	}
	if action == "GetMetricData" {
		ask, err := decodeData(members)
		if err != nil {
			return nil, err
		}
		return s.metricData(ask, region, account), nil
	}
	ask, err := decodeAlarms(members)
	if err != nil {
		return nil, err
	}
	return s.describe(ask, region, account), nil
}

func decode(body io.Reader) (cbor.Map, error) {
	text, err := io.ReadAll(io.LimitReader(body, largestAsk))
	if err != nil || len(text) == 0 {
		return nil, err
	}
	value, err := cbor.Decode(text)
	members, is := value.(cbor.Map)
	if err != nil || !is {
		return nil, wire.Invalid("SerializationException", "the body is no map of CBOR")
	}
	return members, nil
}

// asked is what DescribeAlarms is asked for.
type asked struct {
	prefix, state string
	names, types  []string // no types: MetricAlarm
}

// takes says whether an alarm is one that is asked for.
func (a asked) takes(alarm Alarm, kind string) bool {
	return strings.HasPrefix(alarm.Name, a.prefix) && (a.state == "" || a.state == alarm.State) &&
		(len(a.names) == 0 || slices.Contains(a.names, alarm.Name)) &&
		(slices.Contains(a.types, kind) || len(a.types) == 0 && !alarm.Composite)
}

func decodeAlarms(members cbor.Map) (a asked, err error) {
	for name, value := range members {
		var all []string
		list, _ := value.(cbor.List)
		for _, one := range list {
			all = append(all, words(one))
		}
		switch name {
		case "AlarmNamePrefix":
			a.prefix = words(value)
		case "StateValue":
			a.state = words(value)
		case "AlarmNames":
			a.names = all
		case "AlarmTypes":
			a.types = all
		default:
			return a, wire.Invalid("ValidationError", "the local stack does not support the parameter %s of DescribeAlarms", name)
		}
	}
	return a, nil
}

// describe answers all alarms on one page. Without AlarmTypes, CloudWatch tells of no
// composite ones.
func (s *Service) describe(a asked, region, account string) cbor.Value {
	lists := map[bool]cbor.List{false: {}, true: {}}
	for _, alarm := range s.Alarms(region, account) {
		kind := map[bool]string{false: "MetricAlarm", true: "CompositeAlarm"}[alarm.Composite]
		if !a.takes(alarm, kind) {
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
