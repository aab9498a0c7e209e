package cloudwatch

import (
	"slices"

	"autobackup/local/cloudwatch/alarms"
	"autobackup/local/template"
)

// Types are the resource types of CloudWatch.
func (s *Service) Types() template.Types {
	asks := func(action string) func(template.Target, template.Resource) []template.Ask {
		return func(t template.Target, r template.Resource) []template.Ask {
			return []template.Ask{{Action: action, Resource: t.ARN("cloudwatch", "alarm:"+r.Text("AlarmName"))}}
		}
	}
	composite := template.Type{Delete: s.remove, Update: s.update, Create: s.create}
	metric := composite
	metric.NoEffect = map[string]string{"Metrics.Label": template.ForPeople}
	return template.Types{
		"AWS::CloudWatch::Alarm":          metric.Named("AlarmName").Asking(asks("cloudwatch:PutMetricAlarm")),
		"AWS::CloudWatch::CompositeAlarm": composite.Named("AlarmName").Asking(asks("cloudwatch:PutCompositeAlarm")),
		"AWS::CloudWatch::Dashboard":      template.Ignore("nothing shows a graph", nil).Named("DashboardName"),
	}
}

// create makes an alarm that knows nothing yet.
func (s *Service) create(t template.Target, r template.Resource) (string, map[string]string, error) {
	return s.put(t, r, NoData)
}

// update leaves an alarm in its state, as PutMetricAlarm does.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
func (s *Service) update(t template.Target, was template.Made, r template.Resource) (string, map[string]string, error) {
	state := NoData
	for _, a := range s.Alarms(t.Region, t.Account) {
		if a.Name == was.Reference {
			state = a.State
		}
	}
	if err := s.remove(t, was); err != nil {
		return "", nil, err
	}
	return s.put(t, r, state)
}

func (s *Service) put(t template.Target, r template.Resource, state string) (string, map[string]string, error) {
	enabled, set := r.Properties["ActionsEnabled"].(bool)
	a := Alarm{
		Region: t.Region, Account: t.Account, Composite: r.Type == "AWS::CloudWatch::CompositeAlarm",
		Enabled: enabled || !set, Tells: r.Texts("AlarmActions"), State: state, since: s.Now(),
		description: r.Text("AlarmDescription"),
		others:      map[string][]string{OK: r.Texts("OKActions"), NoData: r.Texts("InsufficientDataActions")},
	}
	var err error
	if a.Composite {
		a.composite, err = alarms.ParseCompositeAlarm(r)
		a.Name = a.composite.Name
	} else {
		a.metric, err = alarms.ParseMetricAlarm(r)
		a.Name = a.metric.Name
	}
	if err != nil {
		return "", nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alarms = append(s.alarms, a)
	s.keepAlarm(a.ARN())
	return a.Name, map[string]string{"Arn": a.ARN()}, nil
}

func (s *Service) remove(_ template.Target, made template.Made) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alarms = slices.DeleteFunc(s.alarms, func(a Alarm) bool { return a.ARN() == made.Attributes["Arn"] })
	s.keepAlarm(made.Attributes["Arn"])
	return nil
}
