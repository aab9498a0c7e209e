package s3

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// resource is what a path names.
type resource string

const (
	serviceResource resource = ""
	bucketResource  resource = "Bucket"
	objectResource  resource = "Object"
)

// operation is one of S3's API that is supported.
type operation struct {
	name   string
	method string
	on     resource
	by     string   // query parameter that selects it; "" where none does
	copies bool     // a header that names a source selects it
	params []string // further query parameters that are understood
	header []string // further headers that are understood; an entry that ends in - is what they begin with
	handle func(*Server, *call) error
}

// uploadHeaders say what an object shall be.
var uploadHeaders = append([]string{
	aclHeader, storageClassHeader, taggingHeader, lockModeHeader, lockDateHeader, holdHeader, metaPrefix,
	encryptionPrefix, encryptionPrefix + "-Context", kmsKeyHeader, bucketKeyHeader, checksumAlgorithm, checksumType,
}, customerHeaders...)

var (
	readHeaders = append([]string{"Range", "If-Match", "If-None-Match", checksumMode}, customerHeaders...)
	readParams  = append([]string{"versionId", "partNumber"}, slices.Collect(maps.Keys(overrides))...)
	// listHeaders ask for what archived objects have that were restored, which none here is.
	listHeaders = []string{"X-Amz-Optional-Object-Attributes"}
	copyHeaders = []string{copySourceHeader, copyIfMatch, copyIfNoneMatch}
	partHeaders = append([]string{checksumAlgorithm, checksumType}, customerHeaders...)
)

