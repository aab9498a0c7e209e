package conformance

import (
	"bytes"
	"crypto/md5" //nolint:gosec // how S3 names a customer's key
	"encoding/base64"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func encryptedByDefault(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	put := b.put(t, bucket, "k", "v")
	assert.Equal(t, types.ServerSideEncryptionAes256, put.ServerSideEncryption)
	out, err := head(t, b.s3, bucket, "k", "")
	require.NoError(t, err)
	assert.Equal(t, types.ServerSideEncryptionAes256, out.ServerSideEncryption)
}

func kmsETag(t T, b *bed) { encryptedETag(t, b, types.ServerSideEncryptionAwsKms) }

func dsseETag(t T, b *bed) { encryptedETag(t, b, types.ServerSideEncryptionAwsKmsDsse) }

func encryptedETag(t T, b *bed, encryption types.ServerSideEncryption) {
	bucket := b.bucket(t, b.Primary)
	plain := b.put(t, bucket, "k", "v").ETag
	put, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("v"), ServerSideEncryption: encryption,
	})
	require.NoError(t, err)
	out, err := head(t, b.s3, bucket, "k", "")
	require.NoError(t, err)
	assert.Equal(t, encryption, out.ServerSideEncryption)
	assert.Regexp(t, `^"[0-9a-f]{32}"$`, aws.ToString(out.ETag))
	assert.Equal(t, put.ETag, out.ETag)
	assert.NotEqual(t, plain, out.ETag)
}

func kmsKeyTold(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	put, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("v"), ServerSideEncryption: types.ServerSideEncryptionAwsKms,
	})
	require.NoError(t, err)
	assert.Contains(t, aws.ToString(put.SSEKMSKeyId), "arn:aws:kms:"+b.Primary+":")
}

// An administrator's credentials are taken for granted: others are denied before.
func kmsKeyMissing(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	b.put(t, bucket, "k", "v")
	for _, named := range []string{"00000000-1111-4222-8333-444444444444", "alias/autobackup-nobody-made-this"} {
		_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: bucket, Key: aws.String("new"), Body: strings.NewReader("v"), ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: &named,
		})
		failed(t, err, 400, "KMS.NotFoundException")
		_, err = b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{
			Bucket: bucket, Key: aws.String("new"), CopySource: aws.String(*bucket + "/k"), ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: &named,
		})
		failed(t, err, 400, "KMS.NotFoundException")
	}
	_, err := head(t, b.s3, bucket, "new", "")
	failed(t, err, 404, "NotFound")
}

// keyOf is a customer's key of one byte, and its MD5.
func keyOf(b byte) (key, sum *string) {
	raw := bytes.Repeat([]byte{b}, 32)
	digest := md5.Sum(raw) //nolint:gosec // how S3 names a customer's key
	return aws.String(base64.StdEncoding.EncodeToString(raw)), aws.String(base64.StdEncoding.EncodeToString(digest[:]))
}

func customerKey(t T, b *bed) {
	if b.Plain {
		t.Skip("S3 takes customers' keys over https only")
	}
	bucket := b.bucket(t, b.Primary)
	key, sum := keyOf(7)
	_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("v"),
		SSECustomerAlgorithm: aws.String("AES256"), SSECustomerKey: key, SSECustomerKeyMD5: sum,
	})
	require.NoError(t, err)
	_, err = head(t, b.s3, bucket, "k", "")
	failed(t, err, 400, "BadRequest")
	_, err = b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k")})
	failed(t, err, 400, "InvalidRequest")
	out, err := b.s3.HeadObject(t.Context(), &s3.HeadObjectInput{
		Bucket: bucket, Key: aws.String("k"), SSECustomerAlgorithm: aws.String("AES256"), SSECustomerKey: key, SSECustomerKeyMD5: sum,
	})
	require.NoError(t, err)
	assert.Equal(t, sum, out.SSECustomerKeyMD5)
	assert.Empty(t, out.ServerSideEncryption)
}

func otherCustomerKey(t T, b *bed) {
	if b.Plain {
		t.Skip("S3 takes customers' keys over https only")
	}
	bucket, algorithm := b.bucket(t, b.Primary), aws.String("AES256")
	key, sum := keyOf(7)
	_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("v"),
		SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: sum,
	})
	require.NoError(t, err)
	key, sum = keyOf(8)
	_, err = b.s3.GetObject(t.Context(), &s3.GetObjectInput{
		Bucket: bucket, Key: aws.String("k"), SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: sum,
	})
	failed(t, err, 403, "AccessDenied")
	b.put(t, bucket, "plain", "v")
	_, err = b.s3.GetObject(t.Context(), &s3.GetObjectInput{
		Bucket: bucket, Key: aws.String("plain"), SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: sum,
	})
	failed(t, err, 400, "InvalidRequest")
}
