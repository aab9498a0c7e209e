package s3

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"autobackup/local/gate"
	"autobackup/local/sigv4"
)

// permissions are the actions that an operation takes, on the bucket or the object that
// the request names.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
func (c *call) permissions(op *operation) []string {
	switch op.name {
	case "GetObject", "HeadObject":
		return []string{c.ofVersion("s3:GetObject", "s3:GetObjectVersion")}
	case "GetObjectAttributes":
		return []string{c.ofVersion("s3:GetObject", "s3:GetObjectVersion"), c.ofVersion("s3:GetObjectAttributes", "s3:GetObjectVersionAttributes")}
	case "GetObjectTagging":
		return []string{c.ofVersion("s3:GetObjectTagging", "s3:GetObjectVersionTagging")}
	case "PutObjectTagging":
		return []string{c.ofVersion("s3:PutObjectTagging", "s3:PutObjectVersionTagging")}
	case "DeleteObjectTagging":
		return []string{c.ofVersion("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging")}
	case "DeleteObject":
		return []string{c.ofVersion("s3:DeleteObject", "s3:DeleteObjectVersion")}
	case "CreateBucket":
		if c.r.Header.Get(bucketLockHeader) != "" { // https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
			return []string{"s3:CreateBucket", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"}
		}
	case "PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload":
		return c.puts()
	}
	if action, ok := otherActions[op.name]; ok {
		return []string{action}
	}
	return []string{"s3:" + op.name}
}

// otherActions are those of operations of another name.
var otherActions = map[string]string{
	"ListBuckets":                        "s3:ListAllMyBuckets",
	"ListObjects":                        "s3:ListBucket",
	"ListObjectsV2":                      "s3:ListBucket",
	"ListObjectVersions":                 "s3:ListBucketVersions",
	"ListMultipartUploads":               "s3:ListBucketMultipartUploads",
	"ListParts":                          "s3:ListMultipartUploadParts",
	"HeadBucket":                         "s3:ListBucket",
	"GetBucketEncryption":                "s3:GetEncryptionConfiguration",
	"PutBucketReplication":               "s3:PutReplicationConfiguration",
	"GetBucketReplication":               "s3:GetReplicationConfiguration",
	"DeleteBucketReplication":            "s3:PutReplicationConfiguration",
	"PutBucketLifecycleConfiguration":    "s3:PutLifecycleConfiguration",
	"GetBucketLifecycleConfiguration":    "s3:GetLifecycleConfiguration",
	"DeleteBucketLifecycle":              "s3:PutLifecycleConfiguration",
	"PutBucketNotificationConfiguration": "s3:PutBucketNotification",
	"GetBucketNotificationConfiguration": "s3:GetBucketNotification",
	"GetObjectLockConfiguration":         "s3:GetBucketObjectLockConfiguration",
}

// ofVersion is the second where the request names a version.
func (c *call) ofVersion(plain, version string) string {
	if c.query.Has("versionId") {
		return version
	}
	return plain
}

// puts are what an upload takes with the headers that it has.
func (c *call) puts() []string {
	actions := []string{"s3:PutObject"}
	for header, action := range map[string]string{
		aclHeader: "s3:PutObjectAcl", taggingHeader: "s3:PutObjectTagging", lockModeHeader: "s3:PutObjectRetention", holdHeader: "s3:PutObjectLegalHold",
	} {
		if c.r.Header.Get(header) != "" {
			actions = append(actions, action)
		}
	}
	return actions
}

func (s *Server) arn(bucket, key string) string {
	if key != "" {
		bucket += "/" + key
	}
	return "arn:aws:s3:::" + bucket
}

// caller is who signed the request, in the region that it is signed for.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
func (s *Server) caller(c *call) gate.Caller {
	return s.Gate.Signed(sigv4.AccessKey(c.r)).With("aws:RequestedRegion", c.region)
}

// permit refuses what the caller may not do.
func (s *Server) permit(c *call, op *operation) error {
	caller, resource := s.caller(c), s.arn(c.bucket, c.key)
	switch op.name {
	case "ListBuckets":
		resource = "*"
	case "DeleteObjects": // each key is decided by itself
		return nil
	}
	for _, action := range c.permissions(op) {
		if err := caller.May(action, resource); err != nil {
			return s.withRegion(c, refused(err))
		}
	}
	return nil
}

// withRegion names the bucket's region in the answer to HeadBucket, as S3 does whatever the
// caller may.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
func (s *Server) withRegion(c *call, err error) error {
	var api *apiError
	if region := s.regionOf(c.bucket); c.r.Method == http.MethodHead && c.resource() == bucketResource && region != "" && errors.As(err, &api) {
		return api.with("X-Amz-Bucket-Region", region)
	}
	return err
}

// anonymous is the refusal of a request that nobody signed. SDKs send such a HeadBucket to find out where
// a bucket is, or that there is none.
func (s *Server) anonymous(c *call, err error) error {
	if c.r.Method == http.MethodHead && c.resource() == bucketResource && answered(err, http.StatusForbidden) && s.regionOf(c.bucket) == "" {
		return noSuchBucket(c.bucket)
	}
	return s.withRegion(c, err)
}

// hide says 403 in the place of 404 to those who may not list the bucket: they are not to
// learn what is there.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func (s *Server) hide(c *call, err error) error {
	var api *apiError
	if !errors.As(err, &api) || api.answer.Status != http.StatusNotFound || !strings.HasPrefix(api.answer.Code, "NoSuch") || c.key == "" || api.answer.Code == "NoSuchBucket" || api.answer.Code == "NoSuchUpload" {
		return err
	}
	uncovers := []string{"s3:ListBucket"}
	if c.query.Has("versionId") && s.Uncovers != nil {
		uncovers = s.Uncovers
	}
	if denied := s.caller(c).All(s.arn(c.bucket, ""), uncovers...); denied != nil {
		return refused(denied)
	}
	return err
}

