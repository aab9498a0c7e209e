package s3

import (
	"slices"
	"strings"
)

// completeAgain answers a client that lost the answer to its completion as before,
// for as long as the version is there. Otherwise the upload is not found, as told.
func (s *Server) completeAgain(c *call, asked []completePart, notFound error) error {
	var made *version
	err := s.withBucket(c, func(b *bucket) error {
		for _, v := range b.objects.versions[c.key] {
			if v.upload != "" && v.upload == c.query.Get("uploadId") && v.body.isOf(asked) {
				made = v
				return nil
			}
		}
		return notFound
	})
	if err != nil {
		return err
	}
	c.completed(made)
	return nil
}

// isOf tells whether the body was completed from these parts.
func (b *body) isOf(asked []completePart) bool {
	return slices.EqualFunc(b.parts, asked, func(p part, a completePart) bool { return strings.Trim(a.ETag, `"`) == hexOf(p.md5) })
}
