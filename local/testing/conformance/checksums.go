package conformance

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var checksumTests = map[string]func(T, *bed){
	"a checksum by every old algorithm is kept":     oldAlgorithms,
	"a checksum by every algorithm of 2026 is kept": newAlgorithms,
	"a wrong checksum is refused":                   wrongChecksum,
	"the SDK's default checksum is CRC32":           defaultChecksum,
	"an object without checksum gets CRC64NVME":     checksumOfItsOwn,
	"checksums are answered on request only":        checksumOnRequest,
	"an object has one checksum":                    oneChecksum,
}

const text = "hello world"

// sums are those of text, as the reference implementations of the algorithms
// give them.
var sums = map[types.ChecksumAlgorithm]string{
	types.ChecksumAlgorithmCrc32:     "DUoRhQ==",
	types.ChecksumAlgorithmCrc32c:    "yZRlqg==",
	types.ChecksumAlgorithmCrc64nvme: "jSnVw/bqjr4=",
	types.ChecksumAlgorithmSha1:      "Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
	types.ChecksumAlgorithmSha256:    "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=",
	types.ChecksumAlgorithmSha512:    "MJ7MSJwS1utMxA9QyQLytNDtd+5RGnx6m808qG1M2G+YndNbxf9JlnDaNCVbRbDP2DDoH2Bdz33FVC6TrpzXbw==",
	types.ChecksumAlgorithmMd5:       "XrY7u+Ae7tCTyyK7j1rNww==",
	types.ChecksumAlgorithmXxhash64:  "RatnNLIeaWg=",
	types.ChecksumAlgorithmXxhash3:   "1Eex6kDmmIs=",
	types.ChecksumAlgorithmXxhash128: "340J6T+HSQCpm4d1zBW2xw==",
}

// checksumField is the field of an SDK's structure that has the checksum by an
// algorithm.
func checksumField(structure any, algorithm types.ChecksumAlgorithm) reflect.Value {
	return reflect.ValueOf(structure).Elem().FieldByName("Checksum" + string(algorithm))
}

func sumOf(structure any, algorithm types.ChecksumAlgorithm) string {
	value, _ := checksumField(structure, algorithm).Interface().(*string)
	return aws.ToString(value)
}

// old are the algorithms that S3 had before 2026.
var old = []types.ChecksumAlgorithm{
	types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmCrc64nvme,
	types.ChecksumAlgorithmSha1, types.ChecksumAlgorithmSha256,
}

func oldAlgorithms(t T, b *bed) { checksumsKept(t, b, old) }

func newAlgorithms(t T, b *bed) {
	require.Len(t, sums, len(types.ChecksumAlgorithm("").Values()), "the SDK knows algorithms that this test doesn't")
	checksumsKept(t, b, slices.DeleteFunc(slices.Sorted(maps.Keys(sums)), func(a types.ChecksumAlgorithm) bool { return slices.Contains(old, a) }))
}

// withSum is an upload of text with its checksum.
func withSum(bucket *string, algorithm types.ChecksumAlgorithm) *s3.PutObjectInput {
	input := &s3.PutObjectInput{Bucket: bucket, Key: aws.String(string(algorithm)), Body: strings.NewReader(text)}
	checksumField(input, algorithm).Set(reflect.ValueOf(aws.String(sums[algorithm])))
	return input
}

func checksumsKept(t T, b *bed, algorithms []types.ChecksumAlgorithm) {
	bucket := b.bucket(t, b.Primary)
	for _, algorithm := range algorithms {
		put, err := b.s3.PutObject(t.Context(), withSum(bucket, algorithm))
		require.NoError(t, err, algorithm)
		assert.Equal(t, sums[algorithm], sumOf(put, algorithm))
		assert.Equal(t, types.ChecksumTypeFullObject, put.ChecksumType)

		out, err := head(t, b.s3, bucket, string(algorithm), "")
		require.NoError(t, err, algorithm)
		assert.Equal(t, sums[algorithm], sumOf(out, algorithm))
		assert.Equal(t, types.ChecksumTypeFullObject, out.ChecksumType)
	}
}

func wrongChecksum(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	for algorithm := range sums {
		input := withSum(bucket, algorithm)
		input.Body = strings.NewReader("hello wOrld")
		_, err := b.s3.PutObject(t.Context(), input)
		failed(t, err, 400, "BadDigest")
	}
}

func defaultChecksum(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	b.put(t, bucket, "k", text)
	out, err := head(t, b.s3, bucket, "k", "")
	require.NoError(t, err)
	assert.Equal(t, sums[types.ChecksumAlgorithmCrc32], aws.ToString(out.ChecksumCRC32))
}

func withoutChecksums(o *s3.Options) {
	o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
}

func checksumOfItsOwn(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader(text)}, withoutChecksums)
	require.NoError(t, err)
	out, err := head(t, b.s3, bucket, "k", "")
	require.NoError(t, err)
	assert.Equal(t, sums[types.ChecksumAlgorithmCrc64nvme], aws.ToString(out.ChecksumCRC64NVME))
	assert.Equal(t, types.ChecksumTypeFullObject, out.ChecksumType)
}

func checksumOnRequest(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	b.put(t, bucket, "k", text)
	out, err := b.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("k")})
	require.NoError(t, err)
	assert.Nil(t, out.ChecksumCRC32)
	assert.Empty(t, out.ChecksumType)
}

func oneChecksum(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader(text),
		ChecksumCRC32:  aws.String(sums[types.ChecksumAlgorithmCrc32]),
		ChecksumSHA256: aws.String(sums[types.ChecksumAlgorithmSha256]),
	})
	failed(t, err, 400, "InvalidRequest")
}
