// Package alert writes the e-mails that operators read: what failed, in which
// replica, what was compared, why it matters and what to do, with commands to
// paste. It is pure, and it makes words from facts only: from told.News and from
// verdicts. Where facts leave two causes open, the words name both.
//
// Everything that is not written in this package is hostile: object keys are
// chosen by whoever may upload, message attributes by whoever may send. A text
// therefore holds printable characters and its own line breaks only, and a
// command means the same whatever the key and the version id are (see headObjects).
package alert

import "autobackup/internal/told"

// MaxAlerts is how often operators are told about one message. Moving a message
// to the failure queue more often than that sends no e-mail, so that no
// arrangement of queues can become a loop of e-mails.
const MaxAlerts = 10

// Email is what is published to the topic that operators are subscribed to.
type Email struct {
	Subject string // one line of at most MaxSubject ASCII characters
	Message string // at most MaxMessage bytes
}

// Copy is an e-mail as SNS took it. The sender logs it, in a line whose message is Sent and which
// has it as its attribute "email": nothing else keeps what operators were told.
type Copy struct {
	Subject string `json:"subject"`
	Message string `json:"message"`
	ID      string `json:"id"` // of SNS
}

// Sent is the message of the line of the sender's log that has a Copy. It is looked for.
const Sent = "e-mailed"

// Context is what every e-mail of a deployment says.
type Context struct {
	Stage  string
	Queues Queues
}

// Queues are the queues that the commands in an e-mail name.
type Queues struct {
	ValidationARN string // moving a message here has it looked at again
	FailureARN    string // moving a message here has operators told of it again
	DLQURL        string // the validation DLQ, where messages are parked
	DLQARN        string
}

// Compose writes one e-mail about all the news, the worst first. Where there is no
// room for everything, it says how many are left out and where they are. Without
// news the e-mail is empty.
func Compose(c Context, n told.News) Email {
	e := edit(c, n)
	if len(e.sections) == 0 {
		return Email{}
	}
	return Email{Subject: e.subject(), Message: e.message()}
}