// conceal takes out of an answer what S3 shows only to those who may read it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func (s *Server) conceal(c *call, h http.Header) {
	for header, action := range map[string]string{
		countHeader: c.ofVersion("s3:GetObjectTagging", "s3:GetObjectVersionTagging"), holdHeader: "s3:GetObjectLegalHold",
		lockModeHeader: "s3:GetObjectRetention", lockDateHeader: "s3:GetObjectRetention",
	} {
		if h.Get(header) != "" && !s.caller(c).Sees(action, s.arn(c.bucket, c.key)) {
			h.Del(header)
		}
	}
}

// refused is the gate's error in S3's words.
func refused(err error) error {
	var denied *gate.Refused
	if errors.As(err, &denied) {
		return fail(http.StatusForbidden, "AccessDenied", "%s", denied.Words)
	}
	var unusable *gate.Unusable
	if errors.As(err, &unusable) {
		code := "KMS.KMSInvalidStateException"
		if unusable.Disabled() {
			code = "KMS.DisabledException"
		}
		return fail(http.StatusBadRequest, code, "%s", unusable)
	}
	var exceeded *gate.Exceeded
	if errors.As(err, &exceeded) {
		return fail(exceeded.Answer.Status, exceeded.Answer.Code, "%s", exceeded.Answer.Message)
	}
	return err
}

// mayReplicate says whether the role of the source's replication may bring a version to
// the destination. It is assumed anew for each, as its policies may have changed.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
func (s *Server) mayReplicate(r *replication) error {
	if s.Gate == nil {
		return nil
	}
	s.mu.Lock()
	b := s.buckets[r.source]
	var role string
	if b != nil && b.replication != nil {
		role = b.replication.Role
	}
	s.mu.Unlock()
	by, err := s.Gate.Assume(role, "s3.amazonaws.com", "s3-replication")
	if err != nil {
		return fmt.Errorf("%w: %w", errRole, err)
	}
	to := "s3:ReplicateObject"
	if r.version.marker {
		to = "s3:ReplicateDelete"
	}
	err = errors.Join(
		by.All(s.arn(r.source, ""), "s3:GetReplicationConfiguration", "s3:ListBucket"),
		by.All(s.arn(r.source, r.key), "s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl"),
		by.All(s.arn(r.destination, r.key), to),
	)
	if r.rule.Destination.AccessControlTranslation != nil && !r.version.marker {
		err = errors.Join(err, by.May("s3:ObjectOwnerOverrideToBucketOwner", s.arn(r.destination, r.key)))
	}
	if len(r.version.tags) > 0 {
		err = errors.Join(err, by.All(s.arn(r.source, r.key), "s3:GetObjectVersionTagging"), by.All(s.arn(r.destination, r.key), "s3:ReplicateTags"))
	}
	if from := s.regionOf(r.source); err == nil {
		err = s.mayUse(by, from, r.source, r.key, r.version.encryption, "kms:Decrypt")
	}
	if to := r.rule.Destination.EncryptionConfiguration; to != nil && err == nil && r.version.encryption.kms() {
		into := r.version.encryption
		region := s.regionOf(r.destination)
		into.kmsKey = s.kmsKey(region, to.ReplicaKmsKeyID)
		err = s.mayUse(by, region, r.destination, r.key, into, "kms:Encrypt", "kms:Decrypt")
	}
	return err
}

func (s *Server) regionOf(bucket string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[bucket]; b != nil {
		return b.region
	}
	return ""
}

// mayEncrypt says whether the caller may use the key of what it uploads, and mayDecrypt
// that of what it reads. A HEAD asks the key for the checksum alone.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms
func (s *Server) mayEncrypt(c *call, e encryption) error {
	return refused(s.mayUse(s.caller(c), c.region, c.bucket, c.key, e, "kms:GenerateDataKey"))
}

func (s *Server) mayDecrypt(c *call, e encryption) error {
	return refused(s.mayUse(s.caller(c), c.region, c.bucket, c.key, e, "kms:Decrypt"))
}

// mayUse asks the key of an object. The account's default key, which AWS manages, is
// anybody's of the account.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html#bucket-key-changes
func (s *Server) mayUse(by gate.Caller, region, bucket, key string, e encryption, actions ...string) error {
	switch {
	case s.Gate == nil || !e.kms() || e.kmsKey == s.kmsKey(region, ""):
		return nil
	case !s.Gate.Knows(e.kmsKey):
		return noSuchKMSKey(region, e.kmsKey)
	}
	context := s.arn(bucket, key)
	if e.bucketKey == "true" {
		context = s.arn(bucket, "")
	}
	return by.AtKMS("s3."+region+".amazonaws.com").With("kms:EncryptionContext:aws:s3:arn", context).All(e.kmsKey, actions...)
}
