package s3

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bucket is one bucket; its name is unique across regions.
type bucket struct {
	name          string
	region        string
	created       time.Time
	versioned     bool
	eventBridge   bool
	lock          *ObjectLock // nil: none
	notifications Notifications
	replication   *ReplicationConfiguration // nil: none
	lifecycle     *LifecycleConfiguration   // nil: none
	encryption    BucketEncryption
	public        bool   // it takes policies that let everybody in
	policy        string // as it was written; empty: none
	tags          map[string]string
	requesterPays bool
	aged          time.Time // lifecycle has done what was due until then
	objects       objects
	uploads       map[string]*upload
	erased        map[string]bool // replicas that were deleted by their version ids
}

// BucketConfig describes a bucket to CreateBucket.
type BucketConfig struct {
	Name          string
	Region        string
	Versioned     bool        // versioning is enabled
	EventBridge   bool        // its events go to OnEvent
	Lock          *ObjectLock // nil: versions can't be locked
	Notifications Notifications
	// Replication has the rules for what is put from now on; nil: none. The
	// destinations may be made later.
	Replication *ReplicationConfiguration
	Lifecycle   *LifecycleConfiguration // nil: none
	Encryption  BucketEncryption
	// Policy is what GetBucketPolicy answers. Who may do what, the gate's policies decide.
	Policy        string
	Tags          map[string]string
	RequesterPays bool
	Public        bool // it takes policies that let everybody in, which new buckets don't
}

// BucketEncryption is that of objects which are uploaded without one of their own.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
type BucketEncryption struct {
	Algorithm string // AES256, aws:kms or aws:kms:dsse; "" is AES256
	KMSKey    string // ARN; "" is the account's default one
	BucketKey bool   // S3 asks the key for the bucket, not for each object
}

// CreateBucket makes a bucket as a template describes it. Errors name the
// bucket.
func (s *Server) CreateBucket(cfg BucketConfig) error {
	err := s.checkBucket(cfg, true)
	if err == nil {
		b := &bucket{name: cfg.Name, region: cfg.Region, policy: cfg.Policy, requesterPays: cfg.RequesterPays}
		s.set(b, cfg)
		err = s.addBucket(b)
	}
	if err != nil {
		return fmt.Errorf("create bucket %s: %w", cfg.Name, err)
	}
	return nil
}

// set gives a bucket its settings.
func (s *Server) set(b *bucket, cfg BucketConfig) {
	b.versioned, b.eventBridge, b.lock, b.notifications = cfg.Versioned, cfg.EventBridge, cfg.Lock, s.named(cfg.Notifications)
	b.replication, b.lifecycle, b.encryption, b.public, b.tags = cfg.Replication, cfg.Lifecycle, cfg.Encryption, cfg.Public, cfg.Tags
}

