package cloudwatch

import (
	"fmt"
	"strings"
	"time"

	"autobackup/local/cloudwatch/alarms"
	"autobackup/local/store"
)

// Kinds of records.
const (
	keptAlarms = "cloudwatch alarms" // by ARN
	keptData   = "cloudwatch data"   // values of a metric in a minute, by the place, the metric and the minute
)

// keptAlarm is what an alarm has beside its configuration, which whoever deploys gives it.
type keptAlarm struct {
	State string
	Since time.Time
}

// keepAlarm and the one after it note that something changes, with the service locked.
func (s *Service) keepAlarm(arn string) {
	s.mu.Changed(keptAlarms, arn, func() any {
		if a := s.find(arn); a != nil {
			return keptAlarm{a.State, a.since}
		}
		return nil
	})
}

func (s *Service) keepData(at place, of alarms.Metric, minute time.Time) {
	if s.mu.Store == nil {
		return // its key is not made for nothing
	}
	s.mu.Changed(keptData, at.key(of, minute), func() any {
		if values := s.data[at].Minute(of, minute); len(values) > 0 {
			return values
		}
		return nil
	})
}

// keptMinute writes minutes so that they sort.
const keptMinute = "20060102T1504"

func (p place) key(of alarms.Metric, minute time.Time) string {
	metric, _ := of.MarshalText() // never fails
	return strings.Join([]string{p.region, p.account, string(metric), minute.UTC().Format(keptMinute)}, "\x00")
}

func readKey(key string) (at place, of alarms.Metric, minute time.Time, err error) {
	var rest string
	at.region, rest, _ = strings.Cut(key, "\x00")
	at.account, rest, _ = strings.Cut(rest, "\x00")
	end := max(0, strings.LastIndexByte(rest, 0))
	if err = of.UnmarshalText([]byte(rest[:end])); err == nil {
		minute, err = time.Parse(keptMinute, strings.TrimPrefix(rest[end:], "\x00"))
	}
	return at, of, minute, err
}

// Load gives the alarms, which are there already, the states that those of another service with a
// store had, and has its datapoints, and keeps what changes from now on.
func (s *Service) Load(from *store.Store) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := store.Each(from, keptAlarms, func(arn string, k keptAlarm) error {
		if a := s.find(arn); a != nil { // or it left the template
			a.State, a.since = k.State, k.Since
		}
		return nil
	})
	if err == nil {
		err = store.Each(from, keptData, func(key string, values []float64) error {
			at, of, minute, err := readKey(key)
			for _, value := range values {
				s.add(at, of, alarms.Datapoint{At: minute, Value: value})
			}
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("load what cloudwatch kept: %w", err)
	}
	s.mu.Store = from
	for i := range s.alarms {
		s.keepAlarm(s.alarms[i].ARN())
	}
	return nil
}
