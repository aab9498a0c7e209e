package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"autobackup/internal/alert"
	"autobackup/internal/told"
)

// maxDelay is how long the sender sleeps at most. SQS may count a message's delay
// as part of its age, and the alarm on the age of the failure queue's oldest
// message must not ring for a sender that only sleeps.
const maxDelay = 3 * time.Minute

// tell remembers the findings of the records, and sends the e-mail that is due, if
// one is. The e-mail is claimed in the memory first: an invocation that ends before
// it is published leaves it to the next one.
func (i *invocation) tell(ctx context.Context) error {
	var findings []told.Finding
	var wakeUps []time.Time
	for _, t := range i.tasks {
		findings = append(findings, t.findings...)
		if !t.wakeUp.IsZero() {
			wakeUps = append(wakeUps, t.wakeUp)
		}
	}
	if len(findings)+len(wakeUps) == 0 {
		return nil
	}
	by := i.tasks[0].id + " " + i.Now().UTC().Format(time.RFC3339Nano) // no other invocation has this record now
	memory, err := i.update(ctx, func(m told.Memory, now time.Time) told.Memory {
		for _, due := range wakeUps {
			m = m.Awake(due)
		}
		return m.Add(now, findings).Next(now, by)
	})
	if err != nil {
		return err
	}
	news, mine := memory.Claimed(by)
	if !mine {
		return nil
	}
	if err := i.publish(ctx, news); err != nil {
		return err
	}
	unsaid := i.chat(ctx, news)
	_, err = i.update(ctx, func(m told.Memory, now time.Time) told.Memory { return m.Sent(now, by) })
	return errors.Join(err, unsaid)
}

// chat says in chat what was e-mailed, where that is asked for. It comes after the e-mail and
// never holds up the next one: what chat does not get is in the e-mail, and the function's
// error has an alarm tell that chat is broken.
func (n Notifier) chat(ctx context.Context, news told.News) error {
	if n.ChatTopic == "" {
		return nil
	}
	message, err := alert.Chat(n.Alert, news)
	if err != nil {
		return err
	}
	if _, err := n.SNS.Publish(ctx, &sns.PublishInput{TopicArn: &n.ChatTopic, Message: &message}); err != nil {
		return fmt.Errorf("publish a message for chat to %s, whose e-mail was sent: %w", n.ChatTopic, err)
	}
	return nil
}

func (n Notifier) publish(ctx context.Context, news told.News) error {
	mail := alert.Compose(n.Alert, news)
	out, err := n.SNS.Publish(ctx, &sns.PublishInput{TopicArn: &n.Topic, Subject: aws.String(mail.Subject), Message: aws.String(mail.Message)})
	if err != nil {
		return fmt.Errorf("publish an e-mail about %d causes to %s: %w", len(news.Causes), n.Topic, err)
	}
	sent := alert.Copy{Subject: mail.Subject, Message: mail.Message, ID: aws.ToString(out.MessageId)}
	n.Log.InfoContext(ctx, alert.Sent, "email", sent)
	for _, t := range alert.Tellings(n.Alert, news, sent) {
		n.Log.InfoContext(ctx, alert.Told, "telling", t)
	}
	return nil
}

// wakeUp is the latest message that the invocation has sent to itself. A second
// try uses it again instead of sending another.
type wakeUp struct{ due time.Time }

// wakeLater has the sender woken up when something in the memory is due. The
// message is sent before the memory is written: if the invocation ends in between,
// there is one too many, which ends without a word.
func (n Notifier) wakeLater(ctx context.Context, sent *wakeUp, m told.Memory, now time.Time) (told.Memory, error) {
	due, open := m.Due(now)
	if !open || inTime(m.WakeUp, now, due) {
		return m, nil
	}
	if !inTime(sent.due, now, due) {
		delay := min((due.Sub(now) + time.Second - 1).Truncate(time.Second), maxDelay) // SQS takes whole seconds
		at := now.Add(delay)
		body, err := json.Marshal(own{WakeUp: &at})
		if err != nil {
			return m, fmt.Errorf("encode a wake-up: %w", err)
		}
		if err := n.send(ctx, n.FailureURL, []outgoing{{body: string(body), delay: delay}})[0]; err != nil {
			return m, fmt.Errorf("the sender can't wake itself up: %w", err)
		}
		sent.due = at
	}
	m.WakeUp = sent.due
	return m, nil
}

// inTime says whether a wake-up comes, and not later than it is due.
func inTime(wakeUp, now, due time.Time) bool { return wakeUp.After(now) && !wakeUp.After(due) }
