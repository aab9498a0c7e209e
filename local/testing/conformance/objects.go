package conformance

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var objectTests = map[string]func(T, *bed){
	"a request may have headers answered otherwise": headersOverridden,
	"a bucket has no ACLs":                          noACLs,
	"what is put is got, whatever its key":          oddKeys,
	"an empty object is an object":                  emptyObject,
	"a key may look like a path":                    pathKeysKept,
	"metadata is kept":                              metadataKept,
	"tags are counted, and listed when asked for":   tagsKept,
	"a storage class is kept":                       storageClassKept,
	"every object is encrypted":                     encryptedByDefault,
	"a range gives some bytes":                      ranges,
	"a range that makes no sense is ignored":        senselessRanges,
	"a range behind the end is refused":             rangeBehindTheEnd,
	"an empty object has no range":                  rangeOfNothing,
	"a missing key is told as missing":              missingKey,
	"a body that can't be rewound is stored":        bodyWithoutSeek,
	"If-Match and If-None-Match are checked":        conditions,
	"a write can ask that nothing is there":         writeWhereNothingIs,
	"a write can ask for the ETag that is there":    writeOverAnETag,
	"a write takes no other condition":              noOtherCondition,
	"an object under SSE-KMS has an ETag, no MD5":   kmsETag,
	"an object under DSSE has an ETag, no MD5":      dsseETag,
	"an object under SSE-KMS tells the key's ARN":   kmsKeyTold,
	"a KMS key that nobody made encrypts nothing":   kmsKeyMissing,
	"an object under a customer's key needs it":     customerKey,
	"an archived object can be looked at, not read": archivedObject,
	"a wrong Content-MD5 is refused":                wrongMD5,
	"tags that can't be are refused":                tagsRefused,
	"a read takes no encryption":                    encryptedRead,
	"metadata in words of RFC 2047 is decoded":      metadataDecoded,
	"a range over everything has the checksum":      wholeRange,
	"a customer's key must be the right one":        otherCustomerKey,
}

// keys are the ones that break what doesn't encode well.
var keys = []string{
	"plain", "with space", "a+b", "a%2Fb", `"quoted"`, "new\nline", "tab\tbed", "emoji 🗄", "ünïcode",
	"<tag>&amp;", "?query=1", "#fragment",
}

// pathKeys are the ones that break where a key is taken for a file's path.
var pathKeys = []string{"a//b", "/leading", "trailing/", "..", "a/../b", strings.Repeat("k", 1024)}

func oddKeys(t T, b *bed) { keysKept(t, b, keys) }

func pathKeysKept(t T, b *bed) { keysKept(t, b, pathKeys) }

func keysKept(t T, b *bed, keys []string) {
	bucket := b.bucket(t, b.Primary)
	for _, key := range keys {
		b.put(t, bucket, key, "body of "+key)
	}
	for _, key := range keys {
		assert.Equal(t, "body of "+key, b.get(t, b.s3, bucket, key, ""), "%q", key)
	}
}

func emptyObject(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	b.put(t, bucket, "empty", "")
	out, err := head(t, b.s3, bucket, "empty", "")
	require.NoError(t, err)
	assert.Zero(t, aws.ToInt64(out.ContentLength))
	assert.Equal(t, `"d41d8cd98f00b204e9800998ecf8427e"`, aws.ToString(out.ETag))
	assert.Empty(t, b.get(t, b.s3, bucket, "empty", ""))
}

func metadataKept(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	started := b.Now().Add(-time.Minute)
	put, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("text"), ContentType: aws.String("text/plain"),
		ContentEncoding: aws.String("identity"), CacheControl: aws.String("no-store"), ContentLanguage: aws.String("en"),
		ContentDisposition: aws.String("inline"), Metadata: map[string]string{"owner": "a b"},
		Tagging: aws.String("team=x&tier=1"),
	})
	require.NoError(t, err)
	assert.Regexp(t, "^[!-~]{1,1000}$", aws.ToString(put.VersionId))
	out, err := head(t, b.s3, bucket, "k", "")
	require.NoError(t, err)
	assert.Equal(t, "text/plain", aws.ToString(out.ContentType))
	assert.Equal(t, "identity", aws.ToString(out.ContentEncoding))
	assert.Equal(t, "no-store", aws.ToString(out.CacheControl))
	assert.Equal(t, "en", aws.ToString(out.ContentLanguage))
	assert.Equal(t, "inline", aws.ToString(out.ContentDisposition))
	assert.Equal(t, map[string]string{"owner": "a b"}, out.Metadata)
	assert.Equal(t, put.VersionId, out.VersionId)
	assert.Equal(t, put.ETag, out.ETag)
	assert.Equal(t, `"1cb251ec0d568de6a929b520c4aed8d1"`, aws.ToString(out.ETag))
	assert.WithinRange(t, aws.ToTime(out.LastModified), started, b.Now().Add(time.Minute))
}

