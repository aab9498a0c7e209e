package local_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/doctor"
	core "autobackup/internal/doctor"
	"autobackup/local/cloudwatch"
	locals3 "autobackup/local/s3"
	"autobackup/local/sns"
	"autobackup/local/template"
)

// way is something that e-mails of alarms rest on, and who tells once it is broken: the alarm's
// state and the events always do.
type way struct {
	breaks func(w *world)
	mails  bool   // whether e-mails about objects still arrive
	chat   bool   // whether chat is still told of what fails
	doctor string // what doctor says about it; "" where it does not look
	answer string // what CloudWatch is answered where it is refused
}

var ways = map[string]way{
	"nobody is subscribed": {chat: true, doctor: "subscription: nobody is subscribed to the e-mails", breaks: func(w *world) {
		w.SNS.Unsubscribe(topicARN, w.subscriber())
	}},
	"the subscription is not confirmed": {chat: true, doctor: "has not confirmed it: no e-mail goes there", breaks: func(w *world) {
		w.SNS.Confirm(topicARN, w.subscriber(), sns.Pending)
	}},
	"the topic is deleted": {doctor: "subscription: there is no topic", answer: "NotFound", breaks: func(w *world) {
		require.NoError(w.t, w.SNS.Types().Delete(template.Target{}, template.Made{Resource: template.Resource{Type: "AWS::SNS::Topic"}, Reference: topicARN}))
	}},
	"the topic's policy is gone":  {mails: true, chat: true, answer: "AuthorizationError", breaks: func(w *world) { w.Gate.Detach(topicARN) }},
	"the topic's key is disabled": {answer: "KMSDisabled", breaks: func(w *world) { w.Gate.Disable(keyARN("SNSKey")) }},
	"an alarm's actions are disabled": {mails: true, chat: true, doctor: "autobackup-replication-failed-dev: its actions are disabled: it tells nobody", breaks: func(w *world) {
		w.eachAlarm(func(a *cloudwatch.Alarm) { a.Enabled = false })
	}},
	"an alarm has no action": {mails: true, chat: true, doctor: "autobackup-replication-failed-dev: it has no action: it tells nobody", breaks: func(w *world) {
		w.eachAlarm(func(a *cloudwatch.Alarm) { a.Tells = nil })
	}},
}

// subscriber is whoever gets the e-mails.
func (w *world) subscriber() string { return w.primary.Parameters["AlertEmail"] }

func (w *world) eachAlarm(change func(*cloudwatch.Alarm)) {
	w.t.Helper()
	for _, a := range w.CloudWatch.Alarms(firstRegion, account) {
		require.NoError(w.t, w.CloudWatch.Set(a.ARN(), change))
	}
}

// finds are what doctor says FAIL about.
func (w *world) finds() string {
	w.t.Helper()
	report, err := doctor.Run(w.t.Context(), w.AWSConfig(w.region), doctor.Options{Stage: "dev", Now: time.Now})
	require.NoError(w.t, err)
	var all []string
	for _, f := range report.Findings {
		if f.Level == core.Fail {
			all = append(all, f.Subject+": "+f.Text)
		}
	}
	return strings.Join(all, "\n")
}

// An alarm can't tell that the way of its e-mails is broken. Its state does, and doctor, which
// reads it; of what fails, events do, and chat where its topic is not broken, too.
func TestWhatNoAlarmCanTellIsToldByAnotherWay(t *testing.T) {
	for name, of := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inPreparedWorld(t, preparation{}, func(w *world) {
				time.Sleep(5 * time.Minute)
				w.rang()
				of.breaks(w)
				before := len(w.SNS.Published())
				w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Fail: true} }
				w.put("lost", "content")
				time.Sleep(10 * time.Minute)
				w.rang()
				mails, chat := 0, 0
				for _, p := range w.SNS.Published()[before:] {
					switch {
					case strings.HasSuffix(p.TopicARN, "chat-topic-dev"):
						chat++
					case len(p.To) > 0:
						assert.NotContains(t, p.Subject, "ALARM: ", "the way is not broken")
						mails++
					}
				}
				assert.Equal(t, []bool{of.mails, of.chat}, []bool{mails > 0, chat > 0}, "e-mails about objects, and chat")
				assert.NotEmpty(t, w.open(), "tickets")
				assert.Equal(t, "ALARM", w.notOK()["replication-failed"])
				finds := w.finds()
				assert.Contains(t, finds, "autobackup-replication-failed-dev: it is in ALARM")
				assert.Contains(t, finds, of.doctor)
				refused := ""
				for _, u := range w.Undelivered() {
					if strings.HasPrefix(u.What, "alarm autobackup-replication-failed-dev: ") {
						refused = u.What
					}
				}
				assert.Contains(t, refused, of.answer)
				assert.Equal(t, of.answer == "", refused == "", refused)
			}, slices.Concat(announcing(t), []change{chatting})...)
		})
	}
}
