package look

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/internal/s3error"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// side reads one version in one bucket with HeadObject. Checksums are told only
// to who asks for them:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func (l *Looker) side(ctx context.Context, bucket, region string, v s3event.ObjectVersion) verdict.Side {
	side := verdict.Side{Bucket: bucket, Region: region}
	err := l.directory.call(ctx, func(ctx context.Context) error {
		out, err := l.objects.HeadObject(ctx, &s3.HeadObjectInput{
			Bucket: &bucket, Key: &v.Key, VersionId: &v.VersionID, ChecksumMode: types.ChecksumModeEnabled,
		}, in(region))
		if err == nil {
			fill(&side, out, v.VersionID)
		}
		return err
	})
	switch {
	case s3error.Status(err) == http.StatusBadRequest:
		side.Found, side.Detail = badRequest(l.probe(ctx, bucket, region, v))
	case s3error.Found(err) == verdict.Denied:
		denied(&side, err, l.probe(ctx, bucket, region, v))
	case err != nil:
		classify(&side, err, v.VersionID)
	}
	return side
}

// probe asks for one byte, because the answer to HEAD has no body that could tell a 400
// of an SSE-C object from one of an expired token, and which policy refuses a call.
func (l *Looker) probe(ctx context.Context, bucket, region string, v s3event.ObjectVersion) error {
	return l.directory.call(ctx, func(ctx context.Context) error {
		out, err := l.objects.GetObject(ctx, &s3.GetObjectInput{
			Bucket: &bucket, Key: &v.Key, VersionId: &v.VersionID, Range: aws.String("bytes=0-0"),
		}, in(region))
		if err == nil {
			err = out.Body.Close()
		}
		return err
	})
}

// badRequest is what a HEAD was about that was answered 400, by the answer to a GET.
func badRequest(err error) (verdict.Found, string) {
	if err == nil {
		return verdict.Unreachable, "HeadObject answered 400, but a byte could be read"
	}
	found, detail := s3error.OfGet("HeadObject answered 400, GetObject", err)
	if refusal, told := s3error.RefusalOf(err); told {
		found, detail = deniedBy(refusal), detail+": "+refusal.String()
	}
	return found, detail
}

// fill reads an answer about the version. One that names another version, or none,
// may be about the object as it is now, so it says nothing about this version.
func fill(side *verdict.Side, out *s3.HeadObjectOutput, version string) {
	if named := aws.ToString(out.VersionId); named != version {
		side.Found, side.Detail = verdict.Unreachable, anotherVersion(named)
		return
	}
	side.Found = verdict.Object
	side.Size = aws.ToInt64(out.ContentLength)
	side.ETag = aws.ToString(out.ETag)
	side.Encryption = string(out.ServerSideEncryption)
	if out.SSECustomerAlgorithm != nil {
		side.Encryption = "SSE-C"
	}
	if out.StorageClass != types.StorageClassStandard {
		side.Class = string(out.StorageClass)
	}
	side.Checksums = checksums(out)
	side.ChecksumType = string(out.ChecksumType)
	side.Replication = string(out.ReplicationStatus)
	side.Metadata = metadata(out)
}

func checksums(out *s3.HeadObjectOutput) map[string]string {
	all := map[types.ChecksumAlgorithm]*string{
		types.ChecksumAlgorithmCrc32:     out.ChecksumCRC32,
		types.ChecksumAlgorithmCrc32c:    out.ChecksumCRC32C,
		types.ChecksumAlgorithmCrc64nvme: out.ChecksumCRC64NVME,
		types.ChecksumAlgorithmMd5:       out.ChecksumMD5,
		types.ChecksumAlgorithmSha1:      out.ChecksumSHA1,
		types.ChecksumAlgorithmSha256:    out.ChecksumSHA256,
		types.ChecksumAlgorithmSha512:    out.ChecksumSHA512,
		types.ChecksumAlgorithmXxhash64:  out.ChecksumXXHASH64,
		types.ChecksumAlgorithmXxhash3:   out.ChecksumXXHASH3,
		types.ChecksumAlgorithmXxhash128: out.ChecksumXXHASH128,
	}
	sent := map[string]string{}
	for algorithm, value := range all {
		if value != nil {
			sent[string(algorithm)] = *value
		}
	}
	return sent
}

func in(region string) func(*s3.Options) {
	return func(o *s3.Options) { o.Region = region }
}
