package conformance

import (
	"bytes"
	"crypto/md5" //nolint:gosec // S3's own ETag
	"encoding/hex"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	tmtypes "github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var multipartTests = map[string]func(T, *bed){
	"an upload in parts has an ETag with their number":     multipartETag,
	"an upload of one part has an ETag with its number":    onePartETag,
	"the answer to a completed upload tells its checksum":  completionTellsChecksum,
	"a composite checksum is that of the parts' checksums": compositeChecksum,
	"a composite checksum may be by SHA512":                compositeSHA512,
	"a full-object checksum is that of the bytes":          fullObjectChecksum,
	"an upload without algorithm gets CRC64NVME":           multipartOfItsOwn,
	"parts are completed in order":                         partsInOrder,
	"a part of less than 5 MiB must be the last":           smallPart,
	"a part must be the one that was uploaded":             unknownPart,
	"an upload's checksum algorithm binds its parts":       otherAlgorithm,
	"a type that the algorithm doesn't have is refused":    typeRefused,
	"an aborted upload is gone":                            abortedUpload,
	"a part uploaded again replaces the first":             replacedPart,
	"a range can span parts":                               rangeAcrossParts,
	"a part is completed once":                             partTwice,
	"an upload completed again answers as before":          completedTwice,
	"a range over a whole composite has its bare checksum": wholeRangeOfParts,
	"a part may be read by its number":                     partByNumber,
	"the SDK's transfer manager brings back what it took":  transferred,
	"an object of one part has but the first":              onlyPart,
	"parts are listed in pages":                            partsListed,
	"uploads under way are listed in pages":                uploadsListed,
	"uploads under way are grouped by a delimiter":         uploadsGrouped,
}

// partSize is the smallest of a part that isn't the last.
const partSize = 5 << 20

// pieces are two parts' bytes, and all of them.
func pieces() (first, second, whole []byte) {
	first, second = bytes.Repeat([]byte("0123456789abcdef"), partSize/16), []byte("the rest")
	return first, second, append(bytes.Clone(first), second...)
}

// upload is a multipart upload under way.
type upload struct {
	*bed
	bucket, id *string
	algorithm  types.ChecksumAlgorithm
}

var multipartKey = aws.String("multi")

func (b *bed) create(t T, algorithm types.ChecksumAlgorithm, kind types.ChecksumType, options ...func(*s3.Options)) *upload {
	t.Helper()
	u := &upload{bed: b, bucket: b.bucket(t, b.Primary), algorithm: algorithm}
	out, err := b.s3.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{
		Bucket: u.bucket, Key: multipartKey, ChecksumAlgorithm: algorithm, ChecksumType: kind,
	}, options...)
	require.NoError(t, err)
	u.id = out.UploadId
	return u
}

func (u *upload) part(t T, number int32, body []byte, options ...func(*s3.Options)) types.CompletedPart {
	t.Helper()
	out, err := u.s3.UploadPart(t.Context(), &s3.UploadPartInput{
		Bucket: u.bucket, Key: multipartKey, UploadId: u.id, PartNumber: &number, Body: bytes.NewReader(body), ChecksumAlgorithm: u.algorithm,
	}, options...)
	require.NoError(t, err)
	return types.CompletedPart{
		PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC32C: out.ChecksumCRC32C,
		ChecksumCRC64NVME: out.ChecksumCRC64NVME, ChecksumSHA1: out.ChecksumSHA1, ChecksumSHA256: out.ChecksumSHA256, ChecksumSHA512: out.ChecksumSHA512,
	}
}

func (u *upload) complete(t T, parts ...types.CompletedPart) (*s3.CompleteMultipartUploadOutput, error) {
	t.Helper()
	return u.s3.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: u.bucket, Key: multipartKey, UploadId: u.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
}

