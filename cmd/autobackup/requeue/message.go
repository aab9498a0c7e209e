package requeue

import (
	"fmt"

	"autobackup/internal/s3event"
	"autobackup/internal/text"
)

// message is what is put back: only the body is sent, as it was.
type message struct {
	ID      string `json:"messageId"`
	Body    string `json:"body"`
	receipt string // of a message in the event DLQ
}

// longestName bounds what is printed of an object's name, in bytes.
const longestName = 160

// object names a message for people: one short line of printable ASCII,
// whatever its key.
func (m message) object() string {
	version, err := s3event.Parse(m.Body)
	if err != nil {
		return text.Line("message "+m.ID, longestName)
	}
	return text.Line(version.String(), longestName)
}

// refusal says why the validation queue would not take a message, or nothing.
func (q queue) refusal(m message) string {
	switch {
	case m.Body == "":
		return "it has no body"
	case len(m.Body) > q.maximumBytes:
		return fmt.Sprintf("it has %d bytes, and %s takes at most %d", len(m.Body), q.name, q.maximumBytes)
	}
	return ""
}