func storageClassKept(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	for _, class := range []types.StorageClass{types.StorageClassStandardIa, types.StorageClassGlacierIr, types.StorageClassIntelligentTiering} {
		_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("v"), StorageClass: class})
		require.NoError(t, err)
		out, err := head(t, b.s3, bucket, "k", "")
		require.NoError(t, err)
		assert.Equal(t, class, out.StorageClass)
		assert.Equal(t, "v", b.get(t, b.s3, bucket, "k", ""))
	}
}

// asked is a range, and what it must answer.
type asked struct{ ask, body, content string }

func ranges(t T, b *bed) {
	answersRanges(t, b, []asked{
		{"bytes=0-3", "0123", "bytes 0-3/10"},
		{"bytes=4-", "456789", "bytes 4-9/10"},
		{"bytes=-3", "789", "bytes 7-9/10"},
		{"bytes=-30", "0123456789", "bytes 0-9/10"},
		{"bytes=8-100", "89", "bytes 8-9/10"},
	})
}

func senselessRanges(t T, b *bed) {
	answersRanges(t, b, []asked{
		{"bytes=5-4", "0123456789", ""},
		{"bytes=0-1,3-4", "0123456789", ""},
		{"lines=1-2", "0123456789", ""},
	})
}

func answersRanges(t T, b *bed, tests []asked) {
	bucket := b.bucket(t, b.Primary)
	b.put(t, bucket, "digits", "0123456789")
	for _, test := range tests {
		out, err := b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("digits"), Range: &test.ask})
		require.NoError(t, err, test.ask)
		body, err := io.ReadAll(out.Body)
		require.NoError(t, err)
		require.NoError(t, out.Body.Close())
		assert.Equal(t, test.body, string(body), test.ask)
		assert.Equal(t, test.content, aws.ToString(out.ContentRange), test.ask)
		assert.Equal(t, int64(len(test.body)), aws.ToInt64(out.ContentLength), test.ask)

		looked, err := b.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("digits"), Range: &test.ask})
		require.NoError(t, err, test.ask)
		assert.Equal(t, int64(len(test.body)), aws.ToInt64(looked.ContentLength), test.ask)
	}
}

func rangeBehindTheEnd(t T, b *bed) { rangesRefused(t, b, "0123456789", "bytes=10-", "bytes=-0") }

func rangeOfNothing(t T, b *bed) { rangesRefused(t, b, "", "bytes=0-0", "bytes=-1") }

func rangesRefused(t T, b *bed, content string, ranges ...string) {
	bucket := b.bucket(t, b.Primary)
	b.put(t, bucket, "k", content)
	for _, ask := range ranges {
		_, err := b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k"), Range: &ask})
		failed(t, err, 416, "InvalidRange")
	}
}

func missingKey(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	_, err := b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k")})
	failed(t, err, 404, "NoSuchKey")
	_, err = head(t, b.s3, bucket, "k", "")
	failed(t, err, 404, "NotFound")
}

func bodyWithoutSeek(t T, b *bed) {
	if b.Plain {
		t.Skip("over http, the SDK sends nothing that it can't rewind")
	}
	bucket := b.bucket(t, b.Primary)
	text := strings.Repeat("stream ", 50_000)
	_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: bucket, Key: aws.String("k"), Body: io.LimitReader(strings.NewReader(text), 1<<40), ContentLength: aws.Int64(int64(len(text))),
	})
	require.NoError(t, err)
	assert.Equal(t, text, b.get(t, b.s3, bucket, "k", ""))
}