// completed uploads pieces and looks at the result.
func (u *upload) completed(t T, options ...func(*s3.Options)) *s3.HeadObjectOutput {
	t.Helper()
	first, second, whole := pieces()
	out, err := u.complete(t, u.part(t, 1, first, options...), u.part(t, 2, second, options...))
	require.NoError(t, err)
	looked, err := head(t, u.s3, u.bucket, *multipartKey, "")
	require.NoError(t, err)
	assert.Equal(t, out.ETag, looked.ETag)
	assert.Equal(t, out.VersionId, looked.VersionId)
	assert.Equal(t, int64(len(whole)), aws.ToInt64(looked.ContentLength))
	assert.True(t, string(whole) == u.get(t, u.s3, u.bucket, *multipartKey, ""), "other bytes came back")
	return looked
}

func multipartETag(t T, b *bed) {
	first, second, _ := pieces()
	one, two := md5.Sum(first), md5.Sum(second)             //nolint:gosec // S3's own ETag
	both := md5.Sum(append(bytes.Clone(one[:]), two[:]...)) //nolint:gosec // S3's own ETag
	out := b.create(t, "", "").completed(t)
	assert.Equal(t, strconv.Quote(hex.EncodeToString(both[:])+"-2"), aws.ToString(out.ETag))
}

func compositeChecksum(t T, b *bed) {
	first, second, _ := pieces()
	for _, algorithm := range []types.ChecksumAlgorithm{types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmSha256} {
		out := b.create(t, algorithm, "").completed(t)
		assert.Equal(t, types.ChecksumTypeComposite, out.ChecksumType)
		assert.Equal(t, compositeOf(algorithm, first, second), sumOf(out, algorithm))
	}
}

func compositeSHA512(t T, b *bed) {
	first, second, _ := pieces()
	out := b.create(t, types.ChecksumAlgorithmSha512, "").completed(t)
	assert.Equal(t, compositeOf(types.ChecksumAlgorithmSha512, first, second), sumOf(out, types.ChecksumAlgorithmSha512))
}

func onePartETag(t T, b *bed) {
	only := []byte("one")
	one := md5.Sum(only)   //nolint:gosec // S3's own ETag
	all := md5.Sum(one[:]) //nolint:gosec // S3's own ETag
	u := b.create(t, types.ChecksumAlgorithmSha256, "")
	_, err := u.complete(t, u.part(t, 1, only))
	require.NoError(t, err)
	out, err := head(t, u.s3, u.bucket, *multipartKey, "")
	require.NoError(t, err)
	assert.Equal(t, strconv.Quote(hex.EncodeToString(all[:])+"-1"), aws.ToString(out.ETag))
	assert.Equal(t, types.ChecksumTypeComposite, out.ChecksumType)
	assert.Equal(t, compositeOf(types.ChecksumAlgorithmSha256, only), aws.ToString(out.ChecksumSHA256))
}

func completionTellsChecksum(t T, b *bed) {
	u := b.create(t, types.ChecksumAlgorithmSha256, "")
	out, err := u.complete(t, u.part(t, 1, []byte("one")))
	require.NoError(t, err)
	assert.Equal(t, types.ChecksumTypeComposite, out.ChecksumType)
	assert.Equal(t, compositeOf(types.ChecksumAlgorithmSha256, []byte("one")), aws.ToString(out.ChecksumSHA256))
}

func fullObjectChecksum(t T, b *bed) {
	_, _, whole := pieces()
	for _, algorithm := range []types.ChecksumAlgorithm{types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmCrc64nvme} {
		out := b.create(t, algorithm, types.ChecksumTypeFullObject).completed(t)
		assert.Equal(t, types.ChecksumTypeFullObject, out.ChecksumType)
		assert.Equal(t, encodedSum(algorithm, whole), sumOf(out, algorithm))
	}
	assert.Equal(t, crc32.ChecksumIEEE([]byte("123456789")), uint32(0xcbf43926), "the check value of CRC-32")
}

func multipartOfItsOwn(t T, b *bed) {
	_, _, whole := pieces()
	out := b.create(t, "", "", withoutChecksums).completed(t, withoutChecksums)
	assert.Equal(t, types.ChecksumTypeFullObject, out.ChecksumType)
	assert.Equal(t, encodedSum(types.ChecksumAlgorithmCrc64nvme, whole), aws.ToString(out.ChecksumCRC64NVME))
}

