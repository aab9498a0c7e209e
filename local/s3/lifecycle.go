package s3

import (
	"cmp"
	"encoding/xml"
	"net/http"
	"slices"
	"time"
)

// minimumSizeHeader says which objects are too small for a transition.
const minimumSizeHeader = "X-Amz-Transition-Default-Minimum-Object-Size"

// LifecycleConfiguration has the lifecycle rules of a bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_BucketLifecycleConfiguration.html
type LifecycleConfiguration struct {
	XMLName xml.Name        `xml:"LifecycleConfiguration"`
	Xmlns   string          `xml:"xmlns,attr,omitempty"`
	Rules   []LifecycleRule `xml:"Rule"`
	// MinimumSize travels in a header: all_storage_classes_128K, which is the
	// default, or varies_by_storage_class.
	MinimumSize string `xml:"-"`
}

// LifecycleRule says what becomes of which objects.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
type LifecycleRule struct {
	ID                             string                          `xml:"ID"` // empty in a request: one is made up
	Prefix                         *string                         `xml:"Prefix"`
	Filter                         *LifecycleFilter                `xml:"Filter"` // instead of Prefix, which is the older form
	Status                         string                          `xml:"Status"`
	Transitions                    []Transition                    `xml:"Transition"`
	Expiration                     *Expiration                     `xml:"Expiration"`
	NoncurrentVersionTransitions   []NoncurrentVersionTransition   `xml:"NoncurrentVersionTransition"`
	NoncurrentVersionExpiration    *NoncurrentVersionExpiration    `xml:"NoncurrentVersionExpiration"`
	AbortIncompleteMultipartUpload *AbortIncompleteMultipartUpload `xml:"AbortIncompleteMultipartUpload"`
}

// LifecycleFilter selects by one thing, or by all of And; empty: every object.
type LifecycleFilter struct {
	Prefix                *string       `xml:"Prefix"`
	Tag                   *Tag          `xml:"Tag"`
	ObjectSizeGreaterThan *int64        `xml:"ObjectSizeGreaterThan"` // bytes
	ObjectSizeLessThan    *int64        `xml:"ObjectSizeLessThan"`    // bytes
	And                   *LifecycleAnd `xml:"And"`
}

// LifecycleAnd selects what has all of it.
type LifecycleAnd struct {
	Prefix                *string `xml:"Prefix"`
	Tags                  []Tag   `xml:"Tag"`
	ObjectSizeGreaterThan *int64  `xml:"ObjectSizeGreaterThan"`
	ObjectSizeLessThan    *int64  `xml:"ObjectSizeLessThan"`
}

// Transition moves current versions to another storage class.
type Transition struct {
	Date         string `xml:"Date,omitempty"`
	Days         *int32 `xml:"Days"`
	StorageClass string `xml:"StorageClass"`
}

// Expiration ends current versions, or delete markers with nothing below.
type Expiration struct {
	Date                      string `xml:"Date,omitempty"`
	Days                      *int32 `xml:"Days"`
	ExpiredObjectDeleteMarker *bool  `xml:"ExpiredObjectDeleteMarker"`
}

// NoncurrentVersionTransition moves versions that are not current any more.
type NoncurrentVersionTransition struct {
	NoncurrentDays          *int32 `xml:"NoncurrentDays"`
	NewerNoncurrentVersions *int32 `xml:"NewerNoncurrentVersions"`
	StorageClass            string `xml:"StorageClass"`
}

// NoncurrentVersionExpiration removes versions that are not current any more.
type NoncurrentVersionExpiration struct {
	NoncurrentDays          *int32 `xml:"NoncurrentDays"`
	NewerNoncurrentVersions *int32 `xml:"NewerNoncurrentVersions"`
}

// AbortIncompleteMultipartUpload ends uploads that nobody completes.
type AbortIncompleteMultipartUpload struct {
	DaysAfterInitiation int32 `xml:"DaysAfterInitiation"`
}

// validate refuses the gravest of what S3 refuses.
func (l *LifecycleConfiguration) validate() *apiError {
	if len(l.Rules) == 0 || len(l.Rules) > maxRules {
		return malformedRules()
	}
	for _, rule := range l.Rules {
		selects := (rule.Filter != nil) != (rule.Prefix != nil)
		acts := rule.Expiration != nil || rule.NoncurrentVersionExpiration != nil || rule.AbortIncompleteMultipartUpload != nil ||
			len(rule.Transitions)+len(rule.NoncurrentVersionTransitions) > 0
		if !selects || !acts || rule.Status != "Enabled" && rule.Status != "Disabled" || !rule.dated() {
			return malformedRules()
		}
	}
	switch l.MinimumSize {
	case "", "all_storage_classes_128K", "varies_by_storage_class":
		return nil
	}
	return invalidRequest("Invalid TransitionDefaultMinimumObjectSize found: %s", l.MinimumSize)
}

// dated says whether the rule's dates can be read, and nothing has several times.
func (r *LifecycleRule) dated() bool {
	readable := func(text string) bool {
		_, err := time.Parse(time.RFC3339, text)
		return text == "" || err == nil
	}
	if e := r.Expiration; e != nil {
		times := 0
		for _, given := range []bool{e.Date != "", e.Days != nil, e.ExpiredObjectDeleteMarker != nil} {
			if given {
				times++
			}
		}
		if times != 1 || !readable(e.Date) {
			return false
		}
	}
	return !slices.ContainsFunc(r.Transitions, func(t Transition) bool { return (t.Date != "") == (t.Days != nil) || !readable(t.Date) })
}

func malformedRules() *apiError {
	return fail(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
}

// putBucketLifecycle replaces the rules of a bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
func (s *Server) putBucketLifecycle(c *call) error {
	body := LifecycleConfiguration{MinimumSize: c.r.Header.Get(minimumSizeHeader)}
	if err := c.readXML(&body); err != nil {
		return err
	}
	if err := body.validate(); err != nil {
		return err
	}
	for i := range body.Rules {
		body.Rules[i].ID = cmp.Or(body.Rules[i].ID, s.random.uploadID())
	}
	return s.withBucket(c, func(b *bucket) error {
		b.lifecycle = &body
		c.w.Header().Set(minimumSizeHeader, body.minimumSize())
		return nil
	})
}

func (l *LifecycleConfiguration) minimumSize() string {
	return cmp.Or(l.MinimumSize, "all_storage_classes_128K")
}

// getBucketLifecycle answers the rules of a bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html
func (s *Server) getBucketLifecycle(c *call) error {
	return s.withBucket(c, func(b *bucket) error {
		if b.lifecycle == nil {
			return fail(http.StatusNotFound, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist").
				detail("BucketName", b.name)
		}
		answer := *b.lifecycle
		answer.Xmlns = xmlns
		c.w.Header().Set(minimumSizeHeader, answer.minimumSize())
		c.xml(http.StatusOK, answer)
		return nil
	})
}

// deleteBucketLifecycle takes the rules of a bucket away.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketLifecycle.html
func (s *Server) deleteBucketLifecycle(c *call) error {
	return s.withBucket(c, func(b *bucket) error {
		b.lifecycle = nil
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	})
}
