package alert

import (
	"fmt"
	"strconv"

	"autobackup/internal/reason"
)

// maxSubject is what SNS allows: fewer than 100 ASCII characters on one line
// (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
const maxSubject = 99

// subject names the most severe reason and its object, and how many more there
// are: "[prod] Backup check failed: CONTENT_MISMATCH s3://... (+3 more)".
func subject(c Context, items []item) string {
	head := fmt.Sprintf("[%s] Backup check failed: %s ", reason.Line(c.Stage, 16), items[0].code)
	var tail string
	if len(items) > 1 {
		tail += fmt.Sprintf(" (+%d more)", len(items)-1)
	}
	if c.Alerted > 0 {
		tail += fmt.Sprintf(" (alert %d)", c.Alerted+1)
	}
	name := strconv.QuoteToASCII(items[0].name())
	return head + shorten(name[1:len(name)-1], maxSubject-len(head)-len(tail)) + tail
}
