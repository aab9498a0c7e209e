package s3

import (
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
)

type tag struct{ Key, Value string }

// getObjectTagging lists a version's tags.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html
func (s *Server) getObjectTagging(c *call) error {
	v, err := s.lookup(c, func(*version) {})
	if err != nil {
		return err
	}
	var set []tag
	for _, key := range slices.Sorted(maps.Keys(v.tags)) {
		set = append(set, tag{key, v.tags.Get(key)})
	}
	v.writeID(c.w.Header())
	c.xml(http.StatusOK, struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ Tagging"`
		TagSet  struct {
			Tag []tag
		}
	}{TagSet: struct{ Tag []tag }{set}})
	return nil
}
