package s3event

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"autobackup/internal/text"
)

// ErrMalformed is wrapped by every error of Parse.
var ErrMalformed = errors.New("malformed event")

// maxValue is how many bytes of a message's value stand in an error at most. Every
// error has one such value, and so keeps to its 200 bytes with what to do next in it.
const maxValue = 60

// message has the fields of both forms. No name is in both.
type message struct {
	// EventBridge's form.
	Source     string    `json:"source"`
	DetailType string    `json:"detail-type"`
	Account    string    `json:"account"`
	Region     string    `json:"region"`
	Time       time.Time `json:"time"`
	Detail     detail    `json:"detail"`
	// S3's own form. Event and Bucket are those of its test, which has no Records.
	Records []record `json:"Records"`
	Event   string   `json:"Event"`
	Bucket  string   `json:"Bucket"`
}

// Parse reads the body of a queue message of either form. A version of a bucket
// whose versioning is off or suspended is no error: see Versioned. Errors wrap
// ErrMalformed and are one printable ASCII line of at most 200 bytes, without the
// key.
func Parse(body string) (ObjectVersion, error) {
	var m message
	if err := decode(body, &m); err != nil {
		return ObjectVersion{}, err
	}
	read := m.event
	if m.Source == "" && (m.Records != nil || m.Event != "") {
		read = m.notification
	}
	version, err := read()
	if err != nil {
		return ObjectVersion{}, err
	}
	if err := version.check(); err != nil {
		return ObjectVersion{}, err
	}
	return version, nil
}

// decode reads one JSON object. It refuses what encoding/json would let pass with
// a value changed or chosen silently, so that another key would be validated:
// names that stand twice, bytes that are no UTF-8, half of a surrogate pair. Names
// in another case are other names. (Decision 31.)
func decode(body string, into any) error {
	if strings.TrimSpace(body) == "" {
		return malformed("the message is empty; find out who sends to this queue")
	}
	if err := json.Unmarshal([]byte(body), into); err != nil {
		return malformed("%s; find out who sends to this queue", undecodable(err))
	}
	return nil
}

// undecodable words an error of decoding by itself, because the library's texts
// quote the message, which may be the key.
func undecodable(err error) string {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		kind := new(json.SemanticError)
		errors.As(err, &kind)
		return place(kind.JSONPointer) + " is not of the kind that S3 sends"
	}
	if errors.Is(syntax, jsontext.ErrDuplicateName) {
		return fmt.Sprintf("the name %s stands twice", place(syntax.JSONPointer))
	}
	return fmt.Sprintf("%s is not JSON in UTF-8 after byte %d", place(syntax.JSONPointer), syntax.ByteOffset)
}

// place names a value of the message by the names that lead to it.
func place(p jsontext.Pointer) string {
	if p == "" {
		return "the message"
	}
	return quoted(string(p))
}

// quoted is a value of the message as it may stand in an error.
func quoted(s string) string { return text.Quoted(s, maxValue) }

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}
