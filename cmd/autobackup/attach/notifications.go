package attach

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/internal/attach"
)

// configuration reads what a PUT replaces as a whole.
func (a *account) configuration(ctx context.Context, bucket, region string) (c attach.Configuration, err error) {
	out, err := a.s3.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &bucket, ExpectedBucketOwner: &a.stage.Account}, in(region))
	if err != nil {
		return c, err
	}
	c = attach.Configuration{EventBridge: out.EventBridgeConfiguration != nil, Notifications: []attach.Notification{}}
	add := func(kind string, id, target *string, events []types.Event, filter *types.NotificationConfigurationFilter) {
		n := attach.Notification{Kind: kind, ID: aws.ToString(id), Target: aws.ToString(target)}
		for _, event := range events {
			n.Events = append(n.Events, string(event))
		}
		if filter != nil && filter.Key != nil {
			for _, rule := range filter.Key.FilterRules {
				n.Filters = append(n.Filters, attach.Filter{Name: string(rule.Name), Value: aws.ToString(rule.Value)})
			}
		}
		c.Notifications = append(c.Notifications, n)
	}
	for _, q := range out.QueueConfigurations {
		add("queue", q.Id, q.QueueArn, q.Events, q.Filter)
	}
	for _, t := range out.TopicConfigurations {
		add("topic", t.Id, t.TopicArn, t.Events, t.Filter)
	}
	for _, f := range out.LambdaFunctionConfigurations {
		add("function", f.Id, f.LambdaFunctionArn, f.Events, f.Filter)
	}
	return c, nil
}

// sdk is a configuration as S3 takes it.
func sdk(c attach.Configuration) *types.NotificationConfiguration {
	all := &types.NotificationConfiguration{}
	if c.EventBridge {
		all.EventBridgeConfiguration = &types.EventBridgeConfiguration{}
	}
	for _, n := range c.Notifications {
		var events []types.Event
		for _, event := range n.Events {
			events = append(events, types.Event(event))
		}
		var filter *types.NotificationConfigurationFilter
		if len(n.Filters) > 0 {
			filter = &types.NotificationConfigurationFilter{Key: &types.S3KeyFilter{}}
			for _, f := range n.Filters {
				filter.Key.FilterRules = append(filter.Key.FilterRules, types.FilterRule{Name: types.FilterRuleName(f.Name), Value: aws.String(f.Value)})
			}
		}
		id, target := aws.String(n.ID), aws.String(n.Target)
		switch n.Kind {
		case "topic":
			all.TopicConfigurations = append(all.TopicConfigurations, types.TopicConfiguration{Id: id, TopicArn: target, Events: events, Filter: filter})
		case "function":
			all.LambdaFunctionConfigurations = append(all.LambdaFunctionConfigurations, types.LambdaFunctionConfiguration{Id: id, LambdaFunctionArn: target, Events: events, Filter: filter})
		default:
			all.QueueConfigurations = append(all.QueueConfigurations, types.QueueConfiguration{Id: id, QueueArn: target, Events: events, Filter: filter})
		}
	}
	return all
}
