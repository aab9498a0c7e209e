// Package cloudwatch is what of Amazon CloudWatch this project asks for, on one machine: the
// datapoints that functions and services write, and alarms. An alarm is evaluated when somebody
// asks, for all minutes until then, and tells then whom it has to; until it was, it is in
// INSUFFICIENT_DATA.
package cloudwatch

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"autobackup/local/cloudwatch/alarms"
	"autobackup/local/gate"
	"autobackup/local/store"
)

// The states of an alarm. NoData is that of one that nothing is known for.
const (
	NoData  = string(alarms.InsufficientData)
	OK      = string(alarms.OK)
	InAlarm = string(alarms.InAlarm)
)

// Alarm is one as DescribeAlarms tells of it.
type Alarm struct {
	Region, Account, Name string
	Composite             bool
	Enabled               bool     // its actions are
	Tells                 []string // ARNs of what it tells where it rings
	State                 string

	description string
	others      map[string][]string // ARNs of what it tells of its other states

	since     time.Time // it was created or evaluated
	metric    alarms.MetricAlarm
	composite alarms.CompositeAlarm
}

// ARN is the alarm's.
func (a Alarm) ARN() string {
	return "arn:aws:cloudwatch:" + a.Region + ":" + a.Account + ":alarm:" + a.Name
}

// Service holds the alarms of every region.
type Service struct {
	Account string        // 12 digits, of whom nobody was given a key
	NewID   func() string // makes request ids
	Gate    *gate.Gate    // nil: everybody may ask
	Now     func() time.Time
	// Gather has services write the datapoints of all minutes that are over; nil: they do by
	// themselves.
	Gather func()
	// Publish is how alarms tell a topic. nil: they tell nobody.
	Publish func(by gate.Caller, topicARN, subject, message string) error
	// Failed is told why an alarm could not tell; nil: nobody is.
	Failed func(error)

	mu     store.Lock
	alarms []Alarm
	data   map[place]alarms.Data
}

// Alarms are those of a region's account, by their names.
func (s *Service) Alarms(region, account string) []Alarm {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.DeleteFunc(slices.Clone(s.alarms), func(a Alarm) bool { return a.Region != region || a.Account != account })
	slices.SortFunc(all, func(a, b Alarm) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Set changes an alarm, as SetAlarmState and DisableAlarmActions do.
func (s *Service) Set(arn string, change func(*Alarm)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.find(arn)
	if a == nil {
		return fmt.Errorf("there is no alarm %s", arn)
	}
	change(a)
	s.keepAlarm(arn)
	return nil
}

// find is an alarm; nil where there is none. The service is locked.
func (s *Service) find(arn string) *Alarm {
	i := slices.IndexFunc(s.alarms, func(a Alarm) bool { return a.ARN() == arn })
	if i < 0 {
		return nil
	}
	return &s.alarms[i]
}
