package s3

import (
	"net/http"
	"strings"
)

// conditionalWrite is what a write asks of the key's current version, when the
// write is about to count: of several at once the first wins.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
type conditionalWrite struct {
	absent bool   // there must be none: If-None-Match: *
	etag   string // it must have this ETag: If-Match; empty for any
}

// unconditional is a write that asks nothing.
var unconditional conditionalWrite

// writeCondition reads the condition of an upload. S3 takes one, in these forms only.
func writeCondition(h http.Header) (conditionalWrite, error) {
	match, none := h.Get("If-Match"), h.Get("If-None-Match")
	switch {
	case match != "" && none != "":
		return unconditional, conditionRefused("If-Match,If-None-Match", "Multiple conditional request headers present in the request")
	case match == "*":
		return unconditional, conditionRefused("If-Match", "We don't accept the provided value of If-Match header for this API")
	case none != "" && none != "*":
		return unconditional, conditionRefused("If-None-Match", "We don't accept the provided value of If-None-Match header for this API")
	}
	return conditionalWrite{absent: none == "*", etag: strings.Trim(match, `"`)}, nil
}

func conditionRefused(header, why string) error {
	return fail(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented").
		detail("Header", header).detail("additionalMessage", why)
}

// check compares the condition with the key's current version. A delete marker is
// as nothing.
func (w conditionalWrite) check(key string, current *version) error {
	there := current != nil && !current.marker
	switch {
	case w.absent && there:
		return preconditionFailed("If-None-Match")
	case w.etag != "" && !there:
		return noSuchKey(key)
	case w.etag != "" && w.etag != current.etag:
		return preconditionFailed("If-Match")
	}
	return nil
}

func preconditionFailed(header string) error {
	return fail(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold").
		detail("Condition", header)
}