// operations lists everything that is supported, the selected ones first.
var operations = []*operation{
	{name: "ListBuckets", method: http.MethodGet, on: serviceResource, handle: (*Server).listBuckets,
		params: []string{"max-buckets", "continuation-token", "prefix", "bucket-region"}},

	{name: "GetBucketLocation", method: http.MethodGet, on: bucketResource, by: "location", handle: (*Server).getBucketLocation},
	{name: "PutBucketVersioning", method: http.MethodPut, on: bucketResource, by: "versioning", handle: (*Server).putBucketVersioning},
	{name: "GetBucketVersioning", method: http.MethodGet, on: bucketResource, by: "versioning", handle: (*Server).getBucketVersioning},
	{name: "GetBucketEncryption", method: http.MethodGet, on: bucketResource, by: "encryption", handle: (*Server).getBucketEncryption},
	{name: "PutBucketReplication", method: http.MethodPut, on: bucketResource, by: "replication", handle: (*Server).putBucketReplication},
	{name: "GetBucketReplication", method: http.MethodGet, on: bucketResource, by: "replication", handle: (*Server).getBucketReplication},
	{name: "DeleteBucketReplication", method: http.MethodDelete, on: bucketResource, by: "replication", handle: (*Server).deleteBucketReplication},
	{name: "PutBucketLifecycleConfiguration", method: http.MethodPut, on: bucketResource, by: "lifecycle",
		header: []string{minimumSizeHeader}, handle: (*Server).putBucketLifecycle},
	{name: "GetBucketLifecycleConfiguration", method: http.MethodGet, on: bucketResource, by: "lifecycle", handle: (*Server).getBucketLifecycle},
	{name: "DeleteBucketLifecycle", method: http.MethodDelete, on: bucketResource, by: "lifecycle", handle: (*Server).deleteBucketLifecycle},
	{name: "PutBucketNotificationConfiguration", method: http.MethodPut, on: bucketResource, by: "notification", header: []string{skipValidationHeader}, handle: (*Server).putBucketNotification},
	{name: "GetBucketNotificationConfiguration", method: http.MethodGet, on: bucketResource, by: "notification", handle: (*Server).getBucketNotification},
	{name: "GetBucketPolicy", method: http.MethodGet, on: bucketResource, by: "policy", handle: (*Server).getBucketPolicy},
	{name: "GetBucketTagging", method: http.MethodGet, on: bucketResource, by: "tagging", handle: (*Server).getBucketTagging},
	{name: "GetBucketRequestPayment", method: http.MethodGet, on: bucketResource, by: "requestPayment", handle: (*Server).getBucketRequestPayment},
	{name: "GetObjectLockConfiguration", method: http.MethodGet, on: bucketResource, by: "object-lock", handle: (*Server).getObjectLock},
	{name: "DeleteObjects", method: http.MethodPost, on: bucketResource, by: "delete", handle: (*Server).deleteObjects},
	{name: "ListObjectsV2", method: http.MethodGet, on: bucketResource, by: "list-type", handle: (*Server).listObjectsV2,
		params: []string{"prefix", "delimiter", "max-keys", "encoding-type", "continuation-token", "start-after", "fetch-owner"}, header: listHeaders},
	{name: "ListObjectVersions", method: http.MethodGet, on: bucketResource, by: "versions", handle: (*Server).listObjectVersions,
		params: []string{"prefix", "delimiter", "max-keys", "encoding-type", "key-marker", "version-id-marker"}, header: listHeaders},
	{name: "ListMultipartUploads", method: http.MethodGet, on: bucketResource, by: "uploads", handle: (*Server).listMultipartUploads,
		params: []string{"prefix", "delimiter", "max-uploads", "encoding-type", "key-marker", "upload-id-marker"}},
	{name: "ListObjects", method: http.MethodGet, on: bucketResource, handle: (*Server).listObjects, params: []string{"prefix", "delimiter", "max-keys", "encoding-type", "marker"}, header: listHeaders},
	{name: "CreateBucket", method: http.MethodPut, on: bucketResource, header: []string{bucketLockHeader, aclHeader}, handle: (*Server).createBucket},
	{name: "DeleteBucket", method: http.MethodDelete, on: bucketResource, handle: (*Server).deleteBucket},
	{name: "HeadBucket", method: http.MethodHead, on: bucketResource, handle: (*Server).headBucket},

	{name: "CreateMultipartUpload", method: http.MethodPost, on: objectResource, by: "uploads", header: uploadHeaders, handle: (*Server).createMultipartUpload},
	{name: "UploadPartCopy", method: http.MethodPut, on: objectResource, by: "uploadId", copies: true, params: []string{"partNumber"},
		header: append([]string{copyRangeHeader}, append(copyHeaders, customerHeaders...)...), handle: (*Server).uploadPartCopy},
	{name: "ListParts", method: http.MethodGet, on: objectResource, by: "uploadId", params: []string{"max-parts", "part-number-marker"},
		header: customerHeaders, handle: (*Server).listParts},
	{name: "UploadPart", method: http.MethodPut, on: objectResource, by: "uploadId", params: []string{"partNumber"}, header: partHeaders, handle: (*Server).uploadPart},
	{name: "CompleteMultipartUpload", method: http.MethodPost, on: objectResource, by: "uploadId", header: append([]string{objectSizeHeader}, partHeaders...), handle: (*Server).completeMultipartUpload},
	{name: "AbortMultipartUpload", method: http.MethodDelete, on: objectResource, by: "uploadId", handle: (*Server).abortMultipartUpload},
	{name: "PutObjectTagging", method: http.MethodPut, on: objectResource, by: "tagging", params: []string{"versionId"}, header: []string{checksumAlgorithm}, handle: (*Server).putObjectTagging},
	{name: "DeleteObjectTagging", method: http.MethodDelete, on: objectResource, by: "tagging", params: []string{"versionId"}, handle: (*Server).deleteObjectTagging},
	{name: "CopyObject", method: http.MethodPut, on: objectResource, copies: true, header: append(append([]string{metadataDirective, taggingDirective, annotationDirective}, copyHeaders...), uploadHeaders...), handle: (*Server).copyObject},
	{name: "PutObject", method: http.MethodPut, on: objectResource, header: append([]string{"If-Match", "If-None-Match"}, uploadHeaders...), handle: (*Server).putObject},
	{name: "GetObjectAttributes", method: http.MethodGet, on: objectResource, by: "attributes", params: []string{"versionId"},
		header: append([]string{attributesHeader, maxPartsHeader, markerHeader}, customerHeaders...), handle: (*Server).getObjectAttributes},
	{name: "GetObjectTagging", method: http.MethodGet, on: objectResource, by: "tagging", params: []string{"versionId"}, handle: (*Server).getObjectTagging},
	{name: "GetObjectRetention", method: http.MethodGet, on: objectResource, by: "retention", params: []string{"versionId"}, handle: (*Server).getObjectRetention},
	{name: "GetObjectLegalHold", method: http.MethodGet, on: objectResource, by: "legal-hold", params: []string{"versionId"}, handle: (*Server).getObjectLegalHold},
	{name: "GetObject", method: http.MethodGet, on: objectResource, params: readParams, header: readHeaders, handle: (*Server).getObject},
	{name: "HeadObject", method: http.MethodHead, on: objectResource, params: readParams, header: readHeaders, handle: (*Server).headObject},
	{name: "DeleteObject", method: http.MethodDelete, on: objectResource, params: []string{"versionId"}, handle: (*Server).deleteObject},
}

