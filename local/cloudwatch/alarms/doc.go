// Package alarms tells which state an alarm of CloudWatch is in, given the datapoints of the
// metrics that it reads and a time. It knows no clock, no service and no store: everything is
// handed in.
//
// An alarm is read as the templates have it, once they are resolved. What is not known here is
// refused with its line: a statistic, an operator or function of metric math, a property. So an
// alarm is evaluated as it is written, or not deployed at all.
//
// The rules are those of AWS's pages, which decision 68 sums up with what they leave open:
//
//   - states and settings: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
//   - the window, which slides: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html
//   - missing data: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
//   - metric math: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
//   - composite alarms: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
package alarms
