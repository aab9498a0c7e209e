package alert

import (
	"fmt"

	"autobackup/internal/text"
)

// MaxSubject is what SNS takes: fewer than 100 ASCII characters on one line
// (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
const MaxSubject = 99

// subject names the worst section and how many more there are:
// "[prod] Backup check failed: CONTENT_MISMATCH s3://... (+3 more)".
func (e edition) subject() string {
	head := failedHead(e.Stage)
	if len(e.over) == len(e.sections) {
		head = fmt.Sprintf("[%s] Backup check: ", text.Line(e.Stage, 16))
	}
	tail := e.more()
	return text.Line(head+e.sections[0].title(MaxSubject-len(head)-len(tail))+tail, MaxSubject)
}

// failedHead is what subjects of failures begin with.
func failedHead(stage string) string {
	return fmt.Sprintf("[%s] Backup check failed: ", text.Line(stage, 16))
}

// more says what a subject leaves out: versions that failed, and causes that are
// told as one.
func (e edition) more() string {
	n := e.failed + len(e.alike)
	if n == 0 {
		n = len(e.over)
	}
	switch first := e.sections[0].(type) {
	case rest:
		n -= first.number()
	case version:
		n--
		if first.alerts() > 0 && n == 0 {
			return " (told before)"
		}
	default:
		n--
	}
	switch {
	case n <= 0:
		return ""
	case e.atLeast:
		return fmt.Sprintf(" (+%d or more)", n)
	}
	return fmt.Sprintf(" (+%d more)", n)
}
