package states

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/local/gate"
)

// logging says which executions a state machine logs, and where.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-stepfunctions-statemachine-loggingconfiguration.html
type logging struct {
	Level                string
	IncludeExecutionData bool
	Destinations         []struct {
		CloudWatchLogsLogGroup struct{ LogGroupArn string } //nolint:revive // CloudFormation's name
	}
}

// deliveries are what a state machine's role needs to have its log delivered.
// https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy
var deliveries = []string{
	"logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
	"logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
}

// mayLog refuses a state machine whose log goes nowhere.
func (s *Service) mayLog(by gate.Caller, to logging) error {
	for _, d := range to.Destinations {
		if group := d.CloudWatchLogsLogGroup.LogGroupArn; s.Logs == nil || !s.Logs.Has(group) {
			return fmt.Errorf("there is no log group %s", group)
		}
		if err := by.All("*", deliveries...); err != nil {
			return fmt.Errorf("The state machine IAM Role is not authorized to access the Log Destination: %w", err) //nolint:staticcheck // as Step Functions words it
		}
	}
	return nil
}

// log writes how an execution ended: of every one with ALL, else of those that failed. What
// happened in it is its history.
func (s *Service) log(m *machine, e *Execution) {
	if m.logs.Level == "" || m.logs.Level == "OFF" || m.logs.Level != "ALL" && e.Result.Status == types.ExecutionStatusSucceeded {
		return
	}
	for _, d := range m.logs.Destinations {
		// Step Functions delivers by CloudWatch's own means: the role has been asked before.
		_ = s.Logs.As(gate.Caller{}).Put(d.CloudWatchLogsLogGroup.LogGroupArn, m.name, fmt.Sprintf("%s %s: %s %s", e.Result.Status, e.Name, e.Result.Error, e.Result.Cause))
	}
}
