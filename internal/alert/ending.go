package alert

import (
	"fmt"
	"regexp"
	"strings"
)

// execution matches an execution's ARN that can be put into a link as it is.
var execution = regexp.MustCompile(`^arn:aws[a-z-]*:states:([a-z0-9-]+):[0-9]*:execution:[A-Za-z0-9_-]{1,80}:[A-Za-z0-9_.+=@-]{1,80}$`)

// ending says where the original messages are and what can be done with them.
// Moving takes the whole queue: SQS has no call that moves one message
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html).
// The destination is explicit because parked messages were sent to the
// dead-letter queue directly and have no source queue to go back to.
func ending(c Context) string {
	region := inRegion(regionOf(c.Queues.DLQARN))
	move := fmt.Sprintf("    aws sqs start-message-move-task%s --source-arn %s --destination-arn ", region, quote(c.Queues.DLQARN))
	return "\nThe original messages\n\n" +
		"  Each is parked, unchanged, in the queue " + show(nameOf(c.Queues.DLQARN), 80) + ". To read some of them there:\n" +
		fmt.Sprintf("    aws sqs receive-message%s --queue-url %s --max-number-of-messages 10 --visibility-timeout 0 --message-attribute-names All\n",
			region, quote(c.Queues.DLQURL)) +
		"  Moving takes the whole queue. To have all of it looked at again, once the cause is gone:\n" +
		move + quote(c.Queues.ValidationARN) + "\n" +
		"  To have all of it alerted again:\n" +
		move + quote(c.Queues.FailureARN) + "\n" +
		executionLines(c.Execution)
}

func executionLines(text string) string {
	if text == "" {
		return "\nThe execution\n\n  Not known: no execution parked the message.\n"
	}
	lines := "\nThe execution\n\n  Its input holds the original messages too.\n  " + show(text, 400) + "\n"
	if match := execution.FindStringSubmatch(text); match != nil {
		lines += fmt.Sprintf("  https://%s.console.aws.amazon.com/states/home?region=%s#/v2/executions/details/%s\n", match[1], match[1], text)
	}
	return lines
}

// regionOf is the region in an ARN, or empty.
func regionOf(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 3 {
		return parts[3]
	}
	return ""
}

// nameOf is the last part of a queue's ARN.
func nameOf(arn string) string { return arn[strings.LastIndex(arn, ":")+1:] }
