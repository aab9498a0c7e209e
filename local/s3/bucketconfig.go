package s3

import (
	"cmp"
	"encoding/xml"
	"net/http"
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

// notificationConfiguration knows EventBridge and queues: topics, functions and
// filters are refused.
type notificationConfiguration struct {
	XMLName     xml.Name             `xml:"NotificationConfiguration"`
	Xmlns       string               `xml:"xmlns,attr,omitempty"`
	Queues      []QueueConfiguration `xml:"QueueConfiguration"`
	EventBridge *struct{}            `xml:"EventBridgeConfiguration"`
}

func (s *Server) putBucketNotification(c *call) error {
	var body notificationConfiguration
	if err := c.readXML(&body); err != nil {
		return err
	}
	if err := s.checkQueues(c.bucket, body.Queues); err != nil {
		return err
	}
	return s.withBucket(c, func(b *bucket) error {
		b.eventBridge, b.queues = body.EventBridge != nil, body.Queues
		return nil
	})
}

func (s *Server) getBucketNotification(c *call) error {
	return s.withBucket(c, func(b *bucket) error {
		answer := notificationConfiguration{Xmlns: xmlns, Queues: b.queues}
		if b.eventBridge {
			answer.EventBridge = &struct{}{}
		}
		c.xml(http.StatusOK, answer)
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
