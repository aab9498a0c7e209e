package alert

import (
	"fmt"

	"autobackup/internal/shell"
)

// ending says where the original messages are and what can be done with them.
// Moving takes the whole queue: SQS has no call that moves one message
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html).
// The destination is explicit because parked messages were sent to the
// dead-letter queue directly and have no source queue to go back to.
func ending(q Queues) string {
	region := shell.InRegion(regionOf(q.DLQARN))
	return "\nThe original messages\n\n" +
		"  Each is parked, unchanged, in the queue " + show(nameOf(q.DLQARN), 80) + ". To read some of them there:\n" +
		fmt.Sprintf("    aws sqs receive-message%s --queue-url %s --max-number-of-messages 10 --visibility-timeout 0 --message-attribute-names All\n",
			region, shell.Quote(q.DLQURL)) +
		"  Moving takes the whole queue. To have all of it looked at again, once the cause is gone:\n" +
		"    " + move(q, q.ValidationARN) + "\n" +
		"  To be told of all of it again:\n" +
		"    " + move(q, q.FailureARN) + "\n"
}

// move is the command that moves all parked messages to a queue.
func move(q Queues, to string) string {
	return "aws sqs start-message-move-task" + shell.InRegion(regionOf(q.DLQARN)) + " --source-arn " + shell.Quote(q.DLQARN) + " --destination-arn " + shell.Quote(to)
}