// setBucket gives a bucket that is there other settings. What S3 never turns off again is refused.
func (s *Server) setBucket(cfg BucketConfig, notified bool) error {
	if err := s.checkBucket(cfg, notified); err != nil {
		return fmt.Errorf("change bucket %s: %w", cfg.Name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[cfg.Name]
	switch {
	case b == nil:
		return fmt.Errorf("change bucket %s: %w", cfg.Name, noSuchBucket(cfg.Name))
	case b.versioned && !cfg.Versioned:
		return fmt.Errorf("change bucket %s: %w", cfg.Name, notImplemented("suspended versioning"))
	case b.lock != nil && cfg.Lock == nil:
		return fmt.Errorf("change bucket %s: %w", cfg.Name, fail(http.StatusConflict, "InvalidBucketState", "Object Lock configuration cannot be removed from a bucket."))
	}
	s.set(b, cfg)
	s.keepBucket(b.name)
	return nil
}

// checkBucket refuses settings that S3 refuses. Where notifications are new, it has their targets
// asked whether they take them.
func (s *Server) checkBucket(cfg BucketConfig, notified bool) error {
	if cfg.Replication != nil {
		if err := cfg.Replication.validate(cfg.Versioned); err != nil {
			return err
		}
	}
	if err := cfg.Notifications.check(cfg.Region); err != nil {
		return err
	}
	if notified {
		if err := s.validate(cfg.Name, cfg.Notifications); err != nil {
			return err
		}
	}
	if cfg.Lifecycle != nil {
		if err := cfg.Lifecycle.validate(); err != nil {
			return fmt.Errorf("lifecycle: %w", err)
		}
	}
	return nil
}

func (s *Server) addBucket(b *bucket) error {
	if !bucketName.MatchString(b.name) || reservedNames.MatchString(b.name) {
		return fail(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.").detail("BucketName", b.name)
	}
	b.created, b.uploads, b.erased = s.clock.Now(), map[string]*upload{}, map[string]bool{}
	b.aged = b.created
	b.objects.changed = func(key string) { s.keepVersions(b, key) }
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[b.name] != nil {
		return fail(http.StatusConflict, "BucketAlreadyOwnedByYou",
			"Your previous request to create the named bucket succeeded and you already own it.").detail("BucketName", b.name)
	}
	s.buckets[b.name] = b
	s.keepBucket(b.name)
	return nil
}

// accountOf is whose a bucket is.
func (s *Server) accountOf(b *bucket) string {
	return cmp.Or(s.Gate.AccountOf(s.arn(b.name, "")), s.account)
}

// bucketOf finds the call's bucket. The server is locked.
func (s *Server) bucketOf(c *call) (*bucket, error) {
	b := s.buckets[c.bucket]
	owner := c.r.Header.Get("X-Amz-Expected-Bucket-Owner")
	switch {
	case b == nil:
		return nil, noSuchBucket(c.bucket)
	case owner != "" && owner != s.accountOf(b):
		return nil, fail(http.StatusForbidden, "AccessDenied", "Access Denied")
	case b.region != c.region:
		return nil, permanentRedirect(b.name, b.region)
	}
	return b, nil
}

// withBucket runs f on the call's bucket, aged until now, with the server locked.
func (s *Server) withBucket(c *call, f func(*bucket) error) error {
	tell, err := s.withAged(c, f)
	tell()
	return err
}

func (s *Server) withAged(c *call, f func(*bucket) error) (tell func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucketOf(c)
	if err != nil {
		return func() {}, err
	}
	if tell, err = s.age(b), f(b); err == nil && c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		s.keepBucket(b.name)
	}
	return tell, err
}

func (s *Server) deleteBucket(c *call) error {
	return s.withBucket(c, func(b *bucket) error {
		if err := s.dropBucket(b); err != nil {
			return err
		}
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	})
}

// dropBucket deletes a bucket without versions. The server is locked.
func (s *Server) dropBucket(b *bucket) error {
	if b.objects.keys.Len() > 0 {
		return fail(http.StatusConflict, "BucketNotEmpty", "The bucket you tried to delete is not empty. "+
			"You must delete all versions in the bucket.").detail("BucketName", b.name)
	}
	for id, u := range b.uploads {
		u.discard()
		delete(b.uploads, id)
		s.keepUpload(b, id)
	}
	delete(s.buckets, b.name)
	s.keepBucket(b.name)
	return nil
}

func (s *Server) headBucket(c *call) error {
	return s.withBucket(c, func(b *bucket) error {
		c.w.Header().Set("X-Amz-Bucket-Region", b.region)
		c.w.Header().Set("X-Amz-Access-Point-Alias", "false")
		return nil
	})
}

// defaultRegion is the one that GetBucketLocation and CreateBucket leave out.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
const defaultRegion = "us-east-1"

func (s *Server) getBucketLocation(c *call) error {
	return s.withBucket(c, func(b *bucket) error {
		type location struct {
			XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ LocationConstraint"`
			Region  string   `xml:",chardata"`
		}
		answer := location{Region: b.region}
		if b.region == defaultRegion {
			answer.Region = ""
		}
		c.xml(http.StatusOK, answer)
		return nil
	})
}

// listBuckets answers all buckets, or a page of them. The token is the page's last name;
// S3's own is opaque.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
func (s *Server) listBuckets(c *call) error {
	type listed struct {
		Name, CreationDate, BucketRegion string
	}
	var answer struct {
		XMLName           xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListAllMyBucketsResult"`
		Owner             owner
		Buckets           struct{ Bucket []listed }
		Prefix            string `xml:",omitempty"`
		ContinuationToken string `xml:",omitempty"`
	}
	answer.Prefix = c.query.Get("prefix")
	most := 10_000
	if c.query.Has("max-buckets") {
		var err error
		if most, err = strconv.Atoi(c.query.Get("max-buckets")); err != nil || most < 1 || most > 10_000 {
			return invalidArgument("max-buckets must be between 1 and 10000")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	caller := cmp.Or(s.caller(c).Principal().Account(), s.account)
	answer.Owner = owner{ID: caller, DisplayName: caller}
	for _, name := range slices.Sorted(maps.Keys(s.buckets)) {
		b := s.buckets[name]
		switch {
		case name <= c.query.Get("continuation-token"), s.accountOf(b) != caller,
			!strings.HasPrefix(name, c.query.Get("prefix")), c.query.Has("bucket-region") && b.region != c.query.Get("bucket-region"):
			continue
		case len(answer.Buckets.Bucket) == most:
			answer.ContinuationToken = answer.Buckets.Bucket[most-1].Name
			c.xml(http.StatusOK, answer)
			return nil
		}
		answer.Buckets.Bucket = append(answer.Buckets.Bucket, listed{b.name, iso(b.created), b.region})
	}
	c.xml(http.StatusOK, answer)
	return nil
}

// owner is the account, as lists name it.
type owner struct {
	ID          string
	DisplayName string
}