func partsInOrder(t T, b *bed) {
	u := b.create(t, "", "")
	one, two := u.part(t, 1, []byte("one")), u.part(t, 2, []byte("two"))
	_, err := u.complete(t, two, one)
	failed(t, err, 400, "InvalidPartOrder")
}

func smallPart(t T, b *bed) {
	u := b.create(t, "", "")
	_, err := u.complete(t, u.part(t, 1, make([]byte, partSize-1)), u.part(t, 2, []byte("two")))
	failed(t, err, 400, "EntityTooSmall")
}

func unknownPart(t T, b *bed) {
	u := b.create(t, "", "")
	one := u.part(t, 1, []byte("one"))
	other := one
	other.ETag = aws.String(`"00000000000000000000000000000000"`)
	_, err := u.complete(t, other)
	failed(t, err, 400, "InvalidPart")
	other = one
	other.PartNumber = aws.Int32(2)
	_, err = u.complete(t, other)
	failed(t, err, 400, "InvalidPart")
	_, err = u.complete(t, one)
	require.NoError(t, err, "a refused completion leaves the upload as it was")
	_, err = u.s3.UploadPart(t.Context(), &s3.UploadPartInput{
		Bucket: u.bucket, Key: multipartKey, UploadId: u.id, PartNumber: aws.Int32(1), Body: strings.NewReader("late"),
	})
	failed(t, err, 404, "NoSuchUpload")
}

func otherAlgorithm(t T, b *bed) {
	u := b.create(t, types.ChecksumAlgorithmSha256, "")
	_, err := u.s3.UploadPart(t.Context(), &s3.UploadPartInput{
		Bucket: u.bucket, Key: multipartKey, UploadId: u.id, PartNumber: aws.Int32(1), Body: strings.NewReader("one"),
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
	})
	failed(t, err, 400, "InvalidRequest")
}

func typeRefused(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	for algorithm, kind := range map[types.ChecksumAlgorithm]types.ChecksumType{
		types.ChecksumAlgorithmSha256:    types.ChecksumTypeFullObject,
		types.ChecksumAlgorithmCrc64nvme: types.ChecksumTypeComposite,
	} {
		_, err := b.s3.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{
			Bucket: bucket, Key: multipartKey, ChecksumAlgorithm: algorithm, ChecksumType: kind,
		})
		failed(t, err, 400, "InvalidRequest")
	}
}

func abortedUpload(t T, b *bed) {
	u := b.create(t, "", "")
	one := u.part(t, 1, []byte("one"))
	_, err := u.s3.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: u.bucket, Key: multipartKey, UploadId: u.id})
	require.NoError(t, err)
	_, err = u.complete(t, one)
	failed(t, err, 404, "NoSuchUpload")
	_, err = head(t, u.s3, u.bucket, *multipartKey, "")
	failed(t, err, 404, "NotFound")
}

func replacedPart(t T, b *bed) {
	u := b.create(t, "", "")
	u.part(t, 1, []byte("first try"))
	u.part(t, 2, []byte("not used"))
	_, err := u.complete(t, u.part(t, 1, []byte("second try")))
	require.NoError(t, err)
	assert.Equal(t, "second try", u.get(t, u.s3, u.bucket, *multipartKey, ""))
}

func rangeAcrossParts(t T, b *bed) {
	u := b.create(t, "", "")
	u.completed(t)
	out, err := u.s3.GetObject(t.Context(), &s3.GetObjectInput{
		Bucket: u.bucket, Key: multipartKey, Range: aws.String("bytes=" + strconv.Itoa(partSize-2) + "-" + strconv.Itoa(partSize+2)),
	})
	require.NoError(t, err)
	body, err := io.ReadAll(out.Body)
	require.NoError(t, err)
	require.NoError(t, out.Body.Close())
	assert.Equal(t, "efthe", string(body))
}