// Operations names everything that is supported.
func Operations() (names []string) {
	for _, op := range operations {
		names = append(names, op.name)
	}
	slices.Sort(names)
	return names
}

// route finds the operation, and refuses by name what is not supported.
func route(c *call) (*operation, error) {
	on := c.resource()
	for _, op := range operations {
		if op.method == c.r.Method && op.on == on && op.copies == c.copies() && (op.by == "" || c.query.Has(op.by)) {
			if err := understood(c, op); err != nil {
				return nil, err
			}
			return op, nil
		}
	}
	for name := range subresources {
		if c.query.Has(name) {
			return nil, notImplemented("%s", unsupportedName(c.r.Method, on, name))
		}
	}
	return nil, notImplemented("%s", unsupportedName(c.r.Method, on, ""))
}

func (c *call) resource() resource {
	switch {
	case c.bucket == "":
		return serviceResource
	case c.key == "":
		return bucketResource
	}
	return objectResource
}

// understood refuses query parameters and headers that op gives no meaning to.
func understood(c *call, op *operation) error {
	for name := range c.query {
		if name != op.by && name != "x-id" && !strings.HasPrefix(name, "X-Amz-") && !slices.Contains(op.params, name) {
			return notImplemented("%s", unsupportedName(c.r.Method, op.on, name))
		}
	}
	for name := range c.r.Header {
		switch {
		case op.understands(name):
		case name == encryptionPrefix:
			return invalidArgument("x-amz-server-side-encryption header is not supported for this operation.").
				detail("ArgumentName", "x-amz-server-side-encryption")
		default:
			return notImplemented("%s with the header %s", op.name, strings.ToLower(name))
		}
	}
	return nil
}

var (
	// signingHeaders come with every request, or say nothing here.
	signingHeaders = []string{"X-Amz-Date", "X-Amz-Content-Sha256", "X-Amz-Security-Token", "X-Amz-User-Agent", "X-Amz-Expected-Bucket-Owner"}
	// bodyHeaders speak of a request's body.
	bodyHeaders = []string{"X-Amz-Sdk-Checksum-Algorithm", "X-Amz-Decoded-Content-Length", "X-Amz-Trailer"}
	// checksumHeaders begin like those that have a checksum.
	checksumHeaders = []string{checksumAlgorithm, checksumType, checksumMode}
)

func (op *operation) understands(name string) bool {
	if slices.ContainsFunc(op.header, func(own string) bool {
		return name == own || strings.HasSuffix(own, "-") && strings.HasPrefix(name, own)
	}) {
		return true
	}
	switch body := op.method == http.MethodPut || op.method == http.MethodPost; {
	case strings.HasPrefix(name, checksumPrefix):
		return body && !slices.Contains(checksumHeaders, name)
	case strings.HasPrefix(name, "X-Amz-"):
		return slices.Contains(signingHeaders, name) || body && slices.Contains(bodyHeaders, name)
	case strings.HasPrefix(name, "If-"), name == "Range":
		return false
	}
	return true
}

// subresources are S3's, with what they are called in operations' names.
var subresources = map[string]string{
	"accelerate": "AccelerateConfiguration", "acl": "Acl", "analytics": "AnalyticsConfiguration", "attributes": "Attributes",
	"cors": "Cors", "encryption": "Encryption", "intelligent-tiering": "IntelligentTieringConfiguration",
	"inventory": "InventoryConfiguration", "legal-hold": "LegalHold", "lifecycle": "LifecycleConfiguration",
	"logging": "Logging", "metrics": "MetricsConfiguration", "object-lock": "LockConfiguration",
	"ownershipControls": "OwnershipControls", "policy": "Policy", "policyStatus": "PolicyStatus",
	"publicAccessBlock": "PublicAccessBlock", "requestPayment": "RequestPayment", "restore": "Restore",
	"retention": "Retention", "tagging": "Tagging", "torrent": "Torrent", "uploadId": "Parts", "uploads": "MultipartUploads",
	"website": "Website",
}

// unsupportedName is what to call an operation that is not supported: its name
// where that follows from the request, otherwise the request.
func unsupportedName(method string, on resource, param string) string {
	if name, ok := subresources[param]; ok && method != http.MethodPost {
		return method[:1] + strings.ToLower(method[1:]) + string(on) + name
	}
	if param != "" {
		return method + " with the query parameter " + param
	}
	switch {
	case method == http.MethodPost && on == bucketResource:
		return "POST Object (a browser's upload)"
	}
	return method + " of this path"
}
