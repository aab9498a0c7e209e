package s3

import (
	"encoding/xml"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
)

type tag struct{ Key, Value string }

// Limits of an object's tags; S3 counts characters as UTF-16 does.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
const (
	maxTags     = 10
	maxTagKey   = 128
	maxTagValue = 256
)

// tagText is what the keys and values of tags are made of.
var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// tagsOf reads the tags of an upload.
func tagsOf(header string) (url.Values, error) {
	tags, err := url.ParseQuery(header)
	if err != nil {
		return nil, unreadableTags()
	}
	if len(tags) > maxTags {
		return nil, tooManyTags()
	}
	return tags, validTags(tags)
}

func validTags(tags url.Values) error {
	for key, values := range tags {
		switch {
		case key == "" || len(values) > 1:
			return unreadableTags()
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return invalidTag("Your TagKey cannot be prefixed with aws:")
		case characters(key) > maxTagKey || !tagText.MatchString(key):
			return invalidTag("The TagKey you have provided is invalid")
		case characters(values[0]) > maxTagValue || !tagText.MatchString(values[0]):
			return invalidTag("The TagValue you have provided is invalid")
		}
	}
	return nil
}

func tooManyTags() error {
	return fail(http.StatusBadRequest, "BadRequest", "Object tags cannot be greater than %d", maxTags)
}

func characters(s string) int { return len(utf16.Encode([]rune(s))) }

func unreadableTags() error {
	return invalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.").
		detail("ArgumentName", "x-amz-tagging")
}

func invalidTag(why string) error { return fail(http.StatusBadRequest, "InvalidTag", "%s", why) }

// getObjectTagging lists a version's tags.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html
func (s *Server) getObjectTagging(c *call) error {
	var id string
	v, err := s.lookup(c, func(b *bucket, v *version) { id = b.shownID(v) })
	if err != nil {
		return err
	}
	var set []tag
	for _, key := range slices.Sorted(maps.Keys(v.tags)) {
		set = append(set, tag{key, v.tags.Get(key)})
	}
	writeID(c.w.Header(), id)
	writeTags(c, set)
	return nil
}

// writeTags answers with the tags of an object or a bucket.
func writeTags(c *call, set []tag) {
	c.xml(http.StatusOK, struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ Tagging"`
		TagSet  struct {
			Tag []tag
		}
	}{TagSet: struct{ Tag []tag }{set}})
}
