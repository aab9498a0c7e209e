package conformance

const (
	apiReference = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
	userGuide    = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"

	nothing     = "nothing"
	notVerdicts = "nothing: verdicts don't rest on it"
	lessToTest  = "this kind of object is proved on the local S3 only"
)

// minioDifferences are those of the version that local/testing/minio names.
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
		Test: "a KMS key that nobody made encrypts nothing", Address: "https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html",
		Says: "says kms:KeyNotFound, with 404", Matters: notVerdicts, fails: []string{`actual  : 404`, `actual  : "kms:KeyNotFound"`},
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
		Test: "what is archived is not copied", Address: apiReference + "API_CopyObject.html",
		Says: "has no such storage class", Matters: lessToTest, fails: []string{"api error InvalidStorageClass"},
	},
	{
		Test: "a copy tells which version it was made of", Address: apiReference + "API_CopyObject.html",
		Says: "tells it only where the request named one", Matters: notVerdicts, fails: []string{"actual  : (*string)(nil)"},
	},
	{
		Test: "a delete marker is not copied", Address: apiReference + "API_CopyObject.html",
		Says: "refuses it with 405", Matters: notVerdicts, fails: []string{`expected: 400`, `expected: "InvalidRequest"`},
	},
	{
		Test: "a copy goes from one region's bucket into that of the other", Address: apiReference + "API_CopyObject.html",
		Says: "knows nothing of the other server's buckets", Matters: notVerdicts, fails: []string{"api error NoSuchBucket"},
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
		Test: "a rule by several tags takes what has them all", Address: userGuide + "replication-add-config.html",
		Says: "takes what has one of them", Matters: "its status shows that the rule took it, so it is compared",
		fails: []string{"Should be empty, but was", "An error is expected but got nil"},
	},
	{
		Test: "what is tagged after its upload is not replicated", Address: userGuide + "replication-troubleshoot.html",
		Says: "replicates it then", Matters: "TAGS_MATCH_NOW is proved on the local S3 only",
		fails: []string{"Should be empty, but was", "An error is expected but got nil"},
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
		Test: "a rule may put replicas into an archive", Address: apiReference + "API_Destination.html",
		Says: "has no such storage class", Matters: lessToTest, fails: []string{"api error"},
	},
	{
		Test: "lifecycle rules may move versions to other classes", Address: apiReference + "API_LifecycleRule.html",
		Says: "has no such storage classes", Matters: notVerdicts, fails: []string{"api error InvalidArgument"},
	},
	{
		Test: "a lifecycle rule selects and does something", Address: apiReference + "API_LifecycleRule.html",
		Says: "takes a rule without a filter", Matters: notVerdicts, fails: []string{"An error is expected but got nil"},
	},
	{
		Test: "a part is completed once", Address: apiReference + "API_CompleteMultipartUpload.html",
		Says: "takes one part twice, and doubles its bytes", Matters: notVerdicts,
		fails: []string{`An error is expected but got nil`},
	},
	{
		Test: "an upload completed again answers as before", Address: apiReference + "API_CompleteMultipartUpload.html",
		Says: "has forgotten the upload", Matters: notVerdicts,
		fails: []string{`NoSuchUpload`},
	},
	{
		Test: "a range over a whole composite has its bare checksum", Address: apiReference + "API_GetObject.html",
		Says: "sends no checksum with any range", Matters: nothing + ": bytes are read without",
		fails: []string{`actual  : ""`},
	},
	{
		Test: "a range over everything has the checksum", Address: apiReference + "API_GetObject.html",
		Says: "sends no checksum with any range", Matters: nothing + ": bytes are read without",
		fails: []string{`actual  : ""`},
	},
	{
		Test: "parts below a full-object checksum are counted", Address: apiReference + "API_GetObjectAttributes.html",
		Says: "lists them", Matters: nothing + ": only the parts of composite checksums are asked for",
		fails: []string{`Should be empty`, `Expected nil, but got`},
	},
	{
		Test: "behind the last part there is none", Address: apiReference + "API_GetObjectAttributesParts.html",
		Says: "says that the list goes on", Matters: nothing + ": nobody asks behind the last",
		fails: []string{`Should be false`},
	},
	{
		Test: "a version from before versioning is null", Address: apiReference + "API_HeadObject.html",
		Says: "tells no version", Matters: nothing + ": buckets are made with versioning",
		fails: []string{`actual  : ""`},
	},
	{
		Test: "a bucket without versioning has no versions", Address: apiReference + "API_DeleteObject.html",
		Says: "says NoSuchVersion, and takes a deletion", Matters: nothing + ": buckets have versioning",
		fails: []string{`actual  : 404`, `actual  : "NoSuchVersion"`, `An error is expected but got nil`},
	},
	{
		Test: "deleting many tells which key or version can't be", Address: userGuide + "object-keys.html",
		Says: "says XMinioInvalidObjectName", Matters: notVerdicts,
		fails: []string{`XMinioInvalidObjectName`},
	},
	{
		Test: "deleting many takes no empty key", Address: apiReference + "API_DeleteObjects.html",
		Says: "takes one", Matters: notVerdicts,
		fails: []string{`An error is expected but got nil`},
	},
	{
		Test: "deleting many needs a checksum", Address: apiReference + "API_DeleteObjects.html",
		Says: "says MissingContentMD5", Matters: notVerdicts,
		fails: []string{`actual  : "MissingContentMD5"`},
	},
	{
		Test: "a locked version is kept", Address: userGuide + "object-lock.html",
		Says: "says InvalidRequest, not AccessDenied", Matters: notVerdicts,
		fails: []string{`actual  : 400`, `actual  : "InvalidRequest"`},
	},
	{
		Test: "a lock in the past is refused", Address: apiReference + "API_PutObject.html",
		Says: "says InvalidRequest", Matters: notVerdicts,
		fails: []string{`actual  : "InvalidRequest"`},
	},
	{
		Test: "a part of a locked upload needs a checksum", Address: apiReference + "API_UploadPart.html",
		Says: "locks what nothing verifies", Matters: notVerdicts,
		fails: []string{`An error is expected but got nil`},
	},
	{
		Test: "a locked upload needs a checksum", Address: apiReference + "API_PutObject.html",
		Says: "locks what nothing verifies", Matters: notVerdicts,
		fails: []string{`An error is expected but got nil`},
	},
	{
		Test: "tags that can't be are refused", Address: userGuide + "object-tagging.html",
		Says: "says InvalidTag where S3 says InvalidArgument, and takes aws: keys", Matters: notVerdicts,
		fails: []string{`actual  : "InvalidTag"`, `An error is expected but got nil`},
	},
	{
		Test: "a read takes no encryption", Address: apiReference + "API_GetObject.html",
		Says: "says BadRequest", Matters: notVerdicts,
		fails: []string{`actual  : "BadRequest"`},
	},
	{
		Test: "metadata in words of RFC 2047 is decoded", Address: userGuide + "UsingMetadata.html",
		Says: "keeps the words as they are", Matters: nothing + ": both sides have the same",
		fails: []string{`actual  : "=?UTF-8?Q?`},
	},
	{
		Test: "a token goes before start-after", Address: apiReference + "API_ListObjectsV2.html",
		Says: "tells start-after in every page", Matters: notVerdicts,
		fails: []string{`Expected nil, but got`},
	},
	{
		Test: "an empty encoding or token is not none", Address: apiReference + "API_ListObjectsV2.html",
		Says: "takes it for none", Matters: notVerdicts,
		fails: []string{`An error is expected but got nil`},
	},
	{
		Test: "a bucket of us-east-1 can be made again", Address: apiReference + "API_CreateBucket.html",
		Says: "says BucketAlreadyOwnedByYou, as S3's other regions", Matters: notVerdicts,
		fails: []string{`BucketAlreadyOwnedByYou`},
	},
	{
		Test: "us-east-1 is no location constraint", Address: apiReference + "API_CreateBucketConfiguration.html",
		Says: "takes it", Matters: notVerdicts,
		fails: []string{`An error is expected but got nil`},
	},
	{
		Test: "reserved bucket names are refused", Address: userGuide + "bucketnamingrules.html",
		Says: "takes those of S3's other services", Matters: notVerdicts,
		fails: []string{`An error is expected but got nil`},
	},
	{
		Test: "a part may be copied from a range of an object", Address: apiReference + "API_UploadPartCopy.html",
		Says: "makes no checksum of what it copies into an upload that has one", Matters: notVerdicts,
		fails: []string{`checksum missing`},
	},
	{
		Test: "a bucket's region is found without a signature", Address: apiReference + "API_HeadBucket.html",
		Says: "tells us-east-1 of every bucket, and denies that one is missing", Matters: notVerdicts,
		fails: []string{`actual  : "us-east-1"`, `actual  : 403`, `actual  : "Forbidden"`},
	},
	{
		Test: "a bucket of a region is made by its name", Address: apiReference + "API_CreateBucket.html",
		Says: "takes it", Matters: notVerdicts,
		fails: []string{`An error is expected but got nil`},
	},
	{
		Test: "uploads under way are listed in pages", Address: apiReference + "API_ListMultipartUploads.html",
		Says: "lists those of a key alone, and knows no marker", Matters: notVerdicts,
		fails: []string{`expected: []string{"b/one `},
	},
	{
		Test: "uploads under way are grouped by a delimiter", Address: apiReference + "API_ListMultipartUploads.html",
		Says: "groups none", Matters: notVerdicts,
		fails: []string{`expected: []string{"a+ b `, `expected: []string{"b/"}`},
	},
	{
		Test: "a bucket has no ACLs", Address: userGuide + "about-object-ownership.html",
		Says: "takes and ignores them", Matters: notVerdicts,
		fails: []string{`An error is expected but got nil`},
	},
	{
		Test: "buckets are listed by name and region", Address: apiReference + "API_ListBuckets.html",
		Says: "takes a prefix, and neither tells it nor looks at the region", Matters: notVerdicts,
		fails: []string{`actual  : (*string)(nil)`, `Should be empty, but was`},
	},
}
