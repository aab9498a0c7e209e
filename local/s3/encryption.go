package s3

import (
	"crypto/md5" //nolint:gosec // how S3 names a customer's key
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/google/uuid"
)

const (
	encryptionPrefix  = "X-Amz-Server-Side-Encryption"
	kmsKeyHeader      = encryptionPrefix + "-Aws-Kms-Key-Id"
	bucketKeyHeader   = encryptionPrefix + "-Bucket-Key-Enabled"
	customerAlgorithm = encryptionPrefix + "-Customer-Algorithm"
	customerKeyHeader = encryptionPrefix + "-Customer-Key"
	customerKeyMD5    = encryptionPrefix + "-Customer-Key-Md5"
	sseS3, sseKMS     = "AES256", "aws:kms"
	sseDSSE           = "aws:kms:dsse"
)

var customerHeaders = []string{customerAlgorithm, customerKeyHeader, customerKeyMD5}

// encryption is what is remembered of how an object would be encrypted.
type encryption struct {
	algorithm      string // sseS3, sseKMS or sseDSSE; empty for SSE-C
	kmsKey         string // ARN
	bucketKey      string // "true" where asked for
	customerKeyMD5 string // of SSE-C, base64
}

// hidesMD5 tells that the ETag is not an MD5.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
func (e encryption) hidesMD5() bool { return e.algorithm != sseS3 }

func (e encryption) kms() bool { return e.algorithm == sseKMS || e.algorithm == sseDSSE }

func (s *Server) encryptionOf(c *call) (encryption, error) {
	keyMD5, err := customerKeyOf(c.r.Header)
	if err != nil {
		return encryption{}, err
	}
	asked := c.r.Header.Get(encryptionPrefix)
	if keyMD5 != "" {
		if asked != "" {
			return encryption{}, invalidArgument("Server Side Encryption with Customer provided key is incompatible with the encryption method specified")
		}
		return encryption{customerKeyMD5: keyMD5}, nil
	}
	if c.r.Header.Get(encryptionPrefix+"-Context") != "" {
		return encryption{}, notImplemented("an encryption context")
	}
	e := encryption{algorithm: asked}
	if asked == "" {
		e = s.encryptionByDefault(c)
	}
	switch key := c.r.Header.Get(kmsKeyHeader); {
	case asked != "" && e.kms():
		e.kmsKey, e.bucketKey = s.kmsKey(c.region, key), c.r.Header.Get(bucketKeyHeader)
	case e.algorithm != sseS3 && !e.kms():
		return e, invalidArgument("The encryption method specified is not supported")
	case key != "":
		return e, invalidArgument("Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms")
	}
	return e, s.mayEncrypt(c, e)
}

// encryptionByDefault is the bucket's.
func (s *Server) encryptionByDefault(c *call) encryption {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := encryption{algorithm: sseS3}
	b := s.buckets[c.bucket]
	if b == nil || b.encryption.Algorithm == "" || b.encryption.Algorithm == sseS3 {
		return e
	}
	e.algorithm, e.kmsKey = b.encryption.Algorithm, s.kmsKey(b.region, b.encryption.KMSKey)
	if b.encryption.BucketKey {
		e.bucketKey = "true"
	}
	return e
}

// defaultKey is the alias of the account's default key, in every region.
const defaultKey = "alias/aws/s3"

// kmsKey is the ARN of the key that was named, be it by an alias, or of the account's default one.
func (s *Server) kmsKey(region, key string) string {
	if key == "" || key == defaultKey || key == "arn:aws:kms:"+region+":"+s.account+":"+defaultKey {
		key = uuid.NewSHA1(uuid.NameSpaceOID, []byte(region+s.account)).String()
	}
	return s.Gate.Key(region, s.account, key)
}

// noSuchKMSKey is what S3 says of a key that is not there: KMS's own words, but for a key of
// another region, which S3 doesn't ask for. No document tells them.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html
func noSuchKMSKey(region, key string) error {
	text := "Key '" + key + "' does not exist"
	if named, err := arn.Parse(key); err == nil && named.Region != region {
		text = "Invalid arn " + named.Region
	} else if strings.HasPrefix(named.Resource, "alias/") {
		text = "Alias " + key + " is not found."
	}
	return fail(http.StatusBadRequest, "KMS.NotFoundException", "%s", text)
}

// customerKeyOf reads the three headers of SSE-C, and answers the key's MD5.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
func customerKeyOf(h http.Header) (string, error) {
	algorithm, key, sum := h.Get(customerAlgorithm), h.Get(customerKeyHeader), h.Get(customerKeyMD5)
	if algorithm == "" && key == "" && sum == "" {
		return "", nil
	}
	raw, err := base64.StdEncoding.DecodeString(key)
	if algorithm != sseS3 || err != nil || len(raw) != 32 {
		return "", invalidArgument("Requests specifying Server Side Encryption with Customer provided keys must provide an AES256 key of 256 bits.")
	}
	digest := md5.Sum(raw) //nolint:gosec // how S3 names a customer's key
	if sum != base64.StdEncoding.EncodeToString(digest[:]) {
		return "", invalidArgument("The calculated MD5 hash of the key did not match the hash that was provided.")
	}
	return sum, nil
}

// permits refuses to read an object without the customer's key, or with another, which
// S3 tells by the MD5 that is sent.
func (e encryption) permits(h http.Header) error {
	customers := slices.ContainsFunc(customerHeaders, func(name string) bool { return h.Get(name) != "" })
	switch {
	case e.customerKeyMD5 == "" && customers:
		return invalidRequest("The encryption parameters are not applicable to this object.")
	case e.customerKeyMD5 == "":
		return nil
	case !customers:
		return invalidRequest("The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.")
	case h.Get(customerKeyMD5) != e.customerKeyMD5:
		return fail(http.StatusForbidden, "AccessDenied", "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.")
	}
	_, err := customerKeyOf(h)
	return err
}

// permitsPart refuses a part of an upload under another key, or under none.
func (e encryption) permitsPart(h http.Header) error {
	keyMD5, err := customerKeyOf(h)
	switch {
	case err != nil:
		return err
	case (keyMD5 == "") != (e.customerKeyMD5 == ""):
		return invalidRequest("The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.")
	case keyMD5 != e.customerKeyMD5:
		return invalidRequest("The provided encryption parameters did not match the ones used originally.")
	}
	return nil
}

func (e encryption) write(h http.Header) {
	for name, value := range map[string]string{
		encryptionPrefix: e.algorithm, kmsKeyHeader: e.kmsKey, bucketKeyHeader: e.bucketKey, customerKeyMD5: e.customerKeyMD5,
	} {
		if value != "" {
			h.Set(name, value)
		}
	}
	if e.customerKeyMD5 != "" {
		h.Set(customerAlgorithm, sseS3)
	}
}
