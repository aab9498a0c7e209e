package accept

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// Until reads the end of an entry: a date, whose first moment in UTC it is, a time, or
// how long from now.
func Until(s string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), nil
	}
	now = now.UTC().Truncate(time.Second)
	if number, is := strings.CutSuffix(s, "d"); is {
		if days, err := strconv.ParseUint(number, 10, 16); err == nil {
			return now.Add(time.Duration(days) * day), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil {
		return now.Add(d), nil
	}
	return time.Time{}, fmt.Errorf("until %s: write a date such as 2027-12-31, or how long from now, such as 90d or 12h", strconv.Quote(s))
}