func conditions(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	etag := b.put(t, bucket, "k", "v").ETag
	other := aws.String(`"00000000000000000000000000000000"`)
	_, err := b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k"), IfMatch: etag, IfNoneMatch: other})
	require.NoError(t, err)
	_, err = b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k"), IfMatch: other})
	failed(t, err, 412, "PreconditionFailed")
	_, err = b.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("k"), IfNoneMatch: etag})
	failed(t, err, 304, "NotModified")
}

// putIf uploads to the key k on a condition.
func (b *bed) putIf(t T, bucket *string, match, none string) error {
	t.Helper()
	in := &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("new")}
	if match != "" {
		in.IfMatch = &match
	}
	if none != "" {
		in.IfNoneMatch = &none
	}
	_, err := b.s3.PutObject(t.Context(), in)
	return err
}

// deleted makes a delete marker the current version of the key k.
func (b *bed) deleted(t T, bucket *string) {
	t.Helper()
	_, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k")})
	require.NoError(t, err)
}

func writeWhereNothingIs(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	require.NoError(t, b.putIf(t, bucket, "", "*"))
	failed(t, b.putIf(t, bucket, "", "*"), 412, "PreconditionFailed")
	b.deleted(t, bucket)
	require.NoError(t, b.putIf(t, bucket, "", "*"), "a delete marker is as nothing")
	failed(t, b.putIf(t, bucket, "", "*"), 412, "PreconditionFailed")
	all, err := b.s3.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: bucket})
	require.NoError(t, err)
	assert.Len(t, all.Versions, 2, "what was refused left nothing")
}

func writeOverAnETag(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	const other = `"00000000000000000000000000000000"`
	failed(t, b.putIf(t, bucket, other, ""), 404, "NoSuchKey")
	etag := *b.put(t, bucket, "k", "old").ETag
	failed(t, b.putIf(t, bucket, other, ""), 412, "PreconditionFailed")
	assert.Equal(t, "old", b.get(t, b.s3, bucket, "k", ""))
	require.NoError(t, b.putIf(t, bucket, etag, ""))
	assert.Equal(t, "new", b.get(t, b.s3, bucket, "k", ""))
	failed(t, b.putIf(t, bucket, etag, ""), 412, "PreconditionFailed")
	b.deleted(t, bucket)
	failed(t, b.putIf(t, bucket, etag, ""), 404, "NoSuchKey")
}

func noOtherCondition(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	etag := *b.put(t, bucket, "k", "old").ETag
	failed(t, b.putIf(t, bucket, "", etag), 501, "NotImplemented")
	failed(t, b.putIf(t, bucket, "*", ""), 501, "NotImplemented")
	failed(t, b.putIf(t, bucket, etag, "*"), 501, "NotImplemented")
	assert.Equal(t, "old", b.get(t, b.s3, bucket, "k", ""))
}

func archivedObject(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	for _, class := range []types.StorageClass{types.StorageClassGlacier, types.StorageClassDeepArchive} {
		_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("v"), StorageClass: class,
		})
		require.NoError(t, err)
		out, err := head(t, b.s3, bucket, "k", "")
		require.NoError(t, err)
		assert.Equal(t, class, out.StorageClass)
		_, err = b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k")})
		failed(t, err, 403, "InvalidObjectState")
	}
}

func wrongMD5(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	for sum, code := range map[string]string{"1B2M2Y8AsgTpgAmY7PhCfg==": "BadDigest", "short": "InvalidDigest"} {
		_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("not empty"), ContentMD5: &sum,
		})
		failed(t, err, 400, code)
	}
	_, err := head(t, b.s3, bucket, "k", "")
	failed(t, err, 404, "NotFound")
}

// tagsOf reads a version's tags.
func tagsOf(t T, client *s3.Client, bucket *string, key, version string) map[string]string {
	t.Helper()
	out, err := client.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: bucket, Key: &key, VersionId: &version})
	require.NoError(t, err)
	tags := map[string]string{}
	for _, tag := range out.TagSet {
		tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return tags
}

