// Package cloudwatch is what of Amazon CloudWatch this project asks for, on one machine: which
// alarms there are. Metrics are not collected, so that every alarm is in INSUFFICIENT_DATA
// unless somebody sets its state.
package cloudwatch

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"autobackup/local/gate"
	"autobackup/local/template"
)

// NoData is the state of an alarm that nothing is known for.
const NoData = "INSUFFICIENT_DATA"

// Alarm is one as DescribeAlarms tells of it.
type Alarm struct {
	Region, Account, Name string
	Composite             bool
	Enabled               bool     // its actions are
	Tells                 []string // ARNs of what it tells where it rings
	State                 string
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

	mu     sync.Mutex
	alarms []Alarm
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
	for i := range s.alarms {
		if s.alarms[i].ARN() == arn {
			change(&s.alarms[i])
			return nil
		}
	}
	return fmt.Errorf("there is no alarm %s", arn)
}

// Types are the resource types of CloudWatch. An alarm is told of, and has no other effect.
func (s *Service) Types() template.Types {
	const why = "metrics are not collected: nothing raises an alarm or shows a graph"
	alarm := func(composite bool) template.Type {
		ignored := template.Ignore(why, func(t template.Target, name string) map[string]string {
			return map[string]string{"Arn": t.ARN("cloudwatch", "alarm:"+name)}
		})
		return template.Type{Why: why, Delete: s.remove, Create: func(t template.Target, r template.Resource) (string, map[string]string, error) {
			s.add(t, r, composite)
			return ignored.Create(t, r)
		}}
	}
	return template.Types{
		"AWS::CloudWatch::Alarm":          alarm(false),
		"AWS::CloudWatch::CompositeAlarm": alarm(true),
		"AWS::CloudWatch::Dashboard":      template.Ignore(why, nil),
	}
}

func (s *Service) add(t template.Target, r template.Resource, composite bool) {
	enabled, set := r.Properties["ActionsEnabled"].(bool)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alarms = append(s.alarms, Alarm{
		Region: t.Region, Account: t.Account, Name: name(t, r), Composite: composite, Enabled: enabled || !set, Tells: r.Texts("AlarmActions"), State: NoData,
	})
}

func name(t template.Target, r template.Resource) string {
	return cmp.Or(r.Text("AlarmName"), t.Stack+"-"+r.LogicalID)
}

func (s *Service) remove(t template.Target, made template.Made) error {
	gone := Alarm{Region: t.Region, Account: t.Account, Name: name(t, made.Resource)}.ARN()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alarms = slices.DeleteFunc(s.alarms, func(a Alarm) bool { return a.ARN() == gone })
	return nil
}
