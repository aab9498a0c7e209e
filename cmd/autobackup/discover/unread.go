package discover

import (
	"net/http"
	"strings"

	"autobackup/internal/s3error"
	"autobackup/internal/text"
)

// unread tells of a call that failed. A denial names the action to grant; every other
// failure would not be mended by one.
func unread(fact Fact, region, operation string, err error) Unread {
	u := Unread{Fact: fact, Region: region, Why: text.Line(s3error.Explain(operation, err), 200)}
	if Denied(err) {
		u.Grant = action(operation)
	}
	return u
}

// Denied knows the codes of all services: those with JSON answer 400 with
// AccessDeniedException, S3 answers 403 AccessDenied. A key that is unknown or a signature
// that is wrong is 403, too, and no matter of permissions.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
func Denied(err error) bool {
	code := s3error.Code(err)
	return strings.HasPrefix(code, "AccessDenied") || s3error.Status(err) == http.StatusForbidden && (code == "" || code == "Forbidden")
}
