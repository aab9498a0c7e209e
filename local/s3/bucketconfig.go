package s3

import (
	"cmp"
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

type versioningConfiguration struct {
	XMLName xml.Name `xml:"VersioningConfiguration"`
	Xmlns   string   `xml:"xmlns,attr,omitempty"`
	Status  string   `xml:",omitempty"`
}

func (s *Server) putBucketVersioning(c *call) error {
	var body versioningConfiguration
	if err := c.readXML(&body); err != nil {
		return err
	}
	switch body.Status {
	case "Enabled":
	case "Suspended":
		return notImplemented("suspended versioning")
	default:
		return fail(http.StatusBadRequest, "IllegalVersioningConfigurationException",
			"The versioning configuration specified in the request is invalid: Status must be Enabled or Suspended")
	}
	return s.withBucket(c, func(b *bucket) error {
		b.versioned = true
		return nil
	})
}

func (s *Server) getBucketVersioning(c *call) error {
	return s.withBucket(c, func(b *bucket) error {
		answer := versioningConfiguration{Xmlns: xmlns}
		if b.versioned {
			answer.Status = "Enabled"
		}
		c.xml(http.StatusOK, answer)
		return nil
	})
}

// encryptionConfiguration is the default encryption.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html
type encryptionConfiguration struct {
	XMLName   xml.Name `xml:"ServerSideEncryptionConfiguration"`
	Xmlns     string   `xml:"xmlns,attr,omitempty"`
	Algorithm string   `xml:"Rule>ApplyServerSideEncryptionByDefault>SSEAlgorithm"`
	Key       string   `xml:"Rule>ApplyServerSideEncryptionByDefault>KMSMasterKeyID,omitempty"`
	BucketKey bool     `xml:"Rule>BucketKeyEnabled"`
}

func (s *Server) getBucketEncryption(c *call) error {
	return s.withBucket(c, func(b *bucket) error {
		e := b.encryption
		c.xml(http.StatusOK, encryptionConfiguration{Xmlns: xmlns, Algorithm: cmp.Or(e.Algorithm, sseS3), Key: e.KMSKey, BucketKey: e.BucketKey})
		return nil
	})
}

// getBucketPolicy answers the policy as it was written.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
func (s *Server) getBucketPolicy(c *call) error {
	return s.withBucket(c, func(b *bucket) error {
		if b.policy == "" {
			return fail(http.StatusNotFound, "NoSuchBucketPolicy", "The bucket policy does not exist").detail("BucketName", b.name)
		}
		c.w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(c.w, b.policy) // a client that is gone needs no answer
		return nil
	})
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html
func (s *Server) getBucketTagging(c *call) error {
	return s.withBucket(c, func(b *bucket) error {
		if len(b.tags) == 0 {
			return fail(http.StatusNotFound, "NoSuchTagSet", "The TagSet does not exist").detail("BucketName", b.name)
		}
		var set []tag
		for _, key := range slices.Sorted(maps.Keys(b.tags)) {
			set = append(set, tag{key, b.tags[key]})
		}
		writeTags(c, set)
		return nil
	})
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketRequestPayment.html
func (s *Server) getBucketRequestPayment(c *call) error {
	return s.withBucket(c, func(b *bucket) error {
		payer := "BucketOwner"
		if b.requesterPays {
			payer = "Requester"
		}
		c.xml(http.StatusOK, struct {
			XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ RequestPaymentConfiguration"`
			Payer   string
		}{Payer: payer})
		return nil
	})
}

func (s *Server) putBucketReplication(c *call) error {
	var body ReplicationConfiguration
	if err := c.readXML(&body); err != nil {
		return err
	}
	return s.withBucket(c, func(b *bucket) error {
		if err := body.validate(b.versioned); err != nil {
			return err
		}
		for _, rule := range body.Rules {
			destination := s.buckets[strings.TrimPrefix(rule.Destination.Bucket, bucketARN)]
			if destination == nil || !destination.versioned {
				return invalidRequest("Destination bucket must exist and have versioning enabled.")
			}
		}
		b.replication = &body
		return nil
	})
}

func (s *Server) getBucketReplication(c *call) error {
	return s.withBucket(c, func(b *bucket) error {
		if b.replication == nil {
			return fail(http.StatusNotFound, "ReplicationConfigurationNotFoundError", "The replication configuration was not found").
				detail("BucketName", b.name)
		}
		answer := *b.replication
		answer.Xmlns = xmlns
		c.xml(http.StatusOK, answer)
		return nil
	})
}

func (s *Server) deleteBucketReplication(c *call) error {
	return s.withBucket(c, func(b *bucket) error {
		b.replication = nil
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	})
}

// getObjectLock answers the Object Lock that the bucket was made with.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html
func (s *Server) getObjectLock(c *call) error {
	type retention struct {
		Mode string
		Days int
	}
	type rule struct{ DefaultRetention retention }
	type configuration struct {
		XMLName           xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ObjectLockConfiguration"`
		ObjectLockEnabled string
		Rule              *rule
	}
	return s.withBucket(c, func(b *bucket) error {
		if b.lock == nil {
			return fail(http.StatusNotFound, "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket").
				detail("BucketName", b.name)
		}
		answer := configuration{ObjectLockEnabled: "Enabled"}
		if b.lock.Mode != "" {
			answer.Rule = &rule{retention{b.lock.Mode, b.lock.Days}}
		}
		c.xml(http.StatusOK, answer)
		return nil
	})
}
