package conformance

const (
	apiReference = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
	userGuide    = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"

	nothing     = "nothing"
	notVerdicts = "nothing: verdicts don't rest on it"
	lessToTest  = "this kind of object is proved on the local S3 only"
)

// minioDifferences are those of the version that internal/local/minio names.
var minioDifferences = []Difference{
	{
		Test: "a replicated full-object CRC32 is kept", Address: userGuide + "replication-what-is-isnot-replicated.html",
		Says:    "refuses its own replica of a multipart upload with a full-object CRC32 or CRC32C, for a wrong checksum: FAILED",
		Matters: "REPLICATION_FAILED, as it is", fails: []string{`Should not be: "FAILED"`},
	},
	{
		Test: "an object without checksum gets CRC64NVME", Address: userGuide + "checking-object-integrity-upload.html",
		Says: "keeps none", Matters: "verified by the ETag", fails: []string{`expected: "jSnVw/bqjr4="`, `expected: "FULL_OBJECT"`},
	},
	{
		Test: "an upload without algorithm gets CRC64NVME", Address: userGuide + "checking-object-integrity-upload.html",
		Says: "keeps none", Matters: "verified by the ETag", fails: []string{`expected: "FULL_OBJECT"`, `expected: "r9h/FiWybf0="`},
	},
	{
		Test: "a checksum by every algorithm of 2026 is kept", Address: userGuide + "checking-object-integrity-upload.html",
		Says: "ignores SHA512, MD5, XXHASH64, XXHASH3 and XXHASH128", Matters: lessToTest, fails: []string{"actual  : \"\""},
	},
	{
		Test: "a composite checksum may be by SHA512", Address: userGuide + "checking-object-integrity-upload.html",
		Says: "refuses it", Matters: lessToTest, fails: []string{"api error InvalidArgument"},
	},
	{
		Test: "a wrong checksum is refused", Address: apiReference + "ErrorResponses.html",
		Says: "says XAmzContentChecksumMismatch; takes wrong ones by algorithms it ignores", Matters: notVerdicts,
		fails: []string{"XAmzContentChecksumMismatch", "An error is expected but got nil"},
	},
	{
		Test: "an object has one checksum", Address: apiReference + "API_PutObject.html",
		Says: "says InvalidArgument, not InvalidRequest", Matters: notVerdicts, fails: []string{`actual  : "InvalidArgument"`},
	},
	{
		Test: "an upload's checksum algorithm binds its parts", Address: apiReference + "API_UploadPart.html",
		Says: "says InvalidArgument, not InvalidRequest", Matters: notVerdicts, fails: []string{`actual  : "InvalidArgument"`},
	},
	{
		Test: "a type that the algorithm doesn't have is refused", Address: apiReference + "API_CreateMultipartUpload.html",
		Says: "says InvalidArgument, and takes CRC64NVME as COMPOSITE", Matters: notVerdicts,
		fails: []string{`actual  : "InvalidArgument"`, "An error is expected but got nil"},
	},
	{
		Test: "the answer to a completed upload tells its checksum", Address: apiReference + "API_CompleteMultipartUpload.html",
		Says: "leaves the checksum's type out; HeadObject has it", Matters: nothing + ": looks are HeadObject", fails: []string{`expected: "COMPOSITE"`},
	},
	{
		Test: "attributes of an object in one part have no parts", Address: apiReference + "API_GetObjectAttributesParts.html",
		Says: "lists the object as its only part", Matters: nothing + ": one part is the object", fails: []string{"Expected nil, but got: &types.GetObjectAttributesParts"},
	},
	{
		Test: "a bucket tells its default encryption", Address: apiReference + "API_GetBucketEncryption.html",
		Says: "has no default encryption, and says so", Matters: nothing, fails: []string{"ServerSideEncryptionConfigurationNotFoundError"},
	},
	{
		Test: "every object is encrypted", Address: userGuide + "default-encryption-faq.html",
		Says: "encrypts only what asks for it", Matters: nothing + ": ETags are MD5s either way", fails: []string{`expected: "AES256"`},
	},
	{
		Test: "an object under DSSE has an ETag, no MD5", Address: userGuide + "UsingDSSEncryption.html",
		Says: "refuses DSSE", Matters: lessToTest, fails: []string{"The encryption method is not supported"},
	},
	{
		Test: "an object under SSE-KMS tells the key's ARN", Address: apiReference + "API_PutObject.html",
		Says: "tells arn:aws:kms: and the name of its only key", Matters: notVerdicts, fails: []string{`"arn:aws:kms:autobackup"`},
	},
	{
		Test: "a storage class is kept", Address: userGuide + "storage-class-intro.html",
		Says: "has STANDARD and REDUCED_REDUNDANCY", Matters: lessToTest, fails: []string{"api error InvalidStorageClass"},
	},
	{
		Test: "an archived object can be looked at, not read", Address: apiReference + "API_GetObject.html",
		Says: "has no such storage class", Matters: lessToTest, fails: []string{"api error InvalidStorageClass"},
	},
	{
		Test: "a key may look like a path", Address: userGuide + "object-keys.html",
		Says: "refuses .. and empty segments, which it would take for folders", Matters: lessToTest, fails: []string{"api error"},
	},
	{
		Test: "a delete marker's 405 tells what is allowed and when", Address: apiReference + "API_HeadObject.html",
		Says: "sends neither Allow nor Last-Modified", Matters: nothing + ": x-amz-delete-marker is there", fails: []string{`expected: "DELETE"`, "Should NOT be empty"},
	},
	{
		Test: "a delete marker can be made where nothing was", Address: userGuide + "DeleteMarker.html",
		Says: "makes none", Matters: notVerdicts, fails: []string{"Should be true", "Should NOT be empty"},
	},
	{
		Test: "deleting a version that is gone answers as before", Address: apiReference + "API_DeleteObject.html",
		Says: "leaves x-amz-version-id out", Matters: notVerdicts, fails: []string{`actual  : ""`},
	},
	{
		Test: "deleted keys are not listed", Address: apiReference + "API_ListObjectsV2.html",
		Says: "lists the prefix of keys that are all deleted", Matters: notVerdicts, fails: []string{`"c/"`},
	},
	{
		Test: "a range that makes no sense is ignored", Address: "https://www.rfc-editor.org/rfc/rfc9110#section-14.2",
		Says: "refuses it", Matters: nothing + ": bytes are read in ranges that make sense", fails: []string{"api error InvalidRange"},
	},
	{
		Test: "an empty object has no range", Address: apiReference + "API_GetObject.html",
		Says: "answers nothing, with 200", Matters: nothing + ": an empty object has nothing to read", fails: []string{"An error is expected but got nil"},
	},
	{
		Test: "a bucket of another region redirects", Address: apiReference + "API_HeadBucket.html",
		Says: "is one server of one region, that knows no other: 404", Matters: "the suite of real replication redirects before the servers",
		fails: []string{"actual  : 404", `actual  : "NoSuchBucket"`, `actual  : "NotFound"`, `expected: "eu-west-1"`},
	},
	{
		Test: "buckets of all regions are listed together", Address: apiReference + "API_ListBuckets.html",
		Says: "lists its own", Matters: notVerdicts, fails: []string{"does not contain"},
	},
	{
		Test: "a page of the list of buckets has regions", Address: apiReference + "API_ListBuckets.html",
		Says: "lists its own, without regions", Matters: nothing + ": discover asks for each bucket's location where the list has no region",
		fails: []string{`expected: "us-east-1"`, "Should be empty, but was map["},
	},
	{
		Test: "a bucket of us-east-1 has no location", Address: apiReference + "API_GetBucketLocation.html",
		Says: "answers us-east-1", Matters: nothing + ": HeadBucket tells the region", fails: []string{"Should be empty, but was us-east-1"},
	},
	{
		Test: "the EventBridge setting is kept", Address: userGuide + "EventBridge.html",
		Says: "knows notifications of its own only", Matters: "the suite of real replication makes the events", fails: []string{"Expected value not to be nil"},
	},
	{
		Test: "a destination's class, metrics and time are kept", Address: apiReference + "API_Destination.html",
		Says: "refuses classes it doesn't have", Matters: notVerdicts, fails: []string{"api error"},
	},
	{
		Test: "replication rules need a destination that is there", Address: apiReference + "API_PutBucketReplication.html",
		Says: "has destinations made targets first, by its admin API, which refuses", Matters: notVerdicts, fails: []string{"XMinioAdminRemoteTargetNotFoundError"},
	},
	{
		Test: "replication rules need a priority", Address: userGuide + "replication-add-config.html",
		Says: "takes them without", Matters: notVerdicts, fails: []string{"An error is expected but got nil"},
	},
	{
		Test: "a write takes no other condition", Address: userGuide + "conditional-writes.html",
		Says: "compares any ETag with If-None-Match, and takes If-Match: *", Matters: nothing + ": no such condition is sent",
		fails: []string{"actual  : 412", `actual  : "PreconditionFailed"`, "An error is expected but got nil"},
	},
	{
		Test: "an upload into an archive is not replicated", Address: userGuide + "replication-what-is-isnot-replicated.html",
		Says: "has no such storage class", Matters: lessToTest, fails: []string{"api error InvalidStorageClass"},
	},
	{
		Test: "lifecycle rules may move versions to other classes", Address: apiReference + "API_LifecycleRule.html",
		Says: "has no such storage classes", Matters: notVerdicts, fails: []string{"api error InvalidArgument"},
	},
	{
		Test: "a lifecycle rule selects and does something", Address: apiReference + "API_LifecycleRule.html",
		Says: "takes a rule without a filter", Matters: notVerdicts, fails: []string{"An error is expected but got nil"},
	},
}
