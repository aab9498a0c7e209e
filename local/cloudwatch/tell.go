package cloudwatch

import (
	"fmt"
	"time"
)

// action is what an alarm does when it goes into another state: it tells a topic.
type action struct {
	of       Alarm // in the state that it leaves
	at       time.Time
	state    string
	topicARN string
}

// actions are those of an alarm that goes into a state.
func (a *Alarm) actions(at time.Time, state string) (all []action) {
	topics := a.others[state]
	if state == InAlarm {
		topics = a.Tells
	}
	for _, topicARN := range topics {
		if a.Enabled {
			all = append(all, action{*a, at, state, topicARN})
		}
	}
	return all
}

// tell publishes as CloudWatch does, on behalf of the alarm. What is refused is in the alarm's
// history there, and is not tried again.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
func (s *Service) tell(a action) {
	if s.Publish == nil {
		return
	}
	by := s.Gate.Service("cloudwatch.amazonaws.com", a.of.ARN())
	if err := s.Publish(by, a.topicARN, a.subject(), a.message()); err != nil && s.Failed != nil {
		s.Failed(fmt.Errorf("alarm %s: tell %s of %s: %w", a.of.Name, a.topicARN, a.state, err))
	}
}

func (a action) subject() string {
	subject := fmt.Sprintf("%s: %q in %s", a.state, a.of.Name, a.of.Region)
	return subject[:min(len(subject), 99)]
}

// message is what an e-mail of an alarm says, without the reason and the metric, which nothing
// here is made of.
func (a action) message() string {
	entered := "transitioned to OK"
	if a.state != OK {
		entered = "entered the " + a.state
	}
	at := a.at.UTC().Format("Monday 02 January, 2006 15:04:05 UTC")
	return fmt.Sprintf(`You are receiving this email because your Amazon CloudWatch Alarm %q in the %s region has %s state at %q.

Alarm Details:
- Name:                       %s
- Description:                %s
- State Change:               %s -> %s
- Timestamp:                  %s
- AWS Account:                %s
- Alarm Arn:                  %s
`, a.of.Name, a.of.Region, entered, at, a.of.Name, a.of.description, a.of.State, a.state, at, a.of.Account, a.of.ARN())
}
