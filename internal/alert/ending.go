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
func ending(c Context) string {
	q := c.Queues
	region := shell.InRegion(regionOf(q.DLQARN))
	return "\nThe original messages\n\n" +
		"  Each is parked, unchanged, in the queue " + show(nameOf(q.DLQARN), 80) + ". By reason, with what each means,\n" +
		"  and some of them as they are:\n" +
		"    " + c.verb(parked) + "\n" +
		fmt.Sprintf("    aws sqs receive-message%s --queue-url %s --max-number-of-messages 10 --visibility-timeout 0 --message-attribute-names All\n",
			region, shell.Quote(q.DLQURL)) +
		"  To have them looked at again, once the cause is gone. The first chooses, asks, and puts who and why on\n" +
		"  record; moving takes the whole queue:\n" +
		"    " + c.verb(retry) + "\n" +
		"    " + move(q, q.ValidationARN) + "\n" +
		"  To be told of them again, likewise:\n" +
		"    " + c.verb(tellAgain) + "\n" +
		"    " + move(q, q.FailureARN) + "\n" +
		"  To delete those that need nothing more, and keep them on record:\n" +
		"    " + c.verb(discard) + "\n"
}

// What this program does with messages that are parked.
const (
	parked    = "parked"
	retry     = "retry --why WHY"
	tellAgain = "retry --tell --why WHY"
	discard   = "discard --why WHY"
)

// verb is a command of this program about the stage's messages.
func (c Context) verb(words string) string {
	return "autobackup " + words + " --stage " + shell.Quote(c.Stage) + shell.InRegion(regionOf(c.Queues.DLQARN))
}

// move is the command that moves all parked messages to a queue.
func move(q Queues, to string) string {
	return "aws sqs start-message-move-task" + shell.InRegion(regionOf(q.DLQARN)) + " --source-arn " + shell.Quote(q.DLQARN) + " --destination-arn " + shell.Quote(to)
}
