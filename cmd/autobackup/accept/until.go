package accept

import (
	"fmt"
	"strconv"
	"time"
)

// Until reads the end of an entry: a date, whose first moment in UTC it is, a time, or
// how long from now.
func Until(s string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), nil
	}
	if t, is := after(s, now.UTC().Truncate(time.Second)); is {
		return t, nil
	}
	return time.Time{}, fmt.Errorf("until %s: write a date such as 2027-12-31, or how long from now in hours, days, weeks or years of 365 days: 12h, 90d, 6w or 1y", strconv.Quote(s))
}

// after is so many hours, days, weeks or years later.
func after(s string, now time.Time) (t time.Time, is bool) {
	if s == "" {
		return now, false
	}
	number, unit := s[:len(s)-1], s[len(s)-1]
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return now, false
	}
	if unit == 'h' {
		return now.Add(time.Duration(n) * time.Hour), true
	}
	days, is := map[byte]int{'d': 1, 'w': 7, 'y': 365}[unit]
	return now.AddDate(0, 0, days*int(n)), is
}
