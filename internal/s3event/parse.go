package s3event

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// ErrMalformed is wrapped by every error of Parse.
var ErrMalformed = errors.New("malformed event")

// What S3 takes at most, in bytes
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html).
const (
	maxKey       = 1024
	maxVersionID = 1024
)

// maxError is the longest error text of Parse in bytes.
const maxError = 200

// What names look like
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	regionName = regexp.MustCompile(`^[a-z]{2,8}(-[a-z]{2,16}){1,3}-[0-9]{1,2}$`)
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	versionID  = regexp.MustCompile(`^[!-~]+$`)
)

// message is the EventBridge form, and as much of other forms as it takes to
// tell them.
type message struct {
	Source     string    `json:"source"`
	DetailType string    `json:"detail-type"`
	Account    string    `json:"account"`
	Region     string    `json:"region"`
	Time       time.Time `json:"time"`
	Detail     struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key       string `json:"key"`
			Size      int64  `json:"size"`
			ETag      string `json:"etag"`
			VersionID string `json:"version-id"`
		} `json:"object"`
		Reason       string `json:"reason"`
		DeletionType string `json:"deletion-type"`
	} `json:"detail"`
	Records json.RawMessage `json:"Records"` // S3's own notification
	Event   json.RawMessage `json:"Event"`   // s3:TestEvent, which comes before the first of those
}

// Parse reads the body of a queue message. Its errors wrap ErrMalformed and
// are one printable ASCII line of at most 200 bytes, without the key.
func Parse(body string) (ObjectVersion, error) {
	m, err := decode(body)
	if err != nil {
		return ObjectVersion{}, err
	}
	for _, check := range []func(message) error{schema, place, object} {
		if err := check(m); err != nil {
			return ObjectVersion{}, err
		}
	}
	return m.objectVersion(), nil
}

func (m message) objectVersion() ObjectVersion {
	o := m.Detail.Object
	return ObjectVersion{
		Bucket: m.Detail.Bucket.Name, Key: o.Key, VersionID: o.VersionID,
		Region: m.Region, Account: m.Account,
		Event: verdict.Event{
			Marker:    m.DetailType == deleted && m.Detail.DeletionType == markerCreated,
			Lifecycle: m.Detail.Reason == "Lifecycle Expiration",
		},
		Size: o.Size, ETag: o.ETag, Time: m.Time, Reason: m.Detail.Reason,
	}
}

const (
	created       = "Object Created"
	deleted       = "Object Deleted"
	markerCreated = "Delete Marker Created"
	// permanentlyDeleted is kept out by the rule's pattern. Where it comes all
	// the same, the look finds the version gone, which is a verdict.
	permanentlyDeleted = "Permanently Deleted"
)

func schema(m message) error {
	switch {
	case m.Source == "" && m.DetailType == "" && (m.Records != nil || m.Event != nil):
		return malformed("S3's own notification form, not EventBridge's; remove the bucket's queue notification and turn on EventBridge for it")
	case m.Source == "":
		return malformed("source is missing: no EventBridge event; find out who sends to this queue")
	case m.Source != "aws.s3":
		return malformed("source is %s, not \"aws.s3\"; correct the rule that sends to this queue", quoted(m.Source))
	case m.DetailType != created && m.DetailType != deleted:
		return malformed("detail-type is %s, not %q or %q; correct the rule that sends to this queue", quoted(m.DetailType), created, deleted)
	case m.DetailType == deleted && m.Detail.DeletionType != markerCreated && m.Detail.DeletionType != permanentlyDeleted:
		return malformed("deletion-type is %s, not %q or %q; look at the version by hand", quoted(m.Detail.DeletionType), markerCreated, permanentlyDeleted)
	}
	return nil
}

func place(m message) error {
	name := m.Detail.Bucket.Name
	switch {
	case name == "":
		return malformed("detail.bucket.name is missing; find out who sends to this queue")
	case !isBucket(name):
		return malformed("detail.bucket.name %s is no bucket name; find out who sends to this queue", quoted(name))
	case !regionName.MatchString(m.Region):
		return malformed("region %s is no region; find out who sends to this queue", quoted(m.Region))
	case m.Account != "" && !accountID.MatchString(m.Account):
		return malformed("account %s is not 12 digits; find out who sends to this queue", quoted(m.Account))
	}
	return nil
}

func object(m message) error {
	o := m.Detail.Object
	switch {
	case o.Key == "":
		return malformed("detail.object.key is missing or empty; find out who sends to this queue")
	case len(o.Key) > maxKey:
		return malformed("detail.object.key has %d bytes, S3 takes at most %d; find out who sends to this queue", len(o.Key), maxKey)
	case o.VersionID == "" || o.VersionID == "null":
		return malformed("detail.object.version-id is missing: versioning was off; turn it on for the bucket and upload the object again")
	case !isVersionID(o.VersionID):
		return malformed("detail.object.version-id %s is no version id; find out who sends to this queue", quoted(o.VersionID))
	case o.Size < 0:
		return malformed("detail.object.size is %d bytes; find out who sends to this queue", o.Size)
	}
	return nil
}

// decode reads a message of EventBridge's form.
func decode(body string) (message, error) {
	var m message
	if err := strict(body, &m); err != nil {
		return m, err
	}
	if strings.ContainsRune(m.Detail.Object.Key, utf8.RuneError) && strings.Contains(strings.ToLower(body), `\ud`) {
		return m, malformed("detail.object.key has half of a surrogate pair, which is no UTF-8; find out who sends to this queue")
	}
	return m, nil
}

// strict reads one JSON object. It refuses what encoding/json would let pass
// with a value changed or chosen silently: another key would be validated.
func strict(body string, into any) error {
	switch {
	case strings.TrimSpace(body) == "":
		return malformed("the message is empty; find out who sends to this queue")
	case !utf8.ValidString(body):
		return malformed("the message is not valid UTF-8; find out who sends to this queue")
	case !json.Valid([]byte(body)):
		return malformed("the message is not one JSON value: %v; find out who sends to this queue", syntaxError(body))
	case !strings.HasPrefix(strings.TrimSpace(body), "{"):
		return malformed("the message is JSON, but no object; find out who sends to this queue")
	}
	if name, twice := repeatedName(body); twice {
		return malformed("the name %s stands twice in one JSON object; find out who sends to this queue", quoted(name))
	}
	if err := json.Unmarshal([]byte(body), into); err != nil {
		return malformed("%s; find out who sends to this queue", wrongType(err))
	}
	return nil
}

func syntaxError(body string) error {
	return json.Unmarshal([]byte(body), new(json.RawMessage))
}

// wrongType words the error of a value that does not fit its field.
func wrongType(err error) string {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return "time is not in RFC 3339"
	}
	kind, _, _ := strings.Cut(wrong.Value, " ") // "number 1.5"
	return wrong.Field + " must not be a JSON " + kind
}

// quoted prints a value of the message so that no length of it crowds out what
// to do next.
func quoted(s string) string {
	return reason.Line(strconv.QuoteToASCII(s), 60)
}

// malformed makes an error of one printable ASCII line. Texts of encoding/json
// may quote the message, so all of it is made safe.
func malformed(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	return fmt.Errorf("%w: %s", ErrMalformed, reason.Line(text, maxError-len(ErrMalformed.Error()+": ")))
}