func partTwice(t T, b *bed) {
	u := b.create(t, "", "")
	one, two := u.part(t, 1, make([]byte, partSize)), u.part(t, 2, []byte("two"))
	_, err := u.complete(t, one, one, two)
	failed(t, err, 400, "InvalidPartOrder")
	_, err = u.complete(t, one, two)
	require.NoError(t, err, "the refused completion changed nothing")
}

func completedTwice(t T, b *bed) {
	u := b.create(t, "", "")
	one := u.part(t, 1, []byte("one"))
	first, err := u.complete(t, one)
	require.NoError(t, err)
	again, err := u.complete(t, one)
	require.NoError(t, err)
	assert.Equal(t, first.ETag, again.ETag)
	assert.Equal(t, first.VersionId, again.VersionId)
	assert.Equal(t, first.ChecksumCRC32, again.ChecksumCRC32)
	entries, _ := b.versions(t, &s3.ListObjectVersionsInput{Bucket: u.bucket})
	assert.Len(t, entries, 1, "there is no second version")
}

// wholeRangeOfParts is what clients that compare it with the bytes stumble over:
// https://github.com/boto/botocore/issues/3346
func wholeRangeOfParts(t T, b *bed) {
	u := b.create(t, types.ChecksumAlgorithmCrc32, "")
	u.completed(t)
	whole, err := head(t, u.s3, u.bucket, *multipartKey, "")
	require.NoError(t, err)
	out, err := u.s3.HeadObject(t.Context(), &s3.HeadObjectInput{
		Bucket: u.bucket, Key: multipartKey, Range: aws.String("bytes=0-"), ChecksumMode: types.ChecksumModeEnabled,
	})
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSuffix(aws.ToString(whole.ChecksumCRC32), "-2"), aws.ToString(out.ChecksumCRC32))
}

func partByNumber(t T, b *bed) {
	first, second, _ := pieces()
	for _, kind := range []types.ChecksumType{types.ChecksumTypeComposite, types.ChecksumTypeFullObject} {
		u := b.create(t, types.ChecksumAlgorithmCrc32, kind)
		u.completed(t)
		for number, want := range map[int32][]byte{1: first, 2: second} {
			out, err := u.s3.GetObject(t.Context(), &s3.GetObjectInput{
				Bucket: u.bucket, Key: multipartKey, PartNumber: &number, ChecksumMode: types.ChecksumModeEnabled,
			})
			require.NoError(t, err)
			got, err := io.ReadAll(out.Body) // which the SDK compares with the checksum, where one came
			require.NoError(t, err)
			require.NoError(t, out.Body.Close())
			assert.True(t, bytes.Equal(want, got), "other bytes came back")
			assert.Equal(t, int32(2), aws.ToInt32(out.PartsCount))
			if kind == types.ChecksumTypeComposite {
				assert.Equal(t, encodedSum(types.ChecksumAlgorithmCrc32, want), aws.ToString(out.ChecksumCRC32))
			}
			looked, err := u.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: u.bucket, Key: multipartKey, PartNumber: &number})
			require.NoError(t, err)
			assert.Equal(t, int64(len(want)), aws.ToInt64(looked.ContentLength))
			assert.Equal(t, int32(2), aws.ToInt32(looked.PartsCount))
		}
	}
}

func onlyPart(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	b.put(t, bucket, "k", "content")
	out, err := b.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("k"), PartNumber: aws.Int32(1)})
	require.NoError(t, err)
	assert.Equal(t, int64(len("content")), aws.ToInt64(out.ContentLength))
	assert.Nil(t, out.PartsCount)
	_, err = b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k"), PartNumber: aws.Int32(2)})
	failed(t, err, 416, "InvalidPartNumber")
}