func tagsKept(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	for text, want := range map[string]map[string]string{
		"":                   {},
		"team=x&tier=1%2B+2": {"team": "x", "tier": "1+ 2"},
	} {
		in := &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("text")}
		if text != "" {
			in.Tagging = &text
		}
		put, err := b.s3.PutObject(t.Context(), in)
		require.NoError(t, err)
		assert.Equal(t, want, tagsOf(t, b.s3, bucket, "k", aws.ToString(put.VersionId)))
		out, err := head(t, b.s3, bucket, "k", aws.ToString(put.VersionId))
		require.NoError(t, err)
		assert.Equal(t, len(want), int(aws.ToInt32(out.TagCount)))
		assert.Equal(t, len(want) == 0, out.TagCount == nil, "none is not a number")
	}
	_, err := b.s3.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: bucket, Key: aws.String("missing")})
	failed(t, err, 404, "NoSuchKey")
}

func tagsRefused(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	var many []string
	for i := range 11 {
		many = append(many, "key"+strconv.Itoa(i)+"=v")
	}
	for tags, code := range map[string]string{
		"a=1&a=2":                        "InvalidArgument",
		"=1":                             "InvalidArgument",
		strings.Join(many, "&"):          "BadRequest",
		strings.Repeat("k", 129) + "=v":  "InvalidTag",
		"k=" + strings.Repeat("v", 257):  "InvalidTag",
		"aws%3Acloudformation%3Astack=x": "InvalidTag",
		"TagSet%3D%5B%5D=x":              "InvalidTag",
		"k=%7Bv%7D":                      "InvalidTag",
	} {
		_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("v"), Tagging: &tags})
		failed(t, err, 400, code)
		_, err = b.s3.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("k"), Tagging: &tags})
		failed(t, err, 400, code)
	}
	most := strings.Join(many[:9], "&") + "&" + strings.Repeat("k", 128) + "=" + strings.Repeat("v", 256)
	_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("v"), Tagging: &most})
	require.NoError(t, err)
}

func encryptedRead(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	b.put(t, bucket, "k", "v")
	_, err := b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k")},
		s3.WithAPIOptions(smithyhttp.AddHeaderValue("X-Amz-Server-Side-Encryption", "AES256")))
	failed(t, err, 400, "InvalidArgument")
}

func metadataDecoded(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("v"),
		Metadata: map[string]string{"plain": "=?UTF-8?Q?a_b?=", "umlaut": "=?UTF-8?Q?=C3=BC?="}})
	require.NoError(t, err)
	out, err := head(t, b.s3, bucket, "k", "")
	require.NoError(t, err)
	assert.Equal(t, "a b", out.Metadata["plain"])
	assert.Equal(t, "=?UTF-8?B?w7w=?=", out.Metadata["umlaut"], "encoded again, as mail would need it")
}

func wholeRange(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	put, err := b.s3.PutObject(t.Context(), withSum(bucket, types.ChecksumAlgorithmSha256))
	require.NoError(t, err)
	for span, want := range map[string]string{"bytes=0-": aws.ToString(put.ChecksumSHA256), "bytes=1-": ""} {
		out, err := b.s3.HeadObject(t.Context(), &s3.HeadObjectInput{
			Bucket: bucket, Key: aws.String("SHA256"), Range: &span, ChecksumMode: "enabled", // in any case
		})
		require.NoError(t, err)
		assert.Equal(t, want, aws.ToString(out.ChecksumSHA256), span)
	}
}

// headersOverridden is what presigned URLs have that browsers save to a file.
func headersOverridden(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("v"), ContentType: aws.String("text/plain"), CacheControl: aws.String("no-store")})
	require.NoError(t, err)
	out, err := b.s3.GetObject(t.Context(), &s3.GetObjectInput{
		Bucket: bucket, Key: aws.String("k"), ResponseContentType: aws.String("text/csv"), ResponseContentDisposition: aws.String(`attachment; filename="k.csv"`),
	})
	require.NoError(t, err)
	require.NoError(t, out.Body.Close())
	assert.Equal(t, "text/csv", aws.ToString(out.ContentType))
	assert.Equal(t, `attachment; filename="k.csv"`, aws.ToString(out.ContentDisposition))
	assert.Equal(t, "no-store", aws.ToString(out.CacheControl))
}

func noACLs(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	input := &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("v"), ACL: types.ObjectCannedACLBucketOwnerFullControl}
	_, err := b.s3.PutObject(t.Context(), input)
	require.NoError(t, err)
	input.Body, input.ACL = strings.NewReader("v"), types.ObjectCannedACLPublicRead
	_, err = b.s3.PutObject(t.Context(), input)
	failed(t, err, 400, "AccessControlListNotSupported")
}
