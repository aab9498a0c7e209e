package s3

import (
	"cmp"
	"encoding/xml"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
var (
	bucketName    = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	reservedNames = regexp.MustCompile(`\.\.|^\d+\.\d+\.\d+\.\d+$|^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$`)
)

func (s *Server) createBucket(c *call) error {
	var body struct {
		XMLName            xml.Name `xml:"CreateBucketConfiguration"`
		LocationConstraint string
	}
	if c.r.ContentLength != 0 {
		if err := c.readXML(&body); err != nil {
			return err
		}
	}
	switch wanted := cmp.Or(body.LocationConstraint, defaultRegion); {
	case body.LocationConstraint == defaultRegion: // which is meant by none
		return fail(http.StatusBadRequest, "InvalidLocationConstraint", "The specified location-constraint is not valid").
			detail("LocationConstraint", defaultRegion)
	case wanted != c.region:
		return fail(http.StatusBadRequest, "IllegalLocationConstraintException", "The %s location constraint is incompatible "+
			"for the region specific endpoint this request was sent to.", cmp.Or(body.LocationConstraint, "unspecified"))
	}
	if acl := c.r.Header.Get(aclHeader); acl != "" && acl != "private" && acl != ownersACL {
		return fail(http.StatusBadRequest, "InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
	}
	made := &bucket{name: c.bucket, region: c.region}
	if err := made.readLock(c.r.Header.Get(bucketLockHeader)); err != nil {
		return err
	}
	if err := s.addBucket(made); err != nil && !s.madeBefore(made) {
		return err
	}
	c.w.Header().Set("Location", "/"+c.bucket)
	return nil
}

const bucketLockHeader = "X-Amz-Bucket-Object-Lock-Enabled"

// readLock reads whether the bucket is to have Object Lock, and so versioning.
func (b *bucket) readLock(asked string) error {
	if asked == "" {
		return nil
	}
	on, err := strconv.ParseBool(asked)
	if err != nil {
		return invalidArgument("%s must be true or false, not %q", strings.ToLower(bucketLockHeader), asked)
	}
	if on {
		b.lock, b.versioned = &ObjectLock{}, true
	}
	return nil
}

// madeBefore tells whether b is there already and S3 makes nothing of that, which it
// does in its oldest region.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
func (s *Server) madeBefore(b *bucket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	had := s.buckets[b.name]
	return had != nil && had.region == defaultRegion && b.region == defaultRegion
}