func partsListed(t T, b *bed) {
	u := b.create(t, types.ChecksumAlgorithmSha256, "")
	want := map[int32]types.CompletedPart{}
	for _, number := range []int32{7, 1, 3} {
		want[number] = u.part(t, number, []byte(strconv.Itoa(int(number))))
	}
	pages := s3.NewListPartsPaginator(b.s3, &s3.ListPartsInput{Bucket: u.bucket, Key: multipartKey, UploadId: u.id, MaxParts: aws.Int32(2)})
	var numbers []int32
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Parts), 2)
		assert.Equal(t, types.ChecksumAlgorithmSha256, page.ChecksumAlgorithm)
		for _, p := range page.Parts {
			numbers = append(numbers, *p.PartNumber)
			assert.Equal(t, want[*p.PartNumber].ETag, p.ETag)
			assert.Equal(t, want[*p.PartNumber].ChecksumSHA256, p.ChecksumSHA256)
			assert.Equal(t, int64(1), aws.ToInt64(p.Size))
			assert.WithinDuration(t, b.Now(), aws.ToTime(p.LastModified), time.Minute)
		}
	}
	assert.Equal(t, []int32{1, 3, 7}, numbers)
	_, err := b.s3.ListParts(t.Context(), &s3.ListPartsInput{Bucket: u.bucket, Key: multipartKey, UploadId: aws.String("nobody's")})
	failed(t, err, 404, "NoSuchUpload")
}

// begun are uploads that are begun in a bucket, in the order of their list.
func (b *bed) begun(t T) (bucket *string, all []string) {
	bucket = b.bucket(t, b.Primary)
	for _, key := range []string{"a+ b", "a+ b", "a+ b", "b/one", "b/two", "c"} {
		out, err := b.s3.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: &key})
		require.NoError(t, err)
		all = append(all, key+" "+*out.UploadId)
		b.Sleep(20 * time.Millisecond)
	}
	return bucket, all
}

func (b *bed) uploads(t T, input *s3.ListMultipartUploadsInput) (all, common []string) {
	for pages := s3.NewListMultipartUploadsPaginator(b.s3, input); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, u := range page.Uploads {
			all = append(all, *u.Key+" "+*u.UploadId)
			assert.WithinDuration(t, b.Now(), aws.ToTime(u.Initiated), time.Minute)
		}
		for _, p := range page.CommonPrefixes {
			common = append(common, *p.Prefix)
		}
	}
	return all, common
}

func uploadsListed(t T, b *bed) {
	bucket, want := b.begun(t)
	for _, most := range []int32{1, 2, 1000} {
		all, _ := b.uploads(t, &s3.ListMultipartUploadsInput{Bucket: bucket, MaxUploads: &most})
		assert.Equal(t, want, all, most)
	}
	all, _ := b.uploads(t, &s3.ListMultipartUploadsInput{Bucket: bucket, Prefix: aws.String("b/")})
	assert.Equal(t, want[3:5], all)
	all, _ = b.uploads(t, &s3.ListMultipartUploadsInput{Bucket: bucket, KeyMarker: aws.String("a+ b")})
	assert.Equal(t, want[3:], all)
}

func uploadsGrouped(t T, b *bed) {
	bucket, want := b.begun(t)
	for _, most := range []int32{1, 2, 1000} {
		all, common := b.uploads(t, &s3.ListMultipartUploadsInput{Bucket: bucket, MaxUploads: &most, Delimiter: aws.String("/")})
		assert.Equal(t, append(want[:3:3], want[5]), all, most)
		assert.Equal(t, []string{"b/"}, common)
	}
}

// transferred is uploaded in parts, and read by their numbers.
func transferred(t T, b *bed) {
	manager := transfermanager.New(b.s3)
	bucket, whole := b.bucket(t, b.Primary), bytes.Repeat([]byte("0123456789abcdef"), 17<<20/16)
	for _, algorithm := range []tmtypes.ChecksumAlgorithm{"", tmtypes.ChecksumAlgorithmSha256} {
		_, err := manager.UploadObject(t.Context(), &transfermanager.UploadObjectInput{
			Bucket: bucket, Key: multipartKey, Body: bytes.NewReader(whole), ChecksumAlgorithm: algorithm,
		})
		require.NoError(t, err)
		out, err := manager.GetObject(t.Context(), &transfermanager.GetObjectInput{Bucket: bucket, Key: multipartKey})
		require.NoError(t, err)
		got, err := io.ReadAll(out.Body)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(whole, got), "other bytes came back")
	}
}
