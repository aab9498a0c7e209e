package cloudwatch_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatTheAWSCLIAsksInJSONIsAnsweredAsInCBOR(t *testing.T) {
	s, _ := service(t, alarm("first", nil), alarm("second", nil))
	s.NewID = func() string { return "id" }
	line(t, s, at.Region, failedLine)
	const of = `"EndTime":1772370000.5,"MetricDataQueries":[{"Id":"m","MetricStat":{"Metric":{"Namespace":"N","MetricName":"Failed","Dimensions":[{"Name":"Stage","Value":"dev"}]},"Period":60,"Stat":"Sum"}}]}`
	for _, c := range []struct {
		action, body, said string
		status             int
	}{
		{"DescribeAlarms", `{"AlarmNamePrefix":"fi","AlarmTypes":["MetricAlarm"]}`, `"AlarmArn":"arn:aws:cloudwatch:eu-central-1:123456789012:alarm:first"`, 200},
		{"DescribeAlarms", `{"StateValue":"INSUFFICIENT_DATA","AlarmNames":["first"]}`, `"AlarmName":"first"`, 200},
		{"DescribeAlarms", `{"StateValue":"ALARM"}`, `"MetricAlarms":[]`, 200},
		{"DescribeAlarms", `{"AlarmNames":["third"]}`, `"MetricAlarms":[]`, 200},
		{"DescribeAlarms", `{"MaxRecords":1}`, `does not support the parameter MaxRecords of DescribeAlarms`, 400},
		{"GetMetricData", `{"StartTime":1772323200,"EndTime":1772326800.5,"MetricDataQueries":[{"Id":"a","MetricStat":{"Metric":{"Namespace":"n","MetricName":"m"},"Period":60,"Stat":"Sum"}}]}`, `"StatusCode":"Complete"`, 200},
		{"GetMetricData", `{"StartTime":"yesterday"}`, `StartTime is no time`, 400},
		{"DescribeAlarms", `{`, `com.amazonaws.cloudwatch#SerializationException`, 400},
		{"GetMetricData", `{"StartTime":1772366400,` + of, `"Timestamps":[1772366460],"Values":[3]`, 200},
		{"GetMetricData", `{"StartTime":"noon",` + of, `StartTime is no time`, 400},
		{"ListMetrics", `{}`, `does not support ListMetrics of CloudWatch`, 501},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body))
		r.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801."+c.action)
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=L/20260301/eu-central-1/monitoring/aws4_request, SignedHeaders=host, Signature=0")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		assert.Equal(t, c.status, w.Code, w.Body)
		assert.Contains(t, w.Body.String(), c.said)
		assert.NotContains(t, w.Body.String(), "second")
		assert.Equal(t, "application/x-amz-json-1.0", w.Header().Get("Content-Type"))
	}
}
